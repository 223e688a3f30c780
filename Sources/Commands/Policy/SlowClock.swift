internal import Basics
internal import Forecasting
internal import Planning
internal import Workloads

/// The spiking forecaster of one series on five-minute ticks, fed from shorter ones.
struct SlowClock {
  /// Length of its ticks in s.
  static let tickSeconds = 300

  private let series: SeriesName
  private let configuration: ForecastConfiguration
  private var part: ForecastPart
  /// The tick that is being filled, the sum and number of its values.
  private var open: Int64?, sum = 0.0, count = 0
  private var last: SeriesForecast?

  /// Starts without experience.
  init(_ series: SeriesName) throws {
    self.series = series
    configuration = try ForecastConfiguration(tickMilliseconds: Int64(Self.tickSeconds) * 1000)
    part = ForecastPart(configuration)
    part.join(series, number: 0, isHere: true)
  }

  /// Takes what was seen at a moment, nil where nothing was; time that goes back is ignored.
  mutating func observe(_ value: Double?, atSeconds seconds: Double, events: [EventHint], eventTickSeconds: Int) {
    let index = Int64((seconds / Double(Self.tickSeconds)).rounded(.down))
    if let open, index > open {
      seal(open, value: count > 0 ? sum / Double(count) : nil, events, eventTickSeconds)
      (sum, count) = (0, 0)
      let gap = index - open - 1
      if gap > Int64(configuration.ticksPerDay) {
        // Nothing that was learned of the present holds after a day of silence.
        part = ForecastPart(configuration)
        part.join(series, number: 0, isHere: true)
        last = nil
      } else {
        for missing in 0..<gap { seal(open + 1 + missing, value: nil, events, eventTickSeconds) }
      }
    }
    if open.map({ index > $0 }) ?? true { open = index }
    if let value, index == open {
      sum += value
      count += 1
    }
  }

  private mutating func seal(_ index: Int64, value: Double?, _ events: [EventHint], _ eventTickSeconds: Int) {
    let ratio = Int64(Self.tickSeconds / eventTickSeconds)
    func effect(_ ahead: Int) -> CalendarEffect? {
      let (start, end) = ((index + Int64(ahead)) * ratio, (index + Int64(ahead) + 1) * ratio)
      let event = events.first { $0.start.index < end && start < $0.end.index }
      return event.map { CalendarEffect(kind: $0.kind, uplift: $0.uplift, shape: 1) }
    }
    let calendar = ServiceCalendar(
      service: series.service,
      now: effect(0),
      ahead: configuration.horizons.map { effect($0) }
    )
    let tick = SealedTick(
      tick: Tick(index),
      lengthMilliseconds: configuration.tickMilliseconds,
      values: value.map { [SeriesValue(series: series, value: $0)] } ?? [],
      calendar: events.isEmpty ? [] : [calendar]
    )
    do { try part.beginTick(tick) } catch {
      preconditionFailure("ticks of the slow clock follow each other: \(error)")
    }
    _ = part.advance(half: 0)
    _ = part.advance(half: 1)
    last = part.finishTick().first
  }

  /// The last forecast as seen from a tick of the fast clock, in its ticks; without horizons before there is one.
  func forecast(at tick: Tick, tickSeconds: Int, observed: Double?) -> SeriesForecast {
    var forecast = SeriesForecast(
      series: series,
      origin: tick,
      observed: observed,
      expected: [],
      surprise: 0,
      age: last?.age ?? 0,
      horizons: []
    )
    guard let last else { return forecast }
    // A target is the middle of its tick.
    let ratio = Self.tickSeconds / tickSeconds
    forecast.horizons = last.horizons.compactMap { horizon in
      var copy = horizon
      let middle = (last.origin.index + Int64(horizon.ticks)) * Int64(ratio) + Int64(ratio / 2)
      copy.ticks = Int(middle - tick.index)
      return copy
    }
    // The mean that it ended with stands where the line from it begins.
    if let mean = last.observed {
      let middle = last.origin.index * Int64(ratio) + Int64(ratio / 2)
      forecast.horizons.insert(
        SeriesForecast.Horizon(
          ticks: Int(middle - tick.index),
          quantiles: Array(repeating: mean, count: SeriesForecast.levels.count),
          level: last.horizons.first?.level ?? mean,
          cleanMedian: mean,
          eventFactor: 1
        ),
        at: 0
      )
    }
    return forecast
  }
}
