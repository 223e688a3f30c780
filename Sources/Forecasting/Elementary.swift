/// Elementary functions in plain additions, multiplications and divisions.
///
/// The C library picks other versions on other processors, and their last bits differ; these give the same bits everywhere.
/// Errors stay below 2 units in the last place within the ranges stated.
enum Elementary {
  private static let log2e = 1.442_695_040_888_963_4
  private static let ln2High = 0x1.62e42fee00000p-1
  private static let ln2Low = 0x1.a39ef35793c76p-33
  /// Adding it leaves the nearest integer in the low bits of the sum.
  private static let integerShift = 0x1.8p52

  /// Returns e to the power x for |x| ≤ 700; the caller keeps x in range.
  @inline(__always)
  static func exp(_ x: Double) -> Double {
    let shifted = x * log2e + integerShift
    let k = shifted - integerShift
    let r = (x - k * ln2High) - k * ln2Low
    var p = 1.0 / 6_227_020_800
    p = p * r + 1.0 / 479_001_600
    p = p * r + 1.0 / 39_916_800
    p = p * r + 1.0 / 3_628_800
    p = p * r + 1.0 / 362_880
    p = p * r + 1.0 / 40_320
    p = p * r + 1.0 / 5040
    p = p * r + 1.0 / 720
    p = p * r + 1.0 / 120
    p = p * r + 1.0 / 24
    p = p * r + 1.0 / 6
    p = p * r + 0.5
    p = p * r + 1
    p = p * r + 1
    return p * Double(bitPattern: (shifted.bitPattern &+ 1023) &<< 52)
  }

  /// Returns log(1 + f) for f in [√½ - 1, √2 - 1], by the series of artanh.
  private static func logNearOne(_ f: Double) -> Double {
    let s = f / (2 + f)
    let z = s * s
    var p = 1.0 / 23
    p = p * z + 1.0 / 21
    p = p * z + 1.0 / 19
    p = p * z + 1.0 / 17
    p = p * z + 1.0 / 15
    p = p * z + 1.0 / 13
    p = p * z + 1.0 / 11
    p = p * z + 1.0 / 9
    p = p * z + 1.0 / 7
    p = p * z + 1.0 / 5
    p = p * z + 1.0 / 3
    return 2 * s + 2 * s * (z * p)
  }

  /// Returns the natural logarithm of a normal positive number.
  static func log(_ x: Double) -> Double {
    let bits = x.bitPattern
    // The mantissa is brought into [√½, √2), so that the logarithm of numbers near 1 stays exact.
    let aboveRootHalf = bits &- 0x3FE6_A09E_667F_3BCD
    let exponent = Double(Int64(bitPattern: aboveRootHalf) &>> 52)
    let mantissa = Double(bitPattern: (aboveRootHalf & 0x000F_FFFF_FFFF_FFFF) &+ 0x3FE6_A09E_667F_3BCD)
    return exponent * ln2High + (logNearOne(mantissa - 1) + exponent * ln2Low)
  }

  /// Returns the inverse hyperbolic sine for |y| < 1e150.
  static func asinh(_ y: Double) -> Double {
    let a = abs(y)
    let excess = a + a * a / (1 + (1 + a * a).squareRoot())
    let value = excess < 0.414 ? logNearOne(excess) : log(1 + excess)
    return y < 0 ? -value : value
  }

  /// Returns the hyperbolic sine for |x| ≤ 700.
  static func sinh(_ x: Double) -> Double {
    guard abs(x) < 0.35 else {
      let e = exp(x)
      return (e - 1 / e) / 2
    }
    let z = x * x
    var p = 1.0 / 6_227_020_800
    p = p * z + 1.0 / 39_916_800
    p = p * z + 1.0 / 362_880
    p = p * z + 1.0 / 5040
    p = p * z + 1.0 / 120
    p = p * z + 1.0 / 6
    return x + x * (z * p)
  }

  /// Returns sine and cosine of 2π · numerator / denominator for numerator ≥ 0.
  static func turn(_ numerator: Int, of denominator: Int) -> (sine: Double, cosine: Double) {
    let quarters = 4 * Double(numerator % denominator) / Double(denominator)
    let nearest = quarters.rounded()
    let r = (quarters - nearest) * (Double.pi / 2)
    let z = r * r
    var p = -1.0 / 1_307_674_368_000
    p = p * z + 1.0 / 6_227_020_800
    p = p * z - 1.0 / 39_916_800
    p = p * z + 1.0 / 362_880
    p = p * z - 1.0 / 5040
    p = p * z + 1.0 / 120
    p = p * z - 1.0 / 6
    let sine = r + r * (z * p)
    var q = 1.0 / 20_922_789_888_000
    q = q * z - 1.0 / 87_178_291_200
    q = q * z + 1.0 / 479_001_600
    q = q * z - 1.0 / 3_628_800
    q = q * z + 1.0 / 40_320
    q = q * z - 1.0 / 720
    q = q * z + 1.0 / 24
    q = q * z - 0.5
    let cosine = 1 + z * q
    switch Int(nearest) & 3 {
    case 0: return (sine, cosine)
    case 1: return (cosine, -sine)
    case 2: return (-sine, -cosine)
    default: return (-cosine, sine)
    }
  }
}
