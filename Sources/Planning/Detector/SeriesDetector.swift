internal import Glibc

/// Finds anomalies in one series, row by row: six kinds of surprise, each judged against its own largest past episodes.
///
/// The kinds are the error one row ahead, in the series' own unit and on a logarithmic scale, the level against
/// everything before, the residual of the day profile, the novelty of the shape of the last rows, and stillness. Within a kind the verdicts of several windows are averaged, over the kinds
/// the largest counts. Nothing but this row and earlier ones takes part; `docs/anomalies.md` has the measurements.
///
///     var detector = SeriesDetector()
///     for row in rows { if detector.take(row.value, atSeconds: row.time).isAlarm { … } }
public struct SeriesDetector: Sendable {
  /// What is said about a row.
  public struct Judgement: Equatable, Sendable {
    /// 0 to 1; from 0.5 on it is an alarm, the first row of an episode.
    public var score: Double
    /// −ln of the expected number of past episodes like this one, −4 to 12; 0 is the threshold.
    public var strength: Double
    /// Whether an episode begins.
    public var isAlarm: Bool { score >= 0.5 }
  }

  /// Windows in rows: a point, a burst, an hour of five minutes.
  static let errorWindows = [1, 4, 12]
  /// Windows in rows: 2 to 6 hours of five minutes, 1 to 3 days of hours.
  static let slowWindows = [24, 48, 72]
  /// Rows of a shape.
  static let shapeLengths = [2, 4]
  /// The least length of a gap between episodes, in rows.
  static let leastEpisodeRows = 10
  /// An episode ends after this share of the rows seen, without a row less than `rearming` below the threshold.
  static let quietShare = PeakTail.episodeShare, rearming = 0.5
  /// Larger values are taken as this large, so that their squares stay finite.
  public static let largestValue = 1e100

  private var row = 0
  private var profile = DayProfile()
  private var predictors = StepPredictors()
  private var levelProfile = DayProfile()
  private var levelPredictors = StepPredictors()
  private var stillness = Stillness()
  private var sums = (value: 0.0, square: 0.0, size: 0.0, level: 0.0)
  /// The last rows in units of all rows, the latest first.
  private var recent: [Double] = []
  private var errors = errorWindows.map(RollingWindow.init)
  private var levelErrors = errorWindows.map(RollingWindow.init)
  private var levels = slowWindows.map(RollingWindow.init)
  private var sizes = slowWindows.map(RollingWindow.init)
  private var biases = slowWindows.map(RollingWindow.init)
  private var shapes = shapeLengths.map(ShapeMemory.init)
  private var tails = [
    errorWindows.count, errorWindows.count, slowWindows.count, 2 * slowWindows.count, shapeLengths.count,
    2 * Stillness.windows.count,
  ].map { [PeakTail](repeating: PeakTail(), count: $0) }
  private var busyRow = Int.min / 2

  /// Starts without experience.
  public init() {}

  /// Judges a value at a moment (seconds since any epoch) and learns it; a value that is not finite is a missing one.
  ///
  /// - Complexity: some thousand operations, whatever was seen before.
  public mutating func take(_ value: Double, atSeconds seconds: Double) -> Judgement {
    guard value.isFinite, seconds.isFinite else { return Judgement(score: 0, strength: PeakTail.bounds.lowerBound) }
    let value = min(Self.largestValue, max(-Self.largestValue, value))
    let strength = self.strength(of: value, atSeconds: seconds)
    let score = self.score(strength)
    row += 1
    return Judgement(score: score, strength: strength)
  }

  private mutating func strength(of value: Double, atSeconds seconds: Double) -> Double {
    let usual = profile.move(to: seconds)
    profile.learn(value)
    let before = Double(row), seen = Double(row + 1)
    let error = predictors.take(value, usual: usual, row: row)
    let mean = row == 0 ? value : sums.value / before
    sums.value += value
    sums.square += value * value
    sums.size += abs(value)
    let size = sums.size / seen
    let level = asinh(value / (0.4 * max(size, 1e-12)))
    let meanLevel = row == 0 ? level : sums.level / before
    sums.level += level
    let levelError = levelPredictors.take(level, usual: levelProfile.move(to: seconds), row: row)
    levelProfile.learn(level)
    let residual = usual.map { value - $0 } ?? 0
    remember(value, mean, seen)
    // Rounding is no surprise.
    let floor = 1e-6 * size
    let kinds: [(surprises: [Double], floor: Double)] = [
      (errors.indices.map { errors[$0].mean(taking: error) }, floor),
      (levelErrors.indices.map { levelErrors[$0].mean(taking: levelError) }, 1e-6),
      (levels.indices.map { abs(levels[$0].mean(taking: level) - meanLevel) }, 1e-6),
      (
        sizes.indices.map { sizes[$0].mean(taking: abs(residual)) }
          + biases.indices.map { abs(biases[$0].mean(taking: residual)) },
        floor
      ),
      (shapes.indices.map { shapes[$0].take(recent[..<Self.shapeLengths[$0]], row: row) }, 1e-6),
      (stillness.take(value, row: row, floor: floor), 1e-6),
    ]
    var strength = PeakTail.bounds.lowerBound
    for (kind, (surprises, floor)) in kinds.enumerated() {
      var sum = 0.0
      for (i, surprise) in surprises.enumerated() { sum += tails[kind][i].take(surprise, row: row, floor: floor) }
      strength = max(strength, sum / Double(surprises.count))
    }
    return strength
  }

  private mutating func remember(_ value: Double, _ mean: Double, _ seen: Double) {
    let all = sums.value / seen
    let deviation = max(1e-12, sums.square / seen - all * all).squareRoot() + 1e-9
    let standard = (value - mean) / deviation
    let length = Self.shapeLengths.max() ?? 0
    if recent.isEmpty { recent = Array(repeating: standard, count: length) }
    recent.removeLast()
    recent.insert(standard, at: 0)
  }

  /// One alarm per episode.
  private mutating func score(_ strength: Double) -> Double {
    let isReady = Double(row - busyRow) >= max(Double(Self.leastEpisodeRows), Self.quietShare * Double(row))
    let isAlarm = isReady && strength > 0
    if isAlarm || (!isReady && strength > -Self.rearming) { busyRow = row }
    let rareness = 1 / (1 + exp(-strength))
    if isAlarm { return max(0.5, rareness) }
    return isReady ? 0.49 * min(1, 2 * rareness) : 0
  }
}
