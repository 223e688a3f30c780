import Basics
import Planning
import Testing
import Wire
import Workloads

/// The planner's fast clock, seen from outside: how it chooses after a day of experience.
@Suite struct LeadTests {
  /// Half-minute ticks, an order takes two minutes.
  private func planner() -> Planner { Planner(service: "checkout", tickMilliseconds: 30_000) }
  private let objective = ServiceObjective(
    minimumReplicas: 1,
    maximumReplicas: 500,
    capacityPerReplica: 10,
    targetUtilisation: 0.8,
    limitUtilisation: 0.8,
    provisioningMilliseconds: 120_000
  )

  /// Plays loads against forecasts that know nothing but the last value; returns the plans.
  private func play(
    _ planner: inout Planner,
    _ load: (Int) -> Double,
    ticks: Range<Int>,
    events: [EventHint] = [],
    objective: ServiceObjective? = nil
  ) -> [Plan] {
    ticks.map { t in
      let value = load(t)
      let oracle = Oracle(median: { _ in value }, sigma: 0.05, horizons: [10, 120, 2880])
      return planner.advance(
        to: Tick(Int64(t)),
        forecasts: [oracle.forecast(at: t, observed: value)],
        events: events.filter { $0.start.index < Int64(t + 20_160) },
        objective: objective ?? self.objective
      )
    }
  }

