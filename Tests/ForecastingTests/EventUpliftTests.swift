import Basics
import Forecasting
import Foundation
import Testing
import Wire
import Workloads

struct EventUpliftTests {
  /// Factor at full strength and its log deviation, by tick, from the study's uplift.py on the sequence below, with a
  /// deviation of 0.3 at the start.
  private static let wanted: [Int: (factor: Double, deviation: Double)] = [
    59: (1.8, 0.133_333_333_333_333_33),
    61: (1.889_234_607_826_656_2, 0.118_907_907_055_358_7),
    65: (2.048_808_217_734_864_5, 0.091_054_912_004_612_1),
    71: (2.048_166_595_956_819, 0.086_798_626_178_938_56),
    131: (2.131_777_807_877_984, 0.068_522_437_616_883_79),
    211: (2.166_692_460_698_685_7, 0.062_505_324_942_426_85),
    239: (2.166_692_460_698_685_7, 0.062_505_324_942_426_85),
  ]

  @Test func `sensitivity and its spread follow the study's filter, through a snapshot`() throws {
    var uplift = EventUplift()
    var state = 12345
    for t in 0..<240 {
      let base = 100 * (1 + 0.5 * sin(2 * .pi * Double(t % 24) / 24))
      let isOn = [60..<72, 120..<132, 200..<212].contains { $0.contains(t) }
      let shape = isOn ? min(1, Double((t - 60) % 12 + 1) / 4) : 0
      let effect = isOn ? CalendarEffect(kind: .campaign, uplift: 0.8, shape: shape) : nil
      state = (1_103_515_245 * state + 12345) % 2_147_483_648
      let value = base * (1 + 1.5 * 0.8 * shape) * (1 + 0.1 * (Double(state) / 2_147_483_648 - 0.5))
      uplift.observe(value, base: base, effect: effect)
      if t == 126 {
        var writer = ByteWriter()
        uplift.snapshot(into: &writer)
        var reader = ByteReader(writer.bytes, reading: "uplift")
        let restored = try EventUplift(from: &reader)
        #expect(restored == uplift)
        uplift = restored
      }
      guard let check = Self.wanted[t] else { continue }
      let full = CalendarEffect(kind: .campaign, uplift: 0.8, shape: 1)
      #expect(abs(uplift.factor(full) - check.factor) < 1e-9, "tick \(t)")
      #expect(abs(uplift.logDeviation(full) - check.deviation) < 1e-9, "tick \(t)")
      #expect(uplift.factor(CalendarEffect(kind: .holiday, uplift: 0.8, shape: 1)) == 1.8)
    }
  }

  @Test func `an uncertain sensitivity widens the band around the lifted median`() {
    let uplift = EventUplift()
    let plain: [Double] = [80, 85, 92, 100, 108, 115, 120]
    let lifted = uplift.apply(CalendarEffect(kind: .campaign, uplift: 1, shape: 1), to: plain)
    #expect(lifted[3] == 200)
    #expect(lifted[0] < 160 && lifted[6] > 240)
    #expect(zip(lifted, lifted.dropFirst()).allSatisfy { $0 < $1 })
    #expect(uplift.apply(nil, to: plain) == plain)
  }

  @Test(arguments: [Double.nan, .infinity, 1e300, -1e300, 0])
  func `hostile declarations keep factors positive and finite`(declared: Double) {
    var uplift = EventUplift()
    let effect = CalendarEffect(kind: .campaign, uplift: declared, shape: 1)
    for _ in 0..<20 { uplift.observe(150, base: 100, effect: effect) }
    #expect(uplift.factor(effect) > 0 && uplift.factor(effect).isFinite)
    #expect(uplift.apply(effect, to: [0, 1, 2, 3, 4, 5, 6]).allSatisfy { $0.isFinite })
  }

  /// Hourly demand with six-hour campaigns whose true effect is 1.25 times the declared one.
  @Test func `announced campaigns are forecast a day ahead, unannounced ones are not`() throws {
    let starts = [11, 18, 25, 32].map { $0 * 24 + 10 }
    func effect(_ t: Int) -> CalendarEffect? {
      guard let start = starts.first(where: { ($0..<$0 + 6).contains(t) }) else { return nil }
      let shape = min(1, Double(t - start + 1) / 2)
      return CalendarEffect(kind: .campaign, uplift: 1.2, shape: shape)
    }
    var noise = Noise(seed: 9)
    let values = (0..<24 * 35).map { t in
      let clean = 200 * (1 + 0.4 * sin(2 * .pi * Double(t % 24) / 24)) * exp(0.04 * noise.normal())
      return clean * (1 + 1.25 * 1.2 * (effect(t)?.shape ?? 0))
    }
    func errors(announced: Bool) throws -> [Double] {
      let part = ForecastPart(try ForecastConfiguration(tickMilliseconds: 3_600_000))
      let series = SeriesName(service: "shop", metric: "requests")
      part.join(series, number: 0, isHere: true)
      var medians: [Double] = []
      for (t, value) in values.enumerated() {
        let calendar = ServiceCalendar(service: "shop", now: effect(t), ahead: [1, 12, 24].map { effect(t + $0) })
        try part.beginTick(
          SealedTick(
            tick: Tick(Int64(t)),
            lengthMilliseconds: 3_600_000,
            values: [SeriesValue(series: series, value: value)],
            calendar: announced ? [calendar] : []
          )
        )
        _ = part.advance(half: 0)
        _ = part.advance(half: 1)
        let forecast = part.finishTick()[0].horizons[2]
        if announced {
          #expect((forecast.eventFactor > 1) == (effect(t + 24) != nil))
          #expect(abs(forecast.cleanMedian * forecast.eventFactor / forecast.quantiles[3] - 1) < 1e-9)
        }
        medians.append(forecast.quantiles[3])
      }
      return starts.map { start in
        let plateau = start + 2..<start + 6
        return plateau.reduce(0) { $0 + abs(medians[$1 - 24] - values[$1]) } / plateau.reduce(0) { $0 + values[$1] }
      }
    }
    let (known, unknown) = (try errors(announced: true), try errors(announced: false))
    #expect(known.dropFirst().allSatisfy { $0 < 0.12 }, "\(known)")
    #expect(known[0] < 0.25, "\(known)")
    #expect(unknown.allSatisfy { $0 > 0.35 }, "\(unknown)")
  }
}
