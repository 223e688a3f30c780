/// A reactive autoscaler as the shop runs it: the Horizontal Pod Autoscaler's rules with its defaults.
///
/// desired = ceil(ready × utilisation / target), nothing within 10 % of the target, at most doubling or four more at
/// once, and down only to the largest desire of the last five minutes. Replicas serve after the provisioning time.
/// Source: Kubernetes documentation, "Horizontal Pod Autoscaling", algorithm details and default behaviour.
struct ShopScaler: Sendable {
  /// Replicas that serve.
  private(set) var ready: Int
  private var pending: [(readyAt: Int, count: Int)] = []
  private var desires: [Int] = []
  private let replicas: ClosedRange<Int>
  private let provisioningSteps: Int
  private let stabilisationSteps: Int

  static let target = 0.7
  static let tolerance = 0.1

  init(ready: Int, replicas: ClosedRange<Int>, provisioningMilliseconds: Int64, stepMilliseconds: Int64) {
    self.ready = min(max(ready, replicas.lowerBound), replicas.upperBound)
    self.replicas = replicas
    provisioningSteps = Int((provisioningMilliseconds + stepMilliseconds - 1) / stepMilliseconds)
    stabilisationSteps = max(1, Int(300_000 / stepMilliseconds))
  }

  /// Lets ordered replicas become ready at the start of a step.
  mutating func begin(step: Int) {
    while let first = pending.first, first.readyAt <= step {
      ready += first.count
      pending.removeFirst()
    }
  }

  /// Decides after a step in which the ready replicas were used to this share.
  mutating func decide(utilization: Double, at step: Int) {
    let total = ready + pending.reduce(0) { $0 + $1.count }
    let ratio = utilization / Self.target
    var desired = abs(ratio - 1) <= Self.tolerance ? ready : Int((Double(ready) * ratio - 1e-9).rounded(.up))
    desired = min(desired, max(2 * total, total + 4), replicas.upperBound)
    desired = max(desired, replicas.lowerBound)
    desires.append(desired)
    if desires.count > stabilisationSteps { desires.removeFirst() }
    let stable = desires.max() ?? desired
    if desired > total {
      pending.append((step + provisioningSteps, desired - total))
    } else if stable < total {
      remove(total - stable)
    }
  }

  /// Takes replicas away, those that are not ready yet first.
  private mutating func remove(_ count: Int) {
    var rest = count
    while rest > 0, let last = pending.popLast() {
      if last.count > rest { pending.append((last.readyAt, last.count - rest)) }
      rest -= min(rest, last.count)
    }
    ready -= rest
  }
}
