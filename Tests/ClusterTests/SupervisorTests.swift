import Basics
import Cluster
import Foundation
import TestKit
import Testing

@Suite struct SupervisorTests {
  let folder: TemporaryFolder
  let supervisor: Supervisor

  init() throws {
    folder = try TemporaryFolder()
    supervisor = Supervisor(program: "/bin/sh", logFolder: folder.path, pauseMilliseconds: 2, log: Log(least: .error))
  }

  private func start(_ script: String, final codes: Set<Int32> = []) throws {
    try supervisor.start(.init(name: "member", arguments: ["-c", script], finalCodes: codes))
  }

  /// Looks until something holds; false when it does not within five seconds.
  private func look(until holds: () -> Bool) throws -> Bool {
    let end = MonotonicClock.nowMilliseconds() + 5000
    while !holds() {
      guard MonotonicClock.nowMilliseconds() < end else { return false }
      try supervisor.look()
      pauseMilliseconds(1)
    }
    return true
  }

  @Test func `what ends is started again, also with code 0`() throws {
    try start("echo x >> \(folder.path)/lives; [ $(wc -l < \(folder.path)/lives) -lt 4 ] || exec sleep 60")
    #expect(try look { supervisor.restarts == 3 })
    #expect(supervisor.processes.map(\.name) == ["member"])
    supervisor.stopAll()
    #expect(supervisor.processes.isEmpty)
  }

  @Test func `logs of members and of others are cut at a bound`() throws {
    let supervisor = Supervisor(program: "/bin/sh", logFolder: folder.path, mostLogBytes: 1000, log: Log(least: .error))
    let other = "\(folder.path)/other.log"
    try String(repeating: "a line\n", count: 1000).write(toFile: other, atomically: true, encoding: .utf8)
    supervisor.keepBounded(log: other)
    try supervisor.start(.init(name: "member", arguments: ["-c", "exec sleep 60"], finalCodes: []))
    try supervisor.look()
    supervisor.stopAll()
    #expect(try String(contentsOfFile: other, encoding: .utf8) == "")
    #expect(try String(contentsOfFile: other + ".1", encoding: .utf8).count == 497)
  }

  @Test func `a final code is not started again`() throws {
    try start("exit 5", final: [5])
    #expect(try look { supervisor.isDone("member") })
    #expect(supervisor.restarts == 0)
  }

  @Test func `what does not stay up is given up with its last words`() throws {
    try start("echo first; echo it cannot go on; exit 3")
    let ended = #expect(throws: Supervisor.Ended.self) { _ = try look { false } }
    #expect(ended?.end == .exited(code: 3))
    #expect(ended?.description.hasSuffix("member.log is: it cannot go on") == true)
    #expect(supervisor.restarts == 7)
  }

  @Test func `kills do not add up to giving up`() throws {
    try start("kill -9 $$")
    #expect(try look { supervisor.restarts == 12 })
    supervisor.stopAll()
  }
}
