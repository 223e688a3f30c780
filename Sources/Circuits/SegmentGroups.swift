internal import Basics
internal import Glibc

/// Projections of one source population whose synapses lie together: a source's synapses of one delay are a segment.
public struct SegmentGroup: Sendable {
  /// The source population.
  public let source: Int
  /// Indices of the projections, ascending.
  public let projections: [Int]
  /// Whether the synapses are plastic, which keeps them in a table of their own.
  public let isPlastic: Bool
  /// Expected synapses in the part.
  public let synapses: Double
  /// Expected segments in the part: pairs of a source and a delay that have a synapse.
  public let segments: Double

  /// The expected number of synapses of a segment.
  public var meanLength: Double { segments > 0 ? synapses / segments : 0 }
}

extension Circuit {
  /// Works out how long the segments of a part will be, before anything is built.
  ///
  /// `share` is the part of a population's neurons that the part holds. Projections from one population with the same
  /// distribution of delays share their segments; lists and plastic projections have their own.
  public func segmentGroups(ontoShares share: (_ population: Int) -> Double) -> [SegmentGroup] {
    var gathered: [(source: Int, delay: Distribution?, projections: [Int], synapses: Double)] = []
    for (index, projection) in projections.enumerated() {
      let expected = projection.expectedSynapses(in: self) * share(projection.target)
      guard expected > 0 else { continue }
      var delay: Distribution? = projection.delay
      if case .list = projection.rule { delay = nil }
      if projection.plasticity != nil { delay = nil }
      if let delay, let place = gathered.firstIndex(where: { $0.source == projection.source && $0.delay == delay }) {
        gathered[place].projections.append(index)
        gathered[place].synapses += expected
      } else {
        gathered.append((projection.source, delay, [index], expected))
      }
    }
    return gathered.map { group in
      let sources = Double(populations[group.source].size)
      let shares = projections[group.projections[0]].delayShares(stepMilliseconds: stepMilliseconds)
      // Sorted, so that sums do not depend on the order of a dictionary.
      let segments = shares.sorted { $0.key < $1.key }.reduce(0) { $0 - expm1(-group.synapses / sources * $1.value) }
      return SegmentGroup(
        source: group.source,
        projections: group.projections,
        isPlastic: projections[group.projections[0]].plasticity != nil,
        synapses: group.synapses,
        segments: sources * segments
      )
    }
  }
}

/// How many synapses a block holds: blocks are what is queued and read, and a segment is padded to whole ones.
public enum SynapseBlock {
  /// The blocks that there are; the greatest is a cache line of 4-byte synapses.
  public static let sizes = [4, 8, 16]

  /// The block for segments of a mean length: where two cost a spike the same time within a few percent, the smaller.
  public static func synapses(forMeanLength length: Double) -> Int { length >= 32 ? 16 : length >= 16 ? 8 : 4 }
}
