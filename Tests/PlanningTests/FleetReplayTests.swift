import Basics
import Planning
import Testing

@Suite struct FleetReplayTests {
  private func replay(provisioning: Int = 4, max: Int = 200) -> FleetReplay {
    FleetReplay(stepSeconds: 30, capacityPerReplica: 10, provisioningSteps: provisioning, limits: 2...max)
  }

  /// Knows the future: after step k the total is the greatest demand of the steps k + 1…k + d + 2.
  private struct Clairvoyant: ReplicaPolicy {
    let name = "oracle"
    let need: [Int]
    mutating func decide(_ view: FleetView) -> Int {
      let first = min(view.step + 1, need.count - 1)
      let last = min(first + view.provisioningSteps + 1, need.count - 1)
      return need[first...last].max() ?? 0
    }
  }

  private func walk(seed: UInt64, steps: Int) -> [Double] {
    var dice = Dice(seed: seed)
    var load = 300.0
    return (0..<steps).map { _ in
      load = min(1200, max(20, load * (1 + 0.06 * dice.normal())))
      return load
    }
  }

  @Test(arguments: [31, 32, 33] as [UInt64])
  func `every request is served, waits or is lost`(seed: UInt64) {
    let load = walk(seed: seed, steps: 3000)
    let fleet = replay()
    var policy = HPAPolicy(limits: 2...30)
    let (score, steps) = fleet.run(load: load, policy: &policy)
    var served = 0.0, lost = 0.0
    for s in steps {
      let capacity = 300 * (Double(s.ready) - 0.5 * Double(s.warming))
      served += min(s.rho, 1) * capacity
      lost += s.lost
    }
    let came = load.reduce(0, +) * 30
    #expect(abs(came - served - lost - (steps.last?.backlog ?? 0)) < 1e-6 * came, "seed \(seed)")
    #expect(abs(score.requests - came) < 1e-6 * came)
    #expect(score.lostRequests == lost)
    #expect(score.steps == 3000)
    #expect(abs(score.minutes - 1500) < 1e-9)
  }

  @Test(arguments: [0, 1, 4, 20])
  func `who knows the future breaks nothing, at the price of the closed form`(provisioning: Int) {
    let load = walk(seed: 34, steps: 2000)
    var fleet = replay(provisioning: provisioning)
    fleet.warmupSteps = 100
    var policy = Clairvoyant(need: load.map { fleet.demand(of: $0) })
    let score = fleet.run(load: load, policy: &policy).score
    #expect(score.violationMinutes == 0)
    #expect(abs(score.costRatio - 1) < 1e-12)
    #expect(abs(score.j - 1) < 1e-12)
  }

  @Test func `nothing arrives before its delay, and the first step is half warm`() {
    let fleet = replay(provisioning: 3)
    let orders: [Int?] = [10] + Array(repeating: nil, count: 9)
    var policy = RecordedPolicy(name: "once", replicas: orders)
    let (_, steps) = fleet.run(load: Array(repeating: 14, count: 10), policy: &policy)
    #expect(steps.map(\.ready) == [2, 2, 2, 2, 10, 10, 10, 10, 10, 10])
    #expect(steps.map(\.pending) == [0, 8, 8, 8, 0, 0, 0, 0, 0, 0])
    #expect(steps.map(\.warming) == [0, 0, 0, 0, 8, 0, 0, 0, 0, 0])
    // 14 · 30 over 10 · 30 · (10 − 4).
    #expect(abs(steps[4].rho - 14.0 / 60) < 1e-12)
  }

  @Test func `fewer takes the newest orders first, and more does not give them back their place`() {
    let fleet = replay(provisioning: 3)
    var policy = RecordedPolicy(name: "fickle", replicas: [10, 5, 10, nil, nil, nil, nil, nil])
    let (score, steps) = fleet.run(load: Array(repeating: 14, count: 8), policy: &policy)
    #expect(steps.map(\.ready) == [2, 2, 2, 2, 5, 5, 10, 10])
    #expect(score.actions == 3)
    #expect(score.ups == 2)
    #expect(score.reversals == 2)
  }

  @Test func `violations, waiting and loss follow from utilisation`() {
    let fleet = replay(provisioning: 1, max: 2)
    var policy = RecordedPolicy(name: "two", replicas: [])
    // Two replicas serve 20/s: 15 is fine, 17 violates (0.85), 25 queues 150 a step, 100 overflows the queue of 60 s.
    let (score, steps) = fleet.run(load: [15, 17, 25, 100, 0, 0, 0], policy: &policy)
    #expect(steps.map { ($0.rho * 1000).rounded() / 1000 } == [0.75, 0.85, 1.25, 5.25, 2, 1, 0])
    #expect(steps.map(\.backlog) == [0, 0, 150, 1200, 600, 0, 0])
    #expect(steps.map(\.lost) == [0, 0, 0, 1350, 0, 0, 0])
    #expect(score.violationMinutes == 2.5)
    #expect(score.severeMinutes == 1.5)
    #expect(score.longestViolationMinutes == 2.5)
    #expect(abs(score.replicaHours - 2 * 7 * 30 / 3600) < 1e-12)
  }

