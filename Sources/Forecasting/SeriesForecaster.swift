internal import Basics
public import Wire
public import Workloads

/// Everything one series keeps: readout, announced events, surprise, and what was forecast for the coming tick.
public struct SeriesForecaster: Sendable {
  /// Which series.
  public let series: SeriesName
  /// The readout around its spiking encoder.
  public private(set) var readout: SeriesReadout
  private var uplift = EventUplift()
  private var surprise = SurpriseFilter()
  /// Quantiles forecast for the coming tick; empty before the first tick.
  private var expected: [Double] = []
  /// Between `observe` and `finish`: the tick's value, its surprise and the effects at the targets.
  private var observed: Double?
  private var tickSurprise = 0.0
  private var ahead: [CalendarEffect?] = []

  /// Starts a series that has seen nothing.
  public init(_ series: SeriesName, shape: ReadoutShape, prior: Prior) {
    self.series = series
    readout = SeriesReadout(shape: shape, prior: prior)
  }

  /// Whether announced uplifts multiply this series' values.
  private var isLifted: Bool { EventUplift.metrics.contains(series.metric) }

  /// How far a tick's value lies from the level until now, in scales, for the other metrics of the service to learn from; an
  /// announced uplift is taken out.
  func deviation(of value: Double?, events: ServiceCalendar?) -> Float {
    guard let value, value.isFinite else { return 0 }
    return readout.deviation(of: value / uplift.factor(lifting(events?.now)))
  }

  /// Takes the value of a tick and computes the drives of the encoder neurons.
  ///
  /// An event with a declared uplift is taken out of `requests` and `cpu` (`EventUplift`); every other event, and every
  /// event for other metrics, is a flag among the inputs.
  mutating func observe(
    _ value: Double?,
    at calendar: TickCalendar,
    events: ServiceCalendar?,
    others: SIMD4<Float>,
    prior: Prior,
    scratch: inout ReadoutScratch,
    next: WantedLines?,
    drives: inout MutableSpan<Float>
  ) {
    let given = value.flatMap { $0.isFinite ? $0 : nil }
    tickSurprise = surprise.observe(
      given,
      expected: expected,
      age: readout.seen,
      ticksPerDay: readout.shape.ticksPerDay
    )
    observed = given
    let now = lifting(events?.now)
    ahead = events?.ahead ?? []
    if isLifted, let given, let base = readout.median(horizon: 2) { uplift.observe(given, base: base, effect: now) }
    readout.observe(
      given.map { $0 / uplift.factor(now) },
      at: calendar,
      eventNow: isFlag(events?.now),
      eventsAhead: ahead.isEmpty ? [] : ahead.map { isFlag($0) },
      others: others,
      prior: prior,
      scratch: &scratch,
      next: next,
      drives: &drives
    )
  }

  /// Takes the spike counts of the tick and forecasts.
  mutating func finish(
    counts: borrowing Span<UInt8>,
    origin: Tick,
    prior: Prior,
    scratch: inout ReadoutScratch,
    next: WantedLines?
  ) -> SeriesForecast {
    let result = readout.finish(counts: counts, prior: prior, scratch: &scratch, next: next)
    let horizons = (0..<3).map { j in
      let clean = result.quantiles[j]
      let effect = j < ahead.count ? lifting(ahead[j]) : nil
      return SeriesForecast.Horizon(
        ticks: readout.shape.horizons[j],
        quantiles: uplift.apply(effect, to: clean),
        upper: uplift.apply(effect, toUpper: result.upper[j], median: clean[ReadoutConstants.median]),
        level: result.level,
        cleanMedian: clean[ReadoutConstants.median],
        eventFactor: uplift.factor(effect)
      )
    }
    let forecast = SeriesForecast(
      series: series,
      origin: origin,
      observed: observed,
      expected: expected,
      surprise: tickSurprise,
      age: readout.seen,
      horizons: horizons
    )
    expected = readout.seen > 0 ? horizons[0].quantiles : []
    return forecast
  }

  private func lifting(_ effect: CalendarEffect?) -> CalendarEffect? {
    effect.flatMap { isLifted && $0.uplift != 0 && $0.uplift.isFinite ? $0 : nil }
  }

  private func isFlag(_ effect: CalendarEffect?) -> Bool {
    effect.map { $0.shape > 0 && lifting($0) == nil } ?? false
  }

  /// Appends the whole state but the name; only between ticks.
  public func snapshot(into w: inout ByteWriter) {
    readout.snapshot(into: &w)
    uplift.snapshot(into: &w)
    surprise.snapshot(into: &w)
    w.writeArray(expected)
  }

  /// Reads a state that `snapshot` wrote.
  public init(_ series: SeriesName, from r: inout ByteReader, prior: Prior) throws(WireError) {
    self.series = series
    readout = try SeriesReadout(from: &r, prior: prior)
    uplift = try EventUplift(from: &r)
    surprise = try SurpriseFilter(from: &r)
    expected = try r.readArray()
    guard expected.isEmpty || expected.count == ReadoutConstants.levels.count else {
      throw r.error("\(expected.count) expected quantiles")
    }
  }
}
