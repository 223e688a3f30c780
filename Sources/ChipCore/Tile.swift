public import Basics
public import Circuits
public import KernelTypes
internal import Kernels
public import Wire

/// One simulated chip core's worth of a circuit: the neurons of a part, the synapses that end on them, and their queues.
///
/// A tile is stepped by one thread. Per epoch: `advance`, exchange `fired` with the other tiles, then `receive` the spikes of
/// all tiles, its own included, before the next `advance`; an epoch may have at most `Circuit.epochSteps()` steps.
///
/// ```swift
/// let tile = try Tile(circuit: circuit, layout: .whole(circuit), precision: .single)
/// let steps = circuit.epochSteps()
/// while tile.now < end {
///   let first = tile.now
///   tile.advance(from: first, count: steps)
///   tile.receive(tile.fired, from: first)
/// }
/// ```
///
/// Results are a function of the circuit alone: sums are integers, random numbers are keyed by neuron and step, and single
/// precision uses plain operations in a fixed order. In double precision weights lie on a grid of 2⁻³² of their unit.
/// The order within step n: spikes, given input and noise due in n are summed; currents that change in n are set; neurons
/// advance; state is sampled with the time of the step's end, n + 1.
public final class Tile {
  /// The circuit of which this is a part.
  public let circuit: Circuit
  /// The neurons of the part.
  public let layout: PartLayout
  /// The number format.
  public let precision: Precision
  /// The step that comes next.
  public private(set) var now = Step(0)
  /// The own neurons that fired in the last `advance`, by step, ascending.
  ///
  /// Encoders (`rate_encoder`) are listed only where a projection or a spike recorder needs them.
  public private(set) var fired = SpikeBatch(steps: 0)

  let plan: TilePlan
  let delivery: any Delivery
  let plasticity: (any PlasticDelivery)?
  // Groups by model of the registry, nil where the part has no such neurons.
  let groups: [(any NeuronGroup)?]
  private let runs: [(group: any NeuronGroup, slices: Range<Int>)]
  private let freeSlices: [Int]
  private let mustSort: Bool
  private var list: Column<UInt32>
  private var listedSpikes = 0
  private var currents: DirectCurrents
  var records: RecordBuffers
  private let leastDelay: Int

  /// Builds the part of a circuit: its neurons at their initial state, its synapses and queues.
  ///
  /// The kernels default to the widest that the machine can run; all give the same bits.
  ///
  /// - Throws: `TileError` when the circuit is wrong or the part too large.
  /// - Complexity: two expansions of the projections that end in the part.
  public init(
    circuit: Circuit,
    layout: PartLayout,
    precision: Precision,
    kernels: KernelTable? = nil,
    options: TileOptions = TileOptions()
  ) throws(TileError) {
    let plan = try TilePlan(circuit, layout, precision, kernels ?? .chosen, options)
    (self.circuit, self.layout, self.precision, self.plan) = (circuit, layout, precision, plan)
    let noise = PoissonNoise(plan)
    let twoRows = plan.slices.contains { $0.twoRows }
    let models = Set(plan.slices.map(\.model))
    switch precision {
    case .single:
      let rows = InputRows<Int32, Float>(
        width: plan.width,
        slices: plan.slices.count,
        twoRows: twoRows,
        hasNoiseRows: noise.needsRows
      )
      groups = ModelRegistry.all.indices.map { models.contains($0) ? ModelRegistry.all[$0].single(plan, rows) : nil }
      plasticity = plan.hasPlasticity ? try TilePlasticity<PackedSynapses, Float>(plan, rows: rows) : nil
      let loads = plasticity?.loads ?? []
      delivery = try TileDelivery(plan, rows: rows, noise: noise, plasticLoads: loads, as: PackedSynapses.self)
    case .double:
      let rows = InputRows<Int64, Double>(
        width: plan.width,
        slices: plan.slices.count,
        twoRows: twoRows,
        hasNoiseRows: noise.needsRows
      )
      groups = ModelRegistry.all.indices.map { models.contains($0) ? ModelRegistry.all[$0].double?(plan, rows) : nil }
      plasticity = plan.hasPlasticity ? try TilePlasticity<LongSynapses, Double>(plan, rows: rows) : nil
      let loads = plasticity?.loads ?? []
      delivery =
        circuit.projections.allSatisfy { $0.greatestWeight <= LongSynapses.greatestWeight }
        ? try TileDelivery(plan, rows: rows, noise: noise, plasticLoads: loads, as: LongSynapses.self)
        : try TileDelivery(plan, rows: rows, noise: noise, plasticLoads: loads, as: WideSynapses.self)
    }
    var runs: [(group: any NeuronGroup, slices: Range<Int>)] = []
    for slice in plan.slices.indices where !plan.slices[slice].runsFree {
      guard let group = groups[plan.slices[slice].model] else { continue }
      if let last = runs.last, last.group === group, last.slices.upperBound == slice {
        runs[runs.count - 1].slices = last.slices.lowerBound..<slice + 1
      } else {
        runs.append((group, slice..<slice + 1))
      }
    }
    self.runs = runs
    freeSlices = plan.slices.indices.filter { plan.slices[$0].runsFree }
    let filled = plan.slices.filter { $0.slice.count > 0 }
    mustSort = zip(filled, filled.dropFirst()).contains { $0.id($0.slice.count - 1) >= $1.slice.first }
    leastDelay = circuit.leastDelaySteps ?? .max
    list = Column(2 * plan.width + 64)
    currents = DirectCurrents(plan)
    records = RecordBuffers(plan)
    setInitialState()
    currents.apply(at: 0, to: groups, of: plan, always: true)
  }

