internal import Basics
internal import Commands
internal import Documents
internal import Foundation
internal import StateStore
import Testing
internal import Workloads

private let hasRedis = ["/usr/bin", "/usr/local/bin", "/bin"].contains {
  FileManager.default.isExecutableFile(atPath: "\($0)/redis-server")
}

/// A Redis of this test alone, and the commands that talk to it.
private final class Bench {
  let folder: TemporaryFolder
  let redis: PrivateRedis

  init() throws {
    folder = try TemporaryFolder()
    redis = try PrivateRedis(folder: folder.url.path)
    try redis.start()
  }

  deinit { redis.stop() }

  func run(_ words: String...) -> (code: ExitCode, output: String, error: String) {
    CommandsTests.run(CommandRegistry.all, words, environment: ["SYNFIRE_STATE": folder.url.path])
  }

  /// The entries of a tenant's stream, oldest first.
  func entries(_ tenant: String) throws -> [StreamMessage] {
    let reply = try RedisConnection(redis.address).command(["XRANGE", RedisArgument("{\(tenant)}:metrics"), "-", "+"])
    return try (reply.elements ?? []).map { entry in
      let flat = entry.elements?[1].elements ?? []
      let fields = stride(from: 0, to: flat.count - 1, by: 2).map { (flat[$0].bytes ?? [], flat[$0 + 1].bytes ?? []) }
      return try StreamMessage(parsing: fields)
    }
  }
}

@Suite(.enabled(if: hasRedis, "redis-server is not installed; run scripts/setup"))
struct InputTests {
  @Test func `emit appends one sample and names its place`() throws {
    let bench = try Bench()
    let found = bench.run(
      "emit",
      "checkout",
      "cpu=0.42",
      "requests=120",
      "--instance",
      "i-1",
      "--at",
      "2026-11-27",
      "-o",
      "json"
    )
    #expect(found.error == "")
    #expect(try JSONValue(parsing: found.output)["stream"]?.text == "{default}:metrics")
    let sample = Sample(
      service: "checkout",
      instance: "i-1",
      time: Timestamp(rfc3339: "2026-11-27"),
      readings: [Sample.Reading("cpu", 0.42), Sample.Reading("requests", 120)]
    )
    #expect(try bench.entries("default") == [.sample(sample)])
    #expect(bench.run("emit", "cart", "cpu=1", "--tenant", "shop").code == .done)
    #expect(try bench.entries("shop").count == 1)
  }

  @Test(arguments: [
    (["checkout"], "KEY=VALUE is missing: What was measured."),
    (["checkout", "cpu"], "'cpu' is not KEY=VALUE; write for example cpu=0.42"),
    (["checkout", "cpu=fast"], "cpu: 'fast' is not a decimal number"),
    (["*", "cpu=1"], "service: '*' stands for all services and cannot be one"),
    (["checkout", "cpu=1", "cpu=2"], "the field 'cpu' stands there twice"),
  ])
  func `emit refuses what the coordinator would reject`(words: [String], message: String) {
    let found = run(CommandRegistry.all, ["emit"] + words)
    #expect(found.code == .usage)
    #expect(found.error.hasPrefix("synfire emit: \(message)\n"))
  }

  @Test func `without a server the commands say how to start one`() {
    let found = run(CommandRegistry.all, ["emit", "a", "b=1"], environment: ["SYNFIRE_STATE": "/nowhere"])
    #expect(found.code == .failed)
    #expect(found.error.contains("there is no Redis at unix:///nowhere/redis.sock; start one with 'synfire up'"))
  }

  @Test func `events are added, listed, imported and removed`() throws {
    let bench = try Bench()
    let added = bench.run(
      "events",
      "add",
      "Black Friday",
      "--start",
      "2026-11-27",
      "--end",
      "2026-11-28",
      "--expected-uplift",
      "1.8",
      "--service",
      "cart",
      "--id",
      "bf"
    )
    #expect(added.error == "")
    let folder = try TemporaryFolder()
    try folder.write(
      "e.csv",
      "id,name,kind,start,end,services\nr1,Release,release,2026-01-01T10:00:00Z,2026-01-01T11:00:00Z,a;b\n"
    )
    #expect(bench.run("events", "import", folder.path("e.csv")).code == .done)
    let listed = try JSONValue(parsing: bench.run("events", "list", "-o", "json").output).elements
    #expect(listed.map { $0["id"]?.text } == ["r1", "bf"])
    #expect(listed[0]["services"] == ["a", "b"])
    #expect(listed[1]["expected_uplift"]?.double == 1.8)

    #expect(bench.run("events", "remove", "bf").code == .done)
    let absent = bench.run("events", "remove", "r2")
    #expect(absent.code == .notFound)
    #expect(absent.error == "synfire events remove: there is no event 'r2'; did you mean 'r1'?\n")
    let wrong = bench.run("events", "add", "x", "--start", "2026-11-28", "--end", "2026-11-27")
    #expect(wrong.code == .usage)
    #expect(bench.run("events", "add", "x", "--start", "soon", "--end", "2026-11-27").code == .usage)
    #expect(bench.run("events", "list", "-o", "csv", "--no-headers").output.hasPrefix("r1,Release,release,"))
  }

