public import Basics
public import Wire

/// The value of one series over one tick.
public struct SeriesValue: Equatable, Sendable {
  /// Which series.
  public var series: SeriesName
  /// Its value, finite.
  public var value: Double
  /// Pairs a series with its value.
  public init(series: SeriesName, value: Double) { (self.series, self.value) = (series, value) }
}

/// What the calendar says of one service at one moment.
public struct CalendarEffect: Equatable, Sendable {
  /// Kind of the event.
  public var kind: EventKind
  /// Declared extra demand at full strength: 0.8 means + 80 %; 0 where none was declared.
  public var uplift: Double
  /// Strength at this moment, 0…1 (ramps at the ends).
  public var shape: Double
  /// Describes an effect.
  public init(kind: EventKind, uplift: Double, shape: Double) {
    (self.kind, self.uplift, self.shape) = (kind, uplift, shape)
  }
}

/// The kinds of known events.
public enum EventKind: UInt8, Sendable, CaseIterable { case campaign, holiday, release, maintenance }

/// The calendar of one service as of one tick: now and at each horizon's target.
public struct ServiceCalendar: Equatable, Sendable {
  /// Which service.
  public var service: String
  /// The strongest event in force in the tick, if any.
  public var now: CalendarEffect?
  /// The strongest event at each horizon's target tick, in the order of the horizons.
  public var ahead: [CalendarEffect?]
  /// Describes a calendar.
  public init(service: String, now: CalendarEffect?, ahead: [CalendarEffect?]) {
    (self.service, self.now, self.ahead) = (service, now, ahead)
  }
}

/// How many instances of a service reported at the end of one tick.
public struct InstanceCount: Equatable, Sendable {
  /// Which service.
  public var service: String
  /// Distinct instances, at least one; where a service reports too rarely to tell, all of the tick.
  public var instances: Int
  /// Pairs a service with its instances.
  public init(service: String, instances: Int) { (self.service, self.instances) = (service, instances) }
}

/// An event that lies ahead or is in force, as planning needs it.
public struct AnnouncedEvent: Equatable, Sendable {
  /// What people call it.
  public var name: String
  /// What it is.
  public var kind: EventKind
  /// First tick that feels it.
  public var start: Tick
  /// First tick after it.
  public var end: Tick
  /// Declared extra demand: 0.8 means + 80 %; 0 where none was declared.
  public var uplift: Double
  /// Whom it acts on, ascending; nil for every service.
  public var services: [String]?
  /// Describes an event.
  public init(name: String, kind: EventKind, start: Tick, end: Tick, uplift: Double, services: [String]?) {
    (self.name, self.kind, self.start, self.end) = (name, kind, start, end)
    (self.uplift, self.services) = (uplift, services)
  }

  /// Whether it acts on a service.
  public func concerns(_ service: String) -> Bool { services?.contains(service) ?? true }
}

/// All that the network ever sees of one tick: immutable once it is in the store.
public struct SealedTick: Equatable, Sendable {
  /// Which tick.
  public var tick: Tick
  /// Length of a tick in ms.
  public var lengthMilliseconds: Int64
  /// Values in ascending order of series; a series that is not here is missing in this tick.
  public var values: [SeriesValue]
  /// Services with an event now or at a horizon, in ascending order.
  public var calendar: [ServiceCalendar]
  /// Instances of the services that reported, in ascending order of service.
  public var instances: [InstanceCount]
  /// Planned events that are in force or begin within a day, ascending by start.
  public var announced: [AnnouncedEvent]

  /// Puts a tick together; sorts nothing, so pass sorted columns.
  public init(
    tick: Tick,
    lengthMilliseconds: Int64,
    values: [SeriesValue],
    calendar: [ServiceCalendar],
    instances: [InstanceCount] = [],
    announced: [AnnouncedEvent] = []
  ) {
    (self.tick, self.lengthMilliseconds, self.values, self.calendar) = (tick, lengthMilliseconds, values, calendar)
    (self.instances, self.announced) = (instances, announced)
  }

