import Basics
import Planning
import Testing
import Workloads

/// Bad metrics must never take replicas away.
@Suite struct PlannerSafetyTests {
  /// One random step: a load on a random walk, and what becomes of its metric on the way.
  private enum Fault: CaseIterable {
    case none, missing, noForecast, oldForecast, notANumber, negative, zero, tenth, tenfold
  }

  @Test(arguments: [11, 12, 13, 14] as [UInt64])
  func `ten thousand steps with missing and stale input never lower a recommendation`(seed: UInt64) {
    var dice = Dice(seed: seed)
    var p = checkout()
    var gullible = Gullible()
    var load = 100.0, held = 0
    var last: SeriesForecast?
    var fault = Fault.none, rest = 0
    for t in 0..<2500 {
      load = min(2000, max(20, load * (1 + 0.05 * dice.normal() / 2)))
      if rest == 0 {
        fault = dice.uniform() < 0.5 ? .none : Fault.allCases[dice.below(5)]
        rest = 1 + dice.below(dice.uniform() < 0.2 ? 60 : 6)
      }
      rest -= 1
      let before = p.replicas
      var forecasts: [SeriesForecast] = []
      switch fault {
      case .none: forecasts = [gullible.forecast(at: t, observed: load)]
      case .missing: forecasts = [gullible.forecast(at: t, observed: nil)]
      case .notANumber:
        var forecast = gullible.forecast(at: t, observed: nil)
        forecast.observed = dice.uniform() < 0.5 ? .nan : .infinity
        forecasts = [forecast]
      case .oldForecast: forecasts = last.map { [$0] } ?? []
      default: forecasts = []
      }
      let plan = p.advance(to: Tick(Int64(t)), forecasts: forecasts, objective: given(provisioning: 1))
      if fault == .none { last = forecasts.first }
      #expect(plan.explanation.total == Double(plan.recommendation.replicas ?? 0), "seed \(seed), tick \(t)")
      guard fault != .none else { continue }
      held += 1
      #expect((plan.recommendation.replicas ?? 0) >= (before ?? 0), "seed \(seed), tick \(t), \(fault)")
      #expect(!plan.recommendation.fresh, "seed \(seed), tick \(t), \(fault)")
    }
    #expect(held > 500)
  }

  /// A reduction that leaves fewer replicas than the same planner holds on clean metrics, up to 15 minutes after.
  private func badScaleIns(_ fault: Fault, length: Int, seed: UInt64) -> Int {
    var dice = Dice(seed: seed)
    var clean = checkout(), faulty = checkout()
    var eyes = Gullible(), fooled = Gullible()
    let objective = given(provisioning: 2)
    var bad = 0
    var load = dice.uniform(200...1500)
    let at = 60 + dice.below(60)
    for t in 0..<at + length + 20 {
      load = min(2000, max(100, load * (1 + 0.02 * dice.normal())))
      let isFaulty = t >= at && t < at + length
      let factor: Double? = !isFaulty ? 1 : fault == .zero ? 0 : fault == .tenth ? 0.1 : fault == .tenfold ? 10 : nil
      let seen = factor.map { $0 * load }
      let a = clean.advance(to: Tick(Int64(t)), forecasts: [eyes.forecast(at: t, observed: load)], objective: objective)
      let old = faulty.replicas ?? 0
      let b = faulty.advance(
        to: Tick(Int64(t)),
        forecasts: [fooled.forecast(at: t, observed: seen)],
        objective: objective
      )
      let (n, m) = (a.recommendation.replicas ?? 0, b.recommendation.replicas ?? 0)
      if t >= at, m < old, Double(m) < Double(n) - max(1, 0.05 * Double(n)) { bad += 1 }
    }
    return bad
  }

  @Test(arguments: 1...60 as ClosedRange<UInt64>)
  func `absurd samples never scale in`(seed: UInt64) {
    #expect(badScaleIns(.tenth, length: 1, seed: seed) == 0, "one sample × 0.1")
    #expect(badScaleIns(.tenfold, length: 1, seed: seed) == 0, "one sample × 10")
    #expect(badScaleIns(.zero, length: 1, seed: seed) == 0, "one zero")
    #expect(badScaleIns(.zero, length: 30, seed: seed) == 0, "half an hour of zeros")
    #expect(badScaleIns(.missing, length: 1, seed: seed) == 0, "one gap")
    #expect(badScaleIns(.missing, length: 45, seed: seed) == 0, "a long gap")
  }

  @Test func `an exporter that repeats itself to the last bit scales nothing in`() {
    var p = checkout()
    let oracle = Oracle(median: { $0 < 100 ? 700 : 350 }, sigma: 0.02)
    let cpu = Oracle(metric: "cpu", median: { _ in 20 })
    for t in 0..<160 {
      // Forecasts see the fall, the exporter goes on telling what it told at tick 99.
      let requests = t < 100 ? 700 + Double(t % 7) : 350
      let used = t < 100 ? 20 + Double(t % 5) / 10 : 20
      let forecasts = [oracle.forecast(at: t, observed: requests), cpu.forecast(at: t, observed: used)]
      _ = p.advance(to: Tick(Int64(t)), forecasts: forecasts, objective: given())
      if t == 155 { #expect((p.replicas ?? 0) >= 40) }
    }
    for t in 160..<190 {
      let forecasts = [
        oracle.forecast(at: t, observed: 350 + Double(t % 7)), cpu.forecast(at: t, observed: 20 + Double(t % 5) / 10),
      ]
      _ = p.advance(to: Tick(Int64(t)), forecasts: forecasts, objective: given())
    }
    #expect((p.replicas ?? 0) <= 23, "and is believed when it moves again")
  }

  @Test func `input of any size breaks nothing`() {
    var dice = Dice(seed: 99)
    func wild() -> Double {
      let sizes = [0, 1e-300, 1e-12, 1, 1e3, 1e12, 1e300, -5, .infinity, .nan]
      return sizes[dice.below(sizes.count)]
    }
    for _ in 0..<300 {
      var p = checkout()
      let objective = ServiceObjective(
        minimumReplicas: dice.below(5) - 1,
        maximumReplicas: dice.below(3) == 0 ? .max : dice.below(100),
        capacityPerReplica: wild(),
        coresPerReplica: wild(),
        targetUtilisation: wild(),
        limitUtilisation: wild(),
        provisioningMilliseconds: Int64(dice.below(3)) * 500_000,
        latencySeconds: wild(),
        latencyQuantile: wild()
      )
      for t in 0..<30 {
        let forecasts = ["requests", "cpu", "memory", "latency"].map { metric in
          let (level, sigma) = (wild(), wild())
          var f = Oracle(metric: metric, median: { _ in level }, sigma: sigma, event: { _ in 1 })
            .forecast(at: t, observed: nil)
          f.observed = dice.below(4) == 0 ? nil : wild()
          return f
        }
        let plan = p.advance(
          to: Tick(Int64(t)),
          forecasts: forecasts,
          runningReplicas: dice.below(3) == 0 ? nil : dice.below(50),
          objective: objective
        )
        let replicas = plan.recommendation.replicas
        #expect(plan.explanation.total == Double(replicas ?? 0))
        if let replicas { #expect(replicas >= 0) }
        #expect(plan.recommendation.cpuRequestCores?.isFinite ?? true)
        #expect(plan.recommendation.memoryRequestBytes?.isFinite ?? true)
      }
    }
  }
}
