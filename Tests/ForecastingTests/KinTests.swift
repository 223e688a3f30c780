import Basics
import Forecasting
import Foundation
import Testing
import Workloads

/// The metrics of a service learn from each other.
struct KinTests {
  /// The error one tick ahead of `memory`, which follows `cpu` a tick later, in the last third of 40 hourly days.
  private func error(cpuOf service: String, lag: Int, seed: UInt64) throws -> Double {
    let part = ForecastPart(try ForecastConfiguration(tickMilliseconds: 3_600_000))
    let memory = SeriesName(service: "shop", metric: "memory")
    let cpu = SeriesName(service: service, metric: "cpu")
    part.join(cpu, number: 0, isHere: true)
    part.join(memory, number: 1, isHere: true)
    var noise = Noise(seed: seed)
    var (walk, given, medians): (Double, [Double], [Double]) = (0, [], [])
    var (sum, count) = (0.0, 0.0)
    for t in 0..<24 * 40 {
      walk += 0.3 * noise.normal() - 0.2 * walk
      given.append(walk)
      let follows = lag >= 0 ? given[max(0, t - lag)] : 0.5 * noise.normal()
      let value = 100 * exp(0.3 * follows + 0.02 * noise.normal())
      let values = [
        SeriesValue(series: cpu, value: 4 * exp(0.3 * walk)), SeriesValue(series: memory, value: value),
      ].sorted { $0.series < $1.series }
      try part.beginTick(SealedTick(tick: Tick(Int64(t)), lengthMilliseconds: 3_600_000, values: values, calendar: []))
      _ = part.advance(half: 0)
      _ = part.advance(half: 1)
      if t > 24 * 27, let last = medians.last {
        sum += abs(last / value - 1)
        count += 1
      }
      let forecast = part.finishTick().first { $0.series == memory }
      medians.append(try #require(forecast).horizons[0].quantiles[3])
    }
    return sum / count
  }

  @Test func `a metric that follows another of its service is forecast better`() throws {
    for seed in 1...3 as ClosedRange<UInt64> {
      let kin = try error(cpuOf: "shop", lag: 1, seed: seed)
      let strangers = try error(cpuOf: "bank", lag: 1, seed: seed)
      #expect(kin < 0.75 * strangers, "seed \(seed): \(kin) and \(strangers)")
    }
  }

  @Test func `a metric that has nothing to do with the others loses less than 2 %`() throws {
    var (kin, strangers) = (0.0, 0.0)
    for seed in 1...4 as ClosedRange<UInt64> {
      kin += try error(cpuOf: "shop", lag: -1, seed: seed)
      strangers += try error(cpuOf: "bank", lag: -1, seed: seed)
    }
    #expect(kin < 1.02 * strangers, "\(kin) and \(strangers)")
  }

  @Test func `series of one entity and grid are played together, others alone`() throws {
    func series(_ id: String, _ entity: String, _ count: Int, start: Int64 = 0) -> RecordedSeries {
      RecordedSeries(
        id: id,
        entity: entity,
        start: Timestamp(milliseconds: start),
        lengthMilliseconds: 3_600_000,
        values: (0..<count).map { 10 + Double($0 * 7919 % 24) }
      )
    }
    let all = [
      series("a", "x", 100), series("b", "y", 100), series("c", "x", 90), series("d", "x", 100, start: 3_600_000),
    ]
    #expect(Backtest.groups(of: all) == [[0, 2], [1], [3]])
    let both = try Backtest.forecasts(of: [all[0], all[2]], after: [[20, 99], [89]])
    #expect(both.map(\.count) == [2, 1])
    // What comes after an origin changes nothing, in whichever series.
    var later = [all[0], all[2]]
    for k in 21..<90 { (later[0].values[k], later[1].values[k]) = (5, nil) }
    let again = try Backtest.forecasts(of: later, after: [[20], [20]])
    #expect(again[0][0].map(\.quantiles) == both[0][0].map(\.quantiles))
  }
}
