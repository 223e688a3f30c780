internal import Basics
internal import Circuits
internal import Wire

/// The plastic synapses of a tile.
///
/// Weights change when a spike of the source is received: by then every spike of the own neurons that can have arrived at
/// the synapse is known, since a delay is at least one step. What the spike transmits is added to the sums of the step in
/// which it is due, held by a ring of rows; static synapses know nothing of all this.
protocol PlasticDelivery: AnyObject {
  /// What the synapses add at most to each cell of two rows of sums, if all come in one step, in fixed point.
  var loads: [Double] { get }
  /// Adds what is due in a step to the tile's sums.
  func deliver(at step: Int64)
  /// Takes note of the own neurons' spikes in the steps from `first` on, before any spike of these steps is received.
  func note(_ fired: SpikeBatch, from first: Int64)
  /// Changes the weights of the synapses that spikes pass, and queues what they transmit.
  func receive(_ batch: SpikeBatch, from first: Int64)
  /// Hands over the rows for the recorders of transmitted weights since the last call, by recorder.
  func takeTransmitted() -> [Int: [TransmittedWeight]]
  /// The weights of a projection's synapses that end here, sorted by source, then target.
  func weights(ofProjection projection: Int) -> [PlasticWeight]
  /// The state, by circuit index.
  func states(at now: Int64) -> PlasticSnapshot
  /// Says why snapshots do not hold the state of this tile, or nothing.
  func problem(with snapshots: [PlasticSnapshot]) -> String?
  /// Takes over the state of snapshots which have no problem.
  func restore(_ snapshots: [PlasticSnapshot], at now: Int64)
  /// A hash of the weights that does not depend on the layout when summed over all tiles.
  var digest: UInt64 { get }
  /// Counts for statistics.
  func add(to statistics: inout TileStatistics)
}

/// A weight that a plastic synapse transmitted.
public struct TransmittedWeight: Equatable, Sendable {
  /// Steps done at the stamp of the spike.
  public var step: Int64
  /// Circuit index of the source.
  public var source: UInt32
  /// Circuit index of the target.
  public var target: UInt32
  /// The weight, in the target model's unit.
  public var weight: Double
  /// Describes a transmission.
  public init(step: Int64, source: UInt32, target: UInt32, weight: Double) {
    (self.step, self.source, self.target, self.weight) = (step, source, target, weight)
  }
}

/// The weight of a plastic synapse as of its last presynaptic spike.
public struct PlasticWeight: Equatable, Sendable {
  /// Circuit index of the source.
  public var source: UInt32
  /// Circuit index of the target.
  public var target: UInt32
  /// The weight, in the target model's unit.
  public var weight: Double
  /// Describes a weight.
  public init(source: UInt32, target: UInt32, weight: Double) {
    (self.source, self.target, self.weight) = (source, target, weight)
  }
}

extension TilePlan {
  /// Whether plastic synapses end in the tile.
  var hasPlasticity: Bool {
    circuit.projections.contains { projection in
      projection.plasticity != nil
        && slices.contains { $0.slice.population == projection.target && $0.slice.count > 0 }
    }
  }
}

