import Basics
import FoundationEssentials
import Planning
import Testing
import Workloads

/// Bad metrics, with a planner that has learned for days: ten thousand steps, or as many as SYNFIRE_FUZZ_STEPS says.
@Suite struct LeadSafetyTests {
  private enum Fault: Int, CaseIterable {
    case gap, zeros, repeated, tenfold, tenth, vanished, notANumber

    /// The longest that it may last and still not be believed, in half-minute ticks.
    var most: Int {
      switch self {
      case .gap, .vanished, .notANumber: 240
      case .zeros, .repeated: 60
      case .tenfold, .tenth: 1
      }
    }
  }

  private static var steps: Int {
    ProcessInfo.processInfo.environment["SYNFIRE_FUZZ_STEPS"].flatMap { Int($0) } ?? 10_000
  }

  private let objective = ServiceObjective(
    minimumReplicas: 2,
    maximumReplicas: 1000,
    capacityPerReplica: 10,
    targetUtilisation: 0.8,
    limitUtilisation: 0.8,
    provisioningMilliseconds: 120_000
  )

  private func forecasts(_ seen: Double?, _ level: Double, at t: Int) -> [SeriesForecast] {
    let oracle = Oracle(median: { _ in level }, sigma: 0.05, horizons: [10, 120, 2880])
    return [oracle.forecast(at: t, observed: seen)]
  }

  @Test(arguments: [51, 52] as [UInt64])
  func `no bad value takes replicas away that clean ones would keep`(seed: UInt64) {
    var dice = Dice(seed: seed)
    var settings = PlannerSettings()
    (settings.reportingDelayTicks, settings.reportingWindowTicks) = (1, 2)
    var clean = Planner(service: "checkout", tickMilliseconds: 30_000, settings: settings)
    var faulty = clean
    var noise = 0.0, last = 200.0, frozen = 200.0, level = 200.0
    var fault: Fault?
    var rest = 0, grace = 0, bad = 0, faults = 0
    let warm = 4000
    for t in 0..<(warm + Self.steps) {
      noise = 0.98 * noise + 0.02 * dice.normal()
      let day = Double(t % 2880) / 2880
      let wave = day < 0.5 ? 16 * day * (0.5 - day) - 0.5 : 0.5 - 16 * (day - 0.5) * (1 - day)
      let load = max(20, (300 + 150 * wave) * (1 + noise + 0.03 * dice.normal()))
      let mean = (load + last) / 2
      last = load
      if rest > 0 {
        rest -= 1
      } else if fault != nil {
        (fault, grace) = (nil, 30)
      } else if grace > 0 {
        grace -= 1
      } else if t > warm, dice.below(150) == 0 {
        let kind = Fault.allCases[dice.below(Fault.allCases.count)]
        // One repeat is no stale stream.
        (fault, rest, frozen) = (kind, max(kind == .repeated ? 2 : 0, dice.below(kind.most)), level)
        faults += 1
      }
      if fault == nil { level = mean }
      let seen: Double? =
        switch fault {
        case nil: mean
        case .gap, .vanished: nil
        case .zeros: 0
        case .repeated: frozen
        case .tenfold: mean * 10
        case .tenth: mean / 10
        case .notANumber: dice.below(2) == 0 ? .nan : -.infinity
        }
      let a = clean.advance(to: Tick(Int64(t)), forecasts: forecasts(mean, mean, at: t), objective: objective)
      let before = faulty.replicas ?? 0
      let given = fault == .vanished ? [] : forecasts(seen, level, at: t)
      let b = faulty.advance(to: Tick(Int64(t)), forecasts: given, objective: objective)
      let (n, m) = (a.recommendation.replicas ?? 0, b.recommendation.replicas ?? 0)
      #expect(b.explanation.total == Double(m), "seed \(seed), tick \(t)")
      guard fault != nil || grace > 0 else { continue }
      if m < before, Double(m) < Double(n) - max(1, 0.05 * Double(n)) {
        bad += 1
        if bad < 5 {
          Issue.record(
            "seed \(seed), tick \(t): \(fault.map { "\($0)" } ?? "after a fault") took \(before) to \(m), clean \(n)"
          )
        }
      }
    }
    #expect(bad == 0, "seed \(seed)")
    #expect(faults > Self.steps / 1000, "seed \(seed): \(faults) faults")
  }

  @Test(arguments: [61, 62, 63] as [UInt64])
  func `values of any size leave a learned planner within its limits`(seed: UInt64) {
    var dice = Dice(seed: seed)
    let sizes = [0, 1e-300, 1e-12, 1, 1e3, 1e12, 1e300, -5, .infinity, .nan]
    var p = Planner(service: "checkout", tickMilliseconds: 300_000)
    for t in 0..<3000 {
      let level = sizes[dice.below(6)], sigma = dice.uniform()
      let value = dice.below(10) == 0 ? sizes[dice.below(sizes.count)] : 300 * (1 + 0.3 * dice.normal())
      let oracle = Oracle(median: { _ in level }, sigma: sigma, horizons: [1, 12, 288])
      let event = EventHint(
        name: "e",
        label: "kind \(dice.below(12))",
        start: Tick(Int64(t + dice.below(20) - 10)),
        end: Tick(Int64(t + dice.below(60))),
        uplift: [0, 1, .nan, 1e300][dice.below(4)]
      )
      let plan = p.advance(
        to: Tick(Int64(t)),
        forecasts: [oracle.forecast(at: t, observed: dice.below(20) == 0 ? nil : value)],
        events: dice.below(5) == 0 ? [event] : [],
        objective: objective
      )
      let replicas = plan.recommendation.replicas ?? 2
      #expect((2...1000).contains(replicas), "seed \(seed), tick \(t)")
      #expect(plan.explanation.total == Double(plan.recommendation.replicas ?? 0), "seed \(seed), tick \(t)")
      #expect(plan.recommendation.demand?.isFinite ?? true)
    }
  }
}
