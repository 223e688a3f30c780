/// A symmetric matrix as its lower triangle in rows padded to blocks of sixteen columns.
///
/// Row a holds columns 0 ..< 16 (a / 16 + 1): the blocks left of the diagonal once, those on the diagonal in full.
public enum TriangleRows {
  /// The cells that rows before one take.
  @inlinable @inline(__always)
  public static func start(ofRow row: Int) -> Int { (row / 16 + 1) * (128 * (row / 16) + 16 * (row % 16)) }
  /// The length that vectors must have: the order, rounded up to a multiple of sixteen.
  @inlinable @inline(__always)
  public static func paddedLength(_ order: Int) -> Int { (order + 15) / 16 * 16 }
}

/// A tick of one series' recursive least squares: the covariance, and the features of three ticks.
///
/// Vectors are padded with zeros to whole groups of sixteen. Pointers stay valid, and on boundaries of 64 bytes, as long as
/// the kernel runs.
@safe
public struct CovarianceStep {
  /// Features.
  public let order: Int
  /// Whether the first vector is added to the covariance.
  public let adds: Bool
  /// Share of the past that directional forgetting keeps.
  public let forgetting: Double
  /// The covariance (`TriangleRows`).
  public let cells: UnsafeMutablePointer<Float>
  /// The vectors, one after another.
  public let features: UnsafePointer<Float>
  /// Receives the new covariance times each vector.
  public let gains: UnsafeMutablePointer<Float>
  /// Receives each vector's product with its gain.
  public let leverages: UnsafeMutablePointer<Float>
  /// What is wanted next, to be fetched meanwhile, and how many lines of sixteen floats.
  public let next: UnsafePointer<Float>?
  /// Lines to be fetched.
  public let nextLines: Int

  /// Puts the pointers together.
  public init(
    order: Int,
    adds: Bool,
    forgetting: Double,
    cells: UnsafeMutablePointer<Float>,
    features: UnsafePointer<Float>,
    gains: UnsafeMutablePointer<Float>,
    leverages: UnsafeMutablePointer<Float>,
    next: UnsafePointer<Float>?,
    nextLines: Int
  ) {
    (self.order, self.adds, self.forgetting, self.nextLines) = (order, adds, forgetting, nextLines)
    unsafe (self.cells, self.features, self.gains, self.leverages) = (cells, features, gains, leverages)
    unsafe self.next = next
  }
}

/// Where things lie in what a series has learned for one horizon; each begins at a multiple of sixteen floats.
///
/// Tables are `[row * 8 + level]` with seven levels, the eighth is padding.
public enum HorizonColumns {
  /// Point experts, each with two fans of quantiles.
  public static let experts = 14
  /// Linear heads.
  public static let heads = 3
  /// Offsets of each expert's own fan.
  public static let offsets = 0
  /// Log factors of each expert's conditional fan.
  public static let fanLogs = 112
  /// Weights of the mixture, own fans first.
  public static let mixture = 224
  /// Running absolute error of each expert.
  public static let errors = 448
  /// Shift of each quantile that the coverage tracker has found, in units of `scale`.
  public static let shifts = 464
  /// Running absolute error of the median.
  public static let scale = 472
  /// Running absolute error of each head.
  public static let headErrors = 473
  /// Upper tail beyond the 90 % quantile at its two levels, in distances of the 90 % quantile from the median.
  public static let tails = 476
  /// Running absolute error of the linear expert.
  public static let linearError = 478
  /// Linear heads, `[head * length + feature]`.
  public static let weights = 480
  /// Floats of a horizon.
  public static func size(length: Int) -> Int { weights + heads * length }
}

/// What a series has learned for one horizon, beside the features of the tick that it is asked about.
@safe
public struct HorizonSlice {
  /// Length of a vector of features, a multiple of sixteen.
  public let length: Int
  /// Length of a row of the prior's heads, a multiple of sixteen and at most `length`.
  public let priorLength: Int
  /// The prior's heads `[level * priorLength + neuron]`, eight levels, and their biases.
  public let priorWeights, priorBiases: UnsafePointer<Float>
  /// Features.
  public let features: UnsafePointer<Float>
  /// What was learned (`HorizonColumns`).
  public let state: UnsafeMutablePointer<Float>
  /// Points of the experts, then what was forecast for the 10 % and 90 % quantiles, sixteen numbers.
  public let points: UnsafeMutablePointer<Float>
  /// Working memory; afterwards the quantiles of each fan, `[fan * 8 + level]`.
  public let fans: UnsafeMutablePointer<Float>

  /// Puts the pointers together.
  public init(
    length: Int,
    priorLength: Int,
    priorWeights: UnsafePointer<Float>,
    priorBiases: UnsafePointer<Float>,
    features: UnsafePointer<Float>,
    state: UnsafeMutablePointer<Float>,
    points: UnsafeMutablePointer<Float>,
    fans: UnsafeMutablePointer<Float>
  ) {
    (self.length, self.priorLength) = (length, priorLength)
    unsafe (self.priorWeights, self.priorBiases, self.features) = (priorWeights, priorBiases, features)
    unsafe (self.state, self.points, self.fans) = (state, points, fans)
  }
}

/// A target that has become known, and how fast to learn from it.
@safe
public struct HorizonLesson {
  /// The target, in scales from the level of its origin.
  public var target: Float
  /// What each head is added to.
  public var headBases: SIMD4<Float>
  /// The covariance times the features.
  public var gain: UnsafePointer<Float>
  /// The product of features and gain.
  public var leverage: Float
  /// Greatest gain factor of the heads, and the clip of their errors in running errors.
  public var gainFactor, clip: Float
  /// The median that was forecast.
  public var median: Float
  /// Rates: the heads' running errors, that of the median, mixture, coverage, offsets, fans, the experts' running errors.
  public var headRate, scaleRate, mixtureRate, shiftRate, offsetRate, fanRate, errorRate: Float
  /// Uniform share mixed into the mixture's weights.
  public var uniformShare: Float

