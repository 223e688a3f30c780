import Basics
import Documents
import Testing
import Workloads

private let hour: Int64 = 3_600_000

private func event(
  _ id: String,
  _ start: String,
  hours: Int64,
  uplift: Double? = nil,
  services: KnownEvent.Scope = .all,
  recurrence: Recurrence? = nil,
  status: KnownEvent.Status = .planned,
  kind: EventKind = .campaign
) -> KnownEvent {
  KnownEvent(
    id: id,
    name: id,
    kind: kind,
    start: time(start),
    end: Timestamp(milliseconds: time(start).milliseconds + hours * hour),
    services: services,
    expectedUplift: uplift,
    recurrence: recurrence,
    status: status
  )
}

private func tick(_ text: String) -> Tick { Tick(time(text).milliseconds / 300_000) }

extension EventCalendar {
  fileprivate func effect(_ service: String, _ text: String) -> CalendarEffect? {
    effect(service: service, at: tick(text), lengthMilliseconds: 300_000)
  }
}

@Test func `an event sets in and dies away over a tenth of its length, at most half an hour`() {
  let short = event("short", "2026-01-05T10:00:00Z", hours: 2)
  func at(_ event: KnownEvent, _ minutes: Int64) -> Double {
    let from = event.start.milliseconds + minutes * 60_000
    return event.shape(from: Timestamp(milliseconds: from - 1), to: Timestamp(milliseconds: from + 1))
  }
  #expect(at(short, -1) == 0)
  #expect(abs(at(short, 6) - 0.5) < 1e-9)
  #expect(abs(at(short, 12) - 1) < 1e-6)
  #expect(at(short, 60) == 1)
  #expect(abs(at(short, 114) - 0.5) < 1e-9)
  #expect(at(short, 121) == 0)
  let long = event("long", "2026-01-05T00:00:00Z", hours: 48)
  #expect(abs(at(long, 15) - 0.5) < 1e-9)
  #expect(at(long, 31) == 1)
}

@Test func `the shape over a tick is the mean, so that a short event shows`() {
  let brief = KnownEvent(
    name: "brief",
    kind: .release,
    start: time("2026-01-05T10:01:00Z"),
    end: time("2026-01-05T10:02:00Z")
  )
  let from = time("2026-01-05T10:00:00Z")
  let shape = brief.shape(from: from, to: Timestamp(milliseconds: from.milliseconds + 300_000))
  // One minute, of which two ramps of a tenth each count half.
  #expect(abs(shape - 0.9 / 5) < 1e-12)
}

@Test func `the mean shape is the sum of its parts`() {
  var random = SplitMix(3)
  for _ in 0..<300 {
    let recurrence =
      random.next(below: 2) == 0 ? nil : Recurrence(frequency: .daily, interval: 1 + random.next(below: 3))
    let e = event("e", "2026-01-05T10:00:00Z", hours: Int64(1 + random.next(below: 24)), recurrence: recurrence)
    let a = e.start.milliseconds + Int64(random.next(below: 400_000_000)) - 100_000_000
    let b = a + 1 + Int64(random.next(below: 4_000_000)), c = b + 1 + Int64(random.next(below: 4_000_000))
    func part(_ from: Int64, _ to: Int64) -> Double {
      e.shape(from: Timestamp(milliseconds: from), to: Timestamp(milliseconds: to)) * Double(to - from)
    }
    #expect(abs(part(a, b) + part(b, c) - part(a, c)) < 1e-3)
    #expect(part(a, c) >= 0 && part(a, c) <= Double(c - a))
  }
}

@Test func `a declared multiple of 1.8 is an uplift of 0.8`() {
  let calendar = EventCalendar([event("sale", "2026-01-05T10:00:00Z", hours: 4, uplift: 1.8)])
  let effect = calendar.effect("cart", "2026-01-05T12:00:00Z")
  #expect(effect?.kind == .campaign)
  #expect(effect.map { abs($0.uplift - 0.8) < 1e-12 } == true)
  #expect(effect?.shape == 1)
  #expect(calendar.effect("cart", "2026-01-05T09:55:00Z") == nil)
  #expect(calendar.effect("cart", "2026-01-05T14:00:00Z") == nil)
}

