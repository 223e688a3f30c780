import Basics
import Forecasting
import Foundation
import Testing
import Workloads

struct BacktestTests {
  private func recorded(_ count: Int) -> RecordedSeries {
    var noise = Noise(seed: 21)
    let values = (0..<count).map { t in
      t % 37 == 5 ? nil : 50 * (1 + 0.5 * sin(2 * .pi * Double(t % 24) / 24)) * exp(0.1 * noise.normal())
    }
    return RecordedSeries(
      id: "shop/requests",
      start: Timestamp(milliseconds: 1_700_000_000_000),
      lengthMilliseconds: 3_600_000,
      values: values,
      events: [100..<110, 260..<400]
    )
  }

  @Test func `a series cut off after an origin gives the same bits`() throws {
    let whole = recorded(400)
    let origins = [50, 120, 199]
    let full = try Backtest.forecasts(of: whole, after: origins + [399])
    var cut = whole
    cut.values = Array(whole.values.prefix(200))
    let short = try Backtest.forecasts(of: cut, after: origins)
    for (a, b) in zip(full, short) {
      #expect(a.map(\.horizon) == [1, 12, 24])
      #expect(a.map { $0.quantiles.map(\.bitPattern) } == b.map { $0.quantiles.map(\.bitPattern) })
    }
  }

  @Test func `rows come in the order of the origins`() throws {
    let whole = recorded(300)
    let up = try Backtest.forecasts(of: whole, after: [200, 250])
    let down = try Backtest.forecasts(of: whole, after: [250, 200])
    #expect(up[0].map(\.quantiles) == down[1].map(\.quantiles))
    #expect(up[1].map(\.quantiles) == down[0].map(\.quantiles))
  }

  @Test func `announced events reach the forecaster`() throws {
    let with = recorded(300)
    var without = with
    without.events = []
    let a = try Backtest.forecasts(of: with, after: [270])
    let b = try Backtest.forecasts(of: without, after: [270])
    #expect(a[0].map(\.quantiles) != b[0].map(\.quantiles))
  }
}
