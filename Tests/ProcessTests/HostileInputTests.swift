import Basics
import Documents
import StateStore
import Testing
import Transport
import Wire

extension ProcessTests {
  /// Whatever arrives at ports and streams.
  @Suite struct HostileInputTests {
    @Test(.timeLimit(.minutes(2))) func `garbage at every port is counted and changes nothing`() throws {
      let seed = Chance.seed()
      print("SYNFIRE_SEED=\(seed)")
      var chance = Chance(seed: seed)
      let reference = try Undisturbed.published.get()
      let service = try ShopService(cores: 2)
      try eventually("running cores", in: service.folder) { service.phase == "running" }
      let feed = try service.feed(speed: 28_800)
      let context = try MessageContext()
      let folder = service.folder.path
      let control = try MessageSocket(.dealer, in: context)
      try control.connect("ipc://\(folder)/control.sock")
      let query = try MessageSocket(.dealer, in: context)
      try query.connect("ipc://\(folder)/query.sock")
      var options = SocketOptions()
      options.queueLimit = 0
      let spikes = try MessageSocket(.dealer, in: context, options: options)
      let core = try #require(service.processes("core").first)
      try spikes.connect(try Self.spikeEndpoint(of: core))

      let header = SpikeFrame.Header(
        run: 1,
        mapHash: 2,
        generation: Generation(1),
        incarnation: Incarnation(3),
        source: CoreID(1),
        epoch: Epoch(0)
      )
      let heartbeat = ControlMessage.heartbeat(Incarnation(77), Generation(9), mapHash: 1, CoreStatistics()).encoded()
      let foreign = SpikeFrame.encode(header, SpikeBatch(steps: 1))
      for round in 0..<40 {
        var bytes = (0..<Int.random(in: 0...3000, using: &chance)).map { _ in UInt8.random(in: 0...255, using: &chance)
        }
        if round == 0 { bytes = Array(repeating: UInt8(ascii: "["), count: 1 << 20) }
        _ = try control.send([bytes])
        _ = try control.send([bytes, bytes])
        _ = try control.send([Self.damaged(heartbeat, using: &chance)])
        _ = try query.send([bytes])
        _ = try query.send([[], bytes])
        _ = try query.send([Array(#"{"query":"everything"}"#.utf8)])
        _ = try spikes.send([bytes])
        _ = try spikes.send([bytes, bytes])
        _ = try spikes.send([Self.damaged(foreign, using: &chance)])
        _ = try spikes.send([foreign])
      }
      try service.wait(forTicks: ShopService.ticks)
      #expect(feed.finish().code == 0)
      try eventually("the counts", within: 10, in: service.folder) {
        let cores = try synfire("cores", "-o", "json", in: service.folder).json.elements
        return cores.contains { ($0["frames_dropped"]?.int ?? 0) >= 120 && ($0["frames_refused"]?.int ?? 0) >= 40 }
          && (service.status()?["messages_dropped"]?.int ?? 0) >= 160
      }
      #expect(service.status()?["recoveries"]?.int == 0)
      let log = service.folder.read("logs/coordinator.log")
      #expect(log.split(separator: "\n").count { $0.contains("cannot be read") } < 10, "the log grows with garbage")
      try service.published().expectEqual(to: reference, "seed \(seed)")
      try service.stop()
    }

    private static func spikeEndpoint(of core: RunningProcess) throws -> String {
      let option = try #require(core.words.firstIndex(of: "--spikes"))
      return core.words[option + 1].replacing("{pid}", with: "\(core.pid)")
    }

    /// Bytes with one of them changed.
    private static func damaged(_ bytes: [UInt8], using chance: inout Chance) -> [UInt8] {
      var bytes = bytes
      bytes[Int.random(in: bytes.indices, using: &chance)] ^= UInt8.random(in: 1...255, using: &chance)
      return bytes
    }

    @Test(.timeLimit(.minutes(1))) func `bad samples are put aside with a reason and good ones are folded`() throws {
      let folder = try TestFolder()
      let configuration = try folder.write(
        """
        tenant: t
        tick: 2 s
        sample: 500 ms
        grace: 500 ms
        horizons: [1 tick, 10 s, 20 s]
        """,
        to: "t.yaml"
      )
      let service = try Service(in: folder, configuration: configuration)
      for question in [["forecast"], ["recommend", "good"], ["services"]] {
        let early = try Started(question, in: folder).finish()
        #expect(early.code == 4, "\(question): \(early.error)")
        #expect(early.error.contains("no tick has been published yet"))
      }
      let store = try service.connect()
      func add(_ fields: [(String, String)]) throws {
        try addBytes(fields.map { (Array($0.0.utf8), Array($0.1.utf8)) })
      }
      func addBytes(_ fields: [([UInt8], [UInt8])]) throws {
        _ = try store.command(
          ["XADD", "{t}:metrics", "*"] + fields.flatMap { [RedisArgument($0.0[...]), .init($0.1[...])] }
        )
      }
      let now = WallClock.nowMilliseconds()
      try add([("service", "good"), ("cpu", "0.5"), ("requests", "10"), ("ts", "\(now)")])
      let bad: [(reason: String, fields: [(String, String)])] = [
        ("is not a decimal number", [("service", "good"), ("cpu", "nan")]),
        ("is not a decimal number", [("service", "good"), ("cpu", "0.5"), ("colour", "red")]),
        ("is not a decimal number", [("service", "good"), ("cpu", "")]),
        ("is infinite", [("service", "good"), ("cpu", "-inf")]),
        ("is infinite", [("service", "good"), ("cpu", "1e999")]),
        ("is beyond anything believable", [("service", "good"), ("memory", "1e300")]),
        ("is negative", [("service", "good"), ("requests", "-1")]),
        ("from the future", [("service", "good"), ("cpu", "0.5"), ("ts", "\(now + 3_600_000)")]),
        ("its tick's grace was over", [("service", "good"), ("cpu", "0.5"), ("ts", "\(now - 86_400_000)")]),
        ("milliseconds since the Unix epoch are wanted", [("service", "good"), ("cpu", "0.5"), ("ts", "yesterday")]),
        ("'service' is missing", [("cpu", "0.5")]),
        ("reports no metric", [("service", "good")]),
        ("stands there twice", [("service", "good"), ("cpu", "0.5"), ("cpu", "0.6")]),
        ("a watermark tells the time only", [("watermark", "\(now)")]),
        ("fields, at most 64", (0..<70).map { ("m\($0)", "1") }),
        (
          "reported the same at the same time",
          [("service", "good"), ("cpu", "0.5"), ("requests", "10"), ("ts", "\(now)")]
        ),
      ]
      for sample in bad { try add(sample.fields) }
      try addBytes([(Array("service".utf8), [0xFF, 0xFE]), (Array("cpu".utf8), [0x31])])
      try addBytes([(Array("service".utf8), Array("good".utf8)), ([0xC0, 0x80], [0x31])])
      // Without a time a sample is of when it arrived, and any numeric field is a series.
      try add([("service", "other"), ("instance", "i-1"), ("queue", "12")])

      try eventually("a tick", in: folder) { service.status()?["ticks_published"]?.int ?? 0 >= 1 }
      let reply = try store.command(["XRANGE", "{t}:rejected", "-", "+"])
      let reasons = (reply.elements ?? []).map { $0.elements?[1].elements?[1].text ?? "" }
      #expect(reasons.count == bad.count + 2)
      for (wanted, found) in zip(bad.map(\.reason) + ["is not UTF-8", "is not UTF-8"], reasons) {
        #expect(found.contains(wanted), "\(found)")
      }
      let status = try #require(service.status())
      #expect(status["samples_folded"]?.int == 2)
      let counts = status["samples_rejected"]?.members.map { $0.value.double ?? 0 } ?? []
      #expect(Int(counts.reduce(0, +)) == bad.count + 2)
      let services = try synfire("services", "-o", "json", in: folder)
      #expect(services.json.elements.map { $0["service"]?.text } == ["good", "other"])
      let unknown = try synfire("forecast", "goood", in: folder)
      #expect(unknown.code == 3)
      #expect(unknown.error.contains("there is no service 'goood'; did you mean 'good'?"))
      #expect(try synfire("explain", "nothing", in: folder).code == 3)
      #expect(try synfire("whatif", "nothing", "--traffic", "2", in: folder).code == 3)
      let moved = try synfire("whatif", "good", "--move", "sale", "--by", "1h", in: folder)
      #expect(moved.code == 3)
      #expect(moved.error.contains("no event 'sale' is announced for 'good'"))
      #expect(try synfire("emit", "good", "cpu=0.7", "--tenant", "t", in: folder).code == 0)
      try service.stop()
    }
  }
}
