/// How careful a planner is: the same for all services of a tenant.
public struct PlannerSettings: Equatable, Sendable {
  /// A release waits until nothing in this time needed more, and an order looks this much further up a ramp, in ms.
  public var stabilisationMilliseconds: Int64 = 900_000
  /// A release smaller than this share of the replicas is not worth an action.
  public var deadBand = 0.05
  /// A sudden zero is believed after this time, and forecasts go on to raise for this time without a value, in ms.
  public var zeroBeliefMilliseconds: Int64 = 3_600_000
  /// A sudden fall below three tenths is believed after this time, in ms.
  public var dropBeliefMilliseconds: Int64 = 180_000
  /// One minute of broken promise costs as much as the fleet of the moment for this many minutes.
  public var violationPrice = 60.0
  /// An action is worth as much as the mean fleet for this many minutes.
  public var actionPriceMinutes = 0.55
  /// Least and greatest quantile of demand to plan for, within 0.95…0.9999; the least one is what a release respects.
  public var lowestQuantile = 0.95, highestQuantile = 0.99
  /// One tick may at most multiply the replicas by this, unless a known event asks for more.
  public var stepUpFactor = 2.0
  /// One tick may always add this many replicas.
  public var stepUpReplicas = 4
  /// One tick may at most release this share of the replicas.
  public var stepDownShare = 0.5
  /// Events are announced this long before their order is due, in ms.
  public var noticeMilliseconds: Int64 = 86_400_000
  /// A recommendation may be followed for this many ticks after its own.
  public var validityTicks = 3
  /// Ticks that a tick's value lags behind it, and ticks that it is a mean over.
  public var reportingDelayTicks = 0, reportingWindowTicks = 1

  /// Makes the default settings.
  public init() {}
}
