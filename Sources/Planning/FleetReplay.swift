/// Plays a trace of demand against a policy: what it would have cost, and what it would have broken.
///
/// Order within step k:
/// 1. Replicas ordered at the end of step j become ready at step j + 1 + d; in their first ready step a share of their
///    capacity is there. 2. work = backlog + load; what exceeds the capacity waits, what exceeds `queueSeconds` of
///    capacity is lost; rho = work / capacity; the step is a violation when rho is above the limit. 3. The policy sees
///    the metrics of the window that ended `metricDelaySteps` ago. 4. Its answer is brought between the limits. More
///    than ready and pending: the difference is ordered. Fewer: pending ones go first (newest first), then warming,
///    then warm ones, from the next step on.
/// Billed are ready and pending replicas at the start of each step.
public struct FleetReplay: Equatable, Sendable {
  /// Length of a step in s.
  public var stepSeconds: Double
  /// Requests/s of a replica at utilisation 1.
  public var capacityPerReplica: Double
  /// Utilisation above which a step breaks the promise.
  public var limitUtilisation = 0.8
  /// Utilisation at which the first fleet is sized.
  public var startUtilisation = 0.7
  /// Steps from an order until it serves.
  public var provisioningSteps: Int
  /// Least and greatest number of replicas.
  public var limits: ClosedRange<Int>
  /// Share of its capacity that a replica has in its first step.
  public var warmingShare = 0.5
  /// Requests waiting longer than this are lost, in s.
  public var queueSeconds = 60.0
  /// Steps until a metric can be seen, and steps that it is averaged over.
  public var metricDelaySteps = 0, metricWindowSteps = 1
  /// Steps at the start that are played and not scored.
  public var warmupSteps = 0

  /// Describes a fleet.
  public init(stepSeconds: Double, capacityPerReplica: Double, provisioningSteps: Int, limits: ClosedRange<Int>) {
    precondition(stepSeconds > 0 && capacityPerReplica > 0 && provisioningSteps >= 0 && limits.lowerBound > 0)
    (self.stepSeconds, self.capacityPerReplica) = (stepSeconds, capacityPerReplica)
    (self.provisioningSteps, self.limits) = (provisioningSteps, limits)
  }

  /// What happened in one step.
  public struct StepRecord: Equatable, Sendable {
    /// Replicas that served, of these in their first step, and ordered ones, at the start of the step.
    public var ready: Int, warming: Int, pending: Int
    /// Work over capacity.
    public var rho: Double
    /// Requests that waited at the end, and requests lost.
    public var backlog: Double, lost: Double
  }

  private struct Order { var step: Int, count: Int }

  /// Plays a load in requests/s per step; values that are not finite or below 0 count as 0.
  ///
  /// - Complexity: O(steps), besides the policy.
  public func run(load trace: [Double], policy: inout some ReplicaPolicy) -> (score: FleetScore, steps: [StepRecord]) {
    let load = trace.map { $0.isFinite ? max(0, $0) : 0 }
    let first = Arithmetic.ceiling((load.first ?? 0) / (startUtilisation * capacityPerReplica))
    var ready = min(limits.upperBound, max(limits.lowerBound, first))
    var pending: [Order] = [], warming: [Order] = []
    var backlog = 0.0
    var records: [StepRecord] = []
    records.reserveCapacity(load.count)
    func sum(_ orders: [Order]) -> Int { orders.reduce(0) { $0 + $1.count } }
    for k in load.indices {
      warming.removeAll { $0.step < k }
      while let order = pending.first, order.step <= k {
        pending.removeFirst()
        ready += order.count
        warming.append(Order(step: k, count: order.count))
      }
      let cold = sum(warming)
      let capacity = capacityPerReplica * stepSeconds * (Double(ready) - (1 - warmingShare) * Double(cold))
      let work = backlog + load[k] * stepSeconds
      backlog = work - min(work, capacity)
      let room = capacity * queueSeconds / stepSeconds
      let lost = max(0, backlog - room)
      backlog -= lost
      let rho = capacity > 0 ? work / capacity : work > 0 ? .infinity : 0
      let waiting = sum(pending)
      records.append(
        StepRecord(ready: ready, warming: cold, pending: waiting, rho: rho, backlog: backlog, lost: lost)
      )
      let answer = policy.decide(view(at: k, load: load, records: records))
      let change = min(limits.upperBound, max(limits.lowerBound, answer)) - ready - waiting
      if change > 0 {
        pending.append(Order(step: k + 1 + provisioningSteps, count: change))
      } else {
        var rest = Self.cancel(-change, from: &pending)
        let unserved = rest
        rest = Self.cancel(rest, from: &warming)
        ready -= unserved
      }
    }
    return (score(load: load, records: records), records)
  }

  /// Plays recommendations made beforehand, one per step.
  public func run(load: [Double], recommendations: [Int?], name: String) -> FleetScore {
    var policy = RecordedPolicy(name: name, replicas: recommendations)
    return run(load: load, policy: &policy).score
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

  private func view(at k: Int, load: [Double], records: [StepRecord]) -> FleetView {
    let end = k + 1 - metricDelaySteps
    let window = max(0, end - max(1, metricWindowSteps))..<max(0, end)
    func mean(_ value: (Int) -> Double) -> Double? {
      window.isEmpty ? nil : window.reduce(0) { $0 + value($1) } / Double(window.count)
    }
    return FleetView(
      step: k,
      stepSeconds: stepSeconds,
      load: mean { load[$0] },
      utilisation: mean { min(1, records[$0].rho) },
      ready: records[k].ready,
      pending: records[k].pending,
      capacityPerReplica: capacityPerReplica,
      provisioningSteps: provisioningSteps
    )
  }
}
