internal import Basics
internal import Workloads

/// Puts a decision into words and numbers.
struct Draft {
  let sight: Sight, planner: Planner, objective: ServiceObjective, need: Need?
  var previous: Int?
  var judged = Judged()
  var size = Size()

  init(sight: Sight, planner: Planner, objective: ServiceObjective, need: Need?) {
    (self.sight, self.planner, self.objective, self.need) = (sight, planner, objective, need)
    previous = planner.replicas
  }

  func plan(_ decision: Decision) -> Plan {
    var r = Recommendation(
      service: planner.service,
      tick: sight.tick,
      validUntil: sight.tick + max(1, planner.settings.validityTicks)
    )
    (r.replicas, r.previousReplicas) = (decision.replicas, previous)
    (r.reason, r.sentence) = (decision.reason, decision.sentence)
    (r.cpuRequestCores, r.memoryRequestBytes) = (size.cpuCores, size.memoryBytes)
    (r.cpuSentence, r.memorySentence) = (size.cpuSentence, size.memorySentence)
    r.requestsArePerReplica = size.isPerReplica
    r.effectiveFrom = sight.tick + max(1, decision.ticksAhead)
    r.fresh = judged.isBelieved
    let capacity = need?.capacity ?? planner.capacity.estimate(for: objective)
    r.capacityPerReplica = capacity?.requestsPerReplica
    r.quantile = need?.quantile ?? 0
    r.demand = need?.near.demand
    r.confidence = confidence
    if let step = upcomingStep(beyond: decision.replicas ?? 0) {
      r.upcoming = step
      let ahead = Int(min(step.start.index - sight.tick.index, 1_000_000))
      let time = Phrase.duration(ticks: ahead, tickMilliseconds: planner.tickMilliseconds)
      r.sentence += "; \(step.event) in \(time) will need \(Phrase.replicas(step.replicas))"
    }
    return Plan(recommendation: r, explanation: explanation(of: decision))
  }

  private func upcomingStep(beyond replicas: Int) -> Recommendation.UpcomingStep? {
    guard let need, let event = need.curve.nextEvent(startingAfter: need.leadTicks) else { return nil }
    let orderAt = Tick(event.start.index - Int64(need.leadTicks))
    let notice = Arithmetic.ticks(
      covering: planner.settings.noticeMilliseconds,
      tickMilliseconds: planner.tickMilliseconds
    )
    guard orderAt <= sight.tick + notice else { return nil }
    let demand = need.demand(of: event, from: sight.tick, stretch: planner.calibration.stretch)
    let wanted = objective.limited(need.replicas(for: demand))
    guard wanted > replicas else { return nil }
    return .init(event: event.title, start: event.start, orderAt: orderAt, replicas: wanted)
  }

  /// Product of four certainties, each 0…1: experience, calibration, capacity and freshness.
  private var confidence: Double {
    let day = max(1, Double(86_400_000 / planner.tickMilliseconds))
    let age = Double(max(0, sight.requests?.age ?? 0))
    let experience = 0.3 + 0.7 * min(1, age / day).squareRoot()
    let certainty = need.map { 1 / (1 + 2 * $0.capacity.relativeError) } ?? 0.2
    let freshness = judged.isBelieved ? 1 : 1 / Double(1 + max(1, planner.missingRun))
    return (experience * planner.calibration.quality * certainty * freshness * 1000).rounded() / 1000
  }

  // MARK: explanation

  private func explanation(of decision: Decision) -> Explanation {
    guard let replicas = decision.replicas else { return Explanation(parts: [], demand: nil) }
    var parts: [Explanation.Part] = []
    func add(_ kind: Explanation.Kind, _ share: Double, _ sentence: String) {
      let rounded = (share * 1024).rounded() / 1024
      if rounded != 0 { parts.append(.init(kind: kind, replicas: rounded, sentence: sentence)) }
    }
    var needed = 0
    var account: Explanation.Demand?
    if let need {
      let (point, planned) = (need.near.point, need.bounded(need.near.demand))
      let present = need.bounded(max(planned, judged.requests ?? 0))
      let full = need.capacity.requestsPerReplica
      let level = need.bounded(point.level)
      let clean = need.bounded(point.cleanMedian)
      let median = need.bounded(point.median)
      let percent = Phrase.percent(ofQuantile: need.quantile)
      add(.base, level / full, "level of \(rate(level)) at \(rate(full)) per full replica")
      add(.season, (clean - level) / full, "season: \(Phrase.signed(clean - level)) requests/s at that time")
      let title = point.event?.title ?? "known event"
      let times = Phrase.decimals(point.eventFactor, places: 2)
      add(.event, (median - clean) / full, "\(title): demand × \(times)")
      add(.headroom, (planned - median) / full, "from the median to the \(percent) % quantile")
      let share = Phrase.decimals(need.target * 100, places: 0)
      add(.reserve, planned / need.usable - planned / full, "utilisation stays at or below \(share) %")
      add(.presentLoad, (present - planned) / need.usable, "the present load of \(rate(present)) is above the forecast")
      needed = need.replicas(for: present)
      account = Explanation.Demand(
        level: level,
        cleanMedian: clean,
        median: median,
        planned: planned,
        observed: sight.requests?.observed,
        capacityPerReplica: full,
        targetUtilisation: need.target,
        quantile: need.quantile,
        stretch: planner.calibration.stretch,
        ticksAhead: point.ticksAhead
      )
      if decision.ramp > 0 {
        let later = need.replicas(for: present + need.bounded(decision.ramp))
        add(.ramp, Double(later - needed), "demand goes on rising; one order for all of it")
        needed = later
      }
    }
    let limited = objective.limited(needed)
    add(.hold, Double(replicas - limited), heldBecause(decision))
    add(.limit, Double(limited - needed), limitSentence(needed))
    let rest = parts.reduce(Double(replicas)) { $0 - $1.replicas }
    precondition(rest > -0.01 && rest < 1.01, "the parts of an explanation leave more than a rounding: \(rest)")
    if rest != 0 { parts.append(.init(kind: .rounding, replicas: rest, sentence: "up to whole replicas")) }
    return Explanation(parts: parts, demand: account)
  }

  private func rate(_ x: Double) -> String { "\(Phrase.number(x)) requests/s" }

  private func limitSentence(_ needed: Int) -> String {
    guard needed > objective.maximumReplicas else { return "at least \(objective.minimumReplicas)" }
    let most = "at most \(objective.maximumReplicas)"
    guard let choice = need?.lead?.choice else { return most }
    let chance = Phrase.number(choice.chanceOfBreaking(with: objective.maximumReplicas) * 100)
    return "\(most), which break a promise with a chance of \(chance) %"
  }

  private func heldBecause(_ decision: Decision) -> String {
    switch decision.reason {
    case .stabilisation: "kept until the last and the next minutes agree that fewer will do"
    case .deadBand: "kept: the difference is not worth an action"
    case .stale: "kept: there is no new value"
    case .doubtful: "kept: the value is not believed yet"
    case .unknownCapacity: "kept: the capacity of a replica is not known"
    case .release: "released in steps"
    case .event: "ordered from the last believed demand"
    case .freeze: "kept: the owner wants no change now"
    case .step: "the owner allows only so many in a tick"
    default: "a tick orders only so many, or the last and the next minutes need them"
    }
  }
}
