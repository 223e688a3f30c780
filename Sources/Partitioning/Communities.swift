internal import Basics
internal import Circuits

/// Groups of populations with many synapses within and few between, such as columns of cortex.
///
/// A circuit that needs several parts a core is best cut along them: a source's synapses of one delay then stay together in
/// few long segments, where an even spread over all parts would shatter them.
enum Communities {
  // Two populations belong together when this share of the synapses of either joins them.
  private static let leastShare = 0.1
  // The slowest core may take this much longer than the mean.
  private static let mostImbalance = 1.1

  /// Cuts a circuit into parts along its communities and deals the parts to cores, neighbours together; nil where the
  /// circuit has no communities or they cannot be dealt evenly.
  static func tiles(
    _ circuit: Circuit,
    _ cores: Int,
    _ assumptions: CostAssumptions
  ) -> (layouts: [PartLayout], coreOfPart: [Int])? {
    let communities = find(in: circuit)
    guard communities.count > 1, holdMost(communities, of: circuit) else { return nil }
    let places = circuit.populations.reduce(0) { $0 + ($1.size + 63) / 64 * 64 }
    let room = min(Partitioner.mostPlaces, places / cores)
    var layouts: [PartLayout] = []
    for slices in communities.flatMap({ pieces($0, of: circuit) }) {
      let layout = PartLayout(part: PartID(0), slices: slices)
      // Small communities share a part.
      if let last = layouts.last, last.width + layout.width <= room {
        layouts[layouts.count - 1].slices += slices
      } else {
        layouts.append(layout)
      }
    }
    guard layouts.count >= cores, layouts.count <= Partitioner.mostParts,
      layouts.allSatisfy({ $0.width <= Partitioner.mostPlaces })
    else { return nil }
    for part in layouts.indices { layouts[part].part = PartID(UInt16(part)) }
    let work = layouts.map { self.work($0, circuit, assumptions) }
    let all = work.reduce(0, +)
    var coreOfPart: [Int] = []
    var loads = [Double](repeating: 0, count: cores)
    var before = 0.0
    for own in work {
      let core = min(cores - 1, Int((before + own / 2) / all * Double(cores)))
      coreOfPart.append(core)
      loads[core] += own
      before += own
    }
    guard let longest = loads.max(), longest <= mostImbalance * all / Double(cores) else { return nil }
    return (layouts, coreOfPart)
  }

  /// Whether more than half of the synapses lie within communities.
  private static func holdMost(_ communities: [[Int]], of circuit: Circuit) -> Bool {
    var community = [Int](repeating: 0, count: circuit.populations.count)
    for (number, populations) in communities.enumerated() { for p in populations { community[p] = number } }
    let within = circuit.projections.reduce(0) { sum, projection in
      community[projection.source] == community[projection.target]
        ? sum + projection.expectedSynapses(in: circuit) : sum
    }
    return within > circuit.expectedSynapses / 2
  }

  /// The populations of each community, ascending: populations which a large share of the synapses of either joins.
  static func find(in circuit: Circuit) -> [[Int]] {
    let count = circuit.populations.count
    var joined: [[Int: Double]] = Array(repeating: [:], count: count)
    var total = [Double](repeating: 0, count: count)
    for projection in circuit.projections {
      let (a, b) = (projection.source, projection.target)
      let expected = projection.expectedSynapses(in: circuit)
      total[a] += expected
      total[b] += expected
      if a != b { joined[min(a, b)][max(a, b), default: 0] += expected }
    }
    var leader = Array(0..<count)
    func find(_ p: Int) -> Int {
      var p = p
      while leader[p] != p { p = leader[p] }
      return p
    }
    for a in 0..<count {
      for (b, synapses) in joined[a] where synapses >= leastShare * min(total[a], total[b]) && synapses > 0 {
        let (x, y) = (find(a), find(b))
        leader[max(x, y)] = min(x, y)
      }
    }
    var communities: [Int: [Int]] = [:]
    for p in 0..<count { communities[find(p), default: []].append(p) }
    return communities.sorted { $0.key < $1.key }.map(\.value)
  }

  /// The slices of a community, in as many pieces as fit into parts, each population spread evenly over them.
  private static func pieces(_ populations: [Int], of circuit: Circuit) -> [[Slice]] {
    let places = populations.reduce(0) { $0 + (circuit.populations[$1].size + 63) / 64 * 64 }
    let count = (places + Partitioner.mostPlaces - 1) / Partitioner.mostPlaces
    return (0..<max(1, count)).map { piece in
      populations.compactMap { p in
        let neurons = circuit.populations[p].neurons
        let own = (neurons.count - piece + count - 1) / max(1, count)
        guard own > 0 else { return nil }
        return Slice(population: p, first: neurons.lowerBound + piece, stride: max(1, count), count: own)
      }
    }
  }

  /// Expected nanoseconds a second for a part.
  private static func work(_ layout: PartLayout, _ circuit: Circuit, _ assumptions: CostAssumptions) -> Double {
    let stepsPerSecond = 1000 / circuit.stepMilliseconds
    var share = [Double](repeating: 0, count: circuit.populations.count)
    var sum = 0.0
    for slice in layout.slices {
      share[slice.population] += Double(slice.count) / Double(circuit.populations[slice.population].size)
      let noise = circuit.hasNoise(slice.population) ? assumptions.noiseNanoseconds : 0
      sum += Double(slice.count) * stepsPerSecond * (assumptions.updateNanoseconds + noise)
    }
    for projection in circuit.projections where share[projection.target] > 0 {
      sum +=
        projection.expectedSynapses(in: circuit) * share[projection.target]
        * assumptions.rateHertz(ofPopulation: projection.source) * assumptions.eventNanoseconds
    }
    return sum
  }
}
