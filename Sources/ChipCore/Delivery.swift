internal import Basics
internal import CIntrinsics
internal import Circuits
internal import Wire

/// The way of spikes to the neurons of a tile: from a source's row of synapses through the queue into the sums.
protocol Delivery: AnyObject {
  /// Adds everything that arrives in a step to the sums: queued spikes, given input and noise.
  func deliver(at step: Int64)
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

/// `Delivery` with synapses of one format.
@safe
final class TileDelivery<Store: SynapseStore & ~Copyable, Real: BinaryFloatingPoint & BitwiseCopyable>: Delivery {
  private let index: SynapseIndex
  private let store: Store
  private let rows: InputRows<Store.Sum, Real>
  private let queue: DeliveryQueue
  private let noise: PoissonNoise
  private var given: GivenInput<Store.Sum>
  private var history: SpikeHistory
  private var synapseEvents = 0
  // Rows and circuit indices of a step's spikes that have synapses here.
  private var found: Column<UInt32>
  private var neurons: Column<UInt32>

  /// Builds the synapses of a tile.
  init(
    _ plan: TilePlan,
    rows: InputRows<Store.Sum, Real>,
    noise: PoissonNoise
  ) throws(TileError) {
    (self.rows, self.noise) = (rows, noise)
    let builder = SynapseBuilder<Store>(plan)
    index = try builder.layOut()
    store = builder.fill(index)
    queue = DeliveryQueue(longestDelaySteps: builder.longestDelaySteps)
    history = SpikeHistory(length: queue.length)
    given = GivenInput(plan, stride: rows.stride, as: Store.self)
    found = Column(1024)
    neurons = Column(1024)
    try checkSums(plan)
  }

  var ringLength: Int { queue.length }

  func deliver(at step: Int64) {
    let (sums, stride) = unsafe (rows.sums.base, rows.stride)
    unsafe queue.drain(step, readAhead: readAheadBlocks) { entries, count in
      unsafe store.deliver(entries, count, to: sums, stride: stride)
    }
    unsafe given.add(at: step, to: sums)
    noise.prepare(step, in: rows)
  }

  func receive(_ batch: SpikeBatch, from first: Int64, now: Int64) {
    guard index.rows > 0 else { return }
    var begin = 0
    for (offset, end) in batch.stepEnds.enumerated() {
      if end > begin {
        let step = first + Int64(offset)
        let count = findRows(batch.neurons, begin, end)
        unsafe history.append(UnsafeBufferPointer(start: neurons.base, count: count), at: step)
        push(count, from: step, now: now)
      }
      begin = end
    }
  }

  /// Lists the rows of spikes that have synapses here; both lists ascend, so one walk finds them.
  private func findRows(_ spikes: [UInt32], _ begin: Int, _ end: Int) -> Int {
    if found.count < end - begin + 16 {
      found = Column(2 * (end - begin) + 16)
      neurons = Column(found.count)
    }
    let (found, neurons, firstSegment) = unsafe (self.found.base, self.neurons.base, index.firstSegment.base)
    var count = 0
    unsafe spikes.withUnsafeBufferPointer { spikes in
      var i = begin
      for range in index.sources {
        let (low, high) = (range.neurons.lowerBound, range.neurons.upperBound)
        while i < end, unsafe spikes[i] < low { i &+= 1 }
        while i < end, unsafe spikes[i] < high {
          let row = unsafe Int(spikes[i] &- low) &+ range.firstRow
          unsafe found[count] = UInt32(truncatingIfNeeded: row)
          unsafe neurons[count] = spikes[i]
          unsafe count &+= firstSegment[row] < firstSegment[row &+ 1] ? 1 : 0
          i &+= 1
        }
      }
    }
    return count
  }

  @inline(never)
  private func push(_ count: Int, from step: Int64, now: Int64) {
    let (found, firstSegment, firstBlock) = unsafe (self.found.base, index.firstSegment.base, index.firstBlock.base)
    let (segments, synapses, queue) = unsafe (index.segments.base, index.synapses.base, self.queue)
    // Spikes of the epoch before `now` are due at or after it; older ones come from a snapshot and are due in part.
    let least = now &- step
    var events = 0
    for i in 0..<count {
      if i &+ 8 < count {
        let row = unsafe Int(found[i &+ 8])
        unsafe synfire_prefetch(firstBlock + row)
        unsafe synfire_prefetch(firstSegment + row)
      }
      if i &+ 4 < count {
        let ahead = unsafe segments + Int(firstSegment[Int(found[i &+ 4])])
        unsafe synfire_prefetch(ahead)
        unsafe synfire_prefetch(ahead + 16)
        unsafe synfire_prefetch(ahead + 32)
      }
      let row = unsafe Int(found[i])
      unsafe events &+= Int(synapses[row])
      var block = unsafe firstBlock[row]
      for s in unsafe Int(firstSegment[row])..<Int(firstSegment[row &+ 1]) {
        let segment = unsafe segments[s]
        let delay = Int64(segment & 0xFFFF)
        let blocks = segment &>> 16 & 0x7FFF
        if delay >= least { queue.push(block | segment & 0x8000_0000, count: Int(blocks), at: step &+ delay) }
        block &+= blocks
      }
    }
    synapseEvents &+= events
  }

  func history(at step: Int64) -> [UInt32] { history.spikes(at: step) }

  func restart(at step: Int64) {
    queue.clear()
    history.clear()
    noise.reset()
    given.seek(step)
    for i in 0..<rows.sums.count { rows.sums[i] = 0 }
  }

  func add(to statistics: inout TileStatistics) {
    for row in 0..<index.rows { statistics.synapses += Int(index.synapses[row]) }
    statistics.storedBytes += store.bytes + index.bytes + rows.sums.bytes + queue.bytes
    statistics.synapticEvents += synapseEvents
    statistics.queueDepth += queue.depth
    statistics.queueGrowths += queue.growths
  }

  /// Refuses a tile where the sums of one neuron could overflow if every input came in one step.
  private func checkSums(_ plan: TilePlan) throws(TileError) {
    let stored = Int(index.firstBlock[index.rows]) * SynapseIndex.block
    var sums = [Double](repeating: 0, count: 2 * rows.stride)
    // A source fires at most once a step, so each synapse counts once. Few synapses cannot overflow in 16-bit weights.
    if stored > 65_535 || Store.greatestSum > Int64(Int32.max) {
      for row in 0..<index.rows {
        var place = Int(index.firstBlock[row]) * SynapseIndex.block
        for s in Int(index.firstSegment[row])..<Int(index.firstSegment[row + 1]) {
          let segment = index.segments[s]
          let end = place + Int(segment >> 16 & 0x7FFF) * SynapseIndex.block
          let offset = segment >> 31 == 1 ? rows.stride : 0
          while place < end {
            let (target, weight) = store.synapse(place)
            sums[offset + target] += abs(Double(weight))
            place += 1
          }
        }
      }
    }
    for (cell, peak) in given.peaks { sums[cell] += peak }
    guard let cell = sums.indices.first(where: { sums[$0] > Double(Store.greatestSum) }) else { return }
    let local = cell % rows.stride
    let slice = plan.slices.last { $0.start <= local && $0.slice.count > 0 } ?? plan.slices[0]
    let unit = plan.precision == .double ? fixedPointUnit : slice.quantum
    throw .accumulatorOverflow(
      neuron: slice.id(local - slice.start) + 1,
      sum: sums[cell] * unit,
      limit: Double(Store.greatestSum) * unit
    )
  }
}