  /// Puts a lesson together.
  public init(
    target: Float,
    headBases: SIMD4<Float>,
    gain: UnsafePointer<Float>,
    leverage: Float,
    gainFactor: Float,
    clip: Float,
    median: Float,
    headRate: Float,
    scaleRate: Float,
    mixtureRate: Float,
    shiftRate: Float,
    offsetRate: Float,
    fanRate: Float,
    errorRate: Float,
    uniformShare: Float
  ) {
    (self.target, self.headBases, self.leverage) = (target, headBases, leverage)
    unsafe self.gain = gain
    self.median = median
    (self.gainFactor, self.clip) = (gainFactor, clip)
    (self.headRate, self.scaleRate, self.mixtureRate) = (headRate, scaleRate, mixtureRate)
    (self.shiftRate, self.offsetRate, self.fanRate) = (shiftRate, offsetRate, fanRate)
    (self.errorRate, self.uniformShare) = (errorRate, uniformShare)
  }
}

/// What a forecast for one horizon starts from.
public struct HorizonQuestion {
  /// What the prior's quantiles are added to.
  public var priorBase: Float
  /// The last value.
  public var lastValue: Float
  /// Least and greatest point.
  public var least, greatest: Float

  /// Puts a question together.
  public init(priorBase: Float, lastValue: Float, least: Float, greatest: Float) {
    (self.priorBase, self.lastValue, self.least, self.greatest) = (priorBase, lastValue, least, greatest)
  }
}

/// A forecast for one horizon, in scales from the level.
public struct HorizonAnswer {
  /// Quantiles of the mixture in the first seven lanes, and the same moved by the coverage tracker in those from the eighth.
  public var quantiles: SIMD16<Float>
  /// The prior's median.
  public var priorMedian: Float

  /// Puts an answer together.
  public init(quantiles: SIMD16<Float>, priorMedian: Float) {
    (self.quantiles, self.priorMedian) = (quantiles, priorMedian)
  }
}

/// The currents of one series' encoder neurons from its inputs.
@safe
public struct EncoderDrive {
  /// Inputs, and neurons: a multiple of 64.
  public let inputs, neurons: Int
  /// Weights, `[input * neurons + neuron]`, constant currents, and the share of a step that a current gets.
  public let weights, biases, shares: UnsafePointer<Float>
  /// The inputs.
  public let values: UnsafePointer<Float>
  /// Receives what the currents add in a step.
  public let drives: UnsafeMutablePointer<Float>

  /// Puts the pointers together.
  public init(
    inputs: Int,
    neurons: Int,
    weights: UnsafePointer<Float>,
    biases: UnsafePointer<Float>,
    shares: UnsafePointer<Float>,
    values: UnsafePointer<Float>,
    drives: UnsafeMutablePointer<Float>
  ) {
    (self.inputs, self.neurons) = (inputs, neurons)
    unsafe (self.weights, self.biases, self.shares) = (weights, biases, shares)
    unsafe (self.values, self.drives) = (values, drives)
  }
}

/// Numbers to be brought from a series' own scale, asinh(y / c), to its unit.
@safe
public struct CompressedValues {
  /// Groups of eight.
  public let groups: Int
  /// The c.
  public let offset: Double
  /// The numbers, replaced in place.
  public let values: UnsafeMutablePointer<Double>

  /// Puts them together.
  public init(groups: Int, offset: Double, values: UnsafeMutablePointer<Double>) {
    (self.groups, self.offset) = (groups, offset)
    unsafe self.values = values
  }
}

/// Floats and the same in half precision; both on boundaries of 32 bytes at least, the floats of 64.
@safe
public struct HalfPrecision {
  /// Groups of sixteen.
  public let groups: Int
  /// In single precision.
  public let floats: UnsafeMutablePointer<Float>
  /// In half precision.
  public let halves: UnsafeMutablePointer<UInt16>

  /// Puts the pointers together.
  public init(groups: Int, floats: UnsafeMutablePointer<Float>, halves: UnsafeMutablePointer<UInt16>) {
    self.groups = groups
    unsafe (self.floats, self.halves) = (floats, halves)
  }
}

/// A covariance as floats, and the same in sixteen bits a cell: correlations, and a scale for each row and its column.
///
/// A scale is a power of the root of two whose square is the diagonal's cell or up to twice that, so it seldom changes, and
/// what does not change is not rounded again. Rounding to halves of the same size costs a day's forecast a hundredth, because
/// small steps vanish beside great cells; as correlations they do not. All pointers lie on boundaries of 64 bytes.
@safe
public struct PackedTriangle {
  /// Rows.
  public let order: Int
  /// In single precision (`TriangleRows`).
  public let cells: UnsafeMutablePointer<Float>
  /// In units of 1/32767, each where its cell is.
  public let packed: UnsafeMutablePointer<Int16>
  /// Scales of the rows; 1 in the padding.
  public let scales: UnsafeMutablePointer<Float>
  /// Working memory for as many numbers as there are scales.
  public let inverses: UnsafeMutablePointer<Float>

  /// Puts the pointers together.
  public init(
    order: Int,
    cells: UnsafeMutablePointer<Float>,
    packed: UnsafeMutablePointer<Int16>,
    scales: UnsafeMutablePointer<Float>,
    inverses: UnsafeMutablePointer<Float>
  ) {
    self.order = order
    unsafe (self.cells, self.packed, self.scales, self.inverses) = (cells, packed, scales, inverses)
  }
}
