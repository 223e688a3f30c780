/// What plastic synapses have transmitted and is on its way: sums of steps to come, each as long as those of the tile.
@safe
final class PendingSums<Sum: FixedWidthInteger & BitwiseCopyable> {
  /// Cells of a step.
  let cells: Int
  /// The number of steps less one, all ones.
  let mask: Int64
  let ring: Column<Sum>
  private let isUsed: Column<Bool>

  /// Makes zeros for delays up to a number of steps.
  init(longestDelaySteps: Int, cells: Int) {
    self.cells = cells
    let length = Self.length(longestDelaySteps)
    mask = Int64(length - 1)
    ring = Column(length * cells)
    isUsed = Column(length)
  }

  /// The number of steps for a longest delay: a power of two above it.
  static func length(_ longestDelaySteps: Int) -> Int {
    var length = 2
    while length <= longestDelaySteps { length *= 2 }
    return length
  }

  /// The sums of a step, to which something will be added.
  @inline(__always)
  func row(_ step: Int64) -> UnsafeMutablePointer<Sum> {
    let slot = Int(truncatingIfNeeded: step & mask)
    unsafe isUsed.base[slot] = true
    return unsafe ring.base + slot &* cells
  }

  /// Whether anything is due in a step.
  func isDue(_ step: Int64) -> Bool { isUsed[Int(step & mask)] }

  /// Moves what is due in a step to the tile's sums.
  @inline(__always)
  func deliver(_ step: Int64, to sums: UnsafeMutablePointer<Sum>) {
    let slot = Int(truncatingIfNeeded: step & mask)
    guard unsafe isUsed.base[slot] else { return }
    unsafe isUsed.base[slot] = false
    let row = unsafe ring.base + slot &* cells
    for i in 0..<cells {
      unsafe sums[i] &+= row[i]
      unsafe row[i] = 0
    }
  }

  /// Forgets everything.
  func clear() {
    for slot in 0..<isUsed.count { isUsed[slot] = false }
    for i in 0..<ring.count { ring[i] = 0 }
  }
}
