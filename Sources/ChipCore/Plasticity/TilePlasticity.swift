internal import Basics
internal import Circuits
internal import KernelTypes
internal import Wire

/// `PlasticDelivery` in one number format.
///
/// A generic class is not specialised behind its protocol: what runs for every spike is in closures that the initialiser makes
/// for one format.
@safe
final class TilePlasticity<Store: SynapseStore, Real: BinaryFloatingPoint & BitwiseCopyable>: PlasticDelivery {
  /// A plastic projection.
  struct Part {
    let table: PlasticTable<Real>
    let rule: PlasticRule<Real>
    let history: PostHistory<Real>
    /// The form of the history that the fast pass reads, where the rule allows it.
    let recent: RecentSpikes?
    /// The sign of the weights.
    let sign: Double
    /// Fixed-point units per unit of weight, with the sign.
    let perUnit: Double
    /// Where the row of sums begins that takes the weights.
    let offset: Int
    let times: SettleTimes
  }
  /// What a spike does in a projection.
  private struct Line {
    let projection: Int
    /// Circuit indices.
    let sources: Range<UInt32>
    let target: Int
    /// Recorders of transmitted weights.
    let recorders: [Int]
    /// Lets a spike of a source pass its synapses.
    let pass: (_ source: Int, _ step: Int64) -> Void
    /// Settles the sources that are due in a step, and forgets the spikes that nobody needs any more.
    let settle: (_ step: Int64) -> Void
    /// Takes note of an own neuron's spike.
    let note: (_ local: Int, _ step: Int64) -> Void
  }

  let plan: TilePlan
  let rows: InputRows<Store.Sum, Real>
  let parts: [Part]
  let pending: PendingSums<Store.Sum>
  let neuronOfPlace: [UInt32]
  private let lines: [Line]
  private let addDue: (_ step: Int64) -> Void
  /// The next step in which a line settles sources.
  private var nextSettling: [Int64]
  private var transmitted: [Int: [TransmittedWeight]] = [:]

  private static var mostRingBytes: Int { 4 << 30 }

  /// Builds the plastic synapses that end in a tile.
  init(_ plan: TilePlan, rows: InputRows<Store.Sum, Real>) throws(TileError) {
    (self.plan, self.rows) = (plan, rows)
    let circuit = plan.circuit
    let own = Set(plan.slices.filter { $0.slice.count > 0 }.map(\.slice.population))
    let connections = Connections(of: circuit, endingIn: plan.layout, kernels: plan.kernels)
    var parts: [Part] = []
    var rules: [STDP] = []
    for (index, projection) in circuit.projections.enumerated() where own.contains(projection.target) {
      guard case .stdp(let rule) = projection.plasticity else { continue }
      let place = plan.slices.first { $0.slice.population == projection.target && $0.slice.count > 0 }
      let table = try PlasticTable<Real>(index, rule, plan, connections)
      let sign: Double = rule.greatestWeight < 0 ? -1 : 1
      rules.append(rule)
      parts.append(
        Part(
          table: table,
          rule: PlasticRule(rule, stepMilliseconds: circuit.stepMilliseconds),
          history: PostHistory(width: plan.width),
          recent: Real.self == Float.self
            ? RecentSpikes(
              rule,
              stepMilliseconds: circuit.stepMilliseconds,
              longestDelaySteps: table.longestDelaySteps,
              width: plan.width
            ) : nil,
          sign: sign,
          perUnit: sign / (plan.precision == .double ? fixedPointUnit : place?.quantum ?? 1),
          offset: sign < 0 && place?.twoRows == true ? rows.stride : 0,
          times: SettleTimes(
            rule,
            stepMilliseconds: circuit.stepMilliseconds,
            longestDelaySteps: table.longestDelaySteps
          )
        )
      )
    }
    let longest = parts.map(\.table.longestDelaySteps).max() ?? 1
    let bytes = PendingSums<Store.Sum>.length(longest) * rows.sums.bytes
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
    let pending = PendingSums<Store.Sum>(longestDelaySteps: longest, cells: rows.sums.count)
    addDue = { step in unsafe pending.deliver(step, to: rows.sums.base) }
    nextSettling = parts.map { _ in 0 }
    lines = zip(parts, rules).map { part, rule in
      let actions = Self.actions(of: part, rule, pending, plan.kernels)
      let index = part.table.projection
      return Line(
        projection: index,
        sources: part.table.sources,
        target: circuit.projections[index].target,
        recorders: circuit.recorders.indices.filter {
          if case .transmitted(let projections, _) = circuit.recorders[$0] { return projections.contains(index) }
          return false
        },
        pass: actions.pass,
        settle: { step in
          let (table, times) = (part.table, part.times)
          for source in 0..<table.sources.count where table.lastSpike[source] >= 0 && !table.isSettled[source] {
            if times.due(after: table.lastSpike[source]) <= step { actions.settle(source) }
          }
          part.history.forget(before: times.firstNeeded(at: step))
        },
        note: Self.note(of: part)
      )
    }
    var neurons = [UInt32](repeating: 0, count: plan.width)
    for slice in plan.slices {
      for k in 0..<slice.slice.count { neurons[slice.start + k] = UInt32(slice.id(k)) }
    }
    (self.parts, self.pending, neuronOfPlace) = (parts, pending, neurons)
  }

