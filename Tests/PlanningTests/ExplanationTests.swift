import Basics
import Planning
import Testing
import Workloads

@Suite struct ExplanationTests {
  @Test(arguments: 1...10 as ClosedRange<UInt64>)
  func `the parts add up to the replicas exactly, and rounding is less than one`(seed: UInt64) {
    var dice = Dice(seed: seed)
    for _ in 0..<50 {
      var p = checkout()
      var objective = ServiceObjective(
        minimumReplicas: dice.below(4),
        maximumReplicas: 5 + dice.below(200),
        capacityPerReplica: dice.uniform(0.3...300),
        targetUtilisation: dice.uniform(0.3...0.95),
        provisioningMilliseconds: Int64(dice.below(12)) * minute
      )
      if dice.below(3) == 0 { (objective.mostAdded, objective.mostReleased) = (1 + dice.below(5), 1 + dice.below(3)) }
      let sale = EventHint(
        name: "sale",
        start: Tick(Int64(dice.below(20))),
        end: Tick(Int64(dice.below(20)) + 5),
        uplift: dice.uniform(-0.5...4)
      )
      let (level, slope, sigma) = (dice.uniform(1...3000), dice.uniform(-0.02...0.05), dice.uniform(0...0.5))
      let oracle = Oracle(median: { level * max(0.1, 1 + slope * Double($0)) }, sigma: sigma)
      for t in 0..<20 {
        let value = dice.below(8) == 0 ? nil : oracle.median(t) * dice.uniform(0.5...1.6)
        objective.freeze = [.none, .none, .release(ticks: 3), .all(ticks: 2)][dice.below(4)]
        let plan = p.advance(
          to: Tick(Int64(t)),
          forecasts: dice.below(12) == 0 ? [] : [oracle.forecast(at: t, observed: value)],
          events: dice.below(2) == 0 ? [sale] : [],
          objective: objective
        )
        let parts = plan.explanation.parts
        let rounding = plan.explanation.share(of: .rounding)
        #expect(plan.explanation.total == Double(plan.recommendation.replicas ?? 0), "seed \(seed), tick \(t)")
        #expect(rounding > -0.01, "seed \(seed), tick \(t)")
        #expect(rounding < 1.01, "seed \(seed), tick \(t)")
        #expect(parts.map(\.kind.rawValue) == parts.map(\.kind.rawValue).sorted(), "seed \(seed), tick \(t)")
        #expect(Set(parts.map(\.kind.rawValue)).count == parts.count, "one part of a kind")
        #expect(parts.allSatisfy { !$0.sentence.isEmpty })
      }
    }
  }

  @Test(arguments: [11, 12] as [UInt64])
  func `the parts add up once the fast clock decides, too`(seed: UInt64) {
    var dice = Dice(seed: seed)
    var p = Planner(service: "checkout", tickMilliseconds: 300_000)
    var objective = ServiceObjective(maximumReplicas: 200, capacityPerReplica: 10, provisioningMilliseconds: 600_000)
    var (actions, last) = (0, p.replicas)
    for t in 0..<900 {
      let event = EventHint(
        name: "sale",
        start: Tick(Int64(t / 100 * 100 + 50)),
        end: Tick(Int64(t / 100 * 100 + 70)),
        uplift: 0.8
      )
      let level = 300 + 200 * Double(abs(t % 288 - 144)) / 144
      let oracle = Oracle(
        median: { _ in level },
        sigma: 0.1,
        horizons: [1, 12, 288],
        event: { event.covers(Tick(Int64($0))) ? 1.8 : 1 }
      )
      let value = dice.below(30) == 0 ? nil : level * oracle.event(t) * (1 + 0.1 * dice.normal())
      objective.freeze = [.none, .none, .none, .release(ticks: 3), .all(ticks: 2)][dice.below(5)]
      if t % 90 == 0 { objective.mostAdded = dice.below(2) == 0 ? nil : 1 + dice.below(4) }
      let plan = p.advance(
        to: Tick(Int64(t)),
        forecasts: [oracle.forecast(at: t, observed: value)],
        events: [event],
        objective: objective
      )
      if p.replicas != last { actions += 1 }
      last = p.replicas
      #expect(plan.explanation.total == Double(plan.recommendation.replicas ?? 0), "seed \(seed), tick \(t)")
      #expect((-0.01...1.01).contains(plan.explanation.share(of: .rounding)), "seed \(seed), tick \(t)")
    }
    #expect(actions > 20)
  }

  @Test func `each part is what its name says`() throws {
    // Level 350 at 25/s: 14 replicas; season + 70: 2.8; sale × 1.5 of 420: 8.4; the rest is headroom and reserve.
    var p = checkout()
    let sale = EventHint(name: "sale", start: Tick(1), end: Tick(500), uplift: 0.5)
    var forecast = Oracle(median: { _ in 420 }, sigma: 0.02, event: { $0 > 0 ? 1.5 : 1 }).forecast(at: 0, observed: 420)
    for i in forecast.horizons.indices { forecast.horizons[i].level = 350 }
    let plan = p.advance(to: Tick(0), forecasts: [forecast], events: [sale], objective: given())
    let e = plan.explanation
    #expect(e.share(of: .base) == 14)
    #expect(abs(e.share(of: .season) - 2.8) < 0.001)
    #expect(abs(e.share(of: .event) - 8.4) < 0.001)
    let demand = try #require(e.demand)
    #expect(abs(e.share(of: .headroom) - (demand.planned - 630) / 25) < 0.001)
    #expect(abs(e.share(of: .reserve) - demand.planned * (1 / 17.5 - 1 / 25)) < 0.001)
    #expect(demand.level == 350)
    #expect(abs(demand.cleanMedian - 420) < 1e-9)
    #expect(abs(demand.median - 630) < 1e-9)
    #expect(demand.capacityPerReplica == 25)
    #expect(demand.quantile >= 0.95)
    #expect(e.parts.first { $0.kind == .event }?.sentence == "campaign sale: demand × 1.5")
  }

  @Test func `what is kept is shown as held`() {
    var p = checkout()
    let oracle = Oracle(median: { $0 < 100 ? 700 : 350 }, sigma: 0.02)
    p.settle(oracle, ticks: 0..<100)
    let plan = p.settle(oracle, ticks: 100..<105)
    #expect(plan?.recommendation.reason == .stabilisation)
    #expect((plan?.explanation.share(of: .hold) ?? 0) >= 15)
    let stale = p.advance(to: Tick(105), forecasts: [], objective: given())
    #expect(stale.explanation.share(of: .hold) == Double((p.replicas ?? 0) - 1))
    #expect(stale.explanation.share(of: .limit) == 1)
  }
}
