public import Wire

/// A straight line y = intercept + slope·x learned online, with forgetting and with outliers cut.
///
/// Weighted least squares over about the last 3,000 points; a point further than three running mean deviations from
/// the line is moved to that distance first (Huber, "Robust estimation of a location parameter", 1964).
/// - Complexity: O(1) per point.
public struct RobustLine: Equatable, Sendable {
  private var weight = 0.0, meanX = 0.0, meanY = 0.0, spreadX = 0.0, spreadXY = 0.0, deviation = 0.0, squared = 0.0
  /// Points seen so far.
  public private(set) var count = 0

  private static let memory = 1 - 1.0 / 3000

  /// Starts without points.
  public init() {}

  /// Learns one point; one that is not finite is passed over.
  public mutating func observe(x: Double, y: Double) {
    guard x.isFinite, y.isFinite else { return }
    var y = y
    if count >= 10 {
      let residual = y - value(at: x)
      let cut = 3 * deviation + 1e-12
      let kept = min(cut, max(-cut, residual))
      y += kept - residual
      deviation += max(0.003, 1 / Double(count)) * (min(abs(residual), 2 * cut) - deviation)
      squared += max(0.0005, 1 / Double(count)) * (kept * kept - squared)
    } else if count > 0 {
      let size = abs(y - value(at: x))
      deviation += (size - deviation) / Double(count)
      squared += (size * size - squared) / Double(count)
    }
    count = min(count + 1, 1_000_000_000)
    let old = weight * Self.memory
    weight = old + 1
    let (dx, dy) = (x - meanX, y - meanY)
    meanX += dx / weight
    meanY += dy / weight
    spreadX = spreadX * Self.memory + old / weight * dx * dx
    spreadXY = spreadXY * Self.memory + old / weight * dx * dy
  }

  /// Slope; 0 while all points have the same x.
  public var slope: Double { spreadX > 1e-12 * (1 + meanX * meanX) ? spreadXY / spreadX : 0 }

  /// Value at x = 0.
  public var intercept: Double { meanY - slope * meanX }

  /// Mean of x.
  public var center: Double { meanX }

  /// The line's value.
  public func value(at x: Double) -> Double { intercept + slope * x }

  /// Standard error of the slope, for residuals that stay alike over ten points; infinite without spread in x.
  public var slopeError: Double {
    guard count >= 10, spreadX > 1e-12 * (1 + meanX * meanX) else { return .infinity }
    return (10 * squared / spreadX).squareRoot()
  }

  /// Standard error of the intercept.
  public var interceptError: Double {
    guard slopeError.isFinite else { return .infinity }
    return (10 * squared * (1 / weight + meanX * meanX / spreadX)).squareRoot()
  }

  /// Root mean square of what is left beside the line.
  public var residual: Double { squared.squareRoot() }

  /// Appends the state.
  public func encode(into w: inout ByteWriter) {
    for x in [weight, meanX, meanY, spreadX, spreadXY, deviation, squared] { w.write(x) }
    w.write(int: count)
  }

  /// Reads a state.
  public init(from r: inout ByteReader) throws(WireError) {
    weight = try r.readDouble()
    meanX = try r.readDouble()
    meanY = try r.readDouble()
    spreadX = try r.readDouble()
    spreadXY = try r.readDouble()
    deviation = try r.readDouble()
    squared = try r.readDouble()
    count = try r.readAmount()
  }
}
