import Basics
import Planning
import Testing
import Wire
import Workloads

@Suite struct ScorecardTests {
  /// A wave of a day in minutes.
  private func wave(_ t: Int) -> Double {
    let x = Double(t % 1440) / 1440
    return 300 + 240 * (x < 0.5 ? 16 * x * (0.5 - x) - 0.5 : 0.5 - 16 * (x - 0.5) * (1 - x))
  }

  private func played(seed: UInt64, ticks: Int, sigma: Double = 0.04) -> (Scorecard, [Plan]) {
    var dice = Dice(seed: seed)
    var planner = checkout()
    var card = Scorecard(service: "checkout", tickMilliseconds: minute)
    let objective = given(10, min: 2, max: 200, provisioning: 5)
    let oracle = Oracle(median: wave, sigma: sigma)
    let plans = (0..<ticks).map { t in
      let forecast = oracle.forecast(at: t, observed: wave(t) * (1 + 0.04 * dice.normal()))
      let plan = planner.advance(to: Tick(Int64(t)), forecasts: [forecast], objective: objective)
      card.record(plan, forecast: forecast, objective: objective)
      return plan
    }
    return (card, plans)
  }

  @Test func `coverage, error and windows say what a known forecaster is worth`() throws {
    let (card, _) = played(seed: 71, ticks: 3 * 1440)
    #expect(card.days.count == 3)
    #expect(card.days.map(\.number) == [0, 1, 2])
    let total = card.total
    #expect(total.values == 3 * 1440)
    #expect((0.77...0.83).contains(try #require(total.coverage)))
    #expect((0.93...0.97).contains(try #require(total.belowUpper)))
    #expect((0.025...0.04).contains(try #require(total.relativeError)), "a mean of |4 % noise| is 3.2 %")
    #expect(try #require(total.windowDeviation) < 0.06)
    let excess = try #require(total.windowExcess)
    #expect(excess.seen < 0.1)
    let (wrong, _) = played(seed: 71, ticks: 1440, sigma: 0.01)
    #expect(try #require(wrong.total.coverage) < 0.4, "bands that are too narrow show")
  }

  @Test func `three fleets serve the same demand, and advice breaks less than the autoscaler`() {
    let (card, plans) = played(seed: 72, ticks: 3 * 1440)
    let fleets = card.total.fleets
    #expect(card.total.minutes == 3 * 1440)
    #expect(fleets[0].violationMinutes < fleets[1].violationMinutes / 2)
    #expect(fleets[1].violationMinutes > 10)
    let numbers = plans.compactMap(\.recommendation.replicas)
    let hours = Double(numbers.reduce(0, +)) / 60
    #expect(abs(fleets[0].replicaHours - hours) < 0.01 * hours, "the bill is that of the advice")
    #expect(fleets[0].actions <= zip(numbers, numbers.dropFirst()).count { $0 != $1 } + 1)
  }

  @Test func `a value that is missing is not judged, and days are bounded`() {
    var card = Scorecard(service: "checkout", tickMilliseconds: 3_600_000)
    var planner = Planner(service: "checkout", tickMilliseconds: 3_600_000)
    let oracle = Oracle(median: { _ in 100 }, horizons: [1, 2, 24])
    for t in 0..<24 * 20 {
      let forecast = oracle.forecast(at: t, observed: t % 2 == 0 ? 100 : nil)
      let plan = planner.advance(to: Tick(Int64(t)), forecasts: [forecast], objective: given())
      card.record(plan, forecast: forecast, objective: given())
    }
    #expect(card.days.count == Scorecard.mostDays)
    #expect(card.total.values == 12 * Scorecard.mostDays)
  }

  @Test func `a restored scorecard goes on bit for bit`() throws {
    let (card, _) = played(seed: 73, ticks: 2000)
    let bytes = [UInt8].written { card.encode(into: &$0) }
    #expect(bytes.count < 8000, "\(bytes.count) bytes")
    var r = ByteReader(bytes, reading: "scorecard")
    #expect(try Scorecard(from: &r) == card)
    try r.finish()
    for length in stride(from: 0, to: bytes.count, by: 61) {
      var r = ByteReader(Array(bytes[..<length]), reading: "scorecard")
      #expect(throws: WireError.self) { _ = try Scorecard(from: &r) }
    }
  }
}
