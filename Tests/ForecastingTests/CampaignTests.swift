import Basics
import Forecasting
import Foundation
import Testing
import Workloads

/// Campaigns as a service lives them: declared, cancelled, moved, or not announced at all.
struct CampaignTests {
  private static let ticks = 24 * 30

  private static func clean(_ seed: UInt64) -> [Double] {
    var noise = Noise(seed: seed)
    return (0..<ticks).map { t in
      200 * (1 + 0.4 * sin(2 * .pi * Double(t % 24) / 24)) * exp(0.04 * noise.normal())
    }
  }

  /// Plays values; `announced` says what the calendar held in a tick: the ticks of a campaign of + 60 %.
  private func play(_ values: [Double], announced: (Int) -> Range<Int>?) throws -> [SeriesForecast] {
    let part = ForecastPart(try ForecastConfiguration(tickMilliseconds: 3_600_000))
    let series = SeriesName(service: "shop", metric: "requests")
    part.join(series, number: 0, isHere: true)
    return try values.enumerated().map { t, value in
      func effect(_ target: Int) -> CalendarEffect? {
        announced(t).flatMap { $0.contains(target) ? CalendarEffect(kind: .campaign, uplift: 0.6, shape: 1) : nil }
      }
      let calendar = ServiceCalendar(service: "shop", now: effect(t), ahead: [1, 12, 24].map { effect(t + $0) })
      try part.beginTick(
        SealedTick(
          tick: Tick(Int64(t) + 400_008),
          lengthMilliseconds: 3_600_000,
          values: [SeriesValue(series: series, value: value)],
          calendar: [calendar]
        )
      )
      _ = part.advance(half: 0)
      _ = part.advance(half: 1)
      return part.finishTick()[0]
    }
  }

  @Test func `a campaign that is cancelled leaves no trace, one that is moved moves`() throws {
    let (values, first, second) = (Self.clean(1), 600..<606, 620..<626)
    let never = try play(values) { _ in nil }
    let cancelled = try play(values) { $0 < 590 ? first : nil }
    #expect(cancelled[580].horizons[2].eventFactor > 1.5)
    #expect(cancelled[590...] == never[590...])
    let moved = try play(values) { $0 < 590 ? first : second }
    let factors = (590..<620).map { moved[$0].horizons[2].eventFactor }
    #expect((590..<620).allSatisfy { (factors[$0 - 590] > 1.5) == second.contains($0 + 24) }, "\(factors)")
  }

  @Test func `the first occurrence has a band that a fleet can be bought for`() throws {
    var worst = 0.0
    for seed in 1...4 as ClosedRange<UInt64> {
      let values = Self.clean(seed)
      let forecasts = try play(values) { _ in 600..<606 }
      for target in 600..<606 {
        let h = forecasts[target - 24].horizons[2]
        let expected = 1.6 * values[target]
        #expect(h.upper[1] > expected, "seed \(seed)")
        worst = max(worst, h.upper[1] / expected)
      }
    }
    #expect(worst < 1.7, "the 99.5 % quantile is \(worst) times what comes")
  }

  @Test func `a spike that nobody announced is not learned as a season`() throws {
    var (extra, next) = (0.0, 0.0)
    for seed in 1...4 as ClosedRange<UInt64> {
      let values = Self.clean(seed)
      var spiked = values
      for t in 586..<589 { spiked[t] *= 3 }
      let (with, without) = (try play(spiked) { _ in nil }, try play(values) { _ in nil })
      for t in 586..<589 {
        extra += with[t].horizons[2].quantiles[3] / without[t].horizons[2].quantiles[3] / 12
        next += with[t + 24].horizons[2].quantiles[3] / without[t + 24].horizons[2].quantiles[3] / 12
      }
    }
    #expect(abs(extra - 1) < 0.3, "the same hours of the next day are forecast \(extra) times as high")
    #expect(abs(next - 1) < 0.12, "those of the day after \(next) times")
  }
}