  var loads: [Double] {
    var loads = [Double](repeating: 0, count: 2 * rows.stride)
    for part in parts {
      let greatest = abs(Double(part.rule.greatest) * part.perUnit)
      for cell in 0..<part.table.count { loads[part.offset + Int(part.table.targets[cell])] += greatest }
    }
    return loads
  }

  func deliver(at step: Int64) { addDue(step) }

  func note(_ fired: SpikeBatch, from first: Int64) {
    for offset in fired.stepEnds.indices {
      for neuron in fired.spikes(at: offset) {
        guard let (slice, local) = plan.place(of: Int(neuron)) else { continue }
        let population = plan.slices[slice].slice.population
        for line in lines where line.target == population { line.note(local, first + Int64(offset)) }
      }
    }
  }

  func receive(_ batch: SpikeBatch, from first: Int64) {
    for i in lines.indices {
      if first >= nextSettling[i] {
        lines[i].settle(first)
        nextSettling[i] = (first / parts[i].times.period + 1) * parts[i].times.period
      }
      let sources = lines[i].sources
      for offset in batch.stepEnds.indices {
        for neuron in batch.spikes(at: offset) where sources.contains(neuron) {
          let source = Int(neuron - sources.lowerBound)
          lines[i].pass(source, first + Int64(offset))
          if !lines[i].recorders.isEmpty { record(source, i, at: first + Int64(offset)) }
        }
      }
    }
  }

  /// Keeps what a source transmitted, for the recorders.
  private func record(_ source: Int, _ index: Int, at step: Int64) {
    let (line, part) = (lines[index], parts[index])
    for recorder in line.recorders {
      transmitted[recorder, default: []] += part.table.cells(of: source).map { cell in
        TransmittedWeight(
          step: step + 1,
          source: line.sources.lowerBound + UInt32(source),
          target: neuronOfPlace[Int(part.table.targets[cell])],
          weight: part.sign * Double(part.table.weights[cell])
        )
      }
    }
  }

  func takeTransmitted() -> [Int: [TransmittedWeight]] {
    defer { transmitted = [:] }
    return transmitted
  }

  func add(to statistics: inout TileStatistics) {
    for part in parts {
      statistics.synapses += part.table.count
      statistics.storedBytes += part.table.bytes
      statistics.synapticEvents += part.table.passedSynapses
    }
    statistics.storedBytes += pending.ring.bytes
  }

  /// Settles what is due by a step, before which every spike has been received.
  func settle(at step: Int64) { for line in lines { line.settle(step) } }

  /// Begins anew after another state was taken over.
  func restart() {
    transmitted = [:]
    for i in nextSettling.indices { nextSettling[i] = 0 }
  }
}