  @Test(arguments: [3, 4, 5] as [UInt64])
  func `margins follow how restless demand is`(seed: UInt64) throws {
    func replicas(noise: Double) throws -> Double {
      var dice = Dice(seed: seed)
      let values = (0..<6000).map { _ in 400 * (1 + noise * dice.normal()) }
      var p = planner()
      let plans = play(&p, { values[$0] }, ticks: 0..<6000).suffix(1000)
      let numbers = try plans.map { try #require($0.recommendation.replicas) }
      return Double(numbers.reduce(0, +)) / 1000
    }
    let calm = try replicas(noise: 0.01)
    let restless = try replicas(noise: 0.08)
    #expect(calm < 400 / 8 * 1.08, "seed \(seed): 50 replicas bear 400 requests/s, \(calm) were kept")
    #expect(restless > 400 / 8 * 1.12, "seed \(seed): \(restless) replicas for noise of 8 %")
  }

  @Test func `a first campaign that declares its uplift has a narrower band than one that does not`() throws {
    func width(uplift: Double) throws -> Double {
      var p = planner()
      let sale = EventHint(name: "sale", start: Tick(6000), end: Tick(6200), uplift: uplift)
      _ = play(&p, { 400 * (1 + 0.01 * Double($0 % 7)) }, ticks: 0..<5999, events: [sale])
      let window = try #require(p.windowForecast)
      return window.upper99 / window.median
    }
    let (declared, open) = (try width(uplift: 0.6), try width(uplift: 0))
    #expect(declared < 1.65 && open > 1.75, "\(declared) declared, \(open) open")
  }

  @Test(arguments: [6, 7] as [UInt64])
  func `the greatest demand of a window exceeds its quantiles as often as they say`(seed: UInt64) throws {
    var dice = Dice(seed: seed)
    var x = 0.0
    var values: [Double] = []
    for t in 0..<30_000 {
      x = 0.97 * x + 0.03 * dice.normal()
      // Half of the day is three times as restless.
      values.append(300 * (1 + x + (t % 2880 < 1440 ? 0.01 : 0.03) * dice.normal()))
    }
    var p = planner()
    var above99 = [0.0, 0.0], above995 = 0.0, count = [0.0, 0.0]
    for t in 0..<29_990 {
      _ = play(&p, { values[$0] }, ticks: t..<t + 1)
      guard t > 8000, let window = p.windowForecast else { continue }
      let half = t % 2880 < 1440 ? 0 : 1
      let greatest = values[t + 1...t + 6].max() ?? 0
      count[half] += 1
      if greatest > window.upper99 { above99[half] += 1 }
      if greatest > window.upper995 { above995 += 1 }
    }
    let total = count[0] + count[1]
    let share99 = (above99[0] + above99[1]) / total, share995 = above995 / total
    #expect(share99 > 0.004 && share99 < 0.02, "seed \(seed): \(share99) above the 99 % quantile")
    #expect(share995 > 0.0015 && share995 < 0.012, "seed \(seed): \(share995) above the 99.5 % quantile")
    for half in 0..<2 {
      let share = above99[half] / count[half]
      #expect(share > 0.001 && share < 0.03, "seed \(seed): \(share) in half \(half) of the day")
    }
  }

  @Test func `noise costs few actions, and dearer actions fewer`() {
    func actions(_ price: Double) -> Int {
      var dice = Dice(seed: 8)
      var x = 0.0
      var values: [Double] = []
      for _ in 0..<10_000 {
        x = 0.99 * x + 0.01 * dice.normal()
        values.append(400 * (1 + x + 0.02 * dice.normal()))
      }
      var settings = PlannerSettings()
      settings.actionPriceMinutes = price
      var p = Planner(service: "checkout", tickMilliseconds: 30_000, settings: settings)
      let numbers = play(&p, { values[$0] }, ticks: 0..<10_000).suffix(6000).compactMap(\.recommendation.replicas)
      return zip(numbers, numbers.dropFirst()).count { $0 != $1 }
    }
    let (few, many) = (actions(2), actions(0.05))
    #expect(few < 150, "\(few) actions in two days of noise")
    #expect(Double(many) > 1.5 * Double(few), "\(many) cheap ones, \(few) dear ones")
  }

  @Test func `what an undeclared kind of event does is learned from its first occurrences`() throws {
    var dice = Dice(seed: 9)
    let matches = (2..<8).map { day -> EventHint in
      let start = Tick(Int64(2880 * day))
      return EventHint(name: "match of day \(day)", label: "match", start: start, end: start + 240, uplift: 0)
    }
    var values: [Double] = []
    for t in 0..<2880 * 8 {
      let isOn = matches.contains { $0.covers(Tick(Int64(t))) }
      values.append((isOn ? 900 : 250) * (1 + 0.02 * dice.normal()))
    }
    var p = planner()
    let plans = play(&p, { values[$0] }, ticks: 0..<2880 * 8, events: matches)
    func short(_ n: Int) -> Int {
      let start = 2880 * (n + 2)
      // What was ordered six ticks before serves now.
      var count = 0
      for t in start..<start + 10 where Double(8 * (plans[t - 6].recommendation.replicas ?? 0)) < values[t] {
        count += 1
      }
      return count
    }
    #expect(short(0) > 3, "nobody knew")
    #expect(short(4) <= 1, "at most the first tick")
    #expect(short(5) <= 1)
    let before = try #require(plans[2880 * 7 - 120].recommendation.replicas)
    #expect(before < 40, "and nothing is ordered an hour before")
  }

  @Test func `several events at once begin with what one does, are less sure of it, and are learned apart`() throws {
    func window(eventsOn last: Int, pairs: [Int]) throws -> WindowForecast {
      var dice = Dice(seed: 13)
      let matches = (2...last).flatMap { day -> [EventHint] in
        let start = Tick(Int64(2880 * day))
        let count = pairs.contains(day) ? 2 : 1
        return (0..<count).map {
          EventHint(name: "\(day)-\($0)", label: "match", start: start, end: start + 240, uplift: 0)
        }
      }
      var values: [Double] = []
      for t in 0..<2880 * last + 240 {
        let isOn = t >= 2880 * 2 && t % 2880 < 240
        values.append((isOn ? pairs.contains(t / 2880) ? 1400.0 : 900 : 250) * (1 + 0.02 * dice.normal()))
      }
      var p = planner()
      _ = play(&p, { values[$0] }, ticks: 0..<2880 * last - 2, events: matches)
      return try #require(p.windowForecast)
    }
    let one = try window(eventsOn: 6, pairs: [])
    let firstPair = try window(eventsOn: 6, pairs: [6])
    let secondPair = try window(eventsOn: 7, pairs: [6, 7])
    let oneAgain = try window(eventsOn: 7, pairs: [6])
    #expect(abs(firstPair.median / one.median - 1) < 0.05, "\(firstPair) instead of \(one)")
    #expect(firstPair.upper99 / firstPair.median > 1.05 * one.upper99 / one.median, "\(firstPair) instead of \(one)")
    #expect(secondPair.median > 1.15 * one.median, "\(secondPair): half of what the first pair added")
    #expect(abs(oneAgain.median / one.median - 1) < 0.05, "\(oneAgain) instead of \(one)")
  }

  @Test func `a restored planner goes on bit for bit after days`() throws {
    var dice = Dice(seed: 10)
    let sale = EventHint(name: "sale", start: Tick(3100), end: Tick(3400), uplift: 0.5)
    let values = (0..<3600).map { _ in 400 * (1 + 0.05 * dice.normal()) }
    var p = planner()
    _ = play(&p, { values[$0] }, ticks: 0..<3300, events: [sale])
    let bytes = [UInt8].written { p.encode(into: &$0) }
    #expect(bytes.count < 64_000, "\(bytes.count) bytes of state")
    var r = ByteReader(bytes, reading: "planner")
    var restored = try Planner(from: &r)
    try r.finish()
    #expect(restored == p)
    let ticks = 3300..<3600
    let again = play(&restored, { values[$0] }, ticks: ticks, events: [sale])
    #expect(again == play(&p, { values[$0] }, ticks: ticks, events: [sale]))
    for length in stride(from: 0, to: bytes.count, by: 997) {
      var r = ByteReader(Array(bytes[..<length]), reading: "planner")
      #expect(throws: WireError.self) { _ = try Planner(from: &r) }
    }
  }

  @Test func `more traffic and a lower target ask for more, fewer hosts for no more than they hold`() throws {
    var dice = Dice(seed: 11)
    let values = (0..<4000).map { _ in 400 * (1 + 0.03 * dice.normal()) }
    var p = planner()
    let last = try #require(play(&p, { values[$0] }, ticks: 0..<4000).last)
    let now = [Oracle(median: { _ in 400 }, horizons: [10, 120, 2880]).forecast(at: 3999, observed: 400)]
    func ask(_ factor: Double, _ objective: ServiceObjective) -> Plan {
      p.whatIf(trafficFactor: factor, at: Tick(3999), forecasts: now, objective: objective)
    }
    let same = try #require(ask(1, objective).recommendation.replicas)
    let more = try #require(ask(1.5, objective).recommendation.replicas)
    #expect(abs(same - (last.recommendation.replicas ?? 0)) <= 4)
    #expect(Double(more) > 1.4 * Double(same) && Double(more) < 1.6 * Double(same), "\(same), then \(more)")
    var small = objective
    small.maximumReplicas = 20
    #expect(ask(1, small).recommendation.replicas == 20)
    var careful = objective
    careful.targetUtilisation = 0.5
    #expect(try #require(ask(1, careful).recommendation.replicas) > same + 10)
    for plan in [ask(1, objective), ask(1.5, objective), ask(1, small), ask(1, careful)] {
      #expect(plan.explanation.total == Double(plan.recommendation.replicas ?? 0))
    }
  }

  @Test func `limits are told as limits, and the quantile is that of the need`() throws {
    var dice = Dice(seed: 12)
    let values = (0..<4000).map { _ in 400 * (1 + 0.03 * dice.normal()) }
    var (few, many) = (objective, objective)
    (few.maximumReplicas, many.minimumReplicas) = (30, 80)
    for (limited, reason, limit) in [(few, Recommendation.Reason.maximum, 30), (many, .minimum, 80)] {
      var p = planner()
      let last = try #require(play(&p, { values[$0] }, ticks: 0..<4000, objective: limited).last)
      let now = [Oracle(median: { _ in 400 }, horizons: [10, 120, 2880]).forecast(at: 3999, observed: 400)]
      let asked = p.whatIf(trafficFactor: 1, at: Tick(3999), forecasts: now, objective: limited)
      #expect(last.recommendation.reason == reason)
      for plan in [last, asked] {
        let r = plan.recommendation
        #expect(r.replicas == limit)
        #expect((0.95..<0.9999).contains(r.quantile), "\(reason): \(r.quantile)")
        #expect(r.sentence.hasSuffix("; the \(reason) is \(limit)"), "\(r.sentence)")
        #expect(plan.explanation.share(of: .headroom) > 0)
        let part = try #require(plan.explanation.parts.first { $0.kind == .limit })
        #expect(abs(part.replicas) > 15, "about 55 are needed")
        let isShort = part.sentence.contains("at most 30, which break a promise with a chance of 100 %")
        #expect(reason == .maximum ? isShort : part.sentence == "at least 80", "\(part.sentence)")
      }
    }
  }
}
