import Basics
import Forecasting
import Foundation
import Testing
import Wire
import Workloads

struct PriorTests {
  /// Hourly demand that falls to a tenth every night at an hour of its own: nothing like it is in the shipped prior.
  private static func nightly(_ seed: UInt64, days: Int) -> RecordedSeries {
    var noise = Noise(seed: seed)
    let hour = Int(noise.uniform() * 24)
    let scale = exp(4 * noise.uniform())
    let values = (0..<24 * days).map { t -> Double? in
      let isNight = (t + hour) % 24 < 8
      return scale * (isNight ? 0.1 : 1) * exp(0.05 * noise.normal())
    }
    return RecordedSeries(
      id: "night-\(seed)",
      start: Timestamp(milliseconds: 1_767_225_600_000),
      lengthMilliseconds: 3_600_000,
      values: values
    )
  }

  private static let fitted: PriorFit.Outcome? = {
    try? PriorFit.fit((1...12).map { nightly($0, days: 21) })
  }()

  @Test func `fitting to some series makes young ones of their kind better forecast`() throws {
    let outcome = try #require(Self.fitted)
    #expect(outcome.series == 12 && outcome.losses.count == 3 && outcome.rows > 10_000)
    #expect(outcome.losses[2] < 0.97 * outcome.losses[0], "\(outcome.losses)")
    let prior = try Prior(json: outcome.json)
    // By prior the quantile loss of the next tick and of twelve ticks in the third to fifth day.
    var losses = [[0.0, 0.0], [0.0, 0.0]]
    for seed in 101...108 as ClosedRange<UInt64> {
      let series = Self.nightly(seed, days: 6)
      let origins = Array(48..<120)
      for (k, prior) in [Prior.shipped, prior].enumerated() {
        for (origin, rows) in zip(origins, try Backtest.forecasts(of: series, after: origins, prior: prior)) {
          for j in 0..<2 {
            let y = try #require(series.values[origin + rows[j].horizon])
            for (level, quantile) in zip(Backtest.levels, rows[j].quantiles.prefix(3)) {
              losses[k][j] += max(level * (y - quantile), (level - 1) * (y - quantile)) / y
            }
          }
        }
      }
    }
    #expect(losses[1][0] < losses[0][0] && losses[1][1] < losses[0][1], "\(losses)")
  }

  @Test func `the same series give the same bytes, and a stop gives nothing`() throws {
    let outcome = try #require(Self.fitted)
    let series = (1...12).map { Self.nightly($0, days: 21) }
    #expect(try PriorFit.fit(series)?.json == outcome.json)
    var stages: [PriorFit.Stage] = []
    let stopped = try PriorFit.fit(series) { stage, share in
      #expect((0...1).contains(share))
      stages.append(stage)
      return stage == .playing
    }
    #expect(stopped == nil)
    #expect(Set(stages) == [.playing, .learning])
  }

  @Test func `series that are too short are refused`() {
    #expect(throws: PriorFitError(days: 3, series: 2)) {
      try PriorFit.fit([Self.nightly(1, days: 2), Self.nightly(2, days: 2)])
    }
    #expect(throws: PriorFitError(days: 3, series: 0)) { try PriorFit.fit([]) }
  }

  @Test func `a file that is no prior is refused with what is wrong`() throws {
    let json = String(decoding: try #require(Self.fitted).json, as: UTF8.self)
    func problem(_ text: String) -> String {
      do {
        _ = try Prior(json: Array(text.utf8))
        return ""
      } catch {
        return "\(error)"
      }
    }
    #expect(problem(json) == "")
    #expect(problem("") != "" && problem("[1]") != "")
    #expect(problem(String(json.prefix(json.count / 2))).hasPrefix("it is not a prior: the JSON cannot be read"))
    var object = try #require(JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any])
    func changed(_ key: String, _ value: Any) throws -> String {
      let old = object.updateValue(value, forKey: key)
      defer { object[key] = old }
      return problem(String(decoding: try JSONSerialization.data(withJSONObject: object), as: UTF8.self))
    }
    #expect(try changed("b", [1.0]).contains("table b must be 1 × 64"))
    #expect(try changed("bo", Array(repeating: 1e30, count: 21)).contains("table bo has a number beyond a million"))
    #expect(try changed("tau", Array(repeating: -1.0, count: 64)).contains("time constant"))
    #expect(try changed("mix", [[[Double]]]()).contains("table mix"))
    let elsewhere = Array(repeating: [500.0, 1, 1, 1, 1], count: 36)
    #expect(try changed("single", elsewhere).contains("an input that is not there"))
  }

  @Test func `a snapshot goes on with the prior it was taken with, and with no other`() throws {
    let prior = try Prior(json: try #require(Self.fitted).json)
    let configuration = try ForecastConfiguration(tickMilliseconds: 3_600_000)
    let part = ForecastPart(configuration, prior: prior)
    let series = SeriesName(service: "a", metric: "requests")
    part.join(series, number: 0, isHere: true)
    for t in 0..<30 {
      let values = [SeriesValue(series: series, value: Double(10 + t % 24))]
      try part.beginTick(SealedTick(tick: Tick(Int64(t)), lengthMilliseconds: 3_600_000, values: values, calendar: []))
      _ = part.advance(half: 0)
      _ = part.advance(half: 1)
      _ = part.finishTick()
    }
    let bytes = part.snapshot(of: ["a"])
    let same = ForecastPart(configuration, prior: try Prior(json: try #require(Self.fitted).json))
    try same.restore(bytes)
    #expect(same.digest == part.digest)
    #expect {
      try ForecastPart(configuration).restore(bytes)
    } throws: {
      "\($0)".contains("another prior")
    }
  }
}
