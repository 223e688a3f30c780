import Basics
import Planning
import Testing
import Workloads

@Suite struct PlannerTests {
  @Test func `a steady service gets demand over capacity and target, rounded up`() throws {
    var p = checkout()
    let plan = p.settle(Oracle(median: { _ in 700 }, sigma: 0.01), ticks: 0..<60)
    let r = try #require(plan).recommendation
    let demand = try #require(r.demand)
    #expect(r.replicas == Int((demand / (25 * 0.7)).rounded(.up)))
    #expect(r.replicas == 41, "700 requests/s at 17.5 are 40 replicas, and one for a 95 % quantile 1.6 % above")
    #expect(r.reason == .steady)
    #expect(r.fresh)
    #expect(r.isActionable)
    #expect(r.effectiveFrom == Tick(60))
    #expect(r.validUntil == Tick(62))
    #expect(r.confidence > 0.85)
  }

  @Test func `the order for a known ramp leaves the provisioning time before it`() {
    // Demand doubles at tick 100; orders of the plan at tick 97 serve in tick 100 (two minutes and one tick).
    var p = checkout()
    let oracle = Oracle(median: { $0 < 100 ? 350 : 700 }, sigma: 0.01, horizons: Array(1...30))
    p.settle(oracle, ticks: 0..<97)
    #expect((p.replicas ?? 0) < 25)
    let plan = p.settle(oracle, ticks: 97..<98)
    #expect((p.replicas ?? 0) >= 40)
    #expect(plan?.recommendation.reason == .forecast)
    #expect(plan?.recommendation.effectiveFrom == Tick(100))
  }

  @Test func `load above every forecast is answered at once`() {
    var p = checkout()
    let oracle = Oracle(median: { _ in 350 }, sigma: 0.01)
    p.settle(oracle, ticks: 0..<30)
    let plan = p.advance(to: Tick(30), forecasts: [oracle.forecast(at: 30, observed: 600)], objective: given())
    #expect(plan.recommendation.reason == .presentLoad)
    #expect(plan.recommendation.replicas == 35)
    #expect(plan.explanation.share(of: .presentLoad) > 10)
  }

  @Test func `replicas are released in lulls, after the stabilisation time and in few actions`() {
    var p = checkout()
    let oracle = Oracle(median: { $0 < 200 ? 700 : 350 }, sigma: 0.02)
    p.settle(oracle, ticks: 0..<200)
    let before = p.replicas ?? 0
    var changes: [Int] = [], reasons: [Recommendation.Reason] = []
    for t in 200..<240 {
      let old = p.replicas
      let plan = p.settle(oracle, ticks: t..<t + 1)
      if p.replicas != old {
        changes.append(t)
        if let plan { reasons.append(plan.recommendation.reason) }
      }
    }
    #expect(before >= 41)
    #expect((p.replicas ?? 0) <= 23)
    #expect(changes.count == 1, "one action, found \(changes)")
    #expect((changes.first ?? 0) >= 213, "not before 15 minutes agree")
    #expect((changes.first ?? 999) <= 217)
    #expect(reasons == [.release])
  }

  @Test func `noise around a level costs few actions`() {
    for seed in 1...5 as ClosedRange<UInt64> {
      var dice = Dice(seed: seed)
      var p = checkout()
      let oracle = Oracle(median: { _ in 500 }, sigma: 0.06)
      var actions = 0
      for t in 0..<10_080 {
        let old = p.replicas
        let value = 500 * (1 + 0.06 * dice.normal())
        _ = p.advance(to: Tick(Int64(t)), forecasts: [oracle.forecast(at: t, observed: value)], objective: given())
        if let old, p.replicas != old { actions += 1 }
      }
      #expect(actions <= 60, "seed \(seed): \(actions) actions in a week of noise")
    }
  }

  @Test func `limits hold, and are named as the reason`() {
    var p = checkout()
    let few = p.settle(Oracle(median: { _ in 700 }), ticks: 0..<60, objective: given(min: 2, max: 10))
    #expect(few?.recommendation.replicas == 10)
    #expect(few?.recommendation.reason == .maximum)
    #expect((few?.explanation.share(of: .limit) ?? 0) < -30)
    var q = checkout()
    let many = q.settle(Oracle(median: { _ in 5 }), ticks: 0..<60, objective: given(min: 4, max: 10))
    #expect(many?.recommendation.replicas == 4)
    #expect(many?.recommendation.reason == .minimum)
    #expect((many?.explanation.share(of: .limit) ?? 0) >= 3)
  }

