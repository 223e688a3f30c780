internal import CIntrinsics
internal import KernelTypes

/// Where the columns of a readout's state lie in one block of memory, in floats; each begins at a multiple of sixteen.
struct ReadoutLayout {
  /// Covariance of the features (`TriangleRows`).
  let covariance = 0
  /// Covariance of the linear expert's inputs (`TriangleRows`), its weights by horizon, and the inputs of its origins.
  let linearCovariance, linearWeights, linearInputs: Int
  /// What was learned for each horizon (`HorizonColumns`).
  let horizons: SIMD4<Int>
  /// Forecasts whose targets are still to come, `Slot.size` for each of the last origins of a horizon.
  let slots: SIMD4<Int>
  /// Level, scale and last value of each remembered origin.
  let origins: Int
  /// Values of the last week and one tick.
  let week: Int
  /// Profiles over phases: the day, weekday and weekend, the week, absolute residual of the day.
  let dayProfile, classProfile, weekProfile, residualProfile: Int
  /// Counts of the profiles' cells.
  let phaseCounts: Int
  /// Spike counts of the origins of the second horizon, one byte each, and of the last one, four bits each.
  let counts, packedCounts: Int
  /// All of them.
  let floats: Int

  init(_ shape: ReadoutShape) {
    var end = 0
    func take(_ count: Int) -> Int {
      defer { end = (end + count + 15) / 16 * 16 }
      return end
    }
    _ = take(TriangleRows.start(ofRow: shape.features))
    let length = ReadoutConstants.linearLength
    linearCovariance = take(TriangleRows.start(ofRow: length))
    linearWeights = take(2 * length)
    let m = shape.ticksPerDay
    var (horizons, slots) = (SIMD4<Int>.zero, SIMD4<Int>.zero)
    for j in 0..<3 { horizons[j] = take(HorizonColumns.size(length: shape.paddedFeatures)) }
    for j in 0..<3 { slots[j] = take(shape.horizons[j] * Slot.size(j, shape)) }
    (self.horizons, self.slots) = (horizons, slots)
    linearInputs = take(shape.linearMemory * length)
    origins = take(3 * shape.memory)
    week = take(7 * m + 1)
    dayProfile = take(m)
    classProfile = take(2 * m)
    weekProfile = take(7 * m)
    residualProfile = take(m)
    phaseCounts = take(m)
    counts = take((shape.horizons[1] * shape.counts + 3) / 4)
    packedCounts = take((shape.memory * PackedCounts.bytes(shape.counts) + 3) / 4)
    floats = end
  }
}

/// Spike counts in four bits: their steps are finer than what a day's forecast errs by.
enum PackedCounts {
  /// The greatest number of four bits.
  static let greatest = 15

  /// Bytes for a number of counts.
  static func bytes(_ count: Int) -> Int { (count + 1) / 2 }

  /// The nearest of sixteen steps.
  static func pack(_ count: UInt8) -> UInt8 {
    let steps = ReadoutConstants.stepsPerTick
    return UInt8((min(Int(count), steps) * greatest + steps / 2) / steps)
  }
}

/// Where things lie in the forecast of an origin: median, the prior's median, two outer quantiles, points of the experts.
///
/// The point "last value" is kept with the origin, once for all horizons; for a horizon of a whole day it also is the
/// point "value one day before the target", which then is not kept. The forecast for the next tick is kept as it is, the
/// many for later ones in half precision: their errors are far greater than its rounding.
enum Slot {
  static let median = 0
  static let priorMedian = 1
  /// The 10 % and 90 % quantiles, whose coverage is tracked; the upper tail hangs on the latter.
  static let lower = 2
  static let upper = 3
  /// The points before the last value, and after "one day before the target".
  static let points = 4
  /// The point "one day before the target".
  static let dayBefore = 16
  /// Floats of memory that a slot takes.
  static func size(_ horizon: Int, _ shape: ReadoutShape) -> Int { horizon == 0 ? 32 : 8 * halfGroups(horizon, shape) }
  /// Groups of sixteen numbers in half precision.
  static func halfGroups(_ horizon: Int, _ shape: ReadoutShape) -> Int { shape.isWholeDay(horizon) ? 1 : 2 }
}

/// Elements of a block of memory; whoever uses them keeps the block.
@safe
struct Cells<Element: BitwiseCopyable> {
  let base: UnsafeMutablePointer<Element>
  let count: Int

  /// An element.
  subscript(index: Int) -> Element {
    @inline(__always) get {
      precondition(UInt(bitPattern: index) < UInt(bitPattern: count))
      return unsafe base[index]
    }
    @inline(__always) nonmutating set {
      precondition(UInt(bitPattern: index) < UInt(bitPattern: count))
      unsafe base[index] = newValue
    }
  }

  /// Sets all elements.
  func fill(_ value: Element) { unsafe base.update(repeating: value, count: count) }

  /// Replaces each element.
  func transform(_ change: (Element) -> Element) { for i in 0..<count { self[i] = change(self[i]) } }
}

/// Lines of sixteen floats that are wanted soon.
@safe
struct WantedLines {
  let start: UnsafePointer<Float>
  let count: Int

  /// Fetches some of them, in parts of a number of equal ones.
  func fetch(part: Int, of parts: Int) {
    for line in count * part / parts..<count * (part + 1) / parts { unsafe synfire_prefetch_level2(start + line * 16) }
  }
}

/// A block of zeroed floats on a boundary of 64 bytes.
///
/// Whoever changes it must be its only user. Blocks of series lie side by side in huge pages where the system grants them: a
/// series touches some twenty places in its 97 KB, each of which would be a page of its own.
@safe
final class FloatBlock: @unchecked Sendable {
  // Unchecked: what changes it has checked that it is the only one to hold it.

  let base: UnsafeMutablePointer<Float>
  let count: Int

  init(_ count: Int) {
    self.count = count
    unsafe base = BlockPool.shared.take(count).assumingMemoryBound(to: Float.self)
    unsafe base.update(repeating: 0, count: count)
  }

  private init(copyOf other: FloatBlock) {
    count = other.count
    unsafe base = BlockPool.shared.take(count).assumingMemoryBound(to: Float.self)
    unsafe base.update(from: other.base, count: count)
  }

  convenience init(_ values: [Float]) {
    self.init(values.count)
    for i in values.indices { unsafe base[i] = values[i] }
  }

  deinit { unsafe BlockPool.shared.giveBack(base, count) }

  /// Another block with the same contents.
  func copy() -> FloatBlock { FloatBlock(copyOf: self) }
}