  @Test func `replay sends samples in order with watermarks between ticks`() throws {
    let bench = try Bench()
    let folder = try TemporaryFolder()
    try folder.write(
      "r.csv",
      "ts,service,requests\n2026-01-01T00:01:30Z,a,2\n2026-01-01T00:00:00Z,a,1\n2026-01-01T00:01:00Z,b,3\n"
    )
    try folder.write("c.yaml", "tenant: rec\ntick: 60 s\ngrace: 2 s\n")
    let found = bench.run("replay", folder.path("r.csv"), "--config", folder.path("c.yaml"), "-o", "json")
    #expect(found.error == "")
    #expect(found.code == .done)
    let start = try #require(Timestamp(rfc3339: "2026-01-01")).milliseconds
    func sample(_ service: String, _ seconds: Int64, _ value: Double) -> StreamMessage {
      .sample(
        Sample(
          service: service,
          time: Timestamp(milliseconds: start + seconds * 1000),
          readings: [Sample.Reading("requests", value)]
        )
      )
    }
    func mark(_ seconds: Int64) -> StreamMessage { .watermark(Timestamp(milliseconds: start + seconds * 1000)) }
    #expect(
      try bench.entries("rec") == [sample("a", 0, 1), mark(60), sample("b", 60, 3), sample("a", 90, 2), mark(122)]
    )
    #expect(try JSONValue(parsing: found.output)["entries_sent"]?.int == 5)

    let moved = bench.run("replay", folder.path("r.csv"), "--start", "2026-02-01", "--tenant", "m", "--speed", "100000")
    #expect(moved.code == .done)
    guard case .sample(let first) = try bench.entries("m").first else {
      Issue.record("no sample came")
      return
    }
    #expect(first.time == Timestamp(rfc3339: "2026-02-01"))
    try folder.write("bad.csv", "ts,service,requests\n2026-01-01T00:00:00Z,a,-1\n")
    let bad = bench.run("replay", folder.path("bad.csv"))
    #expect(bad.code == .failed)
    #expect(bad.error.contains("bad.csv:2: "))
    #expect(bench.run("replay", folder.path("r.csv"), "--tick", "0.5 ms").code == .usage)
    #expect(bench.run("replay", folder.path("r.csv"), "--speed", "0").code == .usage)
  }

  @Test func `the shop plays days of samples, each tick closed by a watermark`() throws {
    let bench = try Bench()
    let words = [
      "demo", "shop", "--days", "8", "--tick", "6 h", "--sample", "1 h", "--start", "2026-11-02", "-o", "json",
    ]
    let found = run(CommandRegistry.all, words, environment: ["SYNFIRE_STATE": bench.folder.url.path])
    #expect(found.error == "")
    #expect(found.code == .done)
    let entries = try bench.entries("shop")
    let marks = entries.compactMap { message -> Timestamp? in
      if case .watermark(let time) = message { time } else { nil }
    }
    #expect(marks.count == 32)
    #expect(marks.last == Timestamp(rfc3339: "2026-11-10"))
    #expect(try JSONValue(parsing: found.output)["samples"]?.int == entries.count - 32)
    let events = try JSONValue(parsing: bench.run("events", "list", "--tenant", "shop", "-o", "json").output)
    #expect(!events.elements.isEmpty)
    #expect(bench.run("demo", "shop", "--tick", "7 s").code == .usage)
  }

  @Test func `the shop's files are a valid configuration and calendar`() throws {
    let folder = try TemporaryFolder()
    #expect(run(CommandRegistry.all, ["demo", "shop", "--files", folder.path("shop")]).code == .done)
    #expect(run(CommandRegistry.all, ["check", folder.path("shop/shop.yaml")]).code == .done)
    #expect(run(CommandRegistry.all, ["check", folder.path("shop/events.yaml")]).code == .done)
  }

  @Test func `--watch repeats the answer until Ctrl-C, one JSON value a line`() throws {
    let bench = try Bench()
    let output = bench.folder.path("watched")
    let child = try ChildProcess(
      synfire.path,
      ["events", "list", "--watch", "-o", "json", "--redis", "\(bench.redis.address)"],
      output: .appended(path: output)
    )
    #expect(child.wait(timeoutMilliseconds: 2600) == nil)
    child.send(.interrupt)
    #expect(child.wait(timeoutMilliseconds: 5000) == .exited(code: 130))
    child.stop()
    #expect(try String(contentsOfFile: output, encoding: .utf8).hasPrefix("[]\n[]\n"))
  }

  @Test func `collecting ends by itself after its time, and with 130 at Ctrl-C`() throws {
    let bench = try Bench()
    let once = try synfire(
      "collect",
      "host",
      "--every",
      "100 ms",
      "--for",
      "250 ms",
      "--redis",
      "\(bench.redis.address)",
      "-o",
      "json"
    )
    #expect(once.error == "")
    #expect(once.code == 0)
    #expect(try JSONValue(parsing: once.output)["looks"]?.int == 2)
    #expect(
      try bench.entries("default").contains { if case .sample(let s) = $0 { s.service == "host" } else { false } }
    )

    let child = try ChildProcess(
      synfire.path,
      ["collect", "host", "--dry-run", "--every", "50 ms"],
      output: .discarded
    )
    _ = Interruption.wait(milliseconds: 500)
    child.send(.interrupt)
    #expect(child.wait(timeoutMilliseconds: 5000) == .exited(code: 130))
    child.stop()
  }
}
