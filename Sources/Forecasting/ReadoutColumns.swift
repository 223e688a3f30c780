internal import CIntrinsics
internal import KernelTypes

/// Where the columns of a readout's state lie in one block of memory, in floats; each begins at a multiple of sixteen.
struct ReadoutLayout {
  /// Covariance of the features (`PackedTriangle`) and the scales of its rows.
  let covariance = 0
  let scales: Int
  /// Covariance of the linear expert's inputs and its scales, its weights by horizon, the latest inputs, and those of its
  /// origins in half precision.
  let linearCovariance, linearScales, linearWeights, linearLatest, linearInputs: Int
  /// What was learned for each horizon (`HorizonColumns`).
  let horizons: SIMD4<Int>
  /// Forecasts whose targets are still to come, `Slot.size` for each of the last origins of a horizon that are learned from.
  let slots: SIMD4<Int>
  /// Level, scale and last value of the origins of the first two horizons.
  let origins: Int
  /// Levels of all remembered origins in half precision, and their scales in sixteen bits.
  let farLevels, farScales: Int
  /// The latest values, and in half precision those of the last week and one tick.
  let recent, week: Int
  /// Profiles over phases in half precision: the day, weekday and weekend, the week, absolute residual of the day.
  let dayProfile, classProfile, weekProfile, residualProfile: Int
  /// Counts of the profiles' cells.
  let phaseCounts: Int
  /// Spike counts of the origins of the second horizon, one byte each, and of every so many ticks of the last one, four bits
  /// each.
  let counts, packedCounts: Int
  /// All of them.
  let floats: Int

  init(_ shape: ReadoutShape) {
    var end = 0
    func take(_ count: Int) -> Int {
      defer { end = (end + count + 15) / 16 * 16 }
      return end
    }
    func takeHalves(_ count: Int) -> Int { take((count + 1) / 2) }
    _ = takeHalves(TriangleRows.start(ofRow: shape.features))
    scales = take(shape.paddedFeatures)
    let length = ReadoutConstants.linearLength
    linearCovariance = takeHalves(TriangleRows.start(ofRow: length))
    linearScales = take(length)
    linearWeights = take(2 * length)
    let m = shape.ticksPerDay
    var (horizons, slots) = (SIMD4<Int>.zero, SIMD4<Int>.zero)
    for j in 0..<3 { horizons[j] = take(HorizonColumns.size(length: shape.paddedFeatures)) }
    for j in 0..<3 { slots[j] = take(shape.keptOrigins(j) * Slot.size(j, shape)) }
    (self.horizons, self.slots) = (horizons, slots)
    linearLatest = take(length)
    linearInputs = takeHalves(shape.linearMemory * length)
    origins = take(3 * shape.horizons[1])
    farLevels = takeHalves(shape.memory)
    farScales = takeHalves(shape.memory)
    recent = take(ReadoutConstants.recentTicks)
    week = takeHalves(7 * m + 1)
    dayProfile = takeHalves(m)
    classProfile = takeHalves(2 * m)
    weekProfile = takeHalves(7 * m)
    residualProfile = takeHalves(m)
    phaseCounts = take(m)
    counts = take((shape.horizons[1] * shape.counts + 3) / 4)
    packedCounts = take((shape.keptOrigins(2) * PackedCounts.bytes(shape.counts) + 3) / 4)
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
/// The point "last value" is kept with the origin, once for all horizons. The forecast for the next tick is kept as it is, the
/// many for later ones in half precision: their errors are far greater than its rounding. For a horizon of a whole day only
/// twelve numbers are kept: the last value also is the value one day before the target, nothing is written between origin and
/// target at their phase of the class profile and of the days before, so those points are looked up again, and the prior's
/// median is that of its point.
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
  /// The numbers that a slot of a whole day keeps.
  static let keptOfDay = [0, 2, 3, 4, 5, 6, 7, 10, 11, 12, 14, 15]
  /// The experts whose points are looked up again for a whole day: class profile, mean and median of seven days.
  static let lookedUp = (ofClass: 6, mean: 7, median: 11)
  /// Floats of memory that a slot takes.
  static func size(_ horizon: Int, _ shape: ReadoutShape) -> Int {
    horizon == 0 ? 32 : shape.isWholeDay(horizon) ? keptOfDay.count / 2 : 16
  }
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
/// series touches some twenty places in its 64 KB, each of which would be a page of its own.
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

  /// An element.
  subscript(index: Int) -> Float {
    precondition(UInt(bitPattern: index) < UInt(bitPattern: count))
    return unsafe base[index]
  }

  deinit { unsafe BlockPool.shared.giveBack(base, count) }

  /// Another block with the same contents.
  func copy() -> FloatBlock { FloatBlock(copyOf: self) }
}
