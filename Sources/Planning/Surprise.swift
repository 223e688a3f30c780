/// How surprising a value is under a forecast of seven quantiles.
public enum Surprise {
  /// The greatest surprise.
  public static let bound = 20.0

  /// Returns 0 at the median and 1 at the 5 % or 95 % quantile, straight in half-band widths, at most 20.
  ///
  /// A band without width makes any other value as surprising as can be.
  public static func measure(_ value: Double, expected: [Double]) -> Double {
    precondition(expected.count == 7, "a forecast has seven quantiles")
    guard value.isFinite else { return bound }
    let distance = abs(value - expected[3])
    let width = value >= expected[3] ? expected[6] - expected[3] : expected[3] - expected[0]
    if distance == 0 { return 0 }
    return width > 0 ? min(bound, distance / width) : bound
  }
}
