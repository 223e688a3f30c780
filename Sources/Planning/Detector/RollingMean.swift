/// The mean of the last values of a window; of all values while there are fewer.
struct RollingMean: Equatable, Sendable {
  private let window: Int
  private var values: [Double] = []
  private var next = 0

  /// Starts without values.
  init(window: Int) {
    self.window = window
    values.reserveCapacity(window)
  }

  /// Takes a value and returns the mean.
  ///
  /// Summed anew each time: a running sum would keep the rounding of one huge value for good.
  ///
  /// - Complexity: O(window).
  mutating func take(_ value: Double) -> Double {
    if values.count < window {
      values.append(value)
    } else {
      values[next] = value
      next = next + 1 == window ? 0 : next + 1
    }
    return values.reduce(0, +) / Double(values.count)
  }
}