/// `PlasticDelivery` in one number format.
@safe
final class TilePlasticity<Store: SynapseStore, Real: BinaryFloatingPoint & BitwiseCopyable>:
  PlasticDelivery
{
  private struct Part {
    let table: PlasticTable<Real>
    let rule: PlasticRule<Real>
    /// Fixed-point units per unit of weight.
    let perUnit: Double
    /// Where the row of sums begins that takes the weights.
    let offset: Int
    /// Recorders of transmitted weights.
    let recorders: [Int]
    let history: PostHistory<Real>
  }

  private let plan: TilePlan
  private let rows: InputRows<Store.Sum, Real>
  private var parts: [Part] = []
  // Sums of steps to come: rows as long as those of the tile.
  private let ring: Column<Store.Sum>
  private var isUsed: [Bool]
  private let mask: Int64
  private let rowCells: Int
  private let neuronOfPlace: [UInt32]
  private var transmitted: [Int: [TransmittedWeight]] = [:]
  private var events = 0

  private static var mostRingBytes: Int { 4 << 30 }

  /// Builds the plastic synapses that end in a tile.
  init(_ plan: TilePlan, rows: InputRows<Store.Sum, Real>) throws(TileError) {
    (self.plan, self.rows) = (plan, rows)
    let circuit = plan.circuit
    let own = Set(plan.slices.filter { $0.slice.count > 0 }.map(\.slice.population))
    let connections = Connections(of: circuit, endingIn: plan.layout, kernels: plan.kernels)
    var longest = 0
    for (index, projection) in circuit.projections.enumerated() where own.contains(projection.target) {
      guard case .stdp(let rule) = projection.plasticity else { continue }
      let place = plan.slices.first { $0.slice.population == projection.target && $0.slice.count > 0 }
      let table = try PlasticTable<Real>(index, rule, plan, connections)
      longest = max(longest, table.longestDelaySteps)
      parts.append(
        Part(
          table: table,
          rule: PlasticRule(rule, stepMilliseconds: circuit.stepMilliseconds),
          perUnit: 1 / (plan.precision == .double ? fixedPointUnit : place?.quantum ?? 1),
          offset: rule.greatestWeight < 0 && place?.twoRows == true ? rows.stride : 0,
          recorders: circuit.recorders.indices.filter {
            if case .transmitted(let projections, _) = circuit.recorders[$0] { return projections.contains(index) }
            return false
          },
          history: PostHistory(width: plan.width)
        )
      )
    }
    var length = 2
    while length <= longest { length *= 2 }
    mask = Int64(length - 1)
    rowCells = rows.sums.count
    isUsed = Array(repeating: false, count: length)
    let bytes = length * rowCells * MemoryLayout<Store.Sum>.stride
    guard bytes <= Self.mostRingBytes || parts.isEmpty else {
      let projection = circuit.projections[parts[0].table.projection]
      throw .badProjection(
        source: circuit.populations[projection.source].name,
        target: circuit.populations[projection.target].name,
        problem:
          "plastic synapses with delays of up to \(longest) steps onto \(plan.width) neurons want \(bytes >> 20) MB "
          + "for what is on its way; use more parts or shorter delays"
      )
    }
    ring = Column(parts.isEmpty ? 0 : length * rowCells)
    var neurons = [UInt32](repeating: 0, count: plan.width)
    for slice in plan.slices {
      for k in 0..<slice.slice.count { neurons[slice.start + k] = UInt32(slice.id(k)) }
    }
    neuronOfPlace = neurons
  }

  var loads: [Double] {
    var loads = [Double](repeating: 0, count: 2 * rows.stride)
    for part in parts {
      let greatest = Double(part.rule.greatest) * part.perUnit
      for cell in 0..<part.table.count { loads[part.offset + Int(part.table.targets[cell])] += abs(greatest) }
    }
    return loads
  }

  func deliver(at step: Int64) {
    let slot = Int(step & mask)
    guard isUsed[slot] else { return }
    isUsed[slot] = false
    let (sums, row) = unsafe (rows.sums.base, ring.base + slot * rowCells)
    for i in 0..<rowCells {
      unsafe sums[i] &+= row[i]
      unsafe row[i] = 0
    }
  }

  func note(_ fired: SpikeBatch, from first: Int64) {
    for offset in fired.stepEnds.indices {
      for neuron in fired.spikes(at: offset) {
        guard let (slice, local) = plan.place(of: Int(neuron)) else { continue }
        let population = plan.slices[slice].slice.population
        for i in parts.indices where plan.circuit.projections[parts[i].table.projection].target == population {
          parts[i].history.append(first + Int64(offset), at: local, decay: parts[i].rule.minus)
        }
      }
    }
  }

  func receive(_ batch: SpikeBatch, from first: Int64) {
    for i in parts.indices {
      let sources = parts[i].table.sources
      for offset in batch.stepEnds.indices {
        for neuron in batch.spikes(at: offset) where sources.contains(neuron) {
          pass(Int(neuron - sources.lowerBound), parts[i], at: first + Int64(offset))
        }
      }
    }
  }

  /// Lets a spike of a source pass its synapses.
  private func pass(_ source: Int, _ part: Part, at step: Int64) {
    let (table, rule) = (part.table, part.rule)
    let (last, trace) = (table.lastSpike[source], table.trace[source])
    for segment in Int(table.firstSegment[source])..<Int(table.firstSegment[source + 1]) {
      let slot = Int((step + Int64(table.delays[segment])) & mask)
      isUsed[slot] = true
      let cells = Int(table.firstCell[segment])..<Int(table.firstCell[segment + 1])
      let row = unsafe ring.base + (slot * rowCells + part.offset)
      let pass = SegmentPass(cells: cells, last: last, step: step, delay: Int64(table.delays[segment]))
      // A generic class is not specialised behind its protocol: name the types of the format that is for speed.
      if let table = table as? PlasticTable<Float>, let rule = rule as? PlasticRule<Float>,
        let history = part.history as? PostHistory<Float>, let trace = trace as? Float
      {
        let row = unsafe UnsafeMutableRawPointer(row).assumingMemoryBound(to: Int32.self)
        unsafe passSegment(
          pass,
          table,
          rule,
          history,
          trace: trace,
          perUnit: part.perUnit,
          into: row,
          as: PackedSynapses.self
        )
      } else {
        unsafe passSegment(
          pass,
          table,
          rule,
          part.history,
          trace: trace,
          perUnit: part.perUnit,
          into: row,
          as: Store.self
        )
      }
      events += cells.count
      if !part.recorders.isEmpty { record(cells, part, from: table.sources.lowerBound + UInt32(source), at: step) }
    }
    table.trace[source] = (last >= 0 ? trace * rule.plus[step - last] : 0) + 1
    table.lastSpike[source] = step
  }

  /// Keeps what a segment transmitted, for the recorders.
  private func record(_ cells: Range<Int>, _ part: Part, from source: UInt32, at step: Int64) {
    for recorder in part.recorders {
      transmitted[recorder, default: []] += cells.map { cell in
        TransmittedWeight(
          step: step + 1,
          source: source,
          target: neuronOfPlace[Int(part.table.targets[cell])],
          weight: Double(part.table.weights[cell])
        )
      }
    }
  }

  func takeTransmitted() -> [Int: [TransmittedWeight]] {
    defer { transmitted = [:] }
    return transmitted
  }

  func weights(ofProjection projection: Int) -> [PlasticWeight] {
    guard let part = parts.first(where: { $0.table.projection == projection }) else { return [] }
    var found: [PlasticWeight] = []
    found.reserveCapacity(part.table.count)
    part.table.forEachSynapse { source, cell in
      let target = neuronOfPlace[Int(part.table.targets[cell])]
      found.append(PlasticWeight(source: source, target: target, weight: Double(part.table.weights[cell])))
    }
    return found.stablySorted { ($0.source, $0.target) < ($1.source, $1.target) }
  }

  func add(to statistics: inout TileStatistics) {
    for part in parts {
      statistics.synapses += part.table.count
      statistics.storedBytes += part.table.bytes
    }
    statistics.storedBytes += ring.bytes
    statistics.synapticEvents += events
  }

  var digest: UInt64 {
    var sum: UInt64 = 0
    for part in parts {
      // The number of a target's synapse among its own does not depend on the layout.
      var numbers = [UInt64](repeating: 0, count: plan.width)
      part.table.forEachSynapse { source, cell in
        let target = Int(part.table.targets[cell])
        numbers[target] += 1
        var hash = UInt64(neuronOfPlace[target]) << 32 ^ numbers[target] ^ UInt64(part.table.projection) << 56
        hash = (hash ^ Double(part.table.weights[cell]).bitPattern) &* 0xD6E8_FEB8_6659_FD93
        sum &+= (hash ^ hash >> 32) &* 0xC2B2_AE3D_27D4_EB4F
      }
    }
    return sum
  }
}

