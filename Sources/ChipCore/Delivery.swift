internal import Basics
internal import Circuits
internal import Wire

/// The way of spikes to the neurons of a tile: from a source's row of synapses through the queue into the sums.
protocol Delivery: AnyObject {
  /// Adds everything that arrives in a step to the sums: queued spikes, given input and noise.
  func deliver(at step: Int64)
  /// Adds what is there already of the step that comes next, so that `deliver` finds less to do.
  func prepare(_ step: Int64)
  /// Queues the synapses of spikes that left their neurons in the steps from `first` on; only what is due at or after `now`.
  func receive(_ batch: SpikeBatch, from first: Int64, now: Int64)
  /// The spikes of a past step that have synapses here, ascending.
  func history(at step: Int64) -> [UInt32]
  /// Forgets spikes, queues and drawn noise, and goes to a step.
  func restart(at step: Int64)
  /// The number of slots of the ring: no delay is as long.
  var ringLength: Int { get }
  /// Counts for statistics.
  func add(to statistics: inout TileStatistics)
}

/// `Delivery` through one or two tables of synapses, by the length of their segments.
///
/// The class is not generic, and what depends on the synapses' format is in closures that its initialiser makes for one: so
/// a step looks up no type at run time.
@safe
final class TileDelivery: Delivery {
  private let tables: [SynapseTable]
  private let noise: PoissonNoise
  private let given: GivenInput
  private var history: SpikeHistory
  private let addQueued: (Int64) -> Void
  private let readyInput: (Int64) -> Void
  private let clearSums: () -> Void
  private let storeBytes: Int
  /// The step whose given input and noise are ready.
  private var readyStep: Int64 = -1
  let ringLength: Int

  /// Builds the static synapses of a tile; `plasticLoads` holds what plastic ones add at most to each cell of the sums.
  init<Store: SynapseStore, Real: BinaryFloatingPoint & BitwiseCopyable>(
    _ plan: TilePlan,
    rows: InputRows<Store.Sum, Real>,
    noise: PoissonNoise,
    plasticLoads: [Double],
    as _: Store.Type
  ) throws(TileError) {
    var tables: [SynapseTable] = []
    var stores: [Store] = []
    let loads = Column<Double>(plan.width)
    for choice in TableChoice.tables(of: plan) {
      let builder = SynapseBuilder<Store>(plan, choice)
      let index = unsafe try builder.layOut(loads: loads.base)
      stores.append(builder.fill(index))
      tables.append(SynapseTable(index, longestDelaySteps: builder.longestDelaySteps))
    }
    let given = GivenInput(plan, stride: rows.stride, as: Store.self)
    try SumCheck<Store>(plan, stride: rows.stride).check(loads, tables, stores, given, plasticLoads: plasticLoads)
    (self.tables, self.noise, self.given) = (tables, noise, given)
    ringLength = tables.map(\.queue.length).max() ?? 2
    history = SpikeHistory(length: ringLength)
    storeBytes = stores.reduce(rows.sums.bytes) { $0 + $1.bytes }
    addQueued = { step in
      let (sums, stride) = unsafe (rows.sums.base, rows.stride)
      for (table, store) in zip(tables, stores) {
        unsafe table.queue.drain(step, readAhead: readAheadBlocks) { entries, count in
          unsafe store.deliver(entries, count, to: sums, stride: stride)
        }
      }
    }
    readyInput = { step in
      if given.nextStep <= step { unsafe given.add(at: step, to: rows.sums.base) }
      noise.prepare(step, in: rows)
    }
    clearSums = { for i in 0..<rows.sums.count { rows.sums[i] = 0 } }
  }

  func deliver(at step: Int64) {
    addQueued(step)
    if readyStep != step { readyInput(step) }
  }

  func prepare(_ step: Int64) {
    addQueued(step)
    if readyStep != step { readyInput(step) }
    readyStep = step
  }

  func receive(_ batch: SpikeBatch, from first: Int64, now: Int64) {
    var begin = 0
    for (offset, end) in batch.stepEnds.enumerated() {
      if end > begin {
        let step = first + Int64(offset)
        for table in tables {
          unsafe history.append(table.receive(batch.neurons, begin, end, from: step, now: now), at: step)
        }
      }
      begin = end
    }
  }

  func history(at step: Int64) -> [UInt32] { history.spikes(at: step) }

  func restart(at step: Int64) {
    for table in tables { table.queue.clear() }
    history.clear()
    noise.reset()
    given.seek(step)
    clearSums()
    readyStep = -1
  }

  func add(to statistics: inout TileStatistics) {
    statistics.storedBytes += storeBytes
    for table in tables { table.add(to: &statistics) }
  }
}
