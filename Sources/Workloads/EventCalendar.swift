public import Basics

/// One taking place of a known event.
public struct EventOccurrence: Equatable, Sendable {
  /// The event.
  public var event: KnownEvent
  /// When this occurrence begins.
  public var start: Timestamp
  /// When it is over.
  public var end: Timestamp
}

/// The known events of a tenant.
public struct EventCalendar: Equatable, Sendable {
  /// The most events that are kept.
  public static let mostEvents = 10_000

  /// The events, ascending by start, then id.
  public private(set) var events: [KnownEvent] = []

  /// An empty calendar.
  public init() {}

  /// A calendar of given events; of two with the same id the later one stays.
  public init(_ events: some Sequence<KnownEvent>) {
    for event in events { put(event) }
  }

  /// The event of an id, or nil.
  public subscript(id: String) -> KnownEvent? { events.first { $0.id == id } }

  /// Adds an event and returns the one of the same id that it replaced, if there was one.
  ///
  /// - Precondition: the event has no `problem`.
  @discardableResult
  public mutating func put(_ event: KnownEvent) -> KnownEvent? {
    precondition(event.problem == nil, "only events without a problem enter a calendar")
    let replaced = remove(id: event.id)
    let place = events.firstIndex { (event.start, event.id) < ($0.start, $0.id) } ?? events.count
    events.insert(event, at: place)
    return replaced
  }

  /// Removes an event and returns it, or nil when there was none of that id.
  @discardableResult
  public mutating func remove(id: String) -> KnownEvent? {
    events.firstIndex { $0.id == id }.map { events.remove(at: $0) }
  }

  /// The strongest event in force for a service over a tick, or nil.
  ///
  /// Strength is |uplift| × shape; of equally strong ones the larger shape, then the smaller id wins. Cancelled events
  /// do not act. An event without a declared uplift has an uplift of 0.
  public func effect(service: String, at tick: Tick, lengthMilliseconds: Int64) -> CalendarEffect? {
    strongest(inForce(at: tick, lengthMilliseconds), for: service)
  }

  /// The calendar of each service that has an event at a tick or at one of the horizons after it.
  ///
  /// The result is in the order of the services; horizons are distances in ticks of the targets from the tick.
  ///
  /// - Complexity: events × horizons + services × events in force.
  public func calendars(
    of services: some Sequence<String>,
    at tick: Tick,
    lengthMilliseconds: Int64,
    horizonTicks: [Int]
  ) -> [ServiceCalendar] {
    let targets = ([0] + horizonTicks).map { inForce(at: tick + $0, lengthMilliseconds) }
    guard targets.contains(where: { !$0.isEmpty }) else { return [] }
    return services.compactMap { service in
      let effects = targets.map { strongest($0, for: service) }
      guard effects.contains(where: { $0 != nil }) else { return nil }
      return ServiceCalendar(service: service, now: effects[0], ahead: Array(effects.dropFirst()))
    }
  }

  /// The occurrences that overlap an interval, cancelled ones included, ascending by start, then id.
  public func occurrences(from: Timestamp, to: Timestamp) -> [EventOccurrence] {
    guard from < to else { return [] }
    var found: [EventOccurrence] = []
    for event in events {
      let period = event.recurrence?.periodMilliseconds ?? 0
      var number: Int64 = period > 0 ? max(0, (from.milliseconds - event.end.milliseconds) / period) : 0
      while event.recurrence?.includes(number, from: event.start) ?? (number == 0) {
        let start = Timestamp(milliseconds: event.start.milliseconds + number * period)
        let end = Timestamp(milliseconds: event.end.milliseconds + number * period)
        guard start < to else { break }
        if end > from { found.append(EventOccurrence(event: event, start: start, end: end)) }
        number += 1
      }
    }
    return found.sorted { ($0.start, $0.event.id) < ($1.start, $1.event.id) }
  }

  /// The planned events that are in force in a tick or begin within a day of it, ascending by start, then id.
  public func announced(at tick: Tick, lengthMilliseconds length: Int64) -> [AnnouncedEvent] {
    let from = Timestamp(milliseconds: tick.index * length)
    let to = Timestamp(milliseconds: from.milliseconds + ServiceConfiguration.dayMilliseconds)
    return occurrences(from: from, to: to).filter { $0.event.status == .planned }.map { occurrence in
      var names: [String]?
      if case .named(let list) = occurrence.event.services { names = list }
      return AnnouncedEvent(
        name: occurrence.event.name,
        kind: occurrence.event.kind,
        start: Tick(occurrence.start.milliseconds / length),
        end: Tick((occurrence.end.milliseconds + length - 1) / length),
        uplift: occurrence.event.expectedUplift.map { $0 - 1 } ?? 0,
        services: names
      )
    }
  }

  private struct InForce {
    var event: KnownEvent
    var effect: CalendarEffect
    var strength: Double { abs(effect.uplift) * effect.shape }
  }

  private func inForce(at tick: Tick, _ length: Int64) -> [InForce] {
    let from = Timestamp(milliseconds: tick.index * length)
    let to = Timestamp(milliseconds: from.milliseconds + length)
    return events.compactMap { event in
      guard event.status == .planned, event.start < to, event.recurrence != nil || event.end > from else { return nil }
      let shape = event.shape(from: from, to: to)
      guard shape > 0 else { return nil }
      let uplift = event.expectedUplift.map { $0 - 1 } ?? 0
      return InForce(event: event, effect: CalendarEffect(kind: event.kind, uplift: uplift, shape: shape))
    }
  }

  private func strongest(_ candidates: [InForce], for service: String) -> CalendarEffect? {
    var best: InForce?
    for candidate in candidates where candidate.event.services.includes(service) {
      guard let leader = best else {
        best = candidate
        continue
      }
      let a = (candidate.strength, candidate.effect.shape), b = (leader.strength, leader.effect.shape)
      if a > b || (a == b && candidate.event.id.precedes(leader.event.id)) { best = candidate }
    }
    return best?.effect
  }
}
