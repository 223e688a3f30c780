internal import Basics
public import Wire

/// How well the bands of a series held so far, and how far to stretch them for planning.
///
/// Coverage is the running share of values inside their 5…95 % band. The stretch is tracked on the greatest demand of
/// whole planning windows, because that, not one value, decides about violations: it rises when a window exceeds what
/// was planned and sinks slowly while none does, so that exceedances come as often as the quantile says.
/// Source of the rule: Gibbs, Candès, "Adaptive conformal inference under distribution shift", NeurIPS 2021.
public struct BandCalibration: Equatable, Sendable {
  private struct Window: Equatable {
    var end: Int64
    var planned: Double, quantile: Double, greatest: Double
  }
  private var windows: [Window] = []
  /// Values compared with their band so far.
  public private(set) var count = 0
  /// Running share of values within the 5 % and 95 % quantiles, 0…1; 0.9 until a value came.
  public private(set) var coverage = 0.9
  /// Factor on distances from the median, 0.4…4.
  public private(set) var stretch = 1.0

  private static let stretchRange = 0.4...4.0
  private static let rate = 0.05

  /// Starts without experience.
  public init() {}

  /// Learns from a value and the quantiles that were forecast for it (seven, or none).
  public mutating func observe(_ value: Double, expected: [Double], tickIndex: Int64) {
    if expected.count == 7 {
      count += 1
      let inside = expected[0] <= value && value <= expected[6]
      coverage += max(1 / Double(count + 9), 1.0 / 1000) * ((inside ? 1 : 0) - coverage)
    }
    for i in windows.indices { windows[i].greatest = max(windows[i].greatest, value) }
    while let first = windows.first, first.end <= tickIndex {
      windows.removeFirst()
      let exceeded = first.greatest > first.planned
      // Windows overlap: one exceedance is seen by as many as are open, so each counts for its part.
      let step = Self.rate / Double(windows.count + 1) * ((exceeded ? 1 : 0) - (1 - first.quantile))
      stretch = min(Self.stretchRange.upperBound, max(Self.stretchRange.lowerBound, stretch + step))
    }
  }

  /// Remembers what was planned for the ticks after one until an end, to be judged when they are over.
  public mutating func expect(atMost planned: Double, quantile: Double, throughTickIndex end: Int64) {
    windows.append(Window(end: end, planned: planned, quantile: quantile, greatest: 0))
    if windows.count > 256 { windows.removeFirst() }
  }

  /// Forgets open windows, whose values cannot be judged: a value is missing or an event is in force.
  public mutating func forgetWindows() { windows.removeAll() }

  /// How near coverage is to the promised 90 %, 0…1; bands too wide cost replicas, not promises, so they count half.
  public var quality: Double { max(0, 1 - (coverage < 0.9 ? 0.9 - coverage : (coverage - 0.9) / 2) / 0.4) }

  /// Appends the state.
  public func encode(into w: inout ByteWriter) {
    w.write(int: count)
    w.write(coverage)
    w.write(stretch)
    w.writeVarint(UInt64(windows.count))
    for window in windows {
      w.write(window.end)
      w.write(window.planned)
      w.write(window.quantile)
      w.write(window.greatest)
    }
  }

  /// Reads a state.
  public init(from r: inout ByteReader) throws(WireError) {
    count = try r.readAmount()
    coverage = try r.readDouble()
    stretch = try r.readDouble()
    for _ in 0..<(try r.readCount(elementBytes: 32)) {
      let end: Int64 = try r.read()
      let (planned, quantile) = (try r.readDouble(), try r.readDouble())
      windows.append(Window(end: end, planned: planned, quantile: quantile, greatest: try r.readDouble()))
    }
  }
}
