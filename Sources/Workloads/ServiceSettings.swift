/// What a service promises its callers about latency.
public struct LatencyObjective: Equatable, Sendable {
  /// The latency to stay below, in ms.
  public var latencyMilliseconds: Double
  /// The share of requests that must, for example 0.95.
  public var quantile: Double
  /// Describes an objective.
  public init(latencyMilliseconds: Double, quantile: Double = 0.95) {
    (self.latencyMilliseconds, self.quantile) = (latencyMilliseconds, quantile)
  }
}

/// What planning needs to know of a service.
public struct ServiceSettings: Equatable, Sendable {
  /// The fewest replicas.
  public var minReplicas: Int
  /// The most replicas.
  public var maxReplicas: Int
  /// Requests per second that one replica can serve; nil where it is learned from data.
  public var capacityPerReplica: Double?
  /// The share of the capacity to use, in (0, 1].
  public var targetUtilization: Double
  /// Time from ordering a replica until it serves, in ms.
  public var provisioningMilliseconds: Int64
  /// The promise about latency, if there is one.
  public var objective: LatencyObjective?
  /// Price of one replica for one hour, if it is known.
  public var pricePerReplicaHour: Double?
  /// The most replicas that one tick may add and release; nil where only the planner's own steps count.
  public var mostAdded: Int?, mostReleased: Int?
  /// What an action is worth, in ms of the mean fleet; nil for the planner's own price.
  public var actionPriceMilliseconds: Int64?
  /// How many times as dear a broken promise is in announced events; nil for no difference.
  public var eventPriceFactor: Double?
  /// When nothing may change.
  public var freezes: [FreezeWindow] = []

  /// Describes a service; everything has a default.
  public init(
    minReplicas: Int = 1,
    maxReplicas: Int = 100,
    capacityPerReplica: Double? = nil,
    targetUtilization: Double = 0.7,
    provisioningMilliseconds: Int64 = 120_000,
    objective: LatencyObjective? = nil,
    pricePerReplicaHour: Double? = nil
  ) {
    (self.minReplicas, self.maxReplicas) = (minReplicas, maxReplicas)
    (self.capacityPerReplica, self.targetUtilization) = (capacityPerReplica, targetUtilization)
    (self.provisioningMilliseconds, self.objective) = (provisioningMilliseconds, objective)
    self.pricePerReplicaHour = pricePerReplicaHour
  }
}
