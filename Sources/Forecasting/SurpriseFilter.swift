public import Wire

/// How surprising a series' values are, tick by tick, under the quantiles that were forecast one tick earlier.
///
/// Distance from a band: d(y) = |y - q50| over the half band on that side (q95 - q50 or q50 - q05, at least 0.1 % of |q50|):
/// 0 at the median, 1 at the outer quantiles, linear beyond, at most 20.
///
/// Duration: a distance of 2 or more from the band of the tick opens an episode of eight ticks that holds this band. In
/// it, n ticks after its first, with h the distance from the held band, the surprise is max(h · 0.8ⁿ, min(h, d)). So a level shift
/// keeps alarming briefly although the forecast follows it at once, and a single outlier alarms once, although it spoils
/// the forecasts of the next ticks.
///
/// Stillness: a step below 1 % of the half band is still. A run of n still ticks counts as -n ln(p) / 12, p the share of still
/// ticks so far (at least 5 %): a stuck sensor shows, a series that often rests does not. The surprise is the greater of the two.
/// Over the first half day it grows from 0 to its full value, because a young forecast's band means little.
public struct SurpriseFilter: Equatable, Sendable {
  /// The greatest surprise.
  public static let bound = 20.0
  private static let episodeTicks = 8
  private static let onset = 2.0
  private static let fading = 0.8
  private static let stillShare = 0.01
  private static let stillUnit = 12.0

  /// The band of an episode: its 5 %, 50 % and 95 % quantiles.
  private var held = SIMD4<Double>(repeating: 0)
  /// Ticks left of the episode.
  private var left = 0
  private var previous: Double?
  private var stillRun = 0
  /// Share of still ticks.
  private var stillness = 0.05

  /// Starts a series.
  public init() {}

  /// Returns the surprise of a tick's value, 0 where it is missing.
  ///
  /// `expected` has the quantiles that were forecast for the tick one tick earlier, empty for the first tick; `age` counts
  /// the values seen before this one. A missing value moves an episode on.
  public mutating func observe(_ value: Double?, expected: [Double], age: Int, ticksPerDay: Int) -> Double {
    defer { if left > 0 { left -= 1 } }
    guard let value, expected.count == ReadoutConstants.levels.count else { return 0 }
    let band = SIMD4(expected[0], expected[ReadoutConstants.median], expected[6], 0)
    let distance = Self.distance(value, band)
    let still = observeStep(value, band, ticksPerDay: ticksPerDay)
    let growth = min(1, 2 * Double(age) / Double(ticksPerDay))
    var surprise = distance
    if left > 0 {
      let fromHeld = Self.distance(value, held)
      var faded = fromHeld
      for _ in left..<Self.episodeTicks { faded *= Self.fading }
      surprise = max(faded, min(fromHeld, distance))
    } else if distance * growth >= Self.onset {
      held = band
      left = Self.episodeTicks
    }
    return min(Self.bound, growth * max(surprise, still))
  }

  private static func distance(_ value: Double, _ band: SIMD4<Double>) -> Double {
    let half = max(value >= band[1] ? band[2] - band[1] : band[1] - band[0], 1e-3 * abs(band[1]))
    let off = abs(value - band[1])
    guard off > 0 else { return 0 }
    return half > 0 ? min(bound, off / half) : bound
  }

  /// Follows the run of still ticks and returns how surprising its length is.
  private mutating func observeStep(_ value: Double, _ band: SIMD4<Double>, ticksPerDay: Int) -> Double {
    defer { previous = value }
    guard let previous else { return 0 }
    let half = 0.5 * (band[2] - band[0])
    let isStill = abs(value - previous) < Self.stillShare * half
    stillness += ((isStill ? 1 : 0) - stillness) / Double(ticksPerDay)
    stillRun = isStill ? stillRun + 1 : 0
    return Double(stillRun) * -Elementary.log(min(1, max(0.05, stillness))) / Self.stillUnit
  }

  /// Appends the whole state.
  public func snapshot(into w: inout ByteWriter) {
    for i in 0..<3 { w.write(held[i]) }
    w.write(UInt8(left))
    w.write(previous != nil)
    w.write(previous ?? 0)
    w.write(Int64(stillRun))
    w.write(stillness)
  }

  /// Reads a state that `snapshot` wrote.
  public init(from r: inout ByteReader) throws(WireError) {
    for i in 0..<3 { held[i] = try r.readDouble() }
    left = Int(try r.read(UInt8.self))
    let hasPrevious = try r.readBool()
    let value = try r.readDouble()
    previous = hasPrevious ? value : nil
    stillRun = Int(truncatingIfNeeded: try r.read(Int64.self))
    stillness = try r.readDouble()
    guard left <= Self.episodeTicks, stillRun >= 0, stillness.isFinite else { throw r.error("a surprise out of range") }
  }
}
