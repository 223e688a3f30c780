internal import Basics
internal import Commands
internal import Foundation
import Testing
internal import Workloads

/// A made-up `/proc`.
private struct FakeProc {
  let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    try folder.write("loadavg", "1.25 0.80 0.40 2/345 6789\n")
    try folder.write("meminfo", "MemTotal:        1000 kB\nMemFree:  100 kB\nMemAvailable:     400 kB\n")
  }

  func busy(_ ticks: Int) throws { try folder.write("stat", "cpu  \(ticks) 0 0 999 5 0 0 0 0 0\ncpu0 1 2 3 4\n") }

  func process(_ pid: Int, _ name: String, ticks: Int, pages: Int = 100, parent: Int = 1, start: Int = 7) throws {
    let fields = "S \(parent) 1 1 0 -1 0 0 0 0 0 \(ticks) 0 0 0 20 0 1 0 \(start) 99999 \(pages) 0"
    try folder.write("\(pid)/stat", "\(pid) (\(name)) \(fields)\n")
  }

  func end(_ pid: Int) throws { try FileManager.default.removeItem(atPath: folder.path("\(pid)")) }
}

private func values(_ samples: [Sample]) -> [String: [String: Double]] {
  Dictionary(
    uniqueKeysWithValues: samples.map { sample in
      (sample.service, Dictionary(uniqueKeysWithValues: sample.readings.map { ($0.metric, $0.value) }))
    }
  )
}

private let now = Timestamp(milliseconds: 1_000_000)
private let ticksPerSecond = Double(sysconf(Int32(_SC_CLK_TCK)))
private let pageBytes = Double(sysconf(Int32(_SC_PAGESIZE)))

struct HostSamplerTests {
  @Test func `processes of one name are one service, and the host is one`() throws {
    let proc = try FakeProc()
    try proc.busy(1000)
    try proc.process(10, "web server (1)", ticks: 100)
    try proc.process(11, "web server (1)", ticks: 50, pages: 200)
    try proc.process(12, "db", ticks: 0)
    try proc.process(3, "kworker", ticks: 500, pages: 0, parent: 2)
    try proc.folder.write("self/stat", "not a process")
    var sampler = HostSampler(proc: proc.folder.url.path, instance: "m1")
    #expect(sampler.look(nowMilliseconds: 0, time: now) == [])

    try proc.busy(1000 + Int(4 * ticksPerSecond))
    try proc.process(10, "web server (1)", ticks: 100 + Int(2 * ticksPerSecond))
    try proc.process(11, "web server (1)", ticks: 50 + Int(ticksPerSecond), pages: 200)
    let samples = sampler.look(nowMilliseconds: 2000, time: now)
    #expect(samples.map(\.service) == ["db", "host", "web server (1)"])
    #expect(samples.allSatisfy { $0.time == now && $0.instance == "m1" })
    let found = values(samples)
    #expect(found["web server (1)"] == ["cpu": 1.5, "memory": 300 * pageBytes])
    #expect(found["db"] == ["cpu": 0, "memory": 100 * pageBytes])
    #expect(found["host"] == ["cpu": 2, "memory": 600 * 1024, "load": 1.25])
  }

  @Test func `a process number that is given anew does not inherit the time of the old process`() throws {
    let proc = try FakeProc()
    try proc.busy(0)
    try proc.process(10, "web", ticks: 1000)
    var sampler = HostSampler(proc: proc.folder.url.path, instance: "m1")
    _ = sampler.look(nowMilliseconds: 0, time: now)
    try proc.process(10, "web", ticks: Int(ticksPerSecond), start: 99)
    #expect(values(sampler.look(nowMilliseconds: 1000, time: now))["web"]?["cpu"] == 1)
    try proc.end(10)
    #expect(sampler.look(nowMilliseconds: 2000, time: now).map(\.service) == ["host"])
  }

  @Test func `the groups that use most are reported, and one that was reported stays`() throws {
    let proc = try FakeProc()
    try proc.busy(0)
    for (pid, name) in [(1, "a"), (2, "b"), (4, "c")] { try proc.process(pid, name, ticks: 0) }
    var sampler = HostSampler(proc: proc.folder.url.path, instance: "m1", groups: 1)
    _ = sampler.look(nowMilliseconds: 0, time: now)
    try proc.process(2, "b", ticks: 50)
    #expect(sampler.look(nowMilliseconds: 1000, time: now).map(\.service) == ["b", "host"])
    try proc.process(4, "c", ticks: 500)
    #expect(sampler.look(nowMilliseconds: 2000, time: now).map(\.service) == ["b", "host"])
    try proc.end(2)
    #expect(sampler.look(nowMilliseconds: 3000, time: now).map(\.service) == ["a", "host"])
  }

  @Test func `names that cannot be services are left out, and 'host' is told apart`() throws {
    let proc = try FakeProc()
    try proc.busy(0)
    for (pid, name) in [(1, "*"), (2, "host"), (4, "a\u{7}b")] { try proc.process(pid, name, ticks: 0) }
    var sampler = HostSampler(proc: proc.folder.url.path, instance: "m1")
    _ = sampler.look(nowMilliseconds: 0, time: now)
    #expect(sampler.look(nowMilliseconds: 1000, time: now).map(\.service) == ["host", "host (process)"])
  }

  @Test func `this machine's own processes are found`() {
    var sampler = HostSampler(instance: "here")
    _ = sampler.look(nowMilliseconds: 0, time: now)
    let found = values(sampler.look(nowMilliseconds: 1000, time: now))
    #expect(found["host"]?["memory"] ?? 0 > 0)
    #expect(found.count > 1)
  }
}
