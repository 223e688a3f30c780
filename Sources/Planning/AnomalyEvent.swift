public import Basics
public import Wire
public import Workloads

/// News of an incident: metrics that left their forecast bands together.
public struct AnomalyEvent: Equatable, Sendable {
  /// What happened to the incident.
  public enum Kind: UInt8, Sendable, CaseIterable { case opened, updated, closed }

  /// How bad it is: by the greatest surprise and the number of services.
  public enum Severity: UInt8, Sendable, CaseIterable, Comparable {
    case minor, major, critical
    /// Orders by weight.
    public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
  }

  /// A metric that takes part.
  public struct Member: Equatable, Sendable {
    /// Which series.
    public var series: SeriesName
    /// The first tick outside its band.
    public var onset: Tick
    /// The greatest surprise, in half-bands.
    public var surprise: Double
    /// What was seen then, and the 5 % and 95 % quantiles that were expected.
    public var observed: Double, low: Double, high: Double
    /// What else there is to say, such as that it stands still; mostly empty.
    public var note = ""
  }

  /// What happened.
  public var kind: Kind
  /// Name of the incident: the service where it opened, and its tick.
  public var id: String
  /// The tick of this news, and of the opening.
  public var tick: Tick, openedAt: Tick
  /// The service where it was noticed.
  public var service: String
  /// How bad it is.
  public var severity: Severity
  /// The series that changed first.
  public var cause: SeriesName
  /// All that take part, in ascending order of series.
  public var members: [Member]
  /// What was seen against what was expected, and what changed first.
  public var sentence: String

  /// Appends the event (version 2).
  public func encode(into w: inout ByteWriter) {
    w.write(2 as UInt8)
    w.write(kind.rawValue)
    w.writeString(id)
    w.write(tick)
    w.write(openedAt)
    w.writeString(service)
    w.write(severity.rawValue)
    cause.encode(into: &w)
    w.writeVarint(UInt64(members.count))
    for m in members { m.encode(into: &w) }
    w.writeString(sentence)
  }

  /// Reads an event.
  public init(from r: inout ByteReader) throws(WireError) {
    try r.readVersion(2)
    kind = try r.readCase()
    id = try r.readString()
    tick = try r.readTick()
    openedAt = try r.readTick()
    service = try r.readString()
    severity = try r.readCase()
    cause = try SeriesName(from: &r)
    members = []
    for _ in 0..<(try r.readCount(elementBytes: 43)) { members.append(try Member(from: &r)) }
    sentence = try r.readString()
  }
}

extension AnomalyEvent.Member {
  func encode(into w: inout ByteWriter) {
    series.encode(into: &w)
    w.write(onset)
    for x in [surprise, observed, low, high] { w.write(x) }
    w.writeString(note)
  }

  init(from r: inout ByteReader) throws(WireError) {
    series = try SeriesName(from: &r)
    onset = try r.readTick()
    surprise = try r.readDouble()
    observed = try r.readDouble()
    low = try r.readDouble()
    high = try r.readDouble()
    note = try r.readString()
  }
}

extension AnomalyEvent {
  init(_ kind: Kind, of incident: Incident, at tick: Tick, calls: [Call], tickMilliseconds: Int64) {
    let cause = incident.cause(calls: calls)
    (self.kind, self.tick, id, openedAt) = (kind, tick, incident.id, incident.openedAt)
    (service, severity, members) = (incident.service, incident.severity, incident.members)
    self.cause = cause?.series ?? SeriesName(service: incident.service, metric: "")
    sentence = incident.sentence(cause: cause, tickMilliseconds: tickMilliseconds)
    if kind == .closed {
      let ticks = Int(min(max(0, tick.index - incident.openedAt.index), 1_000_000))
      sentence += "; over after \(Phrase.duration(ticks: ticks, tickMilliseconds: tickMilliseconds))"
    }
  }
}
