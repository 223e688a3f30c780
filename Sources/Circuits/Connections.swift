internal import Basics
public import KernelTypes
internal import Kernels

/// The synapses of a circuit that end in one part, expanded from the rules without a list of all of them anywhere.
///
/// Each synapse is a function of (seed, projection, target or source, number of the synapse), so a part builds its own
/// alone and the connectome is the same over any parts:
///
/// - one_to_one, all_to_all, explicit lists: by enumeration.
/// - fixed_indegree: each target draws its sources from its own stream.
/// - fixed_total_number: in-degrees by halving the targets again and again, with exact binomials (without multapses
///   hypergeometrics) keyed by the tree's node; then as fixed_indegree.
/// - pairwise_bernoulli: each target skips over sources by geometric gaps.
/// - fixed_outdegree: each source draws its targets; every part replays all draws and keeps what ends in it.
///
/// Without multapses a neuron's picks are distinct by Floyd's algorithm (Bentley & Floyd, Communications of the ACM 30, 1987).
/// Weights and delays come from the same block of random words; delays are rounded to the nearest step, at least one.
public struct Connections: Sendable {
  /// The longest delay, in steps.
  public static let longestDelaySteps = 65_535

  /// Receives synapses by columns of equal length: circuit indices of sources, local places of targets, weights in the
  /// target model's unit and delays in steps.
  public typealias Receiver = (
    _ sources: Span<UInt32>, _ targets: Span<UInt32>, _ weights: Span<Double>, _ delays: Span<UInt32>
  ) -> Void

  /// The most synapses that are handed over at once.
  public static let mostColumns = SynapseWriter.capacity

  let circuit: Circuit
  let layout: PartLayout
  let kernels: KernelTable
  private let starts: [Int]

  /// Prepares the expansion for a part; the circuit's projections must have no `problem`.
  ///
  /// The kernels default to the widest that the machine can run; all give the same bits.
  public init(of circuit: Circuit, endingIn layout: PartLayout, kernels: KernelTable? = nil) {
    (self.circuit, self.layout, self.kernels) = (circuit, layout, kernels ?? .chosen)
    starts = layout.localStarts
  }

  /// Hands over every synapse of a projection that ends in the part, some thousand at a time.
  ///
  /// The order is fixed but not sorted. A caller that does not need weights finds nothing of use in their column. Time is
  /// proportional to the synapses that end here, for fixed_outdegree to all synapses of the projection.
  public func expand(_ projection: Int, needsWeights: Bool = true, to receiver: Receiver) {
    let doubles = UnsafeMutablePointer<Double>.allocate(capacity: SynapseWriter.capacity)
    defer { unsafe doubles.deallocate() }
    expandColumns(projection, needsWeights: needsWeights) { columns in
      let count = columns.count
      var weights = unsafe UnsafePointer(doubles)
      switch columns.weights {
      case .same(let weight): for i in 0..<count { unsafe doubles[i] = weight }
      case .drawn(let drawn): for i in 0..<count { unsafe doubles[i] = Double(drawn[i]) }
      case .listed(let listed): unsafe weights = listed
      }
      unsafe receiver(
        Span(_unsafeElements: UnsafeBufferPointer(start: columns.sources, count: count)),
        Span(_unsafeElements: UnsafeBufferPointer(start: columns.targets, count: count)),
        Span(_unsafeElements: UnsafeBufferPointer(start: weights, count: count)),
        Span(_unsafeElements: UnsafeBufferPointer(start: columns.delays, count: count))
      )
    }
  }

  /// Hands over the same synapses in the form in which they are made, for builders that take billions of them.
  ///
  /// Each synapse adds `load.each` to `load.sums` at its target's local place, where that is given.
  public func expandColumns(
    _ projection: Int,
    needsWeights: Bool = true,
    adding load: SynapseLoad? = nil,
    to receiver: (SynapseColumns) -> Void
  ) {
    let p = circuit.projections[projection]
    let slices = ownSlices(of: p.target)
    guard !slices.isEmpty else { return }
    withoutActuallyEscaping(receiver) { receiver in
      let writer = SynapseWriter(self, number: projection, needsWeights: needsWeights, load: load, receiver: receiver)
      write(p, slices, to: writer)
    }
  }