extension TilePlasticity {
  func states(at now: Int64) -> PlasticSnapshot {
    var snapshot = PlasticSnapshot()
    for part in parts {
      let table = part.table
      var state = PlasticSnapshot.State(projection: table.projection)
      for row in 0..<table.sources.count
      where table.lastSpike[row] >= 0 && table.firstSegment[row] < table.firstSegment[row + 1] {
        state.sources.append(table.sources.lowerBound + UInt32(row))
        state.lastSpikes.append(table.lastSpike[row])
        state.sourceTraces.append(Double(table.trace[row]))
      }
      var weights = [[Double]](repeating: [], count: plan.width)
      table.forEachSynapse { _, cell in weights[Int(table.targets[cell])].append(Double(table.weights[cell])) }
      let target = plan.circuit.projections[table.projection].target
      for slice in plan.slices where slice.slice.population == target {
        for place in slice.start..<slice.start + slice.slice.count {
          state.targets.append(neuronOfPlace[place])
          state.synapses.append(UInt32(weights[place].count))
          state.weights += weights[place]
          state.spikes.append(UInt32(part.history.steps[place].count))
          state.spikeSteps += part.history.steps[place]
          state.spikeTraces += part.history.traces[place].map { Double($0) }
        }
      }
      snapshot.states.append(state)
    }
    for step in now...now + mask where isUsed[Int(step & mask)] {
      for cell in 0..<rowCells {
        let sum = ring[Int(step & mask) * rowCells + cell]
        let (row, place) = (cell / rows.stride, cell % rows.stride)
        guard sum != 0, place < plan.width else { continue }
        snapshot.pending.append(
          .init(step: step, neuron: neuronOfPlace[place], row: UInt8(row), sum: Int64(sum))
        )
      }
    }
    return snapshot
  }

