/// What the owner of a service asks for: limits, capacity, target, delay and price.
///
/// Utilisation is the share of a replica's full capacity that is in use. `capacityPerReplica` is the rate of requests
/// at utilisation 1; a plan keeps utilisation at or below `targetUtilisation` even when demand reaches the chosen
/// upper quantile, and promises are broken only above `limitUtilisation`.
public struct ServiceObjective: Equatable, Sendable {
  /// Fewest and most replicas.
  public var minimumReplicas: Int, maximumReplicas: Int
  /// Requests/s of one replica at utilisation 1, or nil where it has to be learned.
  public var capacityPerReplica: Double?
  /// CPU that one replica may use, in cores, or nil where it is not known.
  public var coresPerReplica: Double?
  /// Utilisation to plan for at the upper quantile of demand, 0.05…1.
  public var targetUtilisation: Double
  /// Utilisation above which the latency promise breaks, or nil: learned from latency, else a third of the way from the target to 1.
  public var limitUtilisation: Double?
  /// Time from the order of a replica until it serves, in ms.
  public var provisioningMilliseconds: Int64
  /// Latency that may not be exceeded, in s, or nil where none was promised.
  public var latencySeconds: Double?
  /// The quantile of latency that the promise is about.
  public var latencyQuantile: Double
  /// Price of one replica for an hour, in any currency.
  public var pricePerReplicaHour: Double
  /// The most replicas that one tick may add and release; nil where only the planner's own steps count.
  public var mostAdded: Int?, mostReleased: Int?
  /// What an action is worth, in minutes of the mean fleet; nil for the planner's own price.
  public var actionPriceMinutes: Double?
  /// How many times as dear a broken promise is in announced events, half an hour before and an hour after them.
  public var eventPriceFactor = 1.0
  /// What the owner allows just now.
  public var freeze = Freeze.none

  /// What may not change for the moment.
  public enum Freeze: Equatable, Sendable {
    /// Everything may.
    case none
    /// Replicas may be added, and none released, for so many ticks more.
    case release(ticks: Int)
    /// Nothing may change, for so many ticks more.
    case all(ticks: Int)
  }

  /// Describes an objective; values out of range are brought into it.
  public init(
    minimumReplicas: Int = 1,
    maximumReplicas: Int = 20,
    capacityPerReplica: Double? = nil,
    coresPerReplica: Double? = nil,
    targetUtilisation: Double = 0.7,
    limitUtilisation: Double? = nil,
    provisioningMilliseconds: Int64 = 120_000,
    latencySeconds: Double? = nil,
    latencyQuantile: Double = 0.95,
    pricePerReplicaHour: Double = 0
  ) {
    self.minimumReplicas = min(max(0, minimumReplicas), 1_000_000)
    self.maximumReplicas = min(max(self.minimumReplicas, maximumReplicas), 1_000_000)
    self.capacityPerReplica = Self.positive(capacityPerReplica).map { min(max($0, 1e-6), 1e12) }
    self.coresPerReplica = Self.positive(coresPerReplica)
    self.targetUtilisation = targetUtilisation >= 0.05 ? min(targetUtilisation, 1) : 0.05
    self.limitUtilisation = Self.positive(limitUtilisation).map { min($0, 1) }
    self.provisioningMilliseconds = min(max(0, provisioningMilliseconds), 86_400_000)
    self.latencySeconds = Self.positive(latencySeconds)
    self.latencyQuantile = latencyQuantile > 0.5 ? min(latencyQuantile, 0.9999) : 0.5
    self.pricePerReplicaHour = Self.positive(pricePerReplicaHour) ?? 0
  }

  private static func positive(_ x: Double?) -> Double? { x.flatMap { $0 > 0 && $0.isFinite ? $0 : nil } }

  /// What to add to a sentence about a number of replicas that is beyond the limits; nothing for one between them.
  func limitPhrase(_ replicas: Int) -> String {
    if replicas > maximumReplicas { return "; the maximum is \(maximumReplicas)" }
    return replicas < minimumReplicas ? "; the minimum is \(minimumReplicas)" : ""
  }

  /// Brings a number of replicas between the limits.
  public func limited(_ replicas: Int) -> Int { min(maximumReplicas, max(minimumReplicas, replicas)) }
}