  private func write(_ p: Projection, _ slices: [Own], to writer: SynapseWriter) {
    let targets = circuit.populations[p.target].neurons
    switch p.rule {
    case .oneToOne:
      let shift = circuit.populations[p.source].neurons.lowerBound - targets.lowerBound
      forEachTarget(slices) { id, local in writer.appendAll(from: id + shift..<id + shift + 1, to: id, at: local) }
    case .allToAll:
      let sources = circuit.populations[p.source].neurons
      forEachTarget(slices) { id, local in writer.appendAll(from: sources, to: id, at: local) }
    case .fixedIndegree(let count):
      forEachTarget(slices) { id, local in writer.appendRow(of: count, to: id, at: local) }
    case .fixedTotalNumber(let total):
      let tree = InDegreeTree(of: circuit, number: writer.number, slices: slices.map(\.slice))
      let table = placeTable(slices, of: targets)
      tree.forEachTarget(total) { id, count in
        writer.appendRow(of: count, to: id, at: Int(table[id - targets.lowerBound]))
      }
    case .pairwiseBernoulli(let probability):
      forEachTarget(slices) { id, local in writer.appendGaps(probability, to: id, at: local) }
    case .fixedOutdegree(let count):
      let table = placeTable(slices, of: targets)
      for source in circuit.populations[p.source].neurons {
        writer.appendColumn(of: count, from: source, places: table)
      }
    case .list(let connections):
      let table = placeTable(slices, of: targets)
      for c in connections {
        let place = table[Int(c.target.index) - targets.lowerBound]
        if place >= 0 { writer.append(c, at: Int(place)) }
      }
    }
    writer.flush()
  }

  private typealias Own = (slice: Slice, start: Int)

  private func ownSlices(of population: Int) -> [Own] {
    zip(layout.slices, starts).filter { $0.0.population == population && $0.0.count > 0 }.map { ($0.0, $0.1) }
  }

  private func forEachTarget(_ slices: [Own], _ body: (_ id: Int, _ local: Int) -> Void) {
    for (slice, start) in slices {
      for k in 0..<slice.count { body(slice.first + k * slice.stride, start + k) }
    }
  }

  /// The local place of each neuron of a population, -1 for neurons of other parts.
  private func placeTable(_ slices: [Own], of neurons: Range<Int>) -> [Int32] {
    var table = [Int32](repeating: -1, count: neurons.count)
    forEachTarget(slices) { id, local in table[id - neurons.lowerBound] = Int32(local) }
    return table
  }
}

extension PartLayout {
  /// The local place of the first neuron of each slice; every slice takes a multiple of 64 places.
  public var localStarts: [Int] {
    var at = 0
    return slices.map { slice in
      defer { at += (slice.count + 63) / 64 * 64 }
      return at
    }
  }

  /// The number of local places, a multiple of 64.
  public var width: Int { slices.reduce(0) { $0 + ($1.count + 63) / 64 * 64 } }

  /// A part that holds every neuron of a circuit.
  public static func whole(_ circuit: Circuit) -> PartLayout {
    roundRobin(circuit, parts: 1)[0]
  }

  /// Spreads every population evenly over parts: neuron g lies in part g mod parts.
  public static func roundRobin(_ circuit: Circuit, parts: Int) -> [PartLayout] {
    (0..<parts).map { part in
      let slices = circuit.populations.enumerated().compactMap { index, population -> Slice? in
        let neurons = population.neurons
        let first = neurons.lowerBound + ((part - neurons.lowerBound) % parts + parts) % parts
        guard first < neurons.upperBound else { return nil }
        let count = (neurons.upperBound - first + parts - 1) / parts
        return Slice(population: index, first: first, stride: parts, count: count)
      }
      return PartLayout(part: PartID(UInt16(part)), slices: slices)
    }
  }
}