  func problem(with snapshots: [PlasticSnapshot]) -> String? {
    for part in parts {
      var wanted: [UInt32: UInt32] = [:]
      let target = plan.circuit.projections[part.table.projection].target
      for slice in plan.slices where slice.slice.population == target {
        for place in slice.start..<slice.start + slice.slice.count { wanted[neuronOfPlace[place]] = 0 }
      }
      for cell in 0..<part.table.count { wanted[neuronOfPlace[Int(part.table.targets[cell])], default: 0] += 1 }
      for snapshot in snapshots {
        for state in snapshot.states where state.projection == part.table.projection {
          for (neuron, count) in zip(state.targets, state.synapses) {
            guard let own = wanted.removeValue(forKey: neuron) else { continue }
            if own != count { return "neuron \(neuron + 1) has \(count) plastic synapses there and \(own) here" }
          }
        }
      }
      if let neuron = wanted.keys.min() { return "it lacks the plastic synapses of neuron \(neuron + 1)" }
    }
    return nil
  }

  func restore(_ snapshots: [PlasticSnapshot], at now: Int64) {
    transmitted = [:]
    for i in isUsed.indices { isUsed[i] = false }
    for i in 0..<ring.count { ring[i] = 0 }
    for i in parts.indices {
      let table = parts[i].table
      for row in 0..<table.sources.count {
        table.lastSpike[row] = -1
        table.trace[row] = 0
      }
      var weights = [[Double]](repeating: [], count: plan.width)
      for state in snapshots.flatMap(\.states) where state.projection == table.projection {
        for (k, source) in state.sources.enumerated() where table.sources.contains(source) {
          table.lastSpike[Int(source - table.sources.lowerBound)] = state.lastSpikes[k]
          table.trace[Int(source - table.sources.lowerBound)] = Real(state.sourceTraces[k])
        }
        var (weight, spike) = (0, 0)
        for (k, target) in state.targets.enumerated() {
          let (toWeight, toSpike) = (weight + Int(state.synapses[k]), spike + Int(state.spikes[k]))
          if let (_, local) = plan.place(of: Int(target)) {
            weights[local] = Array(state.weights[weight..<toWeight])
            parts[i].history.set(
              Array(state.spikeSteps[spike..<toSpike]),
              state.spikeTraces[spike..<toSpike].map { Real($0) },
              at: local
            )
          }
          (weight, spike) = (toWeight, toSpike)
        }
      }
      var next = [Int](repeating: 0, count: plan.width)
      table.forEachSynapse { _, cell in
        let target = Int(table.targets[cell])
        table.weights[cell] = Real(weights[target][next[target]])
        next[target] += 1
      }
    }
    for entry in snapshots.flatMap(\.pending) where entry.step >= now && entry.step <= now + mask {
      guard let (_, local) = plan.place(of: Int(entry.neuron)) else { continue }
      let cell = Int(entry.row) * rows.stride + local
      guard cell < rowCells else { continue }
      let slot = Int(entry.step & mask)
      isUsed[slot] = true
      ring[slot * rowCells + cell] = Store.Sum(truncatingIfNeeded: entry.sum)
    }
  }
}

extension Array {
  /// Sorts, and keeps equal elements in their order.
  func stablySorted(by precedes: (Element, Element) -> Bool) -> [Element] {
    enumerated().sorted { a, b in
      precedes(a.element, b.element) || (!precedes(b.element, a.element) && a.offset < b.offset)
    }.map(\.element)
  }
}
