import Basics
import Documents
import Testing
import Workloads

@Suite struct FreezeWindowTests {
  private func time(_ text: String) throws -> Timestamp { try #require(Timestamp(rfc3339: text)) }

  @Test func `a window is in force from its start up to its end`() throws {
    let window = FreezeWindow(start: try time("2026-11-27T00:00:00Z"), end: try time("2026-11-28T06:00:00Z"))
    #expect(window.end(at: try time("2026-11-26T23:59:59Z")) == nil)
    #expect(window.end(at: try time("2026-11-27T00:00:00Z")) == window.end)
    #expect(window.end(at: try time("2026-11-28T05:59:59Z")) == window.end)
    #expect(window.end(at: try time("2026-11-28T06:00:00Z")) == nil)
  }

  @Test func `a window that comes back is over at the end of its occurrence`() throws {
    let window = FreezeWindow(
      start: try time("2026-11-06T18:00:00Z"),
      end: try time("2026-11-09T06:00:00Z"),
      recurrence: try Recurrence(rule: "FREQ=WEEKLY;COUNT=3")
    )
    #expect(window.end(at: try time("2026-11-14T12:00:00Z")) == (try time("2026-11-16T06:00:00Z")))
    #expect(window.end(at: try time("2026-11-17T12:00:00Z")) == nil)
    #expect(window.end(at: try time("2026-11-22T12:00:00Z")) == (try time("2026-11-23T06:00:00Z")))
    #expect(window.end(at: try time("2026-11-29T12:00:00Z")) == nil, "three times, not four")
  }

  @Test func `a service says its windows and the most that a tick may change`() throws {
    let c = try configuration(
      """
      services:
        a:
          step: {up: 10, down: 2}
          freeze:
            - {start: 2026-11-27, end: 2026-11-28, allow: more}
            - {start: "2026-11-06T18:00:00Z", end: "2026-11-09T06:00:00Z", recurrence: FREQ=WEEKLY}
      """
    )
    let settings = c.settings(for: "a")
    #expect(settings.mostAdded == 10)
    #expect(settings.mostReleased == 2)
    #expect(settings.freezes.map(\.allowance) == [.more, .nothing])
    #expect(settings.freezes.first?.start == (try time("2026-11-27T00:00:00Z")))
    #expect(settings.freezes.last?.recurrence?.frequency == .weekly)
    #expect(c.digest != ServiceConfiguration().digest)
  }

  @Test(arguments: [
    ("{start: 2026-11-28, end: 2026-11-27}", "the end (2026-11-27T00:00:00Z) is not after the start"),
    ("{start: 2026-11-27, end: soon}", "service a: freeze: end: 'soon' is not a time"),
    ("{start: 2026-11-27}", "service a: freeze: 'end' is missing"),
    ("{start: 2026-11-27, end: 2026-11-28, allow: les}", "service a: freeze: allow: 'les' is not known"),
    ("{start: 2026-11-27, end: 2026-11-28, untl: 1}", "service a: freeze: unknown key 'untl'"),
  ])
  func `what is wrong with a window is told`(text: String, problem: String) {
    let error = #expect(throws: DocumentError.self) { try configuration("services: {a: {freeze: [\(text)]}}") }
    #expect(error?.description.contains(problem) == true, "\(error?.description ?? "")")
  }

  @Test func `a step of nothing is refused`() {
    let error = #expect(throws: DocumentError.self) { try configuration("services: {a: {step: {up: 0}}}") }
    #expect(error?.description.contains("step: up is between 1 and 100000, found 0") == true)
  }
}
