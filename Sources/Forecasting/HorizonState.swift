/// What a series has learned for one horizon, and the forecasts whose targets are still to come.
struct HorizonState: Sendable {
  /// Targets seen.
  var targets = 0
  /// Running absolute error of the median.
  var scale = 1.0
  /// Running absolute error of each head.
  var headErrors = [Double](repeating: 1, count: ReadoutConstants.heads)
  /// Running absolute error of each expert.
  var expertErrors = [Double](repeating: 1, count: ReadoutConstants.experts)
  /// Shift of each quantile that the coverage tracker has found, in units of `scale`.
  var shifts = [Double](repeating: 0, count: 8)
  /// Online linear heads, `[head * paddedFeatures + feature]`.
  var heads: [Float]
  /// Offsets of each expert's own fan, `[expert * 8 + level]`.
  var offsets: [Float]
  /// Log factors of each expert's conditional fan, `[expert * 8 + level]`.
  var fanLogs: [Float]
  /// Weights of the mixture, `[fan * 8 + level]`.
  var mixture: [Float]
  /// Per origin of the last `ticks` ticks: points, the prior's median, raw quantiles (`Slot`).
  var slots: [Float]

  /// Starts from the prior.
  init(_ horizon: Int, shape: ReadoutShape, prior: Prior) {
    let table = ReadoutConstants.experts * 8
    heads = Array(repeating: 0, count: ReadoutConstants.heads * shape.paddedFeatures)
    offsets = Array(prior.offsets[horizon * table..<(horizon + 1) * table])
    fanLogs = Array(prior.fanLogs[horizon * table..<(horizon + 1) * table])
    mixture = Array(prior.mixture[2 * horizon * table..<2 * (horizon + 1) * table])
    slots = Array(repeating: 0, count: shape.horizons[horizon] * Slot.size(horizon, shape))
  }

  /// Bytes of its columns.
  var byteCount: Int {
    8 * (headErrors.count + expertErrors.count + shifts.count)
      + 4 * (heads.count + offsets.count + fanLogs.count + mixture.count + slots.count)
  }
}

/// Where things lie in the slot of an origin: quantiles, the prior's median, nine or ten points.
///
/// The point "last value" is kept with the origin, once for all horizons; for a horizon of a whole day it also is the
/// point "value one day before the target", which then is not kept.
enum Slot {
  static let quantiles = 0
  static let priorMedian = 7
  static let points = 8
  /// Floats of a slot.
  static func size(_ horizon: Int, _ shape: ReadoutShape) -> Int {
    points + ReadoutConstants.experts - (shape.isWholeDay(horizon) ? 2 : 1)
  }
}
