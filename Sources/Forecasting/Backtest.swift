internal import Basics
public import Workloads

/// Runs the forecaster over a recorded series as in production: tick by tick, never seeing what comes later.
///
/// A forecast made after a value depends on the values up to it and on the announced events; a series cut off there gives the same
/// bits. Series are independent, so a caller may spread them over threads or processes.
public enum Backtest {
  /// Forecasts of one horizon.
  public typealias Row = (horizon: Int, quantiles: [Double])

  /// The levels of a row's quantiles.
  public static let levels = [0.1, 0.5, 0.9, 0.99, 0.995]

  /// Returns the quantiles at `levels` of every horizon (1, 12, and a day of ticks, ascending) after each origin.
  ///
  /// Origins are indices of values, in any order; the result has theirs. Takes 5 to 10 µs per value.
  ///
  /// - Throws: `ShapeError` when the length of a tick is not possible.
  public static func forecasts(
    of recorded: RecordedSeries,
    after origins: [Int],
    prior: Prior = .shipped
  ) throws -> [[Row]] {
    precondition(origins.allSatisfy(recorded.values.indices.contains), "origins are indices of values")
    let configuration = try ForecastConfiguration(tickMilliseconds: recorded.lengthMilliseconds)
    let part = ForecastPart(configuration, prior: prior)
    let series = SeriesName(service: recorded.id, metric: "value")
    part.join(series, number: 0, isHere: true)
    let effects = Effects(recorded, configuration)
    let first = Timestamp(milliseconds: recorded.start.milliseconds)
    let firstTick =
      first.day.number * Int64(configuration.ticksPerDay)
      + first.day.millisecondsIntoDay / recorded.lengthMilliseconds
    let wanted = Set(origins)
    var rows: [Int: [Row]] = [:]
    for (index, value) in recorded.values.prefix((origins.max() ?? -1) + 1).enumerated() {
      try part.beginTick(
        SealedTick(
          tick: Tick(firstTick + Int64(index)),
          lengthMilliseconds: recorded.lengthMilliseconds,
          values: value.map { [SeriesValue(series: series, value: $0)] } ?? [],
          calendar: effects.calendar(at: index)
        )
      )
      _ = part.advance(half: 0)
      _ = part.advance(half: 1)
      let forecasts = part.finishTick()
      guard wanted.contains(index) else { continue }
      rows[index] = configuration.horizons.enumerated().map { j, ticks in
        guard let h = forecasts.first?.horizons[j] else { return (ticks, Array(repeating: 0, count: levels.count)) }
        return (ticks, [h.quantiles[1], h.quantiles[ReadoutConstants.median], h.quantiles[5]] + h.upper)
      }
    }
    return origins.map { rows[$0] ?? [] }
  }

  /// Announced events as flags of ticks: recorded series declare no uplift.
  private struct Effects {
    let service: String
    let horizons: [Int]
    var flags: [Bool] = []

    init(_ recorded: RecordedSeries, _ configuration: ForecastConfiguration) {
      (service, horizons) = (recorded.id, configuration.horizons)
      let length = recorded.values.count + configuration.ticksPerDay + 1
      guard !recorded.events.isEmpty else { return }
      flags = Array(repeating: false, count: length)
      for event in recorded.events { for tick in event.clamped(to: 0..<length) { flags[tick] = true } }
    }

    func calendar(at tick: Int) -> [ServiceCalendar] {
      guard !flags.isEmpty else { return [] }
      func effect(_ tick: Int) -> CalendarEffect? {
        flags[tick] ? CalendarEffect(kind: .holiday, uplift: 0, shape: 1) : nil
      }
      let ahead = horizons.map { effect(tick + $0) }
      guard flags[tick] || ahead.contains(where: { $0 != nil }) else { return [] }
      return [ServiceCalendar(service: service, now: effect(tick), ahead: ahead)]
    }
  }
}