  @Test(arguments: [40.0, 163, 700, 1111])
  func `the autoscaler rests where its start is, and after a halving at the closed form`(load: Double) {
    let fleet = replay(provisioning: 4)
    let before = Int((load / 7).rounded(.up)), after = Int((load / 2 / 7).rounded(.up))
    var policy = HPAPolicy(limits: 2...200)
    let trace = Array(repeating: load, count: 100) + Array(repeating: load / 2, count: 100)
    let (score, steps) = fleet.run(load: trace, policy: &policy)
    #expect(steps[..<100].allSatisfy { $0.ready == max(2, before) })
    let changed = steps.firstIndex { $0.ready != steps[0].ready } ?? 0
    #expect(changed == 100 + 10, "300 s of downscale stabilisation are ten steps")
    #expect(steps.last?.ready == max(2, after))
    #expect(score.actions == 1)
    #expect(score.violationMinutes == 0)
  }

  @Test func `the autoscaler at most doubles, or adds four pods`() {
    let fleet = replay(provisioning: 0)
    var policy = HPAPolicy(limits: 2...200, metric: .requests)
    let trace = Array(repeating: 10.0, count: 5) + Array(repeating: 700, count: 20)
    let (_, steps) = fleet.run(load: trace, policy: &policy)
    #expect(
      steps[5..<12].map { $0.ready + $0.pending } == [2, 6, 12, 24, 48, 96, 96],
      "100 are within the tolerance of 96"
    )
  }

  @Test func `the autoscaler keeps within its tolerance, and without metrics`() {
    var policy = HPAPolicy(limits: 2...200)
    func view(_ utilisation: Double?) -> FleetView {
      FleetView(
        step: 0,
        stepSeconds: 30,
        load: utilisation.map { $0 * 100 },
        utilisation: utilisation,
        ready: 10,
        pending: 0,
        capacityPerReplica: 10,
        provisioningSteps: 4
      )
    }
    #expect(policy.decide(view(0.76)) == 10)
    #expect(policy.decide(view(nil)) == 10)
    #expect(policy.decide(view(0.78)) == 12)
    #expect(policy.decide(view(0.1)) == 10, "a release waits for 300 s")
  }

  @Test func `last week's policy meets a weekly peak that the autoscaler misses`() {
    let week = 20_160
    // Every Monday at ten the load jumps to five times for an hour.
    let load = (0..<3 * week).map { (1200..<1320).contains($0 % week) ? 500.0 : 100 }
    var fleet = replay(provisioning: 10)
    fleet.warmupSteps = week
    var reactive = HPAPolicy(limits: 2...200), remembering = LastWeekPolicy(limits: 2...200)
    let a = fleet.run(load: load, policy: &reactive).score
    let b = fleet.run(load: load, policy: &remembering).score
    #expect(a.violationMinutes > 10)
    #expect(b.violationMinutes == 0)
    #expect(b.costRatio < 1.3)
    #expect(b.j < a.j)
  }

  @Test func `headroom buys fewer violations for more replicas`() {
    let load = walk(seed: 35, steps: 5000)
    let scores = [0.8, 0.7, 0.6, 0.5].map { target in
      var policy = HPAPolicy(limits: 2...400, target: target)
      return replay(max: 400).run(load: load, policy: &policy).score
    }
    for (a, b) in zip(scores, scores.dropFirst()) {
      #expect(b.violationMinutes < a.violationMinutes)
      #expect(b.costRatio > a.costRatio)
    }
  }

  @Test func `a planner with a fair forecast breaks far less than the autoscaler`() {
    // Three days of a shop: a daily wave, noise of 4 %, decisions once a minute.
    var dice = Dice(seed: 36)
    func wave(_ t: Int) -> Double {
      let x = Double(t % 1440) / 1440
      return 300 + 240 * (x < 0.5 ? 16 * x * (0.5 - x) - 0.5 : 0.5 - 16 * (x - 0.5) * (1 - x))
    }
    let load = (0..<3 * 1440).map { wave($0) * (1 + 0.04 * dice.normal()) }
    var fleet = FleetReplay(stepSeconds: 60, capacityPerReplica: 10, provisioningSteps: 5, limits: 2...200)
    fleet.warmupSteps = 300
    var planner = checkout()
    let oracle = Oracle(median: wave, sigma: 0.04)
    let objective = given(10, min: 2, max: 200, provisioning: 5)
    let recommendations = load.enumerated().map { t, value in
      planner.advance(to: Tick(Int64(t)), forecasts: [oracle.forecast(at: t, observed: value)], objective: objective)
        .recommendation.replicas
    }
    let ours = fleet.run(load: load, recommendations: recommendations, name: "synfire")
    var hpa = HPAPolicy(limits: 2...200)
    let theirs = fleet.run(load: load, policy: &hpa).score
    #expect(ours.violationMinutes < theirs.violationMinutes / 4)
    #expect(theirs.violationMinutes > 30)
    #expect(ours.j < theirs.j)
    #expect(ours.actions < 3 * theirs.actions, "the smooth wave suits the autoscaler's tolerance")
    #expect(ours.costRatio < 1.35)
  }
}