  @Test func `one tick multiplies the replicas at most by two, or adds four`() {
    var p = checkout()
    p.settle(Oracle(median: { _ in 100 }, sigma: 0.01), ticks: 0..<30)
    let start = p.replicas ?? 0
    let high = Oracle(median: { $0 <= 30 ? 100 : 2000 }, sigma: 0.01)
    var seen: [Int] = []
    for t in 30..<36 {
      let plan = p.advance(to: Tick(Int64(t)), forecasts: [high.forecast(at: t, observed: 2000)], objective: given())
      seen.append(plan.recommendation.replicas ?? 0)
    }
    // The first tick is not believed: a jump by twenty waits for a second value.
    #expect(seen[0] == start)
    for (a, b) in zip(seen, seen.dropFirst()) { #expect(b <= max(2 * a, a + 4)) }
    #expect((seen.last ?? 0) >= 115)
  }

  @Test func `a jump that CPU confirms is believed at once`() {
    var p = checkout()
    let low = Oracle(median: { _ in 100 }, sigma: 0.01), high = Oracle(median: { _ in 2000 }, sigma: 0.01)
    let cpu = Oracle(metric: "cpu", median: { _ in 1 })
    for t in 0..<30 {
      let forecasts = [low.forecast(at: t, observed: 100), cpu.forecast(at: t, observed: 1 + 0.001 * Double(t % 3))]
      _ = p.advance(to: Tick(Int64(t)), forecasts: forecasts, objective: given())
    }
    let start = p.replicas ?? 0
    let forecasts = [high.forecast(at: 30, observed: 2000), cpu.forecast(at: 30, observed: 15)]
    let plan = p.advance(to: Tick(30), forecasts: forecasts, objective: given())
    #expect((plan.recommendation.replicas ?? 0) == 2 * start)
    #expect(plan.recommendation.fresh)
  }

  @Test func `a service that closed is believed after an hour of zeros`() {
    var p = checkout()
    let oracle = Oracle(median: { $0 < 100 ? 350 : 0 }, sigma: 0.02)
    var released: Int?
    for t in 0..<240 {
      let expected = t < 100 ? oracle : Oracle(median: { _ in t < 103 ? 350 : 0 })
      let old = p.replicas
      let plan = p.advance(
        to: Tick(Int64(t)),
        forecasts: [expected.forecast(at: t, observed: t < 100 ? 350 : 0)],
        objective: given(min: 1)
      )
      if let old, (plan.recommendation.replicas ?? 0) < old { released = released ?? t }
      if t == 130 {
        #expect(!plan.recommendation.fresh)
        #expect(plan.recommendation.reason == .doubtful)
      }
    }
    #expect((released ?? 0) >= 160)
    #expect((released ?? 999) <= 180)
    #expect(p.replicas == 1)
  }

  @Test func `zeros that were forecast are believed at once`() {
    var p = checkout()
    let night = Oracle(median: { $0 % 200 < 100 ? 350 : 0 }, sigma: 0.02, horizons: Array(1...60))
    p.settle(night, ticks: 0..<100)
    let plan = p.settle(night, ticks: 100..<101)
    #expect(plan?.recommendation.fresh == true)
    p.settle(night, ticks: 101..<125)
    #expect(p.replicas == 1)
  }

  @Test func `unknown capacity keeps what runs`() {
    var p = checkout()
    let oracle = Oracle(median: { _ in 700 })
    let blind = p.settle(oracle, ticks: 0..<50, objective: given(nil))
    #expect(blind?.recommendation.replicas == nil)
    #expect(blind?.recommendation.reason == .unknownCapacity)
    #expect(blind?.recommendation.isActionable == false)
    #expect(blind?.explanation.parts.isEmpty == true)
    let seeing = p.advance(
      to: Tick(50),
      forecasts: [oracle.forecast(at: 50, observed: 700)],
      runningReplicas: 7,
      objective: given(nil)
    )
    #expect(seeing.recommendation.replicas == 7)
    #expect(seeing.explanation.total == 7)
    #expect(seeing.recommendation.sentence.contains("capacity"))
  }

  @Test func `a cold start never goes below what runs before the stabilisation time`() {
    var p = checkout()
    let oracle = Oracle(median: { _ in 100 }, age: 1)
    for t in 0..<14 {
      let plan = p.advance(
        to: Tick(Int64(t)),
        forecasts: [oracle.forecast(at: t, observed: 100)],
        runningReplicas: 30,
        objective: given()
      )
      #expect(plan.recommendation.replicas == 30)
      #expect(plan.recommendation.confidence < 0.5)
    }
    p.settle(oracle, ticks: 14..<40)
    #expect((p.replicas ?? 0) < 10)
  }

  @Test func `what nobody knows is nil, not zero`() {
    var p = checkout()
    let plan = p.advance(to: Tick(0), forecasts: [], objective: given())
    #expect(plan.recommendation.replicas == nil)
    #expect(plan.recommendation.reason == .stale)
    #expect(!plan.recommendation.fresh)
    #expect(plan.recommendation.cpuRequestCores == nil)
  }

  @Test func `a tick that was planned before changes nothing`() {
    var p = checkout()
    let oracle = Oracle(median: { _ in 500 })
    p.settle(oracle, ticks: 0..<40)
    let before = p
    let plan = p.advance(to: Tick(39), forecasts: [oracle.forecast(at: 39, observed: 5)], objective: given())
    #expect(p == before)
    #expect(plan.recommendation.replicas == before.replicas)
    #expect(!plan.recommendation.fresh)
  }

  @Test func `what-if answers with the need and changes nothing`() {
    var p = checkout()
    let oracle = Oracle(median: { _ in 500 }, sigma: 0.02)
    p.settle(oracle, ticks: 0..<60)
    let before = p
    let now = [oracle.forecast(at: 60, observed: 500)]
    let more = p.whatIf(trafficFactor: 1.3, at: Tick(60), forecasts: now, objective: given())
    let less = p.whatIf(trafficFactor: 0.5, at: Tick(60), forecasts: now, objective: given())
    #expect(p == before)
    #expect((more.recommendation.replicas ?? 0) >= 38)
    #expect((more.recommendation.replicas ?? 0) <= 40)
    #expect((less.recommendation.replicas ?? 0) <= 16)
    #expect(more.recommendation.previousReplicas == before.replicas)
    let blind = p.whatIf(
      trafficFactor: 1.3,
      at: Tick(60),
      forecasts: [oracle.forecast(at: 60, observed: nil)],
      objective: given()
    )
    #expect(blind.recommendation.replicas == more.recommendation.replicas)
    let sale = EventHint(name: "sale", start: Tick(61), end: Tick(99), uplift: 1)
    let event = p.whatIf(trafficFactor: 1, at: Tick(60), forecasts: now, events: [sale], objective: given())
    #expect((event.recommendation.replicas ?? 0) >= 58)
  }
}
