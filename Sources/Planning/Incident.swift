internal import Basics
internal import Wire
internal import Workloads

/// An open incident.
struct Incident: Equatable {
  let service: String
  let openedAt: Tick
  /// In ascending order of series.
  var members: [AnomalyEvent.Member] = []
  var severity = AnomalyEvent.Severity.minor
  var calmTicks = 0, silentTicks = 0

  init(service: String, openedAt: Tick) { (self.service, self.openedAt) = (service, openedAt) }

  var id: String { "\(service)-\(openedAt.index)" }

  func involves(_ name: String) -> Bool { name == service || members.contains { $0.series.service == name } }

  /// Adds a member, or raises its greatest surprise; returns whether it is new.
  mutating func take(_ member: AnomalyEvent.Member) -> Bool {
    guard let i = members.firstIndex(where: { $0.series == member.series }) else {
      let place = members.firstIndex { member.series < $0.series } ?? members.count
      members.insert(member, at: place)
      return true
    }
    if member.surprise > members[i].surprise {
      let onset = members[i].onset
      members[i] = member
      members[i].onset = onset
    }
    return false
  }

  /// Weighs again; returns whether it became worse.
  mutating func weigh() -> Bool {
    let peak = members.map(\.surprise).max() ?? 0
    let services = Set(members.map(\.series.service)).count
    let weight: AnomalyEvent.Severity =
      peak >= 15 || services >= 3 ? .critical : peak >= 8 || services == 2 ? .major : .minor
    defer { severity = max(severity, weight) }
    return weight > severity
  }

  /// The member that changed first.
  ///
  /// Among those of one tick: requests first, and of these the caller's, because demand flows to the callee; of other
  /// metrics the callee's, because slowness flows to the caller; then the greatest.
  func cause(calls: [Call]) -> AnomalyEvent.Member? {
    guard let onset = members.map(\.onset).min() else { return nil }
    let first = members.filter { $0.onset == onset }
    func rank(_ m: AnomalyEvent.Member) -> (Int, Int, Double) {
      let isRequests = m.series.metric == "requests"
      let before = calls.filter { call in
        let (mine, other) = isRequests ? (call.callee, call.caller) : (call.caller, call.callee)
        return mine == m.series.service && mine != other && first.contains { $0.series.service == other }
      }
      return (isRequests ? 0 : 1, before.count, -m.surprise)
    }
    return first.min { rank($0) < rank($1) }
  }

  func sentence(cause: AnomalyEvent.Member?, tickMilliseconds: Int64) -> String {
    func tell(_ m: AnomalyEvent.Member) -> String {
      if !m.note.isEmpty, (m.low...m.high).contains(m.observed) {
        return "\(m.series) \(Phrase.number(m.observed)): \(m.note)"
      }
      return
        "\(m.series) \(Phrase.number(m.observed)) where \(Phrase.number(m.low))…\(Phrase.number(m.high)) was expected "
        + "(\(Phrase.number(m.surprise)) half-bands)" + (m.note.isEmpty ? "" : ", and \(m.note)")
    }
    let own = members.filter { $0.series.service == service }
    guard let cause, let greatest = own.max(by: { $0.surprise < $1.surprise }) ?? members.first else { return service }
    if cause.series == greatest.series { return "\(tell(greatest)), and it changed first" }
    let earlier = Int(min(max(0, greatest.onset.index - cause.onset.index), 1_000_000))
    let time = Phrase.duration(ticks: earlier, tickMilliseconds: tickMilliseconds)
    return "\(tell(greatest)); \(tell(cause)) changed first" + (earlier > 0 ? ", \(time) before" : "")
  }

  func encode(into w: inout ByteWriter) {
    w.writeString(service)
    w.write(openedAt)
    w.writeVarint(UInt64(members.count))
    for m in members { m.encode(into: &w) }
    w.write(severity.rawValue)
    w.write(int: calmTicks)
    w.write(int: silentTicks)
  }

  init(from r: inout ByteReader) throws(WireError) {
    let service = try r.readString()
    self.init(service: service, openedAt: try r.readTick())
    for _ in 0..<(try r.readCount(elementBytes: 43)) { members.append(try .init(from: &r)) }
    severity = try r.readCase()
    calmTicks = try r.readAmount()
    silentTicks = try r.readAmount()
  }
}
