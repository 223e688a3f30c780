extension Planner {
  /// Holds a decision against what the owner allows: the most that one tick may change, and windows without changes.
  func allowed(_ decision: Decision, from current: Int?, _ objective: ServiceObjective) -> Decision {
    guard let current, let wanted = decision.replicas, wanted != current else { return decision }
    var held = decision
    let most = wanted > current ? objective.mostAdded : objective.mostReleased
    if let most, abs(wanted - current) > most {
      held.replicas = wanted > current ? current + most : current - most
      held.sentence += "; a tick may \(wanted > current ? "add" : "release") \(most)"
      (held.reason, held.ramp) = (.step, 0)
    }
    func wait(_ ticks: Int, _ what: String) {
      (held.replicas, held.reason, held.ramp) = (current, .freeze, 0)
      let time = Phrase.duration(ticks: ticks, tickMilliseconds: tickMilliseconds)
      held.sentence += "; \(what) for \(time) more, as its owner wants"
    }
    switch objective.freeze {
    case .none: break
    case .release(let ticks): if wanted < current { wait(ticks, "nothing is released") }
    case .all(let ticks): wait(ticks, "nothing changes")
    }
    return held
  }
}
