/// The number of replicas that costs least: n over the mean fleet, plus the price of a broken promise times its chance.
///
/// The newsvendor's problem for whole replicas, with the learned tail instead of an assumed one.
/// Source: Arrow, Harris, Marschak, "Optimal inventory policy", Econometrica 19 (1951).
struct ReplicaChoice {
  let lead: LeadForecaster
  /// Requests/s that one replica takes at the target utilisation, and at the one where promises break.
  let usable: Double, bearable: Double
  /// The quantile of demand at which utilisation stays at or below the target.
  let quantile: Double
  /// Price of a minute of broken promise in minutes of the mean fleet.
  let price: Double
  /// The mean fleet.
  let fleet: Double

  init(
    lead: LeadForecaster,
    usable: Double,
    bearable: Double,
    settings: PlannerSettings,
    objective: ServiceObjective
  ) {
    (self.lead, self.usable, self.bearable) = (lead, usable, bearable)
    price = settings.violationPrice * (lead.isInEvent ? objective.eventPriceFactor : 1)
    quantile = settings.lowestQuantile
    // A mean need is rounded up, by half a replica on average.
    fleet = max(1, Double(objective.minimumReplicas), lead.meanDemand / usable + 0.5)
  }

  /// Cost of a tick with so many replicas, in ticks of the mean fleet.
  func cost(_ replicas: Int, head: Int, price: Double) -> Double {
    Double(replicas) / fleet + price * lead.chance(head: head, above: bearable * Double(replicas))
  }

  /// Returns the cheapest number and its cost, for a price that is a multiple of the own; the owner's limits come later.
  ///
  /// - Complexity: logarithmic in the number of replicas, times some ten looks at the tail.
  func cheapest(head: Int, priceFactor: Double = 1) -> (replicas: Int, cost: Double) {
    let outlook = lead.outlook
    let start = lead.demand(outlook.medians[head] - outlook.scales[head]) / bearable
    var n = min(Self.most, Arithmetic.ceiling(start))
    var best = (replicas: n, cost: cost(n, head: head, price: price * priceFactor))
    while n < Self.most {
      n = min(Self.most, n + 1 + n / 40)
      if Double(n) / fleet > best.cost { break }
      let other = cost(n, head: head, price: price * priceFactor)
      if other < best.cost { best = (n, other) }
    }
    if bearable > usable, best.replicas < Self.most {
      let least = keepingTarget(head: head, from: best.replicas)
      if least > best.replicas { best = (least, cost(least, head: head, price: price * priceFactor)) }
    }
    return best
  }

  /// The least number from one up that keeps utilisation at the target up to the quantile.
  private func keepingTarget(head: Int, from first: Int) -> Int {
    var n = first
    while n < Self.most, lead.chance(head: head, above: usable * Double(n)) > 1 - quantile { n += 1 + n / 40 }
    return min(n, Self.most)
  }

  /// The chance that demand at the arrival is more than so many replicas take at the target.
  func chance(above replicas: Int) -> Double { lead.chance(head: 0, above: usable * Double(replicas)) }

  /// The chance that a promise breaks at the arrival with so many replicas.
  func chanceOfBreaking(with replicas: Int) -> Double { lead.chance(head: 0, above: bearable * Double(replicas)) }

  /// No need is greater, so that counts stay countable.
  private static let most = 1_000_000

  /// Demand at the arrival, split as the slow clock's point is.
  func point(like slow: DemandCurve.Point) -> DemandCurve.Point {
    let outlook = lead.outlook
    var point = slow
    point.ticksAhead = lead.timing.leadTicks
    let factor = Arithmetic.exponential(min(7, max(-7, outlook.eventShares[0])))
    point.cleanMedian = lead.demand(outlook.medians[0]) / factor
    point.eventFactor = factor
    return point
  }
}
