/// Elementary functions that give the same bits on every machine, which the C library does not promise.
enum Arithmetic {
  /// Natural logarithm of 2, and of 10.
  static let logarithmOf2 = 0.693147180559945309417, logarithmOf10 = 2.302585092994045684018

  /// Returns the natural logarithm of a positive finite number, to about 1e-15.
  static func logarithm(_ x: Double) -> Double {
    precondition(x > 0 && x.isFinite)
    var (exponent, m) = (Double(x.exponent), x.significand)
    if m > 1.4142135623730951 { (exponent, m) = (exponent + 1, m / 2) }
    // 2 artanh t with |t| < 0.172: eleven terms reach the last bit.
    let t = (m - 1) / (m + 1)
    var sum = 0.0
    for k in stride(from: 21, through: 1, by: -2) { sum = sum * (t * t) + 1 / Double(k) }
    return exponent * logarithmOf2 + 2 * t * sum
  }

  /// Returns e to the power of x for x in −700…700, to about 1e-13.
  static func exponential(_ x: Double) -> Double {
    precondition(abs(x) <= 700)
    let doublings = (x / logarithmOf2).rounded()
    let r = x - doublings * logarithmOf2
    var sum = 1.0
    for k in stride(from: 14, through: 1, by: -1) { sum = 1 + sum * r / Double(k) }
    return Double(sign: .plus, exponent: Int(doublings), significand: sum)
  }

  /// Rounds up, forgiving an excess of 1e-9, into 0…1,000,000,000; what is not a number gives 0.
  static func ceiling(_ x: Double) -> Int {
    guard x > 0 else { return 0 }
    return Int(min((x - 1e-9).rounded(.up), 1e9))
  }

  /// Returns how many ticks cover a duration: at least 0, at most 100,000.
  static func ticks(covering milliseconds: Int64, tickMilliseconds: Int64) -> Int {
    guard milliseconds > 0 else { return 0 }
    let whole = milliseconds / tickMilliseconds
    return Int(min(100_000, milliseconds % tickMilliseconds == 0 ? whole : whole + 1))
  }
}
