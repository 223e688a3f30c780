/// What a replay cost and broke.
public struct FleetScore: Equatable, Sendable {
  /// Steps that were scored, and their time in minutes.
  public var steps = 0, minutes = 0.0
  /// Minutes above the limit utilisation, and minutes in which a queue built up (rho > 1).
  public var violationMinutes = 0.0, severeMinutes = 0.0
  /// Requests that came, of these in violating steps, and lost.
  public var requests = 0.0, violatedRequests = 0.0, lostRequests = 0.0
  /// Billed replica hours, and those of the cheapest plan without a violation (it knows the future).
  public var replicaHours = 0.0, oracleHours = 0.0
  /// Steps where the total changes, of these upwards, and changes of direction between successive actions.
  public var actions = 0, ups = 0, reversals = 0
  /// Longest uninterrupted violation in minutes.
  public var longestViolationMinutes = 0.0

  /// Makes an empty score.
  public init() {}

  /// Billed hours relative to the oracle's.
  public var costRatio: Double { oracleHours > 0 ? replicaHours / oracleHours : 0 }

  /// Cost ratio plus 60 × violating share: one violating minute costs as much as the fleet for an hour; less is better.
  public var j: Double { minutes > 0 ? costRatio + 60 * violationMinutes / minutes : 0 }
}

extension FleetReplay {
  /// Replicas that keep a load at or below the limit utilisation.
  public func demand(of load: Double) -> Int {
    max(limits.lowerBound, Arithmetic.ceiling(load / (capacityPerReplica * limitUtilisation)))
  }

  func score(load: [Double], records: [StepRecord]) -> FleetScore {
    var s = FleetScore()
    let first = min(max(0, warmupSteps), load.count)
    let stepMinutes = stepSeconds / 60, stepHours = stepSeconds / 3600
    var run = 0, direction = 0
    for k in first..<load.count {
      let r = records[k]
      s.steps += 1
      s.minutes += stepMinutes
      s.requests += load[k] * stepSeconds
      s.lostRequests += r.lost
      s.replicaHours += Double(r.ready + r.pending) * stepHours
      if r.rho > limitUtilisation + 1e-9 {
        s.violationMinutes += stepMinutes
        s.violatedRequests += load[k] * stepSeconds
        run += 1
        s.longestViolationMinutes = max(s.longestViolationMinutes, Double(run) * stepMinutes)
      } else {
        run = 0
      }
      if r.rho > 1 + 1e-9 { s.severeMinutes += stepMinutes }
      guard k > 0 else { continue }
      let change = r.ready + r.pending - records[k - 1].ready - records[k - 1].pending
      guard change != 0 else { continue }
      s.actions += 1
      if change > 0 { s.ups += 1 }
      if direction != 0, change.signum() != direction { s.reversals += 1 }
      direction = change.signum()
    }
    s.oracleHours = oracleHours(load: load, from: first)
    return s
  }

  /// Bill of the oracle, whose total at step k is the greatest demand of the steps k…k + d + 1.
  private func oracleHours(load: [Double], from first: Int) -> Double {
    let need = load.map { demand(of: $0) }
    var sum = 0
    // Indices of a falling sequence of needs, scanned from the end: its head is the window's maximum.
    var window: [Int] = []
    var head = 0
    for k in stride(from: need.count - 1, through: first, by: -1) {
      while window.count > head, let last = window.last, need[last] <= need[k] { window.removeLast() }
      window.append(k)
      while window[head] > k + provisioningSteps + 1 { head += 1 }
      sum += need[window[head]]
    }
    return Double(sum) * stepSeconds / 3600
  }
}
