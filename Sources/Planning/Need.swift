internal import Basics

/// What demand asks for at one tick, before limits, holds and habits.
struct Need {
  /// The longest an order takes to serve, one tick of waiting included.
  let leadTicks: Int
  let quantile: Double
  let capacity: CapacityModel.Estimate
  /// Utilisation planned for: the target, or less where latency would break its promise before.
  let target: Double
  let near: (point: DemandCurve.Point, demand: Double)
  /// Demand at the lowest quantile within the lead and the stabilisation time after it: until the next announced event,
  /// and all of it.
  let ramp: Double, far: Double
  let curve: DemandCurve
  /// What the fast clock asks for, once it is experienced.
  let lead: LeadNeed?

  /// Returns nil without a forecast of requests or without a known capacity.
  init?(sight: Sight, planner: Planner, objective: ServiceObjective) {
    guard let capacity = planner.capacity.estimate(for: objective),
      let curve = sight.requests.flatMap({ DemandCurve($0, events: sight.events) })
    else { return nil }
    let settings = planner.settings
    func ticks(_ milliseconds: Int64) -> Int {
      Arithmetic.ticks(covering: milliseconds, tickMilliseconds: planner.tickMilliseconds)
    }
    let stretch = planner.calibration.stretch
    let learned = objective.limitUtilisation ?? planner.capacity.limitUtilisation(for: objective)
    let wanted = objective.targetUtilisation
    target = learned.map { min(wanted, max($0, wanted / 2)) } ?? wanted
    let limit = max(target, learned ?? wanted + (1 - wanted) / 3)
    leadTicks = ticks(objective.provisioningMilliseconds) + 1
    let bounds = settings.lowestQuantile...max(settings.lowestQuantile, settings.highestQuantile)
    let chosen = QuantileChoice.quantile(
      at: curve.peak(within: 1...leadTicks, quantile: bounds.lowerBound, stretch: stretch).point,
      stretch: stretch,
      reserve: target / limit,
      price: settings.violationPrice,
      bounds: bounds
    )
    let peak = curve.peak(within: 1...leadTicks, quantile: chosen, stretch: stretch)
    let farEnd = leadTicks + planner.stabilisationTicks
    // An announced event gets its own order when that is due.
    let nextEvent = curve.nextEvent(startingAfter: leadTicks)?.start.index ?? .max
    let rampEnd = max(leadTicks, Int(min(Int64(farEnd), nextEvent - sight.tick.index - 1)))
    ramp = curve.peak(within: 1...rampEnd, quantile: settings.lowestQuantile, stretch: stretch).demand
    far = curve.peak(within: 1...farEnd, quantile: settings.lowestQuantile, stretch: stretch).demand
    (self.capacity, self.curve) = (capacity, curve)
    let usable = capacity.requestsPerReplica * target
    if let fast = planner.lead, fast.isExperienced {
      let lead = LeadNeed(
        ReplicaChoice(
          lead: fast,
          usable: usable / max(1e-9, planner.trafficFactor),
          bearable: capacity.requestsPerReplica * limit / max(1e-9, planner.trafficFactor),
          settings: settings,
          objective: objective
        ),
        announced: peak.point.event != nil && peak.point.eventFactor > 1
          ? Arithmetic.ceiling(min(peak.demand / usable, 1e6)) : 0
      )
      quantile = 1 - lead.choice.chance(above: lead.arrival)
      near = (lead.choice.point(like: peak.point), Double(lead.arrival) * usable)
      self.lead = lead
    } else {
      (quantile, near, lead) = (chosen, peak, nil)
    }
  }

  /// Requests/s that one replica takes at the target utilisation.
  var usable: Double { capacity.requestsPerReplica * target }

  /// Bounds a demand by what a million replicas take, so that counts stay countable.
  func bounded(_ demand: Double) -> Double { min(max(0, demand), usable * 1e6) }

  /// The replicas that a demand needs.
  func replicas(for demand: Double) -> Int { Arithmetic.ceiling(bounded(demand) / usable) }

  /// The greatest demand of an event seen from its first tick on, for as long as an order takes.
  func demand(of event: EventHint, from tick: Tick, stretch: Double) -> Double {
    let first = Int(max(1, event.start.index - tick.index))
    let last = Int(max(Int64(first), min(event.end.index - tick.index - 1, Int64(first + leadTicks))))
    return curve.peak(within: first...last, quantile: quantile, stretch: stretch).demand
  }
}
