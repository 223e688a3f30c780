import Basics
import Forecasting
import Foundation
import Testing

/// A fault after four weeks of hourly values, and how soon forecasts are as good as before.
struct Fault: Sendable, CustomTestStringConvertible {
  var name: String
  /// Ticks after its end by which the next tick is forecast as well as before, and by which a day ahead is.
  var nextTick: Int, dayAhead: Int
  /// How much worse than before still counts as well.
  var tolerance = 1.35
  /// Whether the band must widen while it lasts or just after.
  var widens = true
  /// The value of a tick, that many ticks after the fault began (negative before), from the clean value and the one of the
  /// tick after.
  var value: @Sendable (_ ago: Int, _ clean: (now: Double, later: Double)) -> Double?
  /// Ticks that it lasts.
  var length = 1

  var testDescription: String { name }

  static let all: [Fault] = [
    Fault(name: "missing ticks", nextTick: 2, dayAhead: 24, value: { 0..<6 ~= $0 ? nil : $1.now }, length: 6),
    Fault(name: "a counter's reset", nextTick: 2, dayAhead: 2, widens: false, value: { $0 == 0 ? nil : $1.now }),
    Fault(
      name: "a flat line",
      nextTick: 12,
      dayAhead: 72,
      widens: false,
      value: { 0..<12 ~= $0 ? 100 : $1.now },
      length: 12
    ),
    Fault(
      name: "another unit",
      nextTick: 480,
      dayAhead: 576,
      tolerance: 1.75,
      value: { $0 >= 0 ? 1024 * $1.now : $1.now }
    ),
    Fault(name: "daylight saving", nextTick: 48, dayAhead: 240, widens: false, value: { $0 >= 0 ? $1.later : $1.now }),
    Fault(name: "a level shift", nextTick: 168, dayAhead: 336, value: { $0 >= 0 ? 2.5 * $1.now : $1.now }),
    Fault(
      name: "a drop-out to zero",
      nextTick: 24,
      dayAhead: 72,
      tolerance: 1.45,
      value: { 0..<6 ~= $0 ? 0 : $1.now },
      length: 6
    ),
    Fault(name: "one absurd sample", nextTick: 72, dayAhead: 72, value: { $0 == 0 ? 50 * $1.now : $1.now }),
  ]
}

struct RecoveryTests {
  private static let start = 24 * 28
  private static let days = 70

  /// Hourly demand with a rhythm of the day, weekends, and noise of 5 %.
  private static func clean(_ seed: UInt64) -> [Double] {
    var noise = Noise(seed: seed)
    return (0...24 * days).map { t in
      let rhythm = 100 * (1 + 0.5 * sin(2 * .pi * Double(t % 24) / 24)) * (t / 24 % 7 >= 5 ? 0.7 : 1)
      return rhythm * exp(0.05 * noise.normal())
    }
  }

  @Test(arguments: Fault.all) func `forecasts stay bounded and recover in the stated number of ticks`(
    fault: Fault
  ) throws {
    var (before, after) = ([0.0, 0.0], [0.0, 0.0])
    var (narrow, wide) = (0.0, 0.0)
    for seed in 1...4 as ClosedRange<UInt64> {
      let clean = Self.clean(seed)
      var forecaster = try SlowForecaster(ticksPerDay: 24)
      var forecasts: [[[Double]]] = []
      let values = (0..<24 * Self.days).map { fault.value($0 - Self.start, (clean[$0], clean[$0 + 1])) }
      var most = 0.0
      for (t, value) in values.enumerated() {
        most = max(most, value ?? 0)
        let quantiles = forecaster.step(value)
        forecasts.append(quantiles)
        #expect(quantiles.joined().allSatisfy { $0.isFinite && $0 >= 0 && $0 <= 4.5 * most }, "seed \(seed), tick \(t)")
      }
      /// The mean error of medians, relative to the values, of targets in a range.
      func error(_ horizon: Int, _ ahead: Int, _ targets: Range<Int>) -> Double {
        targets.reduce(0) { sum, t in
          sum + abs(forecasts[t - ahead][horizon][3] / (values[t] ?? clean[t]) - 1) / Double(targets.count)
        }
      }
      let last = Self.start + fault.length
      for (j, ahead) in [1, 24].enumerated() {
        let wait = j == 0 ? fault.nextTick : fault.dayAhead
        before[j] += error(2 * j, ahead, Self.start - 7 * 24..<Self.start) / 4
        after[j] += error(2 * j, ahead, last + wait..<last + wait + 7 * 24) / 4
      }
      func width(_ t: Int) -> Double { (forecasts[t][0][6] - forecasts[t][0][0]) / max(1, forecasts[t][0][3]) }
      narrow += (Self.start - 24..<Self.start).reduce(0) { $0 + width($1) / 24 }
      wide += (Self.start..<Self.start + 8).reduce(0) { max($0, width($1)) }
    }
    #expect(after[0] < fault.tolerance * before[0], "next tick: \(after[0]) after, \(before[0]) before")
    #expect(after[1] < fault.tolerance * before[1], "a day ahead: \(after[1]) after, \(before[1]) before")
    if fault.widens { #expect(wide > 1.3 * narrow, "band: \(wide) after, \(narrow) before") }
  }
}
