internal import Basics
public import Workloads

/// The demand that a forecast sees at any number of ticks ahead, with an upper tail beyond its last quantile.
///
/// Between two horizons the median runs straight and the variance (the squared distance of an upper quantile from the
/// median) grows straight, as for a random walk; before the first and after the last horizon their values hold.
/// Known events are taken out before and put back by the calendar, so that an event neither smears nor comes late.
///
/// Above the 95 % quantile the tail is exponential, through the 99.5 % quantile where it is forecast:
/// Q(p) = Q(.95) + s ln(.05 / (1 − p)),  s = max((Q(.995) − Q(.95)) / ln 10, (Q(.95) − Q(.50)) / (2 ln 10)).
/// Without a forecast of the tail, Q(.995) − Q(.95) is taken to be (Q(.95) − Q(.90)) log₂ 10.
public struct DemandCurve: Sendable {
  /// Demand at one moment, split into what it is made of; all in the series' unit.
  public struct Point: Equatable, Sendable {
    /// Ticks from now.
    public var ticksAhead: Int
    /// The slow level, and the median without an event.
    public var level: Double, cleanMedian: Double
    /// Distance of the 95 % quantile from the median, and scale of the tail, both without the event.
    public var spread95: Double, tailScale: Double
    /// Demand relative to demand without the event.
    public var eventFactor: Double
    /// The announced event in force then.
    public var event: EventHint?

    /// Median with the event.
    public var median: Double { cleanMedian * eventFactor }

    /// Returns a quantile from 0.95 up, with distances from the median stretched by a factor.
    public func quantile(_ p: Double, stretch: Double = 1) -> Double {
      let beyond = tailScale * Arithmetic.logarithm(0.05 / max(1e-9, 1 - p))
      return (cleanMedian + stretch * (spread95 + max(0, beyond))) * eventFactor
    }
  }

  private struct Knot {
    var ticks: Int, level: Double, median: Double, spread95: Double, spread995: Double, factor: Double
  }
  private var knots: [Knot] = []
  private let origin: Tick
  private let events: [(hint: EventHint, factor: Double)]

  /// Reads a forecast; returns nil for one without usable horizons.
  public init?(_ forecast: SeriesForecast, events hints: [EventHint] = []) {
    origin = forecast.origin
    for h in forecast.horizons where h.ticks > (knots.last?.ticks ?? 0) && h.quantiles.count == 7 {
      let q = h.quantiles
      guard q.allSatisfy(\.isFinite), h.level.isFinite else { continue }
      let factor = h.eventFactor.isFinite && h.eventFactor > 0.01 ? min(h.eventFactor, 1000) : 1
      let spread90 = max(0, q[5] - q[3]) / factor
      let spread95 = max(spread90, (q[6] - q[3]) / factor)
      let known = h.upper.last.flatMap { $0.isFinite ? ($0 - q[3]) / factor : nil }
      let guessed = spread95 + (spread95 - spread90) * Arithmetic.logarithmOf10 / Arithmetic.logarithmOf2
      let knot = Knot(
        ticks: h.ticks,
        level: max(0, h.level),
        median: max(0, q[3]) / factor,
        spread95: spread95,
        spread995: max(spread95, known ?? guessed),
        factor: factor
      )
      knots.append(knot)
    }
    guard !knots.isEmpty else { return nil }
    // A forecast that was made for a tick inside an event knows its strength better than the announcement.
    let (known, start) = (knots, forecast.origin)
    self.events = hints.filter { $0.end > start && $0.end > $0.start }.map { hint in
      let learned = known.first { $0.factor != 1 && hint.covers(start + $0.ticks) }?.factor
      return (hint, learned ?? hint.factor)
    }
  }

  /// Returns demand at a number of ticks from the origin, at least 1.
  public func point(ticksAhead: Int) -> Point {
    let upper = knots.firstIndex { $0.ticks >= ticksAhead } ?? knots.count - 1
    let b = knots[upper]
    let a = upper > 0 && b.ticks > ticksAhead ? knots[upper - 1] : b
    let w = a.ticks < b.ticks ? Double(ticksAhead - a.ticks) / Double(b.ticks - a.ticks) : 0
    func line(_ x: Double, _ y: Double) -> Double { x + w * (y - x) }
    func spread(_ x: Double, _ y: Double) -> Double { line(x * x, y * y).squareRoot() }
    let spread95 = spread(a.spread95, b.spread95)
    let beyond = spread(a.spread995, b.spread995) - spread95
    let tail = max(beyond, spread95 / 2) / Arithmetic.logarithmOf10
    let tick = origin + ticksAhead
    let event = events.filter { $0.hint.covers(tick) }.max { $0.factor < $1.factor }
    // Without an announcement a factor counts where it was forecast, and between two horizons that both have one.
    let unannounced = b.ticks == ticksAhead ? b.factor : a.factor > 1 && b.factor > 1 ? min(a.factor, b.factor) : 1
    return Point(
      ticksAhead: ticksAhead,
      level: line(a.level, b.level),
      cleanMedian: line(a.median, b.median),
      spread95: spread95,
      tailScale: tail,
      eventFactor: event?.factor ?? unannounced,
      event: event?.hint
    )
  }

  /// Returns the point of the greatest quantile within a window of ticks ahead, the earliest of equals.
  ///
  /// - Complexity: O(length of the window).
  public func peak(
    within window: ClosedRange<Int>,
    quantile p: Double,
    stretch: Double
  ) -> (point: Point, demand: Double) {
    var best = point(ticksAhead: window.lowerBound)
    var demand = best.quantile(p, stretch: stretch)
    for h in window.dropFirst() {
      let other = point(ticksAhead: h)
      let value = other.quantile(p, stretch: stretch)
      if value > demand { (best, demand) = (other, value) }
    }
    return (best, demand)
  }

  /// Whether an announced event changes demand by a declared or learned factor.
  var hasDeclaredEvents: Bool { events.contains { $0.factor != 1 } }

  /// The next announced event that starts after so many ticks, if any.
  func nextEvent(startingAfter ticksAhead: Int) -> EventHint? {
    let later = events.filter { $0.hint.start > origin + ticksAhead && $0.factor > 1 }
    return later.min { ($0.hint.start, $0.hint.name) < ($1.hint.start, $1.hint.name) }?.hint
  }
}

extension SeriesForecast {
  /// Returns the forecast of the same series if its traffic were multiplied by a factor.
  public func scaled(by factor: Double) -> SeriesForecast {
    var copy = self
    copy.observed = observed.map { $0 * factor }
    copy.expected = expected.map { $0 * factor }
    for i in copy.horizons.indices {
      copy.horizons[i].quantiles = horizons[i].quantiles.map { $0 * factor }
      copy.horizons[i].upper = horizons[i].upper.map { $0 * factor }
      copy.horizons[i].level *= factor
      copy.horizons[i].cleanMedian *= factor
    }
    return copy
  }
}
