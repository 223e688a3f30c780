/// The error one row ahead of the simple predictor that was best of late.
///
/// Six predictors: the last value; exponential means of rates 0.3 and 1/6; the last value moved as the day profile
/// moves; the day profile; half of the last value and half of the profile.
struct StepPredictors: Equatable, Sendable {
  /// Rates of the exponential means.
  static let meanRates = [0.3, 1.0 / 6]
  /// Least rate of the mean errors by which a predictor is chosen.
  static let errorRate = 0.01

  private var last = 0.0
  private var means = [0.0, 0.0]
  private var lastUsual: Double?
  private var meanErrors: [Double] = []

  /// Starts without experience.
  init() {}

  /// Returns the error at a value whose usual one at this time of the day is `usual`, then learns it.
  mutating func take(_ value: Double, usual: Double?, row: Int) -> Double {
    if row == 0 { (last, means) = (value, [value, value]) }
    let base = usual ?? last
    let move = usual.flatMap { now in lastUsual.map { now - $0 } } ?? 0
    let guesses = [last, means[0], means[1], last + move, base, 0.5 * (last + base)]
    let errors = guesses.map { abs(value - $0) }
    if meanErrors.isEmpty { meanErrors = errors }
    let best = meanErrors.indices.min { meanErrors[$0] < meanErrors[$1] } ?? 0
    for i in errors.indices {
      meanErrors[i] += max(Self.errorRate, 1 / Double(row + 1)) * (errors[i] - meanErrors[i])
    }
    (last, lastUsual) = (value, usual)
    for (i, rate) in Self.meanRates.enumerated() {
      means[i] += max(rate, 1 / Double(row + 1)) * (value - means[i])
    }
    return errors[best]
  }
}
