/// For every step to come, the numbers of the synapse blocks that are due.
///
/// Slots form a ring whose length is a power of two greater than the longest delay; each grows as far as it needs. The top
/// bit of an entry chooses the row of sums.
@safe
final class DeliveryQueue {
  @unsafe
  private struct Slot {
    var entries: UnsafeMutablePointer<UInt32>
    var count: Int
    var capacity: Int
  }
  private let slots: Column<Slot>
  private let mask: Int
  /// How often a slot had to grow.
  private(set) var growths = 0

  // Entries that a push may write and a drain may read beyond the last one.
  private static let slack = 64
  // Not a power of two, so that the ends of the slots do not share sets of the cache.
  private static let startCapacity = 464

  /// Makes empty slots for delays up to a number of steps.
  init(longestDelaySteps: Int) {
    var length = 2
    while length <= longestDelaySteps { length *= 2 }
    mask = length - 1
    unsafe slots = Column(length)
    for i in 0..<length {
      unsafe slots[i] = Slot(entries: .allocate(capacity: Self.slack), count: 0, capacity: 0)
    }
  }

  deinit { for i in 0..<(mask + 1) { unsafe slots[i].entries.deallocate() } }

  /// The number of slots.
  var length: Int { mask + 1 }

  /// The number of blocks that wait, over all slots.
  var depth: Int {
    var sum = 0
    for i in 0...mask { unsafe sum += slots[i].count }
    return sum
  }

  /// The bytes taken.
  var bytes: Int {
    var sum = 0
    for i in 0...mask { unsafe sum += (slots[i].capacity + Self.slack) * 4 }
    return sum
  }

  /// Removes everything.
  func clear() { for i in 0...mask { unsafe slots.base[i].count = 0 } }

  /// Queues `count` blocks from number `first` on (with its row bit) for a step.
  @inline(__always)
  func push(_ first: UInt32, count: Int, at step: Int64) {
    let slot = unsafe slots.base + (Int(truncatingIfNeeded: step) & mask)
    let fill = unsafe slot.pointee.count
    if unsafe fill &+ count > slot.pointee.capacity { unsafe grow(slot, to: fill + count) }
    let end = unsafe slot.pointee.entries + fill
    let lanes = SIMD16<UInt32>(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
    var k = 0
    repeat {  // Sixteen block numbers at once; what is beyond the count is overwritten by the next push.
      let numbers = lanes &+ (first &+ UInt32(truncatingIfNeeded: k))
      unsafe UnsafeMutableRawPointer(end + k).storeBytes(of: numbers, as: SIMD16<UInt32>.self)
      k &+= 16
    } while k < count
    unsafe slot.pointee.count = fill &+ count
  }

  @inline(never)
  private func grow(_ slot: UnsafeMutablePointer<Slot>, to count: Int) {
    growths += 1
    let capacity = unsafe max(Self.startCapacity, max(count, slot.pointee.capacity + slot.pointee.capacity / 2))
    let entries = UnsafeMutablePointer<UInt32>.allocate(capacity: capacity + Self.slack)
    unsafe entries.update(from: slot.pointee.entries, count: slot.pointee.count)
    unsafe slot.pointee.entries.deallocate()
    unsafe slot.pointee.entries = entries
    unsafe slot.pointee.capacity = capacity
  }

  /// Takes what is due in a step: hands over the entries, followed by `readAhead` zeros, and empties the slot.
  @inline(__always)
  func drain(_ step: Int64, readAhead: Int, _ body: (_ entries: UnsafePointer<UInt32>, _ count: Int) -> Void) {
    precondition(readAhead <= Self.slack)
    let slot = unsafe slots.base + (Int(truncatingIfNeeded: step) & mask)
    let (entries, count) = unsafe (slot.pointee.entries, slot.pointee.count)
    if count == 0 { return }
    for i in count..<count + readAhead { unsafe entries[i] = 0 }
    unsafe body(entries, count)
    unsafe slot.pointee.count = 0
  }
}
