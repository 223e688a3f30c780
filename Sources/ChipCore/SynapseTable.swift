internal import CIntrinsics
internal import Wire

/// The index and the queue of one of a tile's tables of synapses.
@safe
final class SynapseTable {
  let index: SynapseIndex
  let queue: DeliveryQueue
  /// Synapses that received spikes have queued so far.
  private(set) var synapseEvents = 0
  // Rows and circuit indices of a step's spikes that have synapses here.
  private var found: Column<UInt32>
  private var neurons: Column<UInt32>

  /// Makes an empty queue for an index.
  init(_ index: consuming SynapseIndex, longestDelaySteps: Int) {
    self.index = index
    queue = DeliveryQueue(longestDelaySteps: longestDelaySteps)
    found = Column(1024)
    neurons = Column(1024)
  }

  /// Queues the synapses of the spikes at some places of a list, which left their neurons in a step.
  ///
  /// Only what is due at or after `now` is queued. Returns the neurons that have synapses here, ascending, valid until the
  /// next call.
  func receive(
    _ spikes: [UInt32],
    _ begin: Int,
    _ end: Int,
    from step: Int64,
    now: Int64
  ) -> UnsafeBufferPointer<UInt32> {
    let count = index.rows > 0 ? findRows(spikes, begin, end) : 0
    push(count, from: step, now: now)
    return unsafe UnsafeBufferPointer(start: neurons.base, count: count)
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

  /// Adds the table's counts.
  func add(to statistics: inout TileStatistics) {
    for row in 0..<index.rows { statistics.synapses += Int(index.synapses[row]) }
    statistics.storedBytes += index.bytes + queue.bytes
    statistics.synapticEvents += synapseEvents
    statistics.queueDepth += queue.depth
    statistics.queueGrowths += queue.growths
  }
}
