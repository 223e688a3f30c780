public import Wire

/// Why a recommendation is what it is: parts in replicas that add up to it exactly.
///
/// Every part is a multiple of 1/1024 of a replica, so the sum in `Double` has no rounding error; what the whole
/// number of replicas adds to the exact need is the last part, `rounding`, which lies within −0.01…1.01.
public struct Explanation: Equatable, Sendable {
  /// What a part stands for.
  public enum Kind: UInt8, Sendable, CaseIterable {
    /// The slow level of demand; its season; an announced event; the way from the median to the quantile.
    case base, season, event, headroom
    /// Room between the target utilisation and full use.
    case reserve
    /// Load that is already above the forecast; demand a little later, ordered in one go.
    case presentLoad, ramp
    /// Replicas kept or not yet ordered: stabilisation, dead band, missing or doubtful input, limits of a step.
    case hold
    /// The service's least or greatest number of replicas.
    case limit
    /// Up to the next whole replica.
    case rounding
  }

  /// One summand.
  public struct Part: Equatable, Sendable {
    /// What it stands for.
    public var kind: Kind
    /// Its share, in replicas; may be negative.
    public var replicas: Double
    /// What is behind it, in a sentence.
    public var sentence: String
  }

  /// The demand behind it, in requests/s; absent where no forecast was at hand.
  public struct Demand: Equatable, Sendable {
    /// Slow level, median without event, median with event, and the quantile that is planned for.
    public var level: Double, cleanMedian: Double, median: Double, planned: Double
    /// What was seen in the tick.
    public var observed: Double?
    /// Requests/s of a replica at utilisation 1, and the utilisation planned for.
    public var capacityPerReplica: Double, targetUtilisation: Double
    /// The quantile, and the factor that past coverage put on its distance from the median.
    public var quantile: Double, stretch: Double
    /// The tick ahead that needs most.
    public var ticksAhead: Int
  }

  /// Parts in the order of `Kind`; empty where no number was recommended.
  public var parts: [Part]
  /// The demand behind it.
  public var demand: Demand?

  /// The sum of the parts: the recommended replicas.
  public var total: Double { parts.reduce(0) { $0 + $1.replicas } }

  /// Returns the share of one kind, 0 where it has none.
  public func share(of kind: Kind) -> Double { parts.first { $0.kind == kind }?.replicas ?? 0 }

  /// Appends the explanation (version 1).
  public func encode(into w: inout ByteWriter) {
    w.write(1 as UInt8)
    w.writeVarint(UInt64(parts.count))
    for part in parts {
      w.write(part.kind.rawValue)
      w.write(part.replicas)
      w.writeString(part.sentence)
    }
    w.write(demand != nil)
    guard let demand else { return }
    for x in [demand.level, demand.cleanMedian, demand.median, demand.planned] { w.write(x) }
    w.write(optional: demand.observed)
    for x in [demand.capacityPerReplica, demand.targetUtilisation, demand.quantile, demand.stretch] { w.write(x) }
    w.write(int: demand.ticksAhead)
  }

  /// Reads an explanation.
  public init(from r: inout ByteReader) throws(WireError) {
    try r.readVersion(1)
    parts = []
    for _ in 0..<(try r.readCount(elementBytes: 10)) {
      let kind: Kind = try r.readCase()
      let replicas = try r.readDouble()
      parts.append(Part(kind: kind, replicas: replicas, sentence: try r.readString()))
    }
    guard try r.readBool() else { return }
    let (level, clean) = (try r.readDouble(), try r.readDouble())
    let (median, planned) = (try r.readDouble(), try r.readDouble())
    let observed = try r.readOptionalDouble()
    let (capacity, target) = (try r.readDouble(), try r.readDouble())
    let (quantile, stretch) = (try r.readDouble(), try r.readDouble())
    demand = Demand(
      level: level,
      cleanMedian: clean,
      median: median,
      planned: planned,
      observed: observed,
      capacityPerReplica: capacity,
      targetUtilisation: target,
      quantile: quantile,
      stretch: stretch,
      ticksAhead: try r.readInt()
    )
  }

  init(parts: [Part], demand: Demand?) { (self.parts, self.demand) = (parts, demand) }
}

/// A recommendation with its explanation.
public struct Plan: Equatable, Sendable {
  /// What to do.
  public var recommendation: Recommendation
  /// Why.
  public var explanation: Explanation

  /// Appends both.
  public func encode(into w: inout ByteWriter) {
    recommendation.encode(into: &w)
    explanation.encode(into: &w)
  }

  /// Reads both.
  public init(from r: inout ByteReader) throws(WireError) {
    recommendation = try Recommendation(from: &r)
    explanation = try Explanation(from: &r)
  }

  init(recommendation: Recommendation, explanation: Explanation) {
    (self.recommendation, self.explanation) = (recommendation, explanation)
  }
}
