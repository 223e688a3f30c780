/// The constants of the readout, chosen once on development data (Resources/README.md names the study).
enum ReadoutConstants {
  /// Quantile levels of every forecast.
  static let levels: [Double] = [0.05, 0.10, 0.25, 0.50, 0.75, 0.90, 0.95]
  /// Levels of the upper tail.
  static let upperLevels: [Double] = [0.99, 0.995]
  /// Index of the median among the levels.
  static let median = 3
  /// Ticks back of the lagged inputs.
  static let lags = [0, 1, 2, 3, 4, 5, 6, 8, 11, 12, 18, 23, 24]
  /// Online linear heads per horizon: on top of the prior's median, on top of the last value, from zero.
  static let heads = 3
  /// Point experts per horizon, each with two fans: the heads, the prior's median, nine of profiles and means, and the
  /// linear one.
  static let experts = 14
  /// Index of the expert that repeats the last value.
  static let lastValue = 4
  /// The naive experts as columns of the base values.
  static let naiveColumns = [0, 1, 2, 4, 5, 8, 9, 10, 11]
  /// Index of the expert that is linear in the inputs themselves.
  static let linear = 13
  /// Base values per horizon.
  static let bases = 13
  /// Most of the phases on each side of one that a smoothed profile is the mean of, and their share of a day.
  static let smoothing = (most: 30, share: 48)
  /// Latest values that are kept exactly; the lagged inputs are among them.
  static let recentTicks = 32
  /// Ticks of a day whose forecasts for far horizons are kept, and their spike counts, and distance of the level from the anchor, in scales, at
  /// which that moves.
  static let farTicks = 288
  static let anchorRoom = 0.5
  /// Steps of the neurons in a tick; a feature is a spike count over this.
  static let stepsPerTick = 50
  /// The offset c of asinh(y / c) as a share of the mean |y|.
  static let offset = 0.4
  /// Error clip of the heads in running mean errors.
  static let clip: Float = 2.5
  /// The linear expert: length of its inputs, their scale, gain factors, and what every tick adds to the diagonal of its
  /// covariance, so that its weights stay as quick as a random walk asks.
  static let linearLength = 48
  /// Context inputs that make room for other metrics of the service: a lag, and the spreads at the targets' phases.
  static let linearOmitted = [10, 25, 35]
  static let linearScale: Float = 0.3
  static let linearGains: (next: Float, near: Float) = (4, 2)
  static let linearDrift: Float = 1e-4
  /// The farthest horizon in ticks that it forecasts: its inputs are kept until the target comes.
  static let linearTicks = 32
  /// Weight at which experts start that the prior does not know, before normalisation.
  static let newWeight: Float = 0.02
  /// Directional forgetting.
  static let forgetting = 0.9995
  /// Gain factors of the heads: next tick, second horizon, far horizons.
  static let gains: (next: Float, near: Float, far: Float) = (4, 3, 1)
  /// Rates of the mixture.
  static let mixtureRate = (next: 0.12, near: 0.06, far: 0.03)
  /// Uniform share mixed into the mixture's weights.
  static let uniformShare: Float = 5e-5
  /// Rate of the tracked offsets.
  static let offsetRate = (near: 0.006, far: 0.003)
  /// Rate of the log factors of the conditional fans.
  static let fanRate = 0.02
  /// Rates of the running errors of the experts.
  static let scaleRate = (near: 0.02, far: 7e-4)
  /// Where the upper tail starts, in distances of the 90 % quantile from the median: between a normal and an exponential.
  static let tails: [Float] = [1.1, 1.5]
  /// Rates of the upper tail.
  static let tailRate = (near: 0.05, far: 0.01)
  /// The mean lead over the last value, in what chance gives, at which the mixture is followed alone; days of targets for
  /// which that is asked; and the greatest lead at one target, in mean values.
  static let sureLead = 2.0
  static let trialDays = (near: 1, far: 7)
  static let mostLead = 1e3
  /// Targets of a near horizon that count as the latest; of a far one, those of six hours.
  static let latestTargets = 12
  /// The most that a forecast goes beyond the range of compressed values seen: four times the greatest magnitude.
  static let room = 1.386_294_361_119_890_6
  /// The least distance that the tail is measured in, as a share of the median's running error.
  static let leastTailUnit: Float = 0.1
  /// The tail stays below so many distances.
  static let greatestTail: Float = 12
  /// Rates of the coverage tracker.
  static let coverageRate = (near: 0.004, far: 4e-4)
}
