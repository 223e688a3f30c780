/// Conversions between times in ms and numbers of steps.
public enum StepGrid {
  /// Returns the nearest number of steps to a time; half steps go to the even number.
  ///
  /// The quotient must fit an `Int`; whoever reads times from people checks their range first.
  public static func nearest(_ milliseconds: Double, stepMilliseconds: Double) -> Int {
    Int((milliseconds / stepMilliseconds).rounded(.toNearestOrEven))
  }

  /// Returns a time as a whole number of steps, or nil when it is none (a millionth of a step is forgiven) or out of range.
  public static func exact(_ milliseconds: Double, stepMilliseconds: Double) -> Int? {
    let steps = milliseconds / stepMilliseconds
    let whole = steps.rounded(.toNearestOrEven)
    guard abs(steps) < 1e15, abs(steps - whole) <= 1e-6 + 1e-12 * abs(steps) else { return nil }
    return Int(whole)
  }
}
