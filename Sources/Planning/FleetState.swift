internal import Wire

/// The replicas and the queue of a simulated fleet between two steps; `FleetReplay` has the rules.
struct FleetState: Equatable, Sendable {
  private struct Order: Equatable { var step: Int, count: Int }

  private(set) var ready: Int
  private var pending: [Order] = [], warming: [Order] = []
  private var backlog = 0.0

  /// A fleet that suits a first load, all warm.
  init(for load: Double, in fleet: FleetReplay) {
    let first = Arithmetic.ceiling(load / (fleet.startUtilisation * fleet.capacityPerReplica))
    ready = min(fleet.limits.upperBound, max(fleet.limits.lowerBound, first))
  }

  /// Replicas that are ordered and not yet ready.
  var waiting: Int { Self.sum(pending) }

  private static func sum(_ orders: [Order]) -> Int { orders.reduce(0) { $0 + $1.count } }

  /// Plays the first half of a step: orders arrive, work is done.
  mutating func serve(_ load: Double, atStep k: Int, in fleet: FleetReplay) -> FleetReplay.StepRecord {
    warming.removeAll { $0.step < k }
    while let order = pending.first, order.step <= k {
      pending.removeFirst()
      ready += order.count
      warming.append(Order(step: k, count: order.count))
    }
    let cold = Self.sum(warming)
    let capacity =
      fleet.capacityPerReplica * fleet.stepSeconds * (Double(ready) - (1 - fleet.warmingShare) * Double(cold))
    let work = backlog + load * fleet.stepSeconds
    backlog = work - min(work, capacity)
    let room = capacity * fleet.queueSeconds / fleet.stepSeconds
    let lost = max(0, backlog - room)
    backlog -= lost
    let rho = capacity > 0 ? work / capacity : work > 0 ? .infinity : 0
    return .init(ready: ready, warming: cold, pending: waiting, rho: rho, backlog: backlog, lost: lost)
  }

  /// Plays the second half: orders or gives up what the answer asks for, between the limits.
  mutating func bring(to answer: Int, atStep k: Int, in fleet: FleetReplay) {
    let change = min(fleet.limits.upperBound, max(fleet.limits.lowerBound, answer)) - ready - waiting
    if change > 0 {
      pending.append(Order(step: k + 1 + fleet.provisioningSteps, count: change))
    } else {
      let unserved = Self.cancel(-change, from: &pending)
      _ = Self.cancel(unserved, from: &warming)
      ready -= unserved
    }
  }

  /// Takes replicas off the newest orders; returns how many are still to be taken.
  private static func cancel(_ count: Int, from orders: inout [Order]) -> Int {
    var rest = count
    while rest > 0, let last = orders.last {
      let part = min(rest, last.count)
      rest -= part
      orders[orders.count - 1].count -= part
      if orders[orders.count - 1].count == 0 { orders.removeLast() }
    }
    return rest
  }

  func encode(into w: inout ByteWriter) {
    w.write(int: ready)
    w.write(backlog)
    for orders in [pending, warming] {
      w.writeVarint(UInt64(orders.count))
      for order in orders {
        w.write(int: order.step)
        w.write(int: order.count)
      }
    }
  }

  init(from r: inout ByteReader) throws(WireError) {
    ready = try r.readAmount()
    backlog = try r.readDouble()
    func orders(_ r: inout ByteReader) throws(WireError) -> [Order] {
      var list: [Order] = []
      for _ in 0..<(try r.readCount(elementBytes: 16)) {
        list.append(Order(step: try r.readInt(), count: try r.readAmount()))
      }
      return list
    }
    pending = try orders(&r)
    warming = try orders(&r)
  }
}
