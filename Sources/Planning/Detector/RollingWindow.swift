/// The last values of a series, for their mean and deviation; all values while there are fewer than its length.
///
/// Summed anew each time: a running sum would keep the rounding of one huge value for good.
struct RollingWindow: Equatable, Sendable {
  /// The most values kept.
  let length: Int
  private var values: [Double] = []
  private var next = 0

  /// Starts without values.
  init(length: Int) {
    self.length = length
    values.reserveCapacity(length)
  }

  /// Takes a value.
  mutating func take(_ value: Double) {
    if values.count < length {
      values.append(value)
    } else {
      values[next] = value
      next = next + 1 == length ? 0 : next + 1
    }
  }

  /// Takes a value and returns the mean with it.
  mutating func mean(taking value: Double) -> Double {
    take(value)
    return mean
  }

  /// The mean; there must be a value.
  ///
  /// - Complexity: O(`length`).
  var mean: Double { values.reduce(0, +) / Double(values.count) }

  /// The standard deviation over the values themselves; there must be a value.
  ///
  /// - Complexity: O(`length`).
  var deviation: Double {
    let mean = self.mean
    return (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)).squareRoot()
  }
}
