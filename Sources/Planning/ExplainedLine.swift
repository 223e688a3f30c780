internal import Wire

/// A line that is learned, and how far values usually lie from it.
struct ExplainedLine: Equatable {
  /// What distances are measured in: shares of the line's value, or the unit of the values.
  enum Measure { case relative, absolute }

  private let measure: Measure
  private var line = RobustLine()
  /// Mean distance of a value.
  private var spread = 0.0

  private static let rate = 0.005, clip = 4.0
  /// Least mean distance, as a share: below it lies what numbers are rounded to.
  private static let leastRelative = 0.005, leastAbsolute = 0.01
  /// Points after which a distance is cut where it is far beyond the usual.
  private static let clipPoints = 50
  /// 95 % quantile over mean |z| of a normal distribution: what makes a mean distance a half-band.
  private static let halfBand = 1.645 / 0.798

  init(_ measure: Measure) { self.measure = measure }

  /// Returns how far a value lies from the line in half-bands, then learns it; nil before the line is known.
  ///
  /// Both are known to lie between two bounds; the distance is 0 where any pair of them is on the line.
  mutating func take(x: ClosedRange<Double>, y: ClosedRange<Double>, learns: Bool = true) -> Double? {
    guard x.upperBound.isFinite, y.upperBound.isFinite, measure == .absolute || y.lowerBound > 0 else { return nil }
    let isKnown = line.count >= ServiceWatch.leastPoints
    let distance = distance(x, y)
    if learns {
      if line.count >= 10 {
        let kept = line.count > Self.clipPoints ? min(distance, Self.clip * spread + 1e-12) : distance
        spread += max(Self.rate, 1 / Double(line.count)) * (kept - spread)
      }
      line.observe(x: x.lowerBound, y: y.lowerBound)
    }
    let least = measure == .relative ? Self.leastRelative : Self.leastAbsolute * abs(line.value(at: line.center))
    return isKnown ? min(Surprise.bound, distance / (Self.halfBand * max(least, spread, 1e-300))) : nil
  }

  /// The half-band on both sides of the line, times a number.
  func band(at x: Double, times count: Double) -> ClosedRange<Double> {
    let (value, half) = (max(0, line.value(at: x)) * count, min(1, Self.halfBand * max(Self.leastRelative, spread)))
    return value * (1 - half)...value * (1 + half)
  }

  private func distance(_ x: ClosedRange<Double>, _ y: ClosedRange<Double>) -> Double {
    let ends = (line.value(at: x.lowerBound), line.value(at: x.upperBound))
    let (low, high) = (max(0, min(ends.0, ends.1)), max(0, ends.0, ends.1))
    if y.lowerBound > high {
      if measure == .absolute { return y.lowerBound - high }
      return high > 0 ? Arithmetic.logarithm(y.lowerBound / high) : Surprise.bound
    }
    guard y.upperBound < low else { return 0 }
    return measure == .absolute ? low - y.upperBound : Arithmetic.logarithm(low / y.upperBound)
  }

  func encode(into w: inout ByteWriter) {
    line.encode(into: &w)
    w.write(spread)
  }

  init(from r: inout ByteReader, _ measure: Measure) throws(WireError) {
    self.measure = measure
    line = try RobustLine(from: &r)
    spread = try r.readDouble()
  }
}
