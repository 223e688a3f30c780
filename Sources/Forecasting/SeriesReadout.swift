internal import KernelTypes

/// The online forecaster of one series around its spiking encoder: context inputs, readout, mixture, calibration.
///
/// A tick has two phases. `observe` learns from the targets that have become known and computes the constant currents that
/// drive the series' encoder neurons; `finish` takes their spike counts and forecasts seven quantiles for each of three
/// horizons. There is no look-ahead and no randomness. A missing value stands in as the own one-step median, teaches
/// nothing and widens the band.
///
/// Value: x = asinh(y / c), so that errors are relative. Level and scale are exponential means of x over a week. The linear
/// heads share one covariance (recursive least squares with directional forgetting); ten point experts with two quantile
/// fans each are mixed per quantile by exponentiated gradient on the pinball loss. Resources/README.md has the equations.
///
/// State lies in one block of memory. The value can be copied while the original goes on (copy on write).
@safe
public struct SeriesReadout: @unchecked Sendable {
  // Unchecked: its block is copied before the first change while another value holds it.

  /// What fixes the size of its state.
  public let shape: ReadoutShape
  /// Ticks since the first real value.
  public internal(set) var ticks = 0
  /// Missing ticks since the last real value.
  public internal(set) var gap = 0
  /// Real values seen.
  public internal(set) var seen = 0

  var scalars = Scalars()
  /// Targets seen of each horizon.
  var targets: [3 of Int] = [0, 0, 0]
  var pending = Pending()
  let layout: ReadoutLayout
  private var block: FloatBlock
  /// Its memory.
  private(set) var base: UnsafeMutablePointer<Float>

  /// Starts a series that has seen nothing.
  public init(shape: ReadoutShape, prior: Prior) {
    precondition(shape.encoders == prior.neurons, "the shape's encoders are the prior's neurons")
    self.shape = shape
    layout = ReadoutLayout(shape)
    block = FloatBlock(layout.floats)
    unsafe base = block.base
    for profile in [dayProfile, classProfile, weekProfile, residualProfile] { profile.clear() }
    startCovariance(layout.covariance, scales: layout.scales, order: shape.features)
    startCovariance(layout.linearCovariance, scales: layout.linearScales, order: ReadoutConstants.linearLength)
    for j in 0..<3 {
      let learned = horizon(j)
      learned[HorizonColumns.linearError] = 1
      let start = j * HorizonColumns.mixture
      for i in 0..<HorizonColumns.mixture { learned[HorizonColumns.mixture + i] = prior.mixture[start + i] }
      for i in 0..<HorizonColumns.fanLogs {
        // The middle of a fan is the point itself.
        learned[HorizonColumns.offsets + i] = i % 8 == ReadoutConstants.median ? 0 : prior.offsets[start / 2 + i]
        learned[HorizonColumns.fanLogs + i] = prior.fanLogs[start / 2 + i]
      }
      for i in 0..<ReadoutConstants.experts { learned[HorizonColumns.errors + i] = 1 }
      learned[HorizonColumns.scale] = 1
      for k in ReadoutConstants.tails.indices { learned[HorizonColumns.tails + k] = ReadoutConstants.tails[k] }
      for i in 0..<ReadoutConstants.heads { learned[HorizonColumns.headErrors + i] = 1 }
    }
  }

  /// The c of the compression asinh(y / c), in the series' unit; 0 before the first value.
  public var offset: Double { scalars.offset }

  /// Bytes of its state.
  public var byteCount: Int { 4 * layout.floats + MemoryLayout<Self>.size }

