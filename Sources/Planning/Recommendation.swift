public import Basics
public import Wire

/// What a service should run on, when, why, and how sure.
public struct Recommendation: Equatable, Sendable {
  /// What decided.
  public enum Reason: UInt8, Sendable, CaseIterable {
    case steady, presentLoad, forecast, event, release, stabilisation, deadBand, stale, doubtful, unknownCapacity
    case minimum, maximum, start, freeze, step
  }

  /// A step that an announced event will ask for later.
  public struct UpcomingStep: Equatable, Sendable {
    /// Title of the event: `campaign spring-sale`.
    public var event: String
    /// First tick of the event.
    public var start: Tick
    /// The tick after which the order will be placed: the provisioning time before the event.
    public var orderAt: Tick
    /// Replicas it will need, as seen now.
    public var replicas: Int
  }

  /// Which service.
  public var service: String
  /// The tick after which it was made.
  public var tick: Tick
  /// Replicas to order now, or nil while neither capacity nor running replicas are known: keep what runs.
  public var replicas: Int?
  /// What was recommended, or ran, before.
  public var previousReplicas: Int?
  /// CPU request in cores, or nil while no use was seen.
  public var cpuRequestCores: Double?
  /// Memory request in bytes, or nil while no use was seen.
  public var memoryRequestBytes: Double?
  /// Why they are what they are, in a sentence each; empty while there is none.
  public var cpuSentence = "", memorySentence = ""
  /// Whether the two requests are for one replica; false: for the whole service, whose replicas are not known.
  public var requestsArePerReplica: Bool
  /// The tick that needs the replicas: the next one, or a later one that is near enough to order now.
  public var effectiveFrom: Tick
  /// The next announced event that needs more, if it is not near enough to order now.
  public var upcoming: UpcomingStep?
  /// What decided.
  public var reason: Reason
  /// The reason in a sentence.
  public var sentence: String
  /// How sure, 0…1: from age, calibration of the bands, certainty of the capacity and freshness.
  public var confidence: Double
  /// The last tick in which it may still be followed.
  public var validUntil: Tick
  /// The quantile of demand that it is for, 0 where no forecast was at hand.
  public var quantile: Double
  /// Requests/s that it is for, or nil where no forecast was at hand.
  public var demand: Double?
  /// Requests/s of one replica at utilisation 1, or nil while unknown.
  public var capacityPerReplica: Double?
  /// Whether it rests on a believed value of this very tick; where not, it never lowers anything.
  public var fresh: Bool

  /// Whether an autoscaler may follow it: fresh, with a number and a known capacity.
  public var isActionable: Bool { fresh && replicas != nil && reason != .unknownCapacity }

  /// Appends the recommendation (version 2).
  public func encode(into w: inout ByteWriter) {
    w.write(2 as UInt8)
    w.writeString(service)
    w.write(tick)
    w.write(optional: replicas)
    w.write(optional: previousReplicas)
    w.write(optional: cpuRequestCores)
    w.write(optional: memoryRequestBytes)
    w.writeString(cpuSentence)
    w.writeString(memorySentence)
    w.write(requestsArePerReplica)
    w.write(effectiveFrom)
    w.write(upcoming != nil)
    if let upcoming {
      w.writeString(upcoming.event)
      w.write(upcoming.start)
      w.write(upcoming.orderAt)
      w.write(int: upcoming.replicas)
    }
    w.write(reason.rawValue)
    w.writeString(sentence)
    w.write(confidence)
    w.write(validUntil)
    w.write(quantile)
    w.write(optional: demand)
    w.write(optional: capacityPerReplica)
    w.write(fresh)
  }

  /// Reads a recommendation.
  public init(from r: inout ByteReader) throws(WireError) {
    try r.readVersion(2)
    service = try r.readString()
    tick = try r.readTick()
    replicas = try r.readOptionalAmount()
    previousReplicas = try r.readOptionalAmount()
    cpuRequestCores = try r.readOptionalDouble()
    memoryRequestBytes = try r.readOptionalDouble()
    cpuSentence = try r.readString()
    memorySentence = try r.readString()
    requestsArePerReplica = try r.readBool()
    effectiveFrom = try r.readTick()
    if try r.readBool() {
      let event = try r.readString()
      let (start, orderAt) = (try r.readTick(), try r.readTick())
      upcoming = UpcomingStep(event: event, start: start, orderAt: orderAt, replicas: try r.readAmount())
    }
    reason = try r.readCase()
    sentence = try r.readString()
    confidence = try r.readDouble()
    validUntil = try r.readTick()
    quantile = try r.readDouble()
    demand = try r.readOptionalDouble()
    capacityPerReplica = try r.readOptionalDouble()
    fresh = try r.readBool()
  }

  init(service: String, tick: Tick, validUntil: Tick) {
    (self.service, self.tick, self.validUntil) = (service, tick, validUntil)
    (requestsArePerReplica, effectiveFrom, reason, sentence) = (false, tick + 1, .stale, "")
    (confidence, quantile, fresh) = (0, 0, false)
  }
}
