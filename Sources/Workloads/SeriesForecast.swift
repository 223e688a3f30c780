public import Basics
public import Wire

/// What the network says of one series after one tick.
public struct SeriesForecast: Equatable, Sendable {
  /// The quantile levels of every forecast, ascending.
  public static let levels: [Double] = [0.05, 0.10, 0.25, 0.50, 0.75, 0.90, 0.95]
  /// The levels of the upper tail, ascending: what planning lives on.
  public static let upperLevels: [Double] = [0.99, 0.995]

  /// The forecast for one horizon, in the series' own unit.
  public struct Horizon: Equatable, Sendable {
    /// Ticks from the origin to the target.
    public var ticks: Int
    /// One value per level, ascending, known events included.
    public var quantiles: [Double]
    /// One value per level of the upper tail, at least the last of `quantiles`; empty where it is not known.
    public var upper: [Double]
    /// The slow level that the season moves around (the series' trailing median).
    public var level: Double
    /// Median without the event's factor: level + season.
    public var cleanMedian: Double
    /// Factor of the known event at the target; 1 where there is none.
    public var eventFactor: Double
    /// Describes a forecast.
    public init(
      ticks: Int,
      quantiles: [Double],
      upper: [Double] = [],
      level: Double,
      cleanMedian: Double,
      eventFactor: Double
    ) {
      (self.ticks, self.quantiles, self.upper, self.level) = (ticks, quantiles, upper, level)
      (self.cleanMedian, self.eventFactor) = (cleanMedian, eventFactor)
    }
  }

  /// Which series.
  public var series: SeriesName
  /// The tick after which it was made.
  public var origin: Tick
  /// The tick's value, nil where it was missing.
  public var observed: Double?
  /// The quantiles that were forecast for this tick one tick earlier; empty for a series' first tick.
  public var expected: [Double]
  /// How surprising the value was under them: 0 for the median, about 1 at the 95 % quantile, growing beyond it.
  public var surprise: Double
  /// Values seen since the series appeared.
  public var age: Int
  /// One forecast per horizon, ascending.
  public var horizons: [Horizon]

  /// Puts a forecast together.
  public init(
    series: SeriesName,
    origin: Tick,
    observed: Double?,
    expected: [Double],
    surprise: Double,
    age: Int,
    horizons: [Horizon]
  ) {
    (self.series, self.origin, self.observed, self.expected) = (series, origin, observed, expected)
    (self.surprise, self.age, self.horizons) = (surprise, age, horizons)
  }

  /// Appends the forecast.
  public func encode(into w: inout ByteWriter) {
    series.encode(into: &w)
    w.write(origin.index)
    w.write(observed != nil)
    w.write(observed ?? 0)
    w.writeArray(expected)
    w.write(surprise)
    w.writeVarint(UInt64(age))
    w.writeVarint(UInt64(horizons.count))
    for h in horizons {
      w.writeVarint(UInt64(h.ticks))
      w.writeArray(h.quantiles)
      w.writeArray(h.upper)
      w.write(h.level)
      w.write(h.cleanMedian)
      w.write(h.eventFactor)
    }
  }

  /// Reads a forecast.
  public init(from r: inout ByteReader) throws(WireError) {
    series = try SeriesName(from: &r)
    origin = Tick(try r.read())
    let isThere = try r.readBool()
    let value = try r.readDouble()
    observed = isThere ? value : nil
    expected = try r.readArray()
    surprise = try r.readDouble()
    age = Int(truncatingIfNeeded: try r.readVarint())
    horizons = []
    for _ in 0..<(try r.readCount(elementBytes: 27)) {
      let ticks = Int(truncatingIfNeeded: try r.readVarint())
      let quantiles: [Double] = try r.readArray()
      guard quantiles.count == Self.levels.count else { throw r.error("\(quantiles.count) quantiles") }
      let upper: [Double] = try r.readArray()
      guard upper.isEmpty || upper.count == Self.upperLevels.count else {
        throw r.error("\(upper.count) quantiles of the upper tail")
      }
      let level = try r.readDouble()
      let clean = try r.readDouble()
      horizons.append(
        Horizon(
          ticks: ticks,
          quantiles: quantiles,
          upper: upper,
          level: level,
          cleanMedian: clean,
          eventFactor: try r.readDouble()
        )
      )
    }
  }
}
