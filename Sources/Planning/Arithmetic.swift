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
    let z = t * t
    var sum = 1.0 / 21
    sum = sum * z + 1.0 / 19
    sum = sum * z + 1.0 / 17
    sum = sum * z + 1.0 / 15
    sum = sum * z + 1.0 / 13
    sum = sum * z + 1.0 / 11
    sum = sum * z + 1.0 / 9
    sum = sum * z + 1.0 / 7
    sum = sum * z + 1.0 / 5
    sum = sum * z + 1.0 / 3
    sum = sum * z + 1
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

  /// Returns the inverse hyperbolic sine for |x| < 1e150.
  static func inverseHyperbolicSine(_ x: Double) -> Double {
    let a = min(abs(x), 1e150)
    let y = logarithm(a + (a * a + 1).squareRoot())
    return x < 0 ? -y : y
  }

  /// Returns the hyperbolic sine for |x| ≤ 700, to about 1e-13 absolutely near 0.
  static func hyperbolicSine(_ x: Double) -> Double {
    let e = exponential(x)
    return (e - 1 / e) / 2
  }

  /// Returns sine and cosine of a share of a turn, 0…1, to about 1e-10.
  static func turn(_ share: Double) -> (sine: Double, cosine: Double) {
    let quarters = (4 * share).rounded()
    let r = (4 * share - quarters) * (Double.pi / 2)
    let z = r * r
    var sine = 1.0, cosine = 1.0
    for k in stride(from: 12, through: 2, by: -2) {
      let x = Double(k)
      sine = 1 - sine * z / (x * (x + 1))
      cosine = 1 - cosine * z / (x * (x - 1))
    }
    sine *= r
    switch Int(quarters) & 3 {
    case 0: return (sine, cosine)
    case 1: return (cosine, -sine)
    case 2: return (-sine, -cosine)
    default: return (-cosine, sine)
    }
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
