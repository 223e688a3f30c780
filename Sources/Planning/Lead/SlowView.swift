internal import Workloads

/// What the forecaster of the cluster says of the time until an order arrives, as logarithms of demand plus an offset.
struct SlowView: Equatable, Sendable {
  /// Without announced events: now, when an order arrives, the greatest until then, and a quarter of an hour later.
  var now: Double, arrival: Double, peak: Double, later: Double
  /// Logarithm of the distance from the median to the 90 % quantile at the arrival.
  var logSpread: Double
  /// What declared uplifts add compared to now: at the arrival, and at the greatest until then.
  var announced: [Double]

  private static let laterMilliseconds: Int64 = 900_000

  private struct Knot { var ticks: Double, median: Double, spread: Double }

  /// Reads a forecast of the service's requests; returns nil where it has no usable horizon.
  init?(_ forecast: SeriesForecast, curve: DemandCurve?, timing: LeadForecaster.Timing, offset: Double) {
    func log(_ demand: Double) -> Double { Arithmetic.logarithm(min(1e300, max(0, demand)) + offset) }
    var knots: [Knot] = []
    for h in forecast.horizons where h.quantiles.count == 7 && h.ticks > (knots.last.map { Int($0.ticks) } ?? -100_000)
    {
      guard h.cleanMedian.isFinite, h.quantiles.allSatisfy(\.isFinite) else { continue }
      if knots.isEmpty, h.ticks > 0, let observed = forecast.observed, observed.isFinite {
        let factor = curve?.point(ticksAhead: 0).eventFactor ?? 1
        knots.append(
          Knot(ticks: -Double(timing.reportingDelayTicks), median: log(observed / max(0.01, factor)), spread: 0)
        )
      }
      let spread = log(h.quantiles[5]) - log(h.quantiles[3])
      knots.append(Knot(ticks: Double(h.ticks), median: log(h.cleanMedian), spread: max(0, spread)))
    }
    guard let first = knots.first, knots.count > 1, knots.contains(where: { $0.ticks > 0 }) else { return nil }
    func at(_ ticks: Double) -> (median: Double, spread: Double) {
      var before = first
      for knot in knots.dropFirst() {
        if ticks <= knot.ticks {
          let share = min(1, max(0, (ticks - before.ticks) / (knot.ticks - before.ticks)))
          let spread = before.spread == 0 ? knot.spread : before.spread + share * (knot.spread - before.spread)
          return (before.median + share * (knot.median - before.median), spread)
        }
        before = knot
      }
      return (before.median, before.spread)
    }
    now = at(-Double(timing.reportingDelayTicks)).median
    let target = Double(timing.leadTicks) + 0.5
    let there = at(target)
    arrival = there.median
    let between = knots.filter { $0.ticks > 1 && $0.ticks < target }.map(\.median)
    peak = max(at(1).median, between.max() ?? arrival, arrival)
    later = at(target + Double(Self.laterMilliseconds) / Double(timing.tickMilliseconds)).median
    logSpread = Arithmetic.logarithm(there.spread + 0.005)
    announced = [0, 0]
    guard let curve, curve.hasDeclaredEvents else { return }
    func factor(_ ticks: Int) -> Double {
      Arithmetic.logarithm(min(1000, max(0.05, curve.point(ticksAhead: ticks).eventFactor)))
    }
    let here = factor(0)
    announced[0] = max(factor(timing.leadTicks), factor(timing.leadTicks + 1)) - here
    announced[1] = (1...(timing.leadTicks + 1)).reduce(-10.0) { max($0, factor($1)) } - here
  }
}
