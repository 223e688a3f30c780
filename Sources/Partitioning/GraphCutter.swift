internal import CMETIS
internal import Synchronization

/// Cuts graphs with METIS: Karypis & Kumar, "A fast and high quality multilevel scheme for partitioning irregular
/// graphs", SIAM Journal on Scientific Computing 20 (1998).
enum GraphCutter {
  /// METIS draws from the C library's generator, which it seeds: two calls at once would share it.
  private static let one = Mutex(())

  /// Assigns each node to one of some parts, or returns nil when METIS cannot.
  ///
  /// The same graph gives the same parts. Weights are scaled to METIS's 32-bit numbers; parts may be 3 % off balance.
  static func cut(_ graph: SynapseGraph, into parts: Int) -> [Int]? {
    guard parts > 1 else { return Array(repeating: 0, count: graph.nodes.count) }
    guard graph.nodes.count >= parts, graph.neighbours.count < Int(Int32.max) else { return nil }
    var nodeCount = idx_t(graph.nodes.count)
    var constraints: idx_t = 1
    var partCount = idx_t(parts)
    var starts = graph.starts.map { idx_t($0) }
    var neighbours = graph.neighbours.map { idx_t($0) }
    var weights = scaled(graph.weights, toSum: 1e8)
    var synapses = scaled(graph.synapses, toSum: 5e8)
    var options = [idx_t](repeating: 0, count: Int(METIS_NOPTIONS))
    var edgeCut: idx_t = 0
    var assignment = [idx_t](repeating: 0, count: graph.nodes.count)
    let status = one.withLock { _ in
      unsafe METIS_SetDefaultOptions(&options)
      options[Int(METIS_OPTION_SEED.rawValue)] = 1
      // The best of four cuts; one is enough of a wait where a graph is large.
      options[Int(METIS_OPTION_NCUTS.rawValue)] = neighbours.count < 1_000_000 ? 4 : 1
      options[Int(METIS_OPTION_UFACTOR.rawValue)] = 30
      options[Int(METIS_OPTION_NUMBERING.rawValue)] = 0
      return unsafe METIS_PartGraphKway(
        &nodeCount,
        &constraints,
        &starts,
        &neighbours,
        &weights,
        nil,
        &synapses,
        &partCount,
        nil,
        nil,
        &options,
        &edgeCut,
        &assignment
      )
    }
    guard status == METIS_OK.rawValue, assignment.allSatisfy({ (0..<partCount).contains($0) }) else { return nil }
    return assignment.map(Int.init)
  }

  private static func scaled(_ weights: [Double], toSum sum: Double) -> [idx_t] {
    let total = weights.reduce(0, +)
    guard total > 0 else { return Array(repeating: 1, count: weights.count) }
    return weights.map { max(1, idx_t($0 / total * sum)) }
  }
}
