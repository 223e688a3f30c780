extension Planner {
  /// Chooses by cost: an action is made when waiting has cost half of it, at once where the present load asks for it.
  ///
  /// Keeping too few replicas costs the chance of a broken promise, keeping too many costs their price; both sums start
  /// again where the need turns, and after every action.
  mutating func weigh(
    _ lead: LeadNeed,
    current: Int,
    need: Need,
    demand: Double,
    needed: Int,
    text: String,
    _ objective: ServiceObjective
  ) -> Decision {
    let price = (objective.actionPriceMinutes ?? settings.actionPriceMinutes) * 60_000 / Double(tickMilliseconds)
    let needed = max(needed, lead.present)
    let wanted = objective.limited(needed)
    var decision = Decision(replicas: objective.limited(current), reason: .steady, sentence: text, needed: needed)
    if wanted > current {
      regretTooMany = 0
      regretTooFew += max(0, lead.regret(ofKeeping: current, insteadOf: objective.limited(lead.arrival)))
      let isPresent = objective.limited(lead.present) > current
      guard isPresent || regretTooFew >= Self.patience * price || lead.announced > current else {
        decision.reason = .deadBand
        decision.sentence = "\(text); one more tick with \(Phrase.replicas(current)) costs less than an action"
        return decision
      }
      regretTooFew = 0
      let ramp = max(0, Double(lead.order) * need.usable - demand)
      return raise(from: current, need, demand: demand, ramp: ramp, needed: needed, text: text, objective)
    }
    regretTooFew = 0
    let kept = objective.limited(lead.window)
    guard kept < current, quietTicks == 0 else {
      regretTooMany = 0
      if quietTicks > 0, kept < current {
        decision.reason = .stabilisation
      } else if needed > objective.maximumReplicas {
        (decision.reason, decision.sentence) = (.maximum, text + objective.limitPhrase(needed))
      } else if kept == current, lead.window < objective.minimumReplicas {
        (decision.reason, decision.sentence) = (.minimum, text + objective.limitPhrase(needed))
      }
      return decision
    }
    regretTooMany += Double(current - kept) / lead.choice.fleet
    guard regretTooMany >= Self.patience * price else {
      decision.reason = .deadBand
      decision.sentence = "\(text); releasing \(current - kept) has not been worth an action yet"
      return decision
    }
    regretTooMany = 0
    let step = max(1, Int(Double(current) * min(1, max(0, settings.stepDownShare))))
    decision.replicas = max(kept, current - step)
    decision.reason = .release
    decision.sentence = "\(text); nothing until an order would arrive needs more than \(Phrase.replicas(kept))"
    return decision
  }

  /// Share of an action's price that waiting may cost before it is made: not all of it, since needs mostly last.
  private static let patience = 0.5
}
