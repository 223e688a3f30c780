internal import Circuits

/// The static projections whose synapses share a table of a tile, and the table's block.
///
/// Dense projections have long segments, which are read fastest in blocks of a cache line; sparse ones have short segments,
/// which such blocks would mostly fill with padding. A tile has a table for each kind that it holds, so no synapse costs a
/// branch.
struct TableChoice {
  /// Synapses in a block.
  let block: Int
  /// The projections, ascending.
  let projections: [Int]

  // Blocks for less than this share of the synapses are not worth a table: their padding costs less.
  private static let leastShare = 0.02

  /// Chooses the tables of a tile by the expected length of segments; at most two.
  static func tables(of plan: TilePlan) -> [TableChoice] {
    let circuit = plan.circuit
    let shares = circuit.shares(of: plan.layout)
    let own = circuit.projections.indices.filter {
      shares[circuit.projections[$0].target] > 0 && circuit.projections[$0].plasticity == nil
    }
    if let block = plan.synapsesPerBlock { return [TableChoice(block: block, projections: own)] }
    var blocks = [Int](repeating: SynapseBlock.sizes[0], count: circuit.projections.count)
    var synapses: [Int: Double] = [:]
    for group in circuit.segmentGroups(ontoShares: { shares[$0] }) where !group.isPlastic {
      let block = SynapseBlock.synapses(forMeanLength: group.meanLength)
      synapses[block, default: 0] += group.synapses
      for projection in group.projections { blocks[projection] = block }
    }
    let all = SynapseBlock.sizes.reduce(0) { $0 + synapses[$1, default: 0] }
    let ranked = SynapseBlock.sizes.sorted { synapses[$0, default: 0] > synapses[$1, default: 0] }
    let taken = ranked.prefix(2).enumerated().filter { rank, block in
      rank == 0 || synapses[block, default: 0] >= leastShare * all
    }.map(\.element)
    return taken.sorted(by: >).compactMap { block in
      let projections = own.filter { projection in
        // What has no table of its own goes to that of the nearest size.
        let nearest = taken.min { abs($0 - blocks[projection]) < abs($1 - blocks[projection]) }
        return nearest == block
      }
      return projections.isEmpty && block != taken[0] ? nil : TableChoice(block: block, projections: projections)
    }
  }
}