@Test func `the strongest event wins, of equal ones the smaller id`() {
  let calendar = EventCalendar([
    event("b", "2026-01-05T10:00:00Z", hours: 4, uplift: 2),
    event("c", "2026-01-05T10:00:00Z", hours: 4, uplift: 0, kind: .maintenance),
    event("a", "2026-01-05T10:00:00Z", hours: 4, uplift: 2, kind: .holiday),
    event("weak", "2026-01-05T10:00:00Z", hours: 4, uplift: 1.5, kind: .release),
    event("unknown", "2026-01-05T10:00:00Z", hours: 12, kind: .release),
    event("other", "2026-01-05T10:00:00Z", hours: 4, uplift: 9, services: .named(["web"])),
  ])
  #expect(calendar.effect("cart", "2026-01-05T12:00:00Z") == CalendarEffect(kind: .holiday, uplift: 1, shape: 1))
  #expect(calendar.effect("web", "2026-01-05T12:00:00Z")?.uplift == 8)
  // Where nothing else acts, an event without declared uplift is still in force.
  #expect(calendar.effect("cart", "2026-01-05T18:00:00Z") == CalendarEffect(kind: .release, uplift: 0, shape: 1))
}

@Test func `cancelled events do not act`() {
  let calendar = EventCalendar([event("x", "2026-01-05T10:00:00Z", hours: 4, uplift: 2, status: .cancelled)])
  #expect(calendar.effect("cart", "2026-01-05T12:00:00Z") == nil)
}

@Test func `an event comes back as its rule says`() throws {
  let weekly = event(
    "w",
    "2026-01-05T10:00:00Z",
    hours: 2,
    uplift: 2,
    recurrence: try Recurrence(rule: "FREQ=WEEKLY;INTERVAL=2;COUNT=3")
  )
  let daily = event(
    "d",
    "2026-03-01T22:00:00Z",
    hours: 4,
    uplift: 3,
    recurrence: try Recurrence(rule: "FREQ=DAILY;UNTIL=20260303T220000Z")
  )
  let calendar = EventCalendar([weekly, daily])
  let inForce = [
    ("2026-01-05T11:00:00Z", true), ("2026-01-12T11:00:00Z", false), ("2026-01-19T11:00:00Z", true),
    ("2026-02-02T11:00:00Z", true), ("2026-02-16T11:00:00Z", false), ("2025-12-22T11:00:00Z", false),
    ("2026-03-02T01:00:00Z", true), ("2026-03-04T01:00:00Z", true), ("2026-03-05T01:00:00Z", false),
  ]
  for (moment, isOn) in inForce { #expect((calendar.effect("a", moment) != nil) == isOn, "\(moment)") }
  let found = calendar.occurrences(from: time("2026-01-05T12:00:00Z"), to: time("2026-03-02T01:00:00Z"))
  #expect(
    found.map(\.start.rfc3339) == ["2026-01-19T10:00:00Z", "2026-02-02T10:00:00Z", "2026-03-01T22:00:00Z"]
  )
  #expect(found.last?.end == time("2026-03-02T02:00:00Z"))
}

@Test func `the calendar of many services names those with an event now or at a horizon`() {
  let calendar = EventCalendar([
    event("x", "2026-01-05T10:00:00Z", hours: 1, uplift: 2, services: .named(["b"])),
    event("y", "2026-01-06T09:00:00Z", hours: 2, uplift: 3, services: .named(["c", "b"])),
  ])
  let calendars = calendar.calendars(
    of: ["a", "b", "c"],
    at: tick("2026-01-05T10:30:00Z"),
    lengthMilliseconds: 300_000,
    horizonTicks: [1, 12, 288]
  )
  #expect(calendars.map(\.service) == ["b", "c"])
  #expect(calendars[0].now?.uplift == 1)
  #expect(calendars[0].ahead.map { $0?.uplift } == [1, nil, 2])
  #expect(calendars[1].now == nil)
  #expect(calendars[1].ahead.map { $0?.uplift } == [nil, nil, 2])
}

@Test func `an event of the same id replaces the one before`() {
  var calendar = EventCalendar()
  #expect(calendar.put(event("a", "2026-01-05T10:00:00Z", hours: 1)) == nil)
  calendar.put(event("b", "2026-01-04T10:00:00Z", hours: 1))
  let old = calendar.put(event("a", "2026-01-03T10:00:00Z", hours: 1))
  #expect(old?.start == time("2026-01-05T10:00:00Z"))
  #expect(calendar.events.map(\.id) == ["a", "b"])
  #expect(calendar["a"]?.start == time("2026-01-03T10:00:00Z"))
  #expect(calendar.remove(id: "a")?.id == "a")
  #expect(calendar.remove(id: "a") == nil)
}
