internal import Basics
internal import Workloads

/// How many replicas, and why.
struct Decision {
  var replicas: Int?
  var reason: Recommendation.Reason
  var sentence: String
  /// Replicas that demand needs, without limits and holds.
  var needed: Int?
  /// What is ordered on top of the near need because demand goes on rising, in requests/s.
  var ramp = 0.0
  /// The tick that needs the replicas, if later than the next.
  var ticksAhead = 1
}

extension Planner {
  /// Chooses the number of replicas; the rules are those in the type's description.
  mutating func decide(sight: Sight, judged: Judged, need: Need?, objective: ServiceObjective) -> Decision {
    guard capacity.estimate(for: objective) != nil else {
      return Decision(
        replicas: sight.running ?? replicas,
        reason: .unknownCapacity,
        sentence: "the capacity of a replica is not known yet, so what runs is kept; "
          + "give `capacity`, or report `instances` and `latency`"
      )
    }
    guard judged.isBelieved, let need else {
      return hold(sight: sight, judged: judged, need: need, objective: objective)
    }
    let observed = judged.requests ?? 0
    let demand = max(need.near.demand, observed)
    let needed = need.replicas(for: demand)
    let text = describe(need: need, demand: demand, observed: observed, needed: needed)
    guard let current = replicas ?? sight.running else {
      let first = objective.limited(needed)
      let sentence = "first plan: \(text)\(objective.limitPhrase(needed))"
      return Decision(replicas: first, reason: .start, sentence: sentence, needed: needed)
    }
    if let lead = need.lead {
      return weigh(lead, current: current, need: need, demand: demand, needed: needed, text: text, objective)
    }
    if objective.limited(needed) > current {
      let ramp = max(0, need.ramp - demand)
      return raise(from: current, need, demand: demand, ramp: ramp, needed: needed, text: text, objective)
    }
    let keep = max(demand, need.far, demands.max() ?? 0)
    return lower(from: current, toKeep: need.replicas(for: keep), needed: needed, text: text, objective)
  }

  func raise(
    from current: Int,
    _ need: Need,
    demand: Double,
    ramp: Double,
    needed: Int,
    text: String,
    _ objective: ServiceObjective
  ) -> Decision {
    let event = need.near.point.event
    var wanted = need.replicas(for: demand + ramp)
    if event == nil {
      // One value may be absurd; a step that is limited costs a tick when it was not.
      let most = Double(current) * max(1, settings.stepUpFactor)
      wanted = min(wanted, max(current + settings.stepUpReplicas, Int(min(most, 1e9))))
    }
    let isPresent = demand > need.near.demand
    var decision = Decision(
      replicas: objective.limited(wanted),
      reason: event != nil ? .event : isPresent ? .presentLoad : .forecast,
      sentence: text,
      needed: needed,
      ramp: ramp,
      ticksAhead: isPresent ? 1 : need.near.point.ticksAhead
    )
    if wanted > objective.maximumReplicas {
      decision.reason = .maximum
      decision.sentence = text + objective.limitPhrase(wanted)
    }
    return decision
  }

  private func lower(
    from current: Int,
    toKeep kept: Int,
    needed: Int,
    text: String,
    _ objective: ServiceObjective
  ) -> Decision {
    let target = objective.limited(kept)
    var decision = Decision(replicas: objective.limited(current), reason: .steady, sentence: text, needed: needed)
    let now = Phrase.replicas(current)
    let time = Phrase.duration(ticks: stabilisationTicks, tickMilliseconds: tickMilliseconds)
    if current > objective.maximumReplicas {
      decision.reason = .maximum
      decision.sentence = "\(text); the maximum is \(objective.maximumReplicas)"
    } else if needed > objective.maximumReplicas {
      decision.reason = .maximum
      decision.sentence = "\(text), the maximum is \(objective.maximumReplicas)"
    } else if current < objective.minimumReplicas || target == current && kept < current {
      decision.reason = .minimum
      decision.sentence = "\(text); the minimum is \(objective.minimumReplicas)"
    } else if target >= current {
      if objective.limited(needed) < current {
        decision.reason = .stabilisation
        decision.sentence = "\(text); \(now) stay while the last or the next \(time) need them"
      }
    } else if quietTicks > 0 || demands.count < stabilisationTicks {
      decision.reason = .stabilisation
      decision.sentence = "\(text); \(now) stay until \(time) of good values say the same"
    } else if Double(current - target) < settings.deadBand * Double(current) {
      decision.reason = .deadBand
      decision.sentence = "\(text); going from \(now) to \(target) is not worth an action"
    } else {
      let step = max(1, Int(Double(current) * min(1, max(0, settings.stepDownShare))))
      decision.replicas = max(target, current - step)
      decision.reason = .release
      decision.sentence = "\(text); nothing in the last and the next \(time) needs more than \(Phrase.replicas(target))"
    }
    return decision
  }

