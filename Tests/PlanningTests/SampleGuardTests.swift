import Planning
import Testing

@Suite struct SampleGuardTests {
  /// Judges values after a hundred; the forecast expects 100 ± 10 throughout.
  private func verdicts(
    _ values: [Double?],
    expected: [Double] = [90, 92, 96, 100, 104, 108, 110]
  )
    -> [SampleGuard.Verdict]
  {
    var g = SampleGuard()
    return ([100] + values).map { g.judge($0, expected: expected, zeroBeliefTicks: 60, dropBeliefTicks: 3) }
      .dropFirst().map { $0 }
  }

  @Test func `a sudden fall is believed when it has lasted three ticks`() {
    #expect(verdicts([10, 11, 10, 12, 9]) == [.drop, .drop, .drop, .believed, .believed])
    #expect(verdicts([10, 100, 10, 100]) == [.drop, .believed, .drop, .believed], "a run has to hold")
    #expect(verdicts([40, 35]) == [.believed, .believed], "above three tenths nothing is doubted")
  }

  @Test func `a sudden rise is believed the second time`() {
    #expect(verdicts([1000, 1100]) == [.jump, .believed])
    #expect(verdicts([1000, 100]) == [.jump, .believed])
    #expect(verdicts([390]) == [.believed])
  }

  @Test func `zeros are believed after an hour`() {
    let long = verdicts(Array(repeating: 0, count: 62))
    #expect(long.prefix(60).allSatisfy { $0 == .zero })
    #expect(long.suffix(2) == [.believed, .believed])
  }

  @Test func `what was forecast is believed at once, but not within a doubted run`() {
    let low = [0.0, 2, 5, 10, 15, 18, 20]
    #expect(verdicts([10, 0], expected: low) == [.believed, .believed])
    var g = SampleGuard()
    _ = g.judge(100, zeroBeliefTicks: 60, dropBeliefTicks: 3)
    _ = g.judge(0, expected: [90, 92, 96, 100, 104, 108, 110], zeroBeliefTicks: 60, dropBeliefTicks: 3)
    // By now the forecaster has learned the zeros.
    #expect(g.judge(0, expected: low, zeroBeliefTicks: 60, dropBeliefTicks: 3) == .zero)
  }

  @Test func `what is no value is missing`() {
    #expect(verdicts([nil, .nan, .infinity, -1]) == [.missing, .missing, .missing, .missing])
  }

  @Test(arguments: [0.5, 1, 2])
  func `the stretch makes windows exceed as often as the quantile says`(scatter: Double) {
    // Bands say ± 10 at 95 %, values scatter by a multiple of that; windows of three ticks.
    var dice = Dice(seed: 51)
    var c = BandCalibration()
    var exceeded = 0, windows = 0
    var recent: [Double] = []
    let margin = 14.15
    var planned: [Double] = []
    for t in 0..<60_000 {
      let value = 100 + 10 / 1.645 * scatter * dice.normal()
      c.observe(value, expected: [90, 92, 96, 100, 104, 108, 110], tickIndex: Int64(t))
      recent.append(value)
      if t > 30_000 {
        windows += 1
        if (recent.suffix(3).max() ?? 0) > planned[t - 3] { exceeded += 1 }
      }
      planned.append(100 + c.stretch * margin)
      c.expect(atMost: 100 + c.stretch * margin, quantile: 0.97, throughTickIndex: Int64(t + 3))
    }
    let share = Double(exceeded) / Double(windows)
    #expect(abs(share - 0.03) < 0.012, "\(share) of the windows exceed what was planned at 0.97, stretch \(c.stretch)")
    #expect(abs(c.coverage - [0.5: 0.999, 1: 0.9, 2: 0.589][scatter, default: 0]) < 0.04)
    #expect(scatter == 1 ? c.quality > 0.9 : c.quality < 0.9)
  }

  @Test func `a request sinks by at least fifteen per cent, once a day, and eight days after its peak`() {
    var s = ResourceSizing()
    func day(_ n: Int64, used: Double, fresh: Bool = true) -> Double {
      var request = 0.0
      for _ in 0..<10 { request = s.update(used: used, forecast: used, dayNumber: n, isFresh: fresh) ?? 0 }
      return request
    }
    #expect(abs(day(1, used: 1) - 1.15) < 1e-12)
    #expect(abs(day(2, used: 4) - 4.6) < 1e-12)
    for n in 3...9 as ClosedRange<Int64> { #expect(day(n, used: 1) >= 4, "the peak of day 2 still counts") }
    #expect(day(10, used: 1, fresh: false) >= 4, "nothing sinks on doubtful values")
    #expect(abs(day(11, used: 1) - 1.15) < 1e-12)
    #expect(abs(day(12, used: 0.95) - 1.15) < 1e-12)
  }

  @Test func `what ran out of memory is remembered for thirty days`() {
    var s = ResourceSizing()
    func day(_ n: Int64, used: Double, short: Bool = false) -> Double {
      s.update(used: used, forecast: used, isShort: short, dayNumber: n, isFresh: true) ?? 0
    }
    #expect(abs(day(1, used: 1) - 1.15) < 1e-12)
    #expect(s.basis == .forecast)
    #expect(abs(day(2, used: 1, short: true) - 1.2 * 1.15) < 1e-12)
    #expect(s.basis == .shortage)
    #expect(abs(day(2, used: 1, short: true) - 1.2 * 1.2 * 1.15) < 1e-12, "a second time asks for more")
    for n in 3...32 as ClosedRange<Int64> { #expect(abs(day(n, used: 1) - 1.44 * 1.15) < 1e-12, "day \(n)") }
    #expect(abs(day(33, used: 1) - 1.15) < 1e-12)
    #expect(s.sentence?.contains("forecast") == true)
  }
}
