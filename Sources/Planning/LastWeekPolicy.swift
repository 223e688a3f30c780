/// The autoscaler, or what the same half hour needed one week ago, whichever is more.
///
/// A missing load is taken for the last one. Before a period has passed it is the autoscaler alone.
public struct LastWeekPolicy: ReplicaPolicy, Sendable {
  /// Name, for tables.
  public let name: String
  private var autoscaler: HPAPolicy
  private let target: Double, periodSeconds: Double
  private var loads: [Double] = []

  /// Makes the policy; a period of 86,400 s makes it "yesterday".
  public init(limits: ClosedRange<Int>, target: Double = 0.7, periodSeconds: Double = 604_800) {
    name = periodSeconds == 604_800 ? "last-week" : periodSeconds == 86_400 ? "yesterday" : "last-period"
    autoscaler = HPAPolicy(limits: limits, target: target)
    (self.target, self.periodSeconds) = (target, periodSeconds)
  }

  /// Returns the wanted total.
  public mutating func decide(_ view: FleetView) -> Int {
    loads.append(view.load ?? loads.last ?? 0)
    let reactive = autoscaler.decide(view)
    let period = Int(periodSeconds / view.stepSeconds)
    let first = loads.count + 1 - period
    guard first >= 0 else { return reactive }
    let halfHour = Int(1800 / view.stepSeconds)
    let end = min(loads.count, first + view.provisioningSteps + 1 + halfHour)
    let highest = loads[min(first, end)..<end].max() ?? 0
    return max(reactive, Arithmetic.ceiling(highest / (view.capacityPerReplica * target)))
  }
}
