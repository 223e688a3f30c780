import Basics
import Documents
import Testing
import Workloads

private let yaml = """
  events:
    - {id: bf, name: Black Friday, kind: campaign, start: 2026-11-27, end: 2026-11-28, services: [web, cart], expected_uplift: 1.8}
    - name: Night backup
      kind: maintenance
      start: 2026-01-01T02:00:00+01:00
      end: 2026-01-01T03:00:00+01:00
      services: "*"
      recurrence: FREQ=DAILY
      status: cancelled
  """

@Test func `events are read from YAML`() throws {
  let events = try EventCalendar.read(yaml: Array(yaml.utf8), file: "events.yaml")
  let first = KnownEvent(
    id: "bf",
    name: "Black Friday",
    kind: .campaign,
    start: time("2026-11-27"),
    end: time("2026-11-28"),
    services: .named(["cart", "web"]),
    expectedUplift: 1.8
  )
  let second = KnownEvent(
    id: "night-backup-20260101T010000Z",
    name: "Night backup",
    kind: .maintenance,
    start: time("2026-01-01T01:00:00Z"),
    end: time("2026-01-01T02:00:00Z"),
    recurrence: Recurrence(frequency: .daily),
    status: .cancelled
  )
  #expect(events == [first, second])
  #expect(try EventCalendar.read(yaml: Array("[]".utf8), file: "e") == [])
  #expect(try EventCalendar.read(yaml: Array("events:".utf8), file: "e") == [])
}

@Test func `events are read from CSV`() throws {
  let csv = """
    name,kind,start,end,services,expected_uplift,recurrence,id
    Sale,campaign,2026-11-27T00:00:00Z,2026-11-27T06:00:00Z,web; cart,2.5,,s
    "Stock, yearly",maintenance,2026-12-31,2027-01-01,*,,FREQ=WEEKLY;COUNT=2,
    All,holiday,2026-12-25,2026-12-26,,,,
    """
  let events = try EventCalendar.read(csv: Array(csv.utf8), file: "events.csv")
  #expect(events.map(\.id) == ["s", "stock-yearly-20261231T000000Z", "all-20261225T000000Z"])
  #expect(events.map(\.services) == [.named(["cart", "web"]), .all, .all])
  #expect(events.map(\.expectedUplift) == [2.5, nil, nil])
  #expect(events.map { $0.recurrence?.rule } == [nil, "FREQ=WEEKLY;COUNT=2", nil])
}

private let good = "name: n, kind: campaign, start: 2026-01-01, end: 2026-01-02"
private let mistakes: [(text: String, message: String)] = [
  ("- {kind: campaign, start: 2026-01-01, end: 2026-01-02}", "events.yaml:1: an event: 'name' is missing"),
  ("-\n  {\(good), upift: 2}", "events.yaml:2: an event: unknown key 'upift'"),
  ("events: []\nevent: []", "events.yaml:2: the calendar: unknown key 'event'; did you mean 'events'?"),
  (
    "- {name: n, kind: campain, start: 2026-01-01, end: 2026-01-02}",
    "events.yaml:1: kind: 'campain' is not known; did you mean 'campaign'?"
  ),
  (
    "- {name: n, kind: release, start: today, end: 2026-01-02}",
    "events.yaml:1: start: 'today' is not a time; write for example '2026-11-27T08:00:00Z'"
  ),
  ("- {name: n, kind: release, start: 2026-02-30, end: 2026-03-02}", "start: '2026-02-30' is not a time"),
  (
    "- {name: n, kind: release, start: 2026-01-02, end: 2026-01-01}",
    "events.yaml:1: the event 'n': the end (2026-01-01T00:00:00Z) is not after the start (2026-01-02T00:00:00Z)"
  ),
  ("- {name: n, kind: release, start: 2026-01-02, end: 2026-01-02}", "is not after the start"),
  ("- {\(good), services: []}", "the event 'n': it acts on no service; name some, or \"*\" for all"),
  ("- {\(good), services: ['']}", "the event 'n': the name of a service is empty"),
  ("- {\(good), expected_uplift: -1}", "expected_uplift is a multiple of the usual demand between 0 and 1000.0"),
  ("- {\(good), expected_uplift: much}", "events.yaml:1: a number is wanted, found 'much'"),
  ("- {\(good), status: done}", "events.yaml:1: status: 'done' is not known; known are: cancelled, planned"),
  ("- {\(good), recurrence: FREQ=YEARLY}", "events.yaml:1: recurrence 'FREQ=YEARLY': FREQ=YEARLY is not supported"),
  ("- {\(good), recurrence: [a]}", "events.yaml:1: recurrence: a text is wanted, found a list"),
  (
    "- {name: n, kind: release, start: 2026-01-01, end: 2026-01-03, recurrence: FREQ=DAILY}",
    "the event 'n': it is longer than the time until it comes back"
  ),
  ("- {name: '', kind: release, start: 2026-01-01, end: 2026-01-03}", "events.yaml:1: name: the name is empty"),
  ("- {\(good)}\n- {\(good)}", "events.yaml:2: the event 'n-20260101T000000Z' stands here and on line 1; give each"),
  ("a", "events.yaml:1: a list is wanted, found 'a'"),
]