  /// Keeps what is there, or raises it: without a believed value nothing else is safe.
  private func hold(sight: Sight, judged: Judged, need: Need?, objective: ServiceObjective) -> Decision {
    let sentence = describe(judged, hasForecast: sight.requests != nil)
    let reason: Recommendation.Reason = judged.doubted == nil ? .stale : .doubtful
    guard let current = replicas ?? sight.running else {
      return Decision(replicas: nil, reason: reason, sentence: sentence)
    }
    var decision = Decision(replicas: objective.limited(current), reason: reason, sentence: sentence)
    // The calendar needs no value: an event is ordered from the last demand that was believed.
    let lead = Arithmetic.ticks(covering: objective.provisioningMilliseconds, tickMilliseconds: tickMilliseconds) + 1
    let near = sight.events.filter { $0.start <= sight.tick + lead && sight.tick + 1 < $0.end }
    if let event = near.max(by: { $0.factor < $1.factor }), let cleanDemand, let cleanUsable {
      let demand = cleanDemand * max(event.factor, need?.near.point.eventFactor ?? 1)
      let wanted = objective.limited(Arithmetic.ceiling(min(demand / cleanUsable, 1e6)))
      if wanted > current {
        decision.replicas = wanted
        decision.reason = .event
        decision.sentence = "\(title(event, from: sight.tick)) needs \(Phrase.replicas(wanted)); \(sentence)"
        return decision
      }
    }
    // A forecaster goes on without values for a while; what it sees coming may raise, but not lower.
    let patience = Arithmetic.ticks(covering: settings.zeroBeliefMilliseconds, tickMilliseconds: tickMilliseconds)
    if let need, judged.verdict != .jump, let lastValueTick, sight.tick <= lastValueTick + patience {
      let wanted = objective.limited(need.lead?.arrival ?? need.replicas(for: need.near.demand))
      decision.replicas = max(objective.limited(current), min(wanted, current + settings.stepUpReplicas))
    }
    return decision
  }

  private func describe(need: Need, demand: Double, observed: Double, needed: Int) -> String {
    let count = Phrase.replicas(needed)
    let rate = "\(Phrase.number(demand)) requests/s"
    if demand > need.near.demand { return "the present load of \(rate) needs \(count)" }
    let time = Phrase.duration(ticks: need.leadTicks, tickMilliseconds: tickMilliseconds)
    let percent = Phrase.percent(ofQuantile: need.quantile)
    let forecast = "up to \(rate) within \(time) (\(percent) % quantile) needs \(count)"
    guard let event = need.near.point.event, let lastTick else { return forecast }
    return "\(title(event, from: lastTick)): \(forecast)"
  }

  private func describe(_ judged: Judged, hasForecast: Bool) -> String {
    guard let doubted = judged.doubted else {
      return "no \(hasForecast ? "value" : "forecast") of this tick, so nothing is released"
    }
    let wait =
      switch judged.verdict {
      case .zero: settings.zeroBeliefMilliseconds
      case .drop: settings.dropBeliefMilliseconds
      default: tickMilliseconds
      }
    let ticks = Arithmetic.ticks(covering: wait, tickMilliseconds: tickMilliseconds)
    let time = Phrase.duration(ticks: ticks, tickMilliseconds: tickMilliseconds)
    return "\(Phrase.number(doubted)) requests/s is not believed before it has lasted \(time), so nothing is released"
  }

  /// `campaign spring-sale in 25 min`, or `now`.
  func title(_ event: EventHint, from tick: Tick) -> String {
    let ahead = event.start.index - tick.index
    guard ahead > 0 else { return "\(event.title) now" }
    return "\(event.title) in \(Phrase.duration(ticks: Int(min(ahead, 1_000_000)), tickMilliseconds: tickMilliseconds))"
  }
}
