/// The constants of the readout, chosen once on development data (Resources/README.md names the study).
enum ReadoutConstants {
  /// Quantile levels of every forecast.
  static let levels: [Double] = [0.05, 0.10, 0.25, 0.50, 0.75, 0.90, 0.95]
  /// Index of the median among the levels.
  static let median = 3
  /// Ticks back of the lagged inputs.
  static let lags = [0, 1, 2, 3, 4, 5, 6, 8, 11, 12, 18, 23, 24]
  /// Online linear heads per horizon: on top of the prior's median, on top of the last value, from zero.
  static let heads = 3
  /// Point experts per horizon: the heads, the prior's median, and six naive ones; each has two fans.
  static let experts = 10
  /// Index of the expert that repeats the last value.
  static let lastValue = 4
  /// The naive experts as columns of the base values.
  static let naiveColumns = [0, 1, 2, 4, 5, 8]
  /// Base values per horizon.
  static let bases = 9
  /// Steps of the neurons in a tick; a feature is a spike count over this.
  static let stepsPerTick = 50
  /// The offset c of asinh(y / c) as a share of the mean |y|.
  static let offset = 0.4
  /// Error clip of the heads in running mean errors.
  static let clip: Float = 2.5
  /// Directional forgetting.
  static let forgetting = 0.9995
  /// Gain factors of the heads: next tick, second horizon, far horizons.
  static let gains: (next: Float, near: Float, far: Float) = (4, 3, 1)
  /// Rates of the mixture.
  static let mixtureRate = (near: 0.06, far: 0.03)
  /// Uniform share mixed into the mixture's weights.
  static let uniformShare: Float = 5e-5
  /// Rate of the tracked offsets.
  static let offsetRate = 0.006
  /// Rate of the log factors of the conditional fans.
  static let fanRate = 0.02
  /// Rates of the running errors of the experts.
  static let scaleRate = (near: 0.02, far: 7e-4)
  /// Rates of the coverage tracker.
  static let coverageRate = (near: 0.004, far: 4e-4)
}
