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

  /// Plays a load in requests/s per step; values that are not finite or below 0 count as 0.
  ///
  /// - Complexity: O(steps), besides the policy.
  public func run(load trace: [Double], policy: inout some ReplicaPolicy) -> (score: FleetScore, steps: [StepRecord]) {
    let load = trace.map { $0.isFinite ? max(0, $0) : 0 }
    var fleet = FleetState(for: load.first ?? 0, in: self)
    var records: [StepRecord] = []
    records.reserveCapacity(load.count)
    for k in load.indices {
      records.append(fleet.serve(load[k], atStep: k, in: self))
      let answer = policy.decide(view(at: k, load: load, records: records))
      fleet.bring(to: answer, atStep: k, in: self)
    }
    return (score(load: load, records: records), records)
  }

  /// Plays recommendations made beforehand, one per step.
  public func run(load: [Double], recommendations: [Int?], name: String) -> FleetScore {
    var policy = RecordedPolicy(name: name, replicas: recommendations)
    return run(load: load, policy: &policy).score
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
