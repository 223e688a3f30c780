internal import Basics
internal import Circuits

extension Partitioner {
  // METIS must cut less than this share of what round robin cuts. The layers of the microcircuit, which it can part for half,
  // fire at 1 to 9 Hz: measured on two cores, one waited a fifth of the time for the other, against none when spread evenly.
  private static let mostCut = 0.35

  /// The slices of each core as METIS cuts the circuit; nil where that brings nothing.
  static func clusters(_ circuit: Circuit, _ cores: Int, _ assumptions: CostAssumptions) -> [[Slice]]? {
    guard cores > 1 else { return nil }
    let spread = judge(circuit, PartLayout.roundRobin(circuit, parts: cores), assumptions)
    for grain in SynapseGraph.grains(for: circuit) {
      let graph = SynapseGraph(circuit, grain, assumptions)
      guard let assignment = GraphCutter.cut(graph, into: cores) else { continue }
      let slices = slices(of: graph.nodes, assignment, cores)
      let found = judge(circuit, slices.map { PartLayout(part: PartID(0), slices: $0) }, assumptions)
      // Rates are not known: in a network of populations that fire at different rates only an even spread of each is
      // sure to balance, which a cut that leaves most synapses between cores is not worth. Single neurons that are
      // scattered over the parts cost much padding; then blocks come to their turn.
      if found.cut < mostCut * spread.cut, found.longest <= 1.05 * spread.longest { return slices }
    }
    return nil
  }

  /// Expected synapses between cores, and the expected time of the slowest core.
  private static func judge(
    _ circuit: Circuit,
    _ layouts: [PartLayout],
    _ assumptions: CostAssumptions
  ) -> (cut: Double, longest: Double) {
    let placement = Placement(circuit, layouts, coreOfPart: Array(layouts.indices), cores: layouts.count)
    let survey = TrafficSurvey(placement, assumptions)
    let loads = PartitionPlan.loads(placement, survey, bytesPerSynapse: 0, assumptions)
    return (survey.cutSynapses, loads.map(\.cpuSecondsPerSecond).max() ?? 0)
  }

  /// Gathers the nodes of each core into as few slices as simple steps allow.
  private static func slices(of nodes: [Slice], _ assignment: [Int], _ cores: Int) -> [[Slice]] {
    var slices = Array(repeating: [Slice](), count: cores)
    for (node, core) in zip(nodes, assignment) {
      if let last = slices[core].last, let merged = last.followed(by: node) {
        slices[core][slices[core].count - 1] = merged
      } else {
        slices[core].append(node)
      }
    }
    return slices
  }
}

extension Slice {
  /// The slice of this one's neurons and then those of another, if they stand at equal distances.
  fileprivate func followed(by other: Slice) -> Slice? {
    guard other.population == population else { return nil }
    let gap = other.first - (first + (count - 1) * stride)
    let step = count > 1 ? stride : gap
    guard gap == step, other.count == 1 || other.stride == step else { return nil }
    return Slice(population: population, first: first, stride: step, count: count + other.count)
  }
}
