/// What a policy sees when it decides: the past only.
public struct FleetView: Equatable, Sendable {
  /// The step that has just ended, counted from 0.
  public var step: Int
  /// Length of a step in s.
  public var stepSeconds: Double
  /// Mean load in requests/s over the metric window, or nil while missing.
  public var load: Double?
  /// Mean of min(1, utilisation) over the metric window, or nil while missing.
  public var utilisation: Double?
  /// Replicas that serve, and replicas that are ordered and not yet ready.
  public var ready: Int, pending: Int
  /// Requests/s of a replica at utilisation 1.
  public var capacityPerReplica: Double
  /// Steps from an order until it serves.
  public var provisioningSteps: Int

  /// Describes what is seen.
  public init(
    step: Int,
    stepSeconds: Double,
    load: Double?,
    utilisation: Double?,
    ready: Int,
    pending: Int,
    capacityPerReplica: Double,
    provisioningSteps: Int
  ) {
    (self.step, self.stepSeconds, self.load, self.utilisation) = (step, stepSeconds, load, utilisation)
    (self.ready, self.pending) = (ready, pending)
    (self.capacityPerReplica, self.provisioningSteps) = (capacityPerReplica, provisioningSteps)
  }

  /// All replicas that are paid for.
  public var total: Int { ready + pending }
}

/// Something that says after each step how many replicas there should be.
public protocol ReplicaPolicy {
  /// Name, for tables.
  var name: String { get }
  /// Returns the wanted total after a step; the replay brings it between its limits.
  mutating func decide(_ view: FleetView) -> Int
}

/// Recommendations made beforehand, one per step; nil keeps what runs.
public struct RecordedPolicy: ReplicaPolicy, Sendable {
  /// Name, for tables.
  public let name: String
  private let replicas: [Int?]

  /// Wraps recommendations by step.
  public init(name: String, replicas: [Int?]) { (self.name, self.replicas) = (name, replicas) }

  /// Returns the recommendation of the step.
  public mutating func decide(_ view: FleetView) -> Int {
    view.step < replicas.count ? replicas[view.step] ?? view.total : view.total
  }
}
