import Basics
import Planning
import Testing
import Workloads

@Suite struct DemandCurveTests {
  private func curve(_ oracle: Oracle, events: [EventHint] = []) throws -> DemandCurve {
    try #require(DemandCurve(oracle.forecast(at: 100, observed: oracle.median(100)), events: events))
  }

  @Test func `horizons are met and the median runs straight between them`() throws {
    let c = try curve(Oracle(median: { $0 == 101 ? 100 : $0 == 110 ? 190 : 500 }, horizons: [1, 10, 60]))
    #expect(c.point(ticksAhead: 1).median == 100)
    #expect(abs(c.point(ticksAhead: 4).median - 130) < 1e-9)
    #expect(c.point(ticksAhead: 10).median == 190)
    #expect(c.point(ticksAhead: 100).median == 500, "after the last horizon its value holds")
  }

  @Test func `variance runs straight between horizons`() throws {
    var oracle = Oracle(median: { _ in 100 }, horizons: [1, 5])
    oracle.sigma = 0.1
    var forecast = oracle.forecast(at: 0, observed: 100)
    forecast.horizons[1].quantiles = [40, 50, 80, 100, 120, 150, 160]
    let c = try #require(DemandCurve(forecast))
    let a = 16.45 * 16.45, b = 60.0 * 60
    #expect(abs(c.point(ticksAhead: 3).spread95 - ((a + b) / 2).squareRoot()) < 1e-9)
  }

  @Test func `the tail is exponential with the scale of the last two quantiles`() throws {
    var forecast = Oracle(median: { _ in 100 }, horizons: [1]).forecast(at: 0, observed: 100)
    // 100 + 10 E with E exponential: quantiles at -10 ln(1 - p), median subtracted.
    let p = SeriesForecast.levels
    let logs = [0.05129, 0.10536, 0.28768, 0.693147, 1.386294, 2.302585, 2.995732]
    forecast.horizons[0].quantiles = logs.map { 100 + 10 * $0 }
    let point = try #require(DemandCurve(forecast)).point(ticksAhead: 1)
    #expect(p.count == logs.count)
    #expect(abs(point.quantile(0.95) - 129.95732) < 1e-4)
    #expect(abs(point.quantile(0.99) - (100 + 46.0517)) < 1e-3)
    #expect(abs(point.quantile(0.999) - (100 + 69.0776)) < 1e-3)
  }

  @Test func `a tail that was forecast is met`() throws {
    var forecast = Oracle(median: { _ in 100 }, horizons: [1, 10]).forecast(at: 0, observed: 100)
    for i in 0..<2 {
      forecast.horizons[i].quantiles = [70, 80, 90, 100, 110, 120, 130]
      forecast.horizons[i].upper = [180, 230]
    }
    let curve = try #require(DemandCurve(forecast))
    for ticks in [1, 4, 10] { #expect(abs(curve.point(ticksAhead: ticks).quantile(0.995) - 230) < 1e-9) }
    #expect(abs(curve.point(ticksAhead: 1).quantile(0.95) - 130) < 1e-9)
    forecast.horizons[0].upper = [.nan, .nan]
    #expect(try #require(DemandCurve(forecast)).point(ticksAhead: 1).quantile(0.995) < 180)
  }

  @Test func `quantiles grow with the probability`() throws {
    let point = try curve(Oracle(median: { _ in 80 })).point(ticksAhead: 3)
    let values = [0.95, 0.96, 0.98, 0.99, 0.995, 0.999].map { point.quantile($0) }
    #expect(values == values.sorted())
    #expect(Set(values).count == values.count)
  }

  @Test func `an announced event starts in its tick and not before`() throws {
    let sale = EventHint(name: "sale", start: Tick(105), end: Tick(150), uplift: 1)
    let c = try curve(Oracle(median: { _ in 100 }), events: [sale])
    #expect(c.point(ticksAhead: 4).median == 100)
    #expect(abs(c.point(ticksAhead: 5).median - 200) < 1e-9)
    #expect(c.point(ticksAhead: 5).event?.name == "sale")
    #expect(abs(c.point(ticksAhead: 49).median - 200) < 1e-9)
    #expect(c.point(ticksAhead: 50).median == 100)
  }

  @Test func `what the network learned of an event overrules its announcement`() throws {
    let sale = EventHint(name: "sale", start: Tick(105), end: Tick(150), uplift: 1)
    let c = try curve(Oracle(median: { _ in 100 }, event: { 105..<150 ~= $0 ? 1.5 : 1 }), events: [sale])
    #expect(abs(c.point(ticksAhead: 5).median - 150) < 1e-9)
    #expect(abs(c.point(ticksAhead: 10).median - 150) < 1e-9)
  }

  @Test func `a factor without announcement counts at its horizon and between two that have one`() throws {
    let c = try curve(Oracle(median: { _ in 100 }, horizons: [1, 10, 60], event: { $0 >= 110 ? 2 : 1 }))
    #expect(abs(c.point(ticksAhead: 5).median - 100) < 1e-9)
    #expect(abs(c.point(ticksAhead: 10).median - 200) < 1e-9)
    #expect(abs(c.point(ticksAhead: 30).median - 200) < 1e-9)
  }

  @Test func `unusable horizons are passed over`() {
    var forecast = Oracle(median: { _ in 100 }, horizons: [1, 10]).forecast(at: 0, observed: 100)
    forecast.horizons[0].quantiles[3] = .nan
    #expect(DemandCurve(forecast)?.point(ticksAhead: 1).median == 100)
    forecast.horizons = []
    #expect(DemandCurve(forecast) == nil)
  }

  @Test func `a dearer violation asks for a higher quantile, within bounds`() throws {
    let point = try curve(Oracle(median: { _ in 100 }, sigma: 0.2)).point(ticksAhead: 1)
    func choose(_ price: Double, reserve: Double = 1) -> Double {
      QuantileChoice.quantile(at: point, stretch: 1, reserve: reserve, price: price, bounds: 0.95...0.999)
    }
    #expect(choose(1) == 0.95)
    // Tail scale 0.0726·... of the median over the price is the chance: P = s/c.
    let s = point.tailScale / 100
    #expect(abs(choose(20) - (1 - s / 20)) < 1e-9)
    #expect(abs(choose(60) - (1 - s / 60)) < 1e-9)
    #expect(choose(100_000) == 0.999)
    #expect(choose(60, reserve: 0.7 / 0.8) < choose(60), "room below the limit stands in for headroom")
  }

  @Test func `surprise is 1 at the outer quantiles and straight beyond them`() {
    let expected = [90.0, 92, 96, 100, 105, 115, 120]
    #expect(Surprise.measure(100, expected: expected) == 0)
    #expect(Surprise.measure(120, expected: expected) == 1)
    #expect(Surprise.measure(90, expected: expected) == 1)
    #expect(Surprise.measure(160, expected: expected) == 3)
    #expect(Surprise.measure(70, expected: expected) == 3)
    #expect(Surprise.measure(1e9, expected: expected) == 20)
    #expect(Surprise.measure(5, expected: Array(repeating: 5, count: 7)) == 0)
    #expect(Surprise.measure(6, expected: Array(repeating: 5, count: 7)) == 20)
  }
}
