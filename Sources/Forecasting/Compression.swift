/// The value's own scale: x = asinh(y / c), which is linear near zero and logarithmic far from it.
enum Compression {
  /// Bound of compressed values.
  static let bound = 40.0
  /// Smaller offsets would make the quotient overflow.
  static let leastOffset = 1e-300

  /// Returns asinh(y / c), at most 40 in magnitude.
  static func compress(_ y: Double, offset: Double) -> Double {
    let ratio = y / offset
    guard abs(ratio) < 1e17 else { return ratio < 0 ? -bound : bound }
    return min(bound, max(-bound, Elementary.asinh(ratio)))
  }

  /// Returns c sinh(x), kept finite.
  static func expand(_ x: Double, offset: Double) -> Double {
    let y = Elementary.sinh(min(600, max(-600, x))) * offset
    return min(Double.greatestFiniteMagnitude, max(-Double.greatestFiniteMagnitude, y))
  }

  /// Moves a compressed value from one offset to another, `ratio` = old / new; NaN stays NaN.
  static func move(_ x: Double, ratio: Double) -> Double {
    x.isNaN ? x : Elementary.asinh(min(1e17, max(-1e17, Elementary.sinh(x) * ratio)))
  }

  /// The factor of small differences near x in such a move.
  static func slope(_ x: Double, ratio: Double) -> Double {
    let s = Elementary.sinh(x)
    return ((s * s + 1) / (s * s + 1 / (ratio * ratio))).squareRoot()
  }
}

extension SeriesReadout {
  /// Changes the offset: stored values move, stored scales follow the local slope.
  mutating func rebase(to newOffset: Double) {
    let new = max(newOffset, Compression.leastOffset)
    let ratio = min(1e100, max(1e-100, scalars.offset / new))
    func move(_ x: inout Double) { x = Compression.move(x, ratio: ratio) }
    let slope = Compression.slope(scalars.level, ratio: ratio)
    scalars.spread *= slope
    scalars.residuals *= slope
    residualProfile.move(to: 0) { $0 * slope }
    transformOrigins { level, scale in
      (Compression.move(level, ratio: ratio), scale * Compression.slope(level, ratio: ratio))
    }
    recent.transform { Float(Compression.move(Double($0), ratio: ratio)) }
    moveAnchor(to: Compression.move(scalars.level, ratio: ratio)) { Compression.move($0, ratio: ratio) }
    for i in 0..<4 { move(&scalars.averages[i]) }
    for i in 0..<8 { move(&scalars.trailing[i]) }
    move(&scalars.level)
    move(&scalars.low)
    move(&scalars.high)
    scalars.offset = new
  }
}
