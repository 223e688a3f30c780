import Basics
import Testing
import Workloads

@Test func `rules are read and written`() throws {
  #expect(try Recurrence(rule: "FREQ=DAILY") == Recurrence(frequency: .daily))
  #expect(try Recurrence(rule: "RRULE:FREQ=WEEKLY;INTERVAL=2;COUNT=8").rule == "FREQ=WEEKLY;INTERVAL=2;COUNT=8")
  for until in ["20261231T120000Z", "2026-12-31T12:00:00Z", "2026-12-31T13:00:00+01:00"] {
    #expect(try Recurrence(rule: "freq=daily;until=\(until)").rule == "FREQ=DAILY;UNTIL=2026-12-31T12:00:00Z")
  }
  for until in ["20261231", "2026-12-31"] {
    #expect(try Recurrence(rule: "FREQ=DAILY;UNTIL=\(until)").until == time("2026-12-31T23:59:59Z"))
  }
}

@Test(arguments: [
  ("", "'' is not NAME=VALUE"), ("FREQ", "'FREQ' is not NAME=VALUE"), ("FREQ=", "'FREQ=' is not NAME=VALUE"),
  ("INTERVAL=2", "FREQ is missing"), ("FREQ=MONTHLY", "FREQ=MONTHLY is not supported"),
  ("FREQ=WEEKLY;BYDAY=MO,TU", "BYDAY is not supported"), ("FREQ=DAILY;FREQ=DAILY", "FREQ stands there twice"),
  ("FREQ=DAILY;INTERVAL=0", "INTERVAL is a whole number between 1 and 1000"),
  ("FREQ=DAILY;COUNT=many", "COUNT is a whole number between 1 and 1000000"),
  ("FREQ=DAILY;COUNT=2;UNTIL=20261231", "COUNT and UNTIL exclude each other"),
  ("FREQ=DAILY;UNTIL=2026", "UNTIL is not a time"), ("FREQ=DAILY;UNTIL=20261331T000000Z", "UNTIL is not a time"),
])
func `what is not supported is refused with a sentence`(rule: String, why: String) {
  let found = complaint(of: { _ = try Recurrence(rule: rule) })
  #expect(found.contains(why), "found: \(found)")
  #expect(found.contains("for example 'FREQ=WEEKLY;COUNT=8'"))
}
