/// What the fast clock asks for, before the owner's limits.
struct LeadNeed {
  /// Cheapest numbers of replicas for the arrival of an order and for all ticks until then.
  var arrival: Int, window: Int
  /// An order's size, once one is made: a little ahead, so that the next one can wait.
  var order: Int
  /// What the present load needs, and what events with a declared uplift need within the lead time.
  var present: Int, announced: Int
  let choice: ReplicaChoice

  init(_ choice: ReplicaChoice, announced: Int) {
    (self.choice, self.announced) = (choice, announced)
    arrival = max(choice.cheapest(head: 0).replicas, self.announced)
    order = choice.cheapest(head: 0, priceFactor: LeadNeed.orderPriceFactor).replicas
    present = Arithmetic.ceiling(min(choice.lead.demand(choice.lead.outlook.level) / choice.bearable, 1e6))
    window = max(arrival, present, choice.cheapest(head: 1).replicas)
    order = max(order, arrival, present)
  }

  /// An order is made as if promises cost this much more.
  private static let orderPriceFactor = 2.0

  /// What keeping so many replicas costs more than those that are wanted, in ticks of the mean fleet.
  ///
  /// With room between target and limit the target is missed before a promise is, so a lack counts by itself.
  func regret(ofKeeping replicas: Int, insteadOf wanted: Int) -> Double {
    let price = choice.price
    if choice.bearable > choice.usable { return Double(wanted - replicas) / choice.fleet }
    return choice.cost(replicas, head: 0, price: price) - choice.cost(wanted, head: 0, price: price)
  }
}
