import Basics
import Documents
import StateStore
import Testing

extension ProcessTests {
  /// Services that come and go.
  @Suite struct MembershipTests {
    /// The longest that is forecast: a day of silence is 24 ticks.
    private static let tick: Int64 = 3_600_000
    private static let configuration = "tenant: t\ntick: 1 h\nsample: 1 h\ngrace: 1 s\nclock: stream\n"

    private func start(cores: Int = 2) throws -> Service {
      let folder = try TestFolder()
      let file = try folder.write(Self.configuration, to: "t.yaml")
      return try Service(in: folder, configuration: file, cores: cores, also: ["--checkpoint-ticks", "3"])
    }

    /// Appends one sample per service in a tick, then lets the tick end.
    private func report(_ services: [String], in tick: Int64, to store: RedisConnection) throws {
      for name in services {
        let (time, load) = (RedisArgument("\(tick * Self.tick + 1000)"), RedisArgument("\(100 + tick % 7)"))
        _ = try store.command(["XADD", "{t}:metrics", "*", "service", .init(name), "requests", load, "ts", time])
      }
      let end = RedisArgument("\((tick + 1) * Self.tick + 2000)")
      _ = try store.command(["XADD", "{t}:metrics", "*", "watermark", end])
    }

    private func rows(_ service: Service) throws -> [String: JSONValue] {
      let listed = try synfire("services", "-o", "json", in: service.folder)
      #expect(listed.code == 0, "\(listed.error)")
      return Dictionary(uniqueKeysWithValues: listed.json.elements.map { ($0["service"]?.text ?? "", $0) })
    }

    @Test(.timeLimit(.minutes(1)))
    func `a service joins with its first sample, sleeps after a silent day, and wakes with what it knew`() throws {
      let service = try start()
      let store = try service.connect()
      var tick: Int64 = 80_000
      func play(_ ticks: Int64, _ services: [String]) throws {
        for _ in 0..<ticks {
          try report(services, in: tick, to: store)
          tick += 1
        }
        try eventually("tick \(tick)", in: service.folder) { service.status()?["tick"]?.int == Int(tick) - 1 }
      }
      try play(8, ["a", "b"])
      try play(1, ["a", "b", "c"])
      var rows = try self.rows(service)
      #expect(rows["c"]?["state"] == "reports" && rows["c"]?["values_seen"]?.int == 1)
      #expect(rows["b"]?["values_seen"]?.int == 9)
      try play(2, ["a", "c"])
      rows = try self.rows(service)
      #expect(rows["b"]?["state"] == "silent" && rows["b"]?["seconds_since_value"]?.double == 7200)
      try play(24, ["a", "c"])
      rows = try self.rows(service)
      #expect(rows["b"]?["state"] == "asleep" && rows["b"]?["metrics"]?.int == 1)
      let status = service.status()
      #expect(status?["services"]?.int == 2 && status?["services_asleep"]?.int == 1)
      let asked = try synfire("recommend", "b", in: service.folder)
      #expect(asked.code == 4 && asked.error.contains("'b' sleeps: it has not reported for 26 h"), "\(asked.error)")
      // Its state outlives a core that is killed, and a move to other cores.
      service.processes("core").first?.send(.kill)
      #expect(try synfire("scale", "--cores", "3", in: service.folder).code == 0)
      try play(1, ["a", "b", "c"])
      rows = try self.rows(service)
      #expect(rows["b"]?["state"] == "reports" && rows["b"]?["values_seen"]?.int == 10)
      #expect(service.status()?["services_asleep"]?.int == 0)
      try service.stop()
    }

    @Test(.timeLimit(.minutes(1)))
    func `many services that join in one tick are all there after it, and change nothing for others`() throws {
      func played(crowd: Int) throws -> (others: [JSONValue], count: Int) {
        let service = try start()
        let store = try service.connect()
        for tick in 80_000..<80_008 as Range<Int64> {
          let new = tick < 80_004 ? [] : (0..<crowd).map { "new-\($0)" }
          try report(["a", "b"] + new, in: tick, to: store)
        }
        try eventually("the last tick", in: service.folder) { service.status()?["tick"]?.int == 80_007 }
        let all = try synfire("forecast", "-o", "json", in: service.folder).json.elements
        let count = service.status()?["services"]?.int ?? 0
        try service.stop()
        return (all.filter { ["a", "b"].contains($0["service"]?.text) }, count)
      }
      let (alone, crowded) = (try played(crowd: 0), try played(crowd: 150))
      #expect(alone.count == 2 && crowded.count == 152)
      #expect(alone.others == crowded.others && !alone.others.isEmpty)
    }
  }
}