  /// The latest compressed values, by tick modulo their number, and those of the last week and one tick.
  var recent: Cells<Float> { cells(layout.recent, ReadoutConstants.recentTicks) }
  var week: HalfColumn { halves(layout.week, 7 * shape.ticksPerDay + 1) }
  /// The compressed value of a tick of the last week.
  func value(ofTick tick: Int) -> Double {
    let length = ReadoutConstants.recentTicks
    return ticks - tick < length ? Double(recent[tick % length]) : week[tick % (shape.week + 1)]
  }
  /// Profiles over phases: the day, weekday and weekend, the week, absolute residual of the day; NaN where nothing is known.
  var dayProfile: HalfColumn { halves(layout.dayProfile, shape.ticksPerDay) }
  var classProfile: HalfColumn { halves(layout.classProfile, 2 * shape.ticksPerDay) }
  var weekProfile: HalfColumn { halves(layout.weekProfile, 7 * shape.ticksPerDay) }
  var residualProfile: HalfColumn { halves(layout.residualProfile, shape.ticksPerDay, anchor: 0) }
  func halves(_ start: Int, _ count: Int, anchor: Double? = nil) -> HalfColumn {
    let cells = cells(start, (count + 1) / 2)
    return unsafe HalfColumn(
      base: UnsafeMutableRawPointer(cells.base).assumingMemoryBound(to: UInt16.self),
      count: count,
      anchor: anchor ?? scalars.anchor
    )
  }
  /// Per phase the values seen in each profile's cells, packed (`PhaseCount`).
  var phaseCounts: Cells<UInt32> {
    let cells = phaseCells
    return unsafe Cells(
      base: UnsafeMutableRawPointer(cells.base).assumingMemoryBound(to: UInt32.self),
      count: cells.count
    )
  }
  var phaseCells: Cells<Float> { cells(layout.phaseCounts, shape.ticksPerDay) }
  /// Spike counts of a near origin.
  func counts(ofTick tick: Int) -> Cells<UInt8> {
    bytes(layout.counts, tick % shape.horizons[1] * shape.counts, shape.counts)
  }
  /// Packed spike counts of a remembered origin (`PackedCounts`), or of the last one before it that has some.
  func packedCounts(ofTick tick: Int) -> Cells<UInt8> {
    let size = PackedCounts.bytes(shape.counts)
    return bytes(layout.packedCounts, tick / shape.stride(2) % shape.keptOrigins(2) * size, size)
  }
  private func bytes(_ start: Int, _ first: Int, _ count: Int) -> Cells<UInt8> {
    let cells = cells(start, (first + count + 3) / 4)
    return unsafe Cells(
      base: UnsafeMutableRawPointer(cells.base).assumingMemoryBound(to: UInt8.self) + first,
      count: count
    )
  }
  /// What was learned for a horizon (`HorizonColumns`).
  func horizon(_ j: Int) -> Cells<Float> {
    cells(layout.horizons[j], HorizonColumns.size(length: shape.paddedFeatures))
  }
  /// The linear expert's weights of a horizon, and the inputs of an origin.
  func linearWeights(_ j: Int) -> Cells<Float> {
    cells(layout.linearWeights + j * ReadoutConstants.linearLength, ReadoutConstants.linearLength)
  }
  var linearLatest: Cells<Float> { cells(layout.linearLatest, ReadoutConstants.linearLength) }
  func linearInputs(ofTick tick: Int, _ floats: UnsafeMutablePointer<Float>) -> HalfPrecision {
    let length = ReadoutConstants.linearLength
    let cells = cells(layout.linearInputs + tick % shape.linearMemory * length / 2, length / 2)
    return unsafe HalfPrecision(
      groups: length / 16,
      floats: floats,
      halves: UnsafeMutableRawPointer(cells.base).assumingMemoryBound(to: UInt16.self)
    )
  }
  func cells(_ start: Int, _ count: Int) -> Cells<Float> {
    precondition(start >= 0 && count >= 0 && start + count <= layout.floats)
    return unsafe Cells(base: base + start, count: count)
  }

  /// Makes sure that nobody else sees what is changed.
  mutating func own() {
    guard !isKnownUniquelyReferenced(&block) else { return }
    block = block.copy()
    unsafe base = block.base
  }

  /// Scalars of double precision.
  struct Scalars: Sendable {
    /// Exponential mean of x, and of its absolute deviation.
    var level = 0.0
    var spread = 0.0
    /// What halves are distances from: the level, or what it was not long ago.
    var anchor = 0.0
    /// The c of asinh(y / c).
    var offset = 0.0
    /// The range seen, leaking towards the level.
    var low = 0.0
    var high = 0.0
    /// Sum of |y| over the first three days, its mean over the last week, and the least y.
    var sum = 0.0
    var magnitude = 0.0
    var least = 0.0
    /// Exponential means of x: a sixth, a 36th of a tick, a day, three days.
    var averages = SIMD4<Double>(repeating: 0)
    /// Exponential means of |dx| and of |x - day profile|: 12 ticks and a day each.
    var volatilities = SIMD4<Double>(repeating: 0)
    /// Trailing quantiles .1 .5 .9, fast in the first four lanes, slow in the last four.
    var trailing = SIMD8<Double>(repeating: 0)
    /// Exponential means of x less the smoothed profile: a sixth, a 36th of a tick, a day.
    var residuals = SIMD4<Double>(repeating: 0)
    /// Per horizon, the mean by which the mixture came closer to its targets than the last value, in mean values, and that
    /// of its square.
    var lead = SIMD4<Double>(repeating: 0)
    var leadSquares = SIMD4<Double>(repeating: 0)
    /// The same mean over the latest targets.
    var recentLead = SIMD4<Double>(repeating: 0)
  }

  /// What `observe` hands to `finish`.
  struct Pending: Sendable {
    enum Kind: UInt8 { case nothing, silent, missing, real }
    var kind = Kind.nothing
    var x = 0.0
    var level = 0.0
    var scale = 1.0
    /// Base values, `[horizon * 13 + base]`.
    var bases = [39 of Float](repeating: 0)
  }
}

/// The counts of one phase: how often each profile cell was written, as far as its rate depends on it.
enum PhaseCount {
  /// A field: first bit, bits, and the count beyond which the rate is constant.
  struct Field {
    var shift: UInt32
    var mask: UInt32
    var limit: UInt32
  }
  static let residual = Field(shift: 0, mask: 7, limit: 5)
  static let day = Field(shift: 3, mask: 7, limit: 4)
  static func dayClass(isWeekend: Bool) -> Field { Field(shift: isWeekend ? 9 : 6, mask: 7, limit: 4) }
  static func week(weekday: Int) -> Field { Field(shift: 12 + 2 * UInt32(weekday), mask: 3, limit: 3) }

  /// Counts one more and returns the count, at most the field's limit.
  static func raise(_ field: Field, in word: inout UInt32) -> Double {
    let count = min(word >> field.shift & field.mask + 1, field.limit)
    word = word & ~(field.mask << field.shift) | count << field.shift
    return Double(count)
  }
}
