import Basics
import Forecasting
import Foundation
import Testing
import Workloads

/// What spikes between services buy, as an ablation.
struct ListenerTests {
  /// Mean one-step error of a callee over the second half of two weeks of 15-minute ticks.
  private func error(lag: Int, related: Bool = true, seed: UInt64, listening: Bool) throws -> Double {
    let m = 96
    var noise = Noise(seed: seed)
    var (wander, burst) = (0.0, 0.0)
    var (caller, callee): ([Double], [Double]) = ([], [])
    for t in 0..<14 * m {
      wander = 0.95 * wander + 0.08 * noise.normal()
      if noise.uniform() < 1 / 150.0 { burst = 0.8 + 0.8 * noise.uniform() }
      burst *= 0.8
      let season = exp(0.5 * sin(2 * .pi * Double(t % m) / Double(m)))
      caller.append(200 * season * exp(wander) * (1 + burst) * (1 + 0.03 * noise.normal()))
      let cause = related ? caller[max(0, t - lag)] : 200 * season * exp(0.2 * noise.normal())
      callee.append((20 + 0.6 * cause) * (1 + 0.03 * noise.normal()))
    }
    let calls = listening ? [Call(caller: "a", callee: "b")] : []
    let part = ForecastPart(try ForecastConfiguration(tickMilliseconds: 900_000, calls: calls))
    let names = ["a", "b"].map { SeriesName(service: $0, metric: "requests") }
    for (number, name) in names.enumerated() { part.join(name, number: number, isHere: true) }
    var error = 0.0
    for t in caller.indices {
      try part.beginTick(
        SealedTick(
          tick: Tick(Int64(t)),
          lengthMilliseconds: 900_000,
          values: [SeriesValue(series: names[0], value: caller[t]), SeriesValue(series: names[1], value: callee[t])],
          calendar: []
        )
      )
      _ = part.advance(half: 0)
      _ = part.advance(half: 1)
      let forecast = part.finishTick()[1]
      if t > 7 * m { error += abs(forecast.expected[3] - callee[t]) / Double(7 * m) }
    }
    return error
  }

  @Test(arguments: [1, 2, 3])
  func `a callee that follows its caller is forecast better by listening`(lag: Int) throws {
    let seed = UInt64(lag)
    let ratio = try error(lag: lag, seed: seed, listening: true) / error(lag: lag, seed: seed, listening: false)
    #expect(ratio < 0.88, "lag \(lag), seed \(seed): error with listeners / without = \(ratio)")
  }

  @Test func `listening to an unrelated caller does no harm`() throws {
    let with = try error(lag: 1, related: false, seed: 5, listening: true)
    let without = try error(lag: 1, related: false, seed: 5, listening: false)
    #expect(with < 1.02 * without, "\(with) against \(without)")
  }
}
