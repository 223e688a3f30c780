internal import Planning
internal import Workloads

/// One service's demand played minute by minute against advice and against a reactive autoscaler.
struct FleetComparison {
  /// A played policy.
  struct Played {
    var score: FleetScore
    var steps: [FleetReplay.StepRecord]
    var stepsPerTick: Int

    /// Replicas that served in a tick, at its end.
    func ready(atTick tick: Int) -> Int { steps[min(steps.count, (tick + 1) * stepsPerTick) - 1].ready }
  }

  private let replay: FleetReplay
  private let load: [Double]
  private let stepsPerTick: Int
  private let limits: ClosedRange<Int>

  init(service: ShopService, values: [Double], shop: Shop, warmUp: Int) {
    stepsPerTick = max(1, Int(shop.tickMilliseconds / 60_000))
    limits = max(1, service.replicas.lowerBound)...service.replicas.upperBound
    var fleet = FleetReplay(
      stepSeconds: 60,
      capacityPerReplica: service.capacityPerReplica,
      provisioningSteps: Int(Shop.provisioningMilliseconds / 60_000),
      limits: limits
    )
    fleet.warmupSteps = warmUp * stepsPerTick
    replay = fleet
    // Ticks are means; a straight line from middle to middle is the least that a minute can differ.
    var minutes: [Double] = []
    for t in values.indices {
      let before = t > 0 && values[t - 1].isFinite ? values[t - 1] : values[t]
      let after = t + 1 < values.count && values[t + 1].isFinite ? values[t + 1] : values[t]
      for k in 0..<stepsPerTick {
        let x = (Double(k) + 0.5) / Double(stepsPerTick) - 0.5
        minutes.append(x < 0 ? values[t] + (values[t] - before) * x : values[t] + (after - values[t]) * x)
      }
    }
    load = minutes
  }

  /// Replicas that a demand needs.
  func needed(_ demand: Double) -> Int { replay.demand(of: demand.isFinite ? demand : 0) }

  /// Plays advice that was given after each tick.
  func play(_ advice: [Int?]) -> Played {
    // What was said after tick t is known from its last minute on and stands for the minutes after it.
    var perMinute: [Int?] = Array(repeating: nil, count: stepsPerTick - 1)
    for replicas in advice { perMinute += Array(repeating: replicas, count: stepsPerTick) }
    var policy = RecordedPolicy(name: "synfire", replicas: Array(perMinute.prefix(load.count)))
    let (score, steps) = replay.run(load: load, policy: &policy)
    return Played(score: score, steps: steps, stepsPerTick: stepsPerTick)
  }

  /// Plays the Horizontal Pod Autoscaler with its defaults.
  func playHPA() -> Played {
    var policy = HPAPolicy(limits: limits)
    let (score, steps) = replay.run(load: load, policy: &policy)
    return Played(score: score, steps: steps, stepsPerTick: stepsPerTick)
  }
}

extension FleetScore {
  /// Adds what another service's fleet cost and broke.
  mutating func add(_ other: FleetScore) {
    steps += other.steps
    minutes += other.minutes
    violationMinutes += other.violationMinutes
    severeMinutes += other.severeMinutes
    requests += other.requests
    violatedRequests += other.violatedRequests
    lostRequests += other.lostRequests
    replicaHours += other.replicaHours
    oracleHours += other.oracleHours
    actions += other.actions
    ups += other.ups
    reversals += other.reversals
    longestViolationMinutes = max(longestViolationMinutes, other.longestViolationMinutes)
  }
}
