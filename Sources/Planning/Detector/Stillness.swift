internal import Glibc

/// How much less than usual a series moves: flat lines, drop-outs, a season or a daily peak that stays away.
///
/// Such incidents have small errors and ordinary values, so no other kind of surprise sees them. Over each window two
/// things are compared with their mean over everything before: the step from row to row, and the deviation.
struct Stillness: Equatable, Sendable {
  /// Windows in rows: one to six hours of five minutes, half a day to three days of hours.
  static let windows = [12, 24, 48, 72]
  /// What is added to both sides of a ratio, as a share of the usual: a hundredth and nothing are the same stillness.
  static let offset = 0.01

  private var last = 0.0
  private var stepSum = 0.0
  private var deviationSums = [Double](repeating: 0, count: windows.count)
  private var steps = windows.map(RollingWindow.init)
  private var values = windows.map(RollingWindow.init)

  /// Starts without values.
  init() {}

  /// Takes a value and returns −ln of the ratio to the usual, 0 or more: by window the steps, then the deviations.
  ///
  /// Where the usual movement is below `floor`, the rounding of the values, nothing is a surprise.
  mutating func take(_ value: Double, row: Int, floor: Double) -> [Double] {
    let step = row == 0 ? 0 : abs(value - last)
    last = value
    stepSum += step
    let usualStep = stepSum / Double(max(1, row))
    var stillness = [Double](repeating: 0, count: 2 * Self.windows.count)
    for (i, window) in Self.windows.enumerated() {
      let meanStep = steps[i].mean(taking: step)
      values[i].take(value)
      let deviation = values[i].deviation
      if row >= window {
        stillness[i] = Self.stillness(meanStep, usual: usualStep, floor)
        let usual = deviationSums[i] / Double(row - window + 1)
        stillness[Self.windows.count + i] = Self.stillness(deviation, usual: usual, floor)
      }
      if row >= window - 1 { deviationSums[i] += deviation }
    }
    return stillness
  }

  private static func stillness(_ movement: Double, usual: Double, _ floor: Double) -> Double {
    usual > floor ? max(0, -log((movement + offset * usual) / usual)) : 0
  }
}
