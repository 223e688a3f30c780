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
/// State at m = 288 without listeners: 101 KiB. The value can be copied while the original goes on (copy on write).
public struct SeriesReadout: Sendable {
  /// What fixes the size of its state.
  public let shape: ReadoutShape
  /// Ticks since the first real value.
  public internal(set) var ticks = 0
  /// Missing ticks since the last real value.
  public internal(set) var gap = 0
  /// Real values seen.
  public internal(set) var seen = 0

  var scalars = Scalars()
  /// Compressed values of the last week and one tick.
  var week: [Float]
  /// Profiles over phases: the day, weekday and weekend, the week, absolute residual of the day; NaN where nothing is known.
  var dayProfile: [Float]
  var classProfile: [Float]
  var weekProfile: [Float]
  var residualProfile: [Float]
  /// Per phase the values seen in each profile's cells, packed (`PhaseCount`).
  var phaseCounts: [UInt32]
  /// Spike counts of the remembered origins.
  var counts: [UInt8]
  /// Per remembered origin level, scale (negative where the value was missing) and normalised last value.
  var origins: [Float]
  /// Covariance of the features of all ticks with a value but the last, which `observe` adds.
  var covariance: SymmetricMatrix
  var horizons: [3 of HorizonState]
  var pending = Pending()

  /// Starts a series that has seen nothing.
  public init(shape: ReadoutShape, prior: Prior) {
    precondition(shape.encoders == prior.neurons, "the shape's encoders are the prior's neurons")
    let m = shape.ticksPerDay
    self.shape = shape
    week = Array(repeating: 0, count: 7 * m + 1)
    dayProfile = Array(repeating: .nan, count: m)
    classProfile = Array(repeating: .nan, count: 2 * m)
    weekProfile = Array(repeating: .nan, count: 7 * m)
    residualProfile = Array(repeating: .nan, count: m)
    phaseCounts = Array(repeating: 0, count: m)
    counts = Array(repeating: 0, count: shape.memory * shape.counts)
    origins = Array(repeating: 0, count: shape.memory * 3)
    covariance = SymmetricMatrix(identityOfOrder: shape.features)
    horizons = InlineArray { HorizonState($0, shape: shape, prior: prior) }
  }

  /// The c of the compression asinh(y / c), in the series' unit; 0 before the first value.
  public var offset: Double { scalars.offset }

  /// Bytes of its columns.
  public var byteCount: Int {
    let floats =
      week.count + dayProfile.count + classProfile.count + weekProfile.count + residualProfile.count + origins.count
      + covariance.cells.count
    return 4 * (floats + phaseCounts.count) + counts.count + MemoryLayout<Self>.size
      + horizons[0].byteCount + horizons[1].byteCount + horizons[2].byteCount
  }

  /// Scalars of double precision.
  struct Scalars: Sendable {
    /// Exponential mean of x, and of its absolute deviation.
    var level = 0.0
    var spread = 0.0
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
  }

  /// What `observe` hands to `finish`.
  struct Pending: Sendable {
    enum Kind: UInt8 { case nothing, silent, missing, real }
    var kind = Kind.nothing
    var x = 0.0
    var level = 0.0
    var scale = 1.0
    /// Base values, `[horizon * 9 + base]`.
    var bases = [Double](repeating: 0, count: 3 * ReadoutConstants.bases)
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