  /// Start of the tick.
  public var start: Timestamp { Timestamp(milliseconds: tick.index * lengthMilliseconds) }

  /// Returns the tick as bytes (version 1).
  public func encoded() -> [UInt8] {
    var w = ByteWriter(reserving: 64 + values.count * 32)
    w.write(1 as UInt8)
    w.write(tick.index)
    w.write(lengthMilliseconds)
    w.writeVarint(UInt64(values.count))
    for v in values {
      v.series.encode(into: &w)
      w.write(v.value)
    }
    w.writeVarint(UInt64(calendar.count))
    for c in calendar {
      w.writeString(c.service)
      w.writeVarint(UInt64(c.ahead.count))
      for effect in [c.now] + c.ahead {
        w.write(effect.map { $0.kind.rawValue + 1 } ?? 0)
        if let effect {
          w.write(effect.uplift)
          w.write(effect.shape)
        }
      }
    }
    w.writeVarint(UInt64(instances.count))
    for count in instances {
      w.writeString(count.service)
      w.writeVarint(UInt64(count.instances))
    }
    w.writeVarint(UInt64(announced.count))
    for event in announced { event.encode(into: &w) }
    return w.bytes
  }

  /// Reads a tick from bytes.
  public init(decoding bytes: [UInt8]) throws(WireError) {
    var r = ByteReader(bytes, reading: "sealed tick")
    try r.readVersion(1)
    tick = Tick(try r.read())
    lengthMilliseconds = try r.read()
    guard lengthMilliseconds > 0 else { throw r.error("a tick's length is positive") }
    values = []
    for _ in 0..<(try r.readCount(elementBytes: 10)) {
      let name = try SeriesName(from: &r)
      values.append(SeriesValue(series: name, value: try r.readDouble()))
    }
    calendar = []
    for _ in 0..<(try r.readCount(elementBytes: 3)) {
      let service = try r.readString()
      var effects: [CalendarEffect?] = []
      for _ in 0...(try r.readCount(elementBytes: 1)) {
        let kind = try r.read(UInt8.self)
        if kind == 0 {
          effects.append(nil)
          continue
        }
        guard let known = EventKind(rawValue: kind - 1) else { throw r.error("unknown kind of event \(kind)") }
        let uplift = try r.readDouble()
        effects.append(CalendarEffect(kind: known, uplift: uplift, shape: try r.readDouble()))
      }
      calendar.append(ServiceCalendar(service: service, now: effects[0], ahead: Array(effects.dropFirst())))
    }
    instances = []
    for _ in 0..<(try r.readCount(elementBytes: 2)) {
      let service = try r.readString()
      let count = try r.readVarint()
      guard count <= UInt32.max else { throw r.error("\(count) instances") }
      instances.append(InstanceCount(service: service, instances: Int(count)))
    }
    announced = []
    for _ in 0..<(try r.readCount(elementBytes: 27)) { announced.append(try AnnouncedEvent(from: &r)) }
    try r.finish()
  }
}

extension AnnouncedEvent {
  fileprivate func encode(into w: inout ByteWriter) {
    w.writeString(name)
    w.write(kind.rawValue)
    w.write(start.index)
    w.write(end.index)
    w.write(uplift)
    w.write(services != nil)
    w.writeVarint(UInt64(services?.count ?? 0))
    for service in services ?? [] { w.writeString(service) }
  }

  fileprivate init(from r: inout ByteReader) throws(WireError) {
    name = try r.readString()
    let code: UInt8 = try r.read()
    guard let known = EventKind(rawValue: code) else { throw r.error("unknown kind of event \(code)") }
    kind = known
    start = Tick(try r.read())
    end = Tick(try r.read())
    uplift = try r.readDouble()
    let isNamed = try r.readBool()
    var names: [String] = []
    for _ in 0..<(try r.readCount(elementBytes: 1)) { names.append(try r.readString()) }
    services = isNamed ? names : nil
  }
}
