internal import Basics
public import Workloads

/// Runs the forecaster over a recorded series as in production: tick by tick, never seeing what comes later.
///
/// A forecast made after a value depends on the values up to it and on the announced events; a series cut off there gives the same
/// bits. Groups of series are independent, so a caller may spread them over threads or processes.
public enum Backtest {
  /// Forecasts of one horizon.
  public typealias Row = (horizon: Int, quantiles: [Double])

  /// The levels of a row's quantiles.
  public static let levels = [0.1, 0.5, 0.9, 0.99, 0.995]

  /// The series that are played together: those of one entity, with one grid and the same announced events; ascending.
  ///
  /// They learn from each other as the metrics of a service do.
  public static func groups(of series: [RecordedSeries]) -> [[Int]] {
    var groups: [[Int]] = []
    var known: [String: [Int]] = [:]
    for (index, one) in series.enumerated() {
      let place = known[one.entity, default: []].first { group in
        let first = series[groups[group][0]]
        return first.start == one.start && first.lengthMilliseconds == one.lengthMilliseconds
          && first.events == one.events
      }
      if let place {
        groups[place].append(index)
      } else {
        known[one.entity, default: []].append(groups.count)
        groups.append([index])
      }
    }
    return groups
  }

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
    try forecasts(of: [recorded], after: [origins], prior: prior)[0]
  }

  /// The same for a group of series that are played together, each with its own origins.
  public static func forecasts(
    of group: [RecordedSeries],
    after origins: [[Int]],
    prior: Prior = .shipped
  ) throws -> [[[Row]]] {
    for (one, origins) in zip(group, origins) {
      precondition(origins.allSatisfy(one.values.indices.contains), "origins are indices of values")
    }
    let wanted = origins.map { Set($0) }
    var rows = [[Int: [Row]]](repeating: [:], count: group.count)
    _ = try play(group, count: (origins.joined().max() ?? -1) + 1, prior: prior) { index, k, horizons, forecast in
      guard wanted[k].contains(index) else { return }
      rows[k][index] = horizons.enumerated().map { j, ticks in
        guard let h = forecast?.horizons[j] else { return (ticks, Array(repeating: 0, count: levels.count)) }
        return (ticks, [h.quantiles[1], h.quantiles[ReadoutConstants.median], h.quantiles[5]] + h.upper)
      }
    }
    return zip(origins, rows).map { origins, rows in origins.map { rows[$0] ?? [] } }
  }

  /// The readout of a series after its last value.
  static func end(of recorded: RecordedSeries, prior: Prior) throws -> SeriesReadout {
    let (part, names) = try play([recorded], count: recorded.values.count, prior: prior) { _, _, _, _ in }
    return part.state(of: names[0]).forecaster.readout
  }

  /// Plays the first values of a group; `body` gets what was forecast after each for the series of a position in it.
  private static func play(
    _ group: [RecordedSeries],
    count: Int,
    prior: Prior,
    _ body: (_ index: Int, _ position: Int, _ horizons: [Int], _ forecast: SeriesForecast?) -> Void
  ) throws -> (part: ForecastPart, names: [SeriesName]) {
    let first = group[0]
    let configuration = try ForecastConfiguration(tickMilliseconds: first.lengthMilliseconds)
    let part = ForecastPart(configuration, prior: prior)
    let names = group.map { SeriesName(service: first.entity, metric: $0.id) }
    for (number, name) in names.enumerated() { part.join(name, number: number, isHere: true) }
    let positions = Dictionary(uniqueKeysWithValues: names.enumerated().map { ($1, $0) })
    let effects = Effects(first, configuration)
    for index in 0..<count {
      let values = zip(names, group).compactMap { name, one in
        index < one.values.count ? one.values[index].map { SeriesValue(series: name, value: $0) } : nil
      }
      try part.beginTick(
        SealedTick(
          tick: first.tick(of: index),
          lengthMilliseconds: first.lengthMilliseconds,
          values: values,
          calendar: effects.calendar(at: index)
        )
      )
      _ = part.advance(half: 0)
      _ = part.advance(half: 1)
      var isTold = [Bool](repeating: false, count: group.count)
      for forecast in part.finishTick() {
        guard let position = positions[forecast.series] else { continue }
        isTold[position] = true
        body(index, position, configuration.horizons, forecast)
      }
      for position in group.indices where !isTold[position] { body(index, position, configuration.horizons, nil) }
    }
    return (part, names)
  }

  /// Announced events as flags of ticks: recorded series declare no uplift.
  private struct Effects {
    let service: String
    let horizons: [Int]
    var flags: [Bool] = []

    init(_ recorded: RecordedSeries, _ configuration: ForecastConfiguration) {
      (service, horizons) = (recorded.entity, configuration.horizons)
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

extension RecordedSeries {
  /// The tick in which a value lies.
  func tick(of index: Int) -> Tick {
    let first = start.day
    return Tick(first.number * Int64(ticksPerDay) + first.millisecondsIntoDay / lengthMilliseconds + Int64(index))
  }
}