  private func setInitialState() {
    for (index, place) in plan.slices.enumerated() {
      guard let group = groups[place.model] else { continue }
      let population = plan.population(index)
      for variable in plan.entry(index).model.state {
        let values = population.initialValues(of: variable.name, in: place.slice, seed: circuit.seed)
        for (k, value) in values.enumerated() {
          group.setValue(variable.name, to: value, of: place.start + k, in: index)
        }
      }
    }
  }

  /// Runs steps, the first of which must be `now`; afterwards `fired` holds who fired.
  ///
  /// Every spike that is due in them must have been received.
  public func advance(from step: Step, count: Int) {
    precondition(step == now, "the next step is \(now.index), not \(step.index)")
    precondition(count >= 0)
    for slice in freeSlices { groups[plan.slices[slice].model]?.runFree(slice, steps: count) }
    fired.stepEnds.removeAll(keepingCapacity: true)
    var spikes = unsafe SpikeList(list.base, end: 0)
    for _ in 0..<count {
      if list.count <= spikes.end + plan.width {
        growList(spikes.end)
        spikes = unsafe SpikeList(list.base, end: spikes.end)
      }
      let begin = spikes.end
      delivery.deliver(at: now.index)
      plasticity?.deliver(at: now.index)
      currents.apply(at: now.index, to: groups, of: plan)
      for run in runs { run.group.advance(run.slices, into: &spikes) }
      if mustSort, spikes.end > begin + 1 {
        var step = unsafe UnsafeMutableBufferPointer(start: list.base + begin, count: spikes.end - begin)
        unsafe step.sort()
      }
      fired.stepEnds.append(spikes.end)
      now.index += 1
      records.sample(now.index, groups, plan)
    }
    fired.neurons.removeAll(keepingCapacity: true)
    unsafe fired.neurons.append(contentsOf: UnsafeBufferPointer(start: list.base, count: spikes.end))
    listedSpikes += spikes.end
    plasticity?.note(fired, from: step.index)
  }

  private func growList(_ end: Int) {
    let longer = Column<UInt32>(2 * list.count + plan.width)
    unsafe longer.base.update(from: list.base, count: end)
    list = longer
  }

  /// Sums what is due in the next step and known by now; what is received later is added by `advance`.
  ///
  /// For the time until foreign spikes arrive: it changes no result and no snapshot.
  public func prepare() { delivery.prepare(now.index) }

  /// Queues spikes that were emitted in the steps from `step` on, own and foreign ones alike.
  ///
  /// They must have been emitted before `now`, by at most the least synaptic delay of the circuit; sources without synapses
  /// here are ignored. Each spike must be received once, from whichever batch.
  public func receive(_ batch: SpikeBatch, from step: Step) {
    precondition(step.index + Int64(batch.stepEnds.count) <= now.index, "spikes of steps that have not been run")
    precondition(
      batch.neurons.isEmpty || now.index - step.index <= Int64(leastDelay),
      "spikes of step \(step.index) come at step \(now.index), after some were due: the least delay is \(leastDelay)"
    )
    delivery.receive(batch, from: step.index, now: now.index)
    plasticity?.receive(batch, from: step.index)
  }

  /// Counts of what the tile holds and did.
  public var statistics: TileStatistics {
    var statistics = TileStatistics()
    statistics.neurons = plan.slices.reduce(0) { $0 + $1.slice.count }
    statistics.spikes = listedSpikes
    delivery.add(to: &statistics)
    plasticity?.add(to: &statistics)
    return statistics
  }

  /// Goes to a step, before a snapshot's state is taken over.
  func jump(to step: Step) {
    now = step
    fired = SpikeBatch(steps: 0)
    delivery.restart(at: step.index)
    for group in groups { group?.jump(to: step.index) }
    currents.apply(at: step.index, to: groups, of: plan, always: true)
    records.clear()
  }
}
