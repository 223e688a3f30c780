/// The Kubernetes Horizontal Pod Autoscaler with its default behaviour, as the yardstick of advice.
///
/// Once per step (its own sync period is 15 s; steps are that or longer): desired = ceil(ready × utilisation / target)
/// unless within the tolerance of 10 %; pods that are not ready count as idle on the way up; downscale takes the
/// highest desired number of the last 300 s; upscale adds at most 4 pods or 100 % per step. Missing metrics change
/// nothing. Source: Kubernetes documentation, "Horizontal Pod Autoscaling" (autoscaling/v2), and its controller.
public struct HPAPolicy: ReplicaPolicy, Sendable {
  /// What the ratio of present to wanted use is taken from.
  public enum Metric: Sendable {
    /// CPU utilisation, which ends at 100 %.
    case utilisation
    /// Requests/s per pod, an external metric, which does not.
    case requests
  }

  /// Name, for tables.
  public let name: String
  private let target: Double, metric: Metric, tolerance: Double
  private let stabilisationSeconds: Double
  private let limits: ClosedRange<Int>
  /// Recommendations of the last stabilisation time.
  var recommendations: [Int] = []

  /// Makes the autoscaler between a least and a greatest number of replicas.
  public init(
    limits: ClosedRange<Int>,
    target: Double = 0.7,
    metric: Metric = .utilisation,
    tolerance: Double = 0.1,
    stabilisationSeconds: Double = 300
  ) {
    name = metric == .utilisation ? "hpa" : "hpa-requests"
    (self.limits, self.target, self.metric, self.tolerance) = (limits, target, metric, tolerance)
    self.stabilisationSeconds = stabilisationSeconds
  }

  /// Returns the wanted total.
  public mutating func decide(_ view: FleetView) -> Int {
    let current = view.total
    guard let load = view.load, let utilisation = view.utilisation else { return current }
    let raw = desired(load: load, utilisation: utilisation, view)
    var wanted = min(limits.upperBound, max(limits.lowerBound, raw))
    recommendations.append(wanted)
    let kept = max(1, Int(stabilisationSeconds / max(1e-9, view.stepSeconds)))
    if recommendations.count > kept { recommendations.removeFirst(recommendations.count - kept) }
    if wanted < current { wanted = min(current, recommendations.max() ?? wanted) }
    return min(wanted, max(2 * current, current + 4))
  }

  private func desired(load: Double, utilisation: Double, _ view: FleetView) -> Int {
    let current = view.total
    switch metric {
    case .requests:
      let one = target * view.capacityPerReplica
      let ratio = load / (one * Double(max(1, current)))
      return abs(ratio - 1) <= tolerance + 1e-9 ? current : Arithmetic.ceiling(load / one)
    case .utilisation:
      let ratio = utilisation / target
      guard view.pending > 0, ratio > 1 else {
        return abs(ratio - 1) <= tolerance + 1e-9 ? current : Arithmetic.ceiling(ratio * Double(view.ready))
      }
      let tempered = ratio * Double(view.ready) / Double(current)
      if abs(tempered - 1) <= tolerance + 1e-9 || tempered < 1 { return current }
      return max(current, Arithmetic.ceiling(tempered * Double(current)))
    }
  }
}