@Test(arguments: mistakes.indices) func `a mistake in an event is named with file and line`(index: Int) {
  let found = complaint(of: {
    _ = try EventCalendar.read(yaml: Array(mistakes[index].text.utf8), file: "events.yaml")
  })
  #expect(found.contains(mistakes[index].message), "found: \(found)")
}

@Test func `a mistake in CSV is named with its line`() {
  func problem(_ csv: String) -> String {
    complaint(of: { _ = try EventCalendar.read(csv: Array(csv.utf8), file: "e.csv") })
  }
  #expect(
    problem("name,kind,start,ende\n").contains("e.csv:1: the calendar: unknown column 'ende'; did you mean 'end'?")
  )
  let header = "name,kind,start,end,expected_uplift\n"
  #expect(problem(header + "\na,release,2026-01-01,,\n").contains("e.csv:3: an event: 'end' is missing"))
  #expect(problem(header + "a,release,2026-01-01,x,\n").contains("e.csv:2: end: 'x' is not a time"))
  #expect(problem(header + "a,release,2026-01-01,2026-01-02,2x\n").contains("e.csv:2: a number is wanted, found '2x'"))
}

@Test func `an event reads back from its JSON, whose keys are sorted`() throws {
  let events = [
    KnownEvent(
      id: "a\"b\\",
      name: "Größe 🚀 \u{FFFE}",
      kind: .holiday,
      start: Timestamp(milliseconds: 1),
      end: Timestamp(milliseconds: 86_400_001),
      services: .named(["b", "a", "b"]),
      expectedUplift: 0.1 + 0.2,
      recurrence: Recurrence(frequency: .weekly, interval: 3, until: time("2026-05-05T05:05:05Z")),
      status: .cancelled
    ),
    KnownEvent(name: "n", kind: .release, start: time("2026-01-01"), end: time("2026-01-02"), expectedUplift: 2),
  ]
  for event in events {
    #expect(event.problem == nil)
    #expect(try KnownEvent(json: event.json.utf8) == event)
  }
  #expect(
    events[1].json
      == #"{"end":"2026-01-02T00:00:00Z","expected_uplift":2,"id":"n-20260101T000000Z","kind":"release","#
      + #""name":"n","services":"*","start":"2026-01-01T00:00:00Z","status":"planned"}"#
  )
  let document = EventCalendar(events.dropFirst()).yaml
  #expect(try EventCalendar.read(yaml: Array(document.utf8), file: "e") == [events[1]])
  #expect(try EventCalendar.read(yaml: Array(EventCalendar().yaml.utf8), file: "e") == [])
}

@Test func `JSON that is no event is refused`() {
  for text in ["", "{", "[]", "{}", #"{"name": 5}"#, #"{"name":"n","kind":"x","start":"","end":""}"#] {
    #expect(throws: DocumentError.self) { try KnownEvent(json: text.utf8) }
  }
}

@Test func `an id is made of letters, digits and the start`() {
  func id(_ name: String) -> String {
    KnownEvent(name: name, kind: .release, start: time("2026-01-01T12:30:00Z"), end: time("2026-01-02")).id
  }
  #expect(id("  Sommer-Schlußverkauf 2026! ") == "sommer-schlußverkauf-2026-20260101T123000Z")
  #expect(id("!!!") == "event-20260101T123000Z")
  #expect(id(String(repeating: "x", count: 500)).utf8.count <= NameRule.longestBytes)
}

@Test(arguments: 0..<4) func `no mutation of a calendar crashes its reader`(seed: UInt64) {
  var random = SplitMix(seed)
  for _ in 0..<400 {
    var bytes = Array(yaml.utf8)
    for _ in 0...random.next(below: 5) {
      bytes[random.next(below: bytes.count)] = UInt8(truncatingIfNeeded: random.next())
    }
    _ = try? EventCalendar.read(yaml: bytes, file: "mutated.yaml")
    _ = try? EventCalendar.read(csv: bytes, file: "mutated.csv")
    _ = try? KnownEvent(json: bytes)
  }
}
