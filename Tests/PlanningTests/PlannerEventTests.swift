import Basics
import Planning
import Testing
import Workloads

@Suite struct PlannerEventTests {
  private let sale = EventHint(name: "spring-sale", start: Tick(200), end: Tick(260), uplift: 0.8)

  private func run(_ p: inout Planner, _ ticks: Range<Int>, objective: ServiceObjective = given()) -> [Plan] {
    let oracle = Oracle(median: { _ in 350 }, sigma: 0.02)
    return ticks.map { t in
      let value = sale.covers(Tick(Int64(t))) ? 350 * 1.8 : 350.0
      let during = Oracle(median: { _ in 350 }, sigma: 0.02, event: { 200..<260 ~= $0 ? 1.8 : 1 })
      let forecast = (t >= 199 ? during : oracle).forecast(at: t, observed: value)
      return p.advance(to: Tick(Int64(t)), forecasts: [forecast], events: [sale], objective: objective)
    }
  }

  @Test(arguments: [1, 2, 10, 25] as [Int64])
  func `a campaign is ordered the provisioning time before its ramp, and not earlier`(provisioning: Int64) throws {
    var p = checkout()
    let plans = run(&p, 0..<200, objective: given(provisioning: provisioning))
    let due = 200 - Int(provisioning) - 1
    let first = try #require(plans.firstIndex { $0.recommendation.reason == .event })
    #expect(first == due)
    let before = try #require(plans[first - 1].recommendation.replicas)
    let after = try #require(plans[first].recommendation.replicas)
    #expect(before <= 24)
    #expect(after >= 36, "the whole step is ordered at once")
    #expect(plans[first].recommendation.effectiveFrom == Tick(200))
    let minutes = provisioning + 1
    let text = minutes == 1 ? "60 s" : "\(minutes) min"
    #expect(plans[first].recommendation.sentence.hasPrefix("campaign spring-sale in \(text)"))
    #expect(plans[first].explanation.share(of: .event) > 10)
  }

  @Test func `a campaign is announced before its order is due`() throws {
    var p = checkout()
    let plans = run(&p, 0..<176)
    let plan = try #require(plans.last)
    let step = try #require(plan.recommendation.upcoming)
    #expect(step.event == "campaign spring-sale")
    #expect(step.start == Tick(200))
    #expect(step.orderAt == Tick(197))
    #expect(step.replicas >= 36)
    #expect(plan.recommendation.sentence.contains("campaign spring-sale in 25 min will need \(step.replicas) replicas"))
    #expect((plan.recommendation.replicas ?? 0) <= 24, "but nothing is ordered yet")
  }

  @Test func `replicas are released after the campaign`() {
    var p = checkout()
    let plans = run(&p, 0..<300)
    #expect((plans[258].recommendation.replicas ?? 0) >= 36)
    #expect((plans[299].recommendation.replicas ?? 0) <= 24)
    let lowered = plans.indices.dropFirst().first {
      $0 > 200 && (plans[$0].recommendation.replicas ?? 0) < (plans[$0 - 1].recommendation.replicas ?? 0)
    }
    #expect((lowered ?? 0) >= 255)
    #expect((lowered ?? 999) <= 280)
  }

  @Test func `a campaign is ordered although metrics are missing`() {
    var p = checkout()
    let plans = run(&p, 0..<150)
    let before = plans[149].recommendation.replicas ?? 0
    for t in 150..<197 {
      let plan = p.advance(to: Tick(Int64(t)), forecasts: [], events: [sale], objective: given())
      #expect(plan.recommendation.replicas == before)
      #expect(plan.recommendation.reason == .stale)
    }
    let plan = p.advance(to: Tick(197), forecasts: [], events: [sale], objective: given())
    #expect((plan.recommendation.replicas ?? 0) >= 36)
    #expect(plan.recommendation.reason == .event)
    #expect(!plan.recommendation.fresh)
    #expect(plan.explanation.total == Double(plan.recommendation.replicas ?? 0))
  }

  @Test func `an event without an end or a beginning breaks nothing`() {
    var p = checkout()
    let oracle = Oracle(median: { _ in 350 })
    let hints = [
      EventHint(name: "always", start: Tick(.min), end: Tick(.max), uplift: 0.1),
      EventHint(name: "odd", start: Tick(50), end: Tick(10), uplift: .nan),
      EventHint(name: "huge", start: Tick(.max), end: Tick(.max), uplift: .infinity),
    ]
    for t in 0..<30 {
      let plan = p.advance(
        to: Tick(Int64(t)),
        forecasts: [oracle.forecast(at: t, observed: 350)],
        events: hints,
        objective: given()
      )
      #expect(plan.explanation.total == Double(plan.recommendation.replicas ?? 0))
    }
  }
}
