public import Basics

/// Stamps steps with the time at their end in ms, as the double nearest to the exact decimal.
///
/// Twice 0.1 ms and once more is 0.3 ms here, where `3 * 0.1` is 0.30000000000000004: the step's length is taken as the
/// decimal that people wrote, `numerator / 10^digits`, so that one correctly rounded division gives the time.
public struct TimeStamps: Sendable, Equatable {
  private let stepMilliseconds: Double
  /// The step is `numerator / denominator` ms exactly; 0 when it has no short decimal.
  private let numerator: Int64
  private let denominator: Double

  /// Makes the stamps of a step length in ms, greater than 0.
  public init(stepMilliseconds: Double) {
    precondition(stepMilliseconds > 0 && stepMilliseconds.isFinite)
    self.stepMilliseconds = stepMilliseconds
    let decimal = TimeStamps.decimal(stepMilliseconds)
    (numerator, denominator) = (decimal?.numerator ?? 0, decimal?.denominator ?? 1)
  }

  /// The time in ms at the end of a step.
  @inlinable public func milliseconds(atEndOf step: Step) -> Double { milliseconds(steps: step.index + 1) }

  /// The time in ms after a number of steps.
  public func milliseconds(steps: Int64) -> Double {
    let (product, overflow) = steps.multipliedReportingOverflow(by: numerator)
    // Whole numbers below 2^53 are doubles, and so is the power of ten: the quotient is rounded once.
    guard numerator > 0, !overflow, product.magnitude < 1 << 53 else { return Double(steps) * stepMilliseconds }
    return Double(product) / denominator
  }

  /// The time at the end of a step as the shortest decimal that reads back to it, as files carry it.
  public func text(atEndOf step: Step) -> String { "\(milliseconds(atEndOf: step))" }

  /// Takes the shortest decimal of a double apart; nil when its digits or power of ten are not doubles.
  private static func decimal(_ value: Double) -> (numerator: Int64, denominator: Double)? {
    let parts = "\(value)".split(separator: "e")
    let point = parts[0].split(separator: ".")
    let fraction = point.count > 1 && point[1] != "0" ? point[1] : ""
    var digits = fraction.count - (parts.count > 1 ? Int(parts[1]) ?? 0 : 0)
    guard var numerator = Int64(point[0] + fraction), digits <= 22 else { return nil }
    while digits < 0 {
      let (product, overflow) = numerator.multipliedReportingOverflow(by: 10)
      guard !overflow else { return nil }
      (numerator, digits) = (product, digits + 1)
    }
    guard numerator < 1 << 53 else { return nil }
    var denominator = 1.0
    for _ in 0..<digits { denominator *= 10 }
    return (numerator, denominator)
  }
}
