import Basics
import Documents
import StateStore
import Testing
import Transport
import Wire

extension ProcessTests {
  /// Who may take part: coordinators and cores that do not belong.
  @Suite struct CoordinatorTests {
    @Test(.timeLimit(.minutes(1))) func `a second coordinator is refused, and a stand-by takes over`() throws {
      let folder = try TestFolder()
      let store = try TestStore(folder)
      let words = ["coordinator", "--redis", store.url, "--cores", "1"]
      let first = try Started(words, in: folder)
      try eventually("an answer", in: folder) { try synfire("status", in: folder).code == 0 }

      let same = try Started(words, in: folder).finish()
      #expect(same.code == 1)
      #expect(same.error.contains("another process listens there"))
      let elsewhere = ["--listen", "ipc://\(folder.path)/c2.sock", "--query", "ipc://\(folder.path)/q2.sock"]
      let second = try Started(words + elsewhere, in: folder).finish()
      #expect(second.code == 1)
      #expect(second.error.contains("another coordinator holds it for"))
      #expect(second.error.contains("--standby"))

      let here = try Started(words + ["--standby"], in: folder)
      let there = try Started(words + ["--standby"] + elsewhere, in: folder)
      try eventually("a stand-by that waits", in: folder) { folder.lastWords.contains("waiting for the end of who") }
      // A store that restarts ends no wait.
      try store.restart()
      #expect(here.isRunning && there.isRunning && first.isRunning)

      // One that hangs loses the lease, and ends when it finds that out.
      first.process.send(.stop)
      let server = ["--server", "ipc://\(folder.path)/q2.sock"]
      try eventually("an answer of the stand-by elsewhere", in: folder) {
        try Started(["status"] + server, in: folder).finish(within: 6).code == 0
      }
      first.process.send(.resume)
      let former = first.finish(within: 10)
      #expect(former.code == 1)
      #expect(former.error.contains("another coordinator has taken over"))

      there.process.send(.kill)
      try eventually("an answer of the stand-by here", in: folder) { try synfire("status", in: folder).code == 0 }
      here.process.stop()
    }

    @Test(.timeLimit(.minutes(1))) func `a core of another version or run is refused with a sentence`() throws {
      let service = try ShopService(cores: 1)
      try eventually("a running core", in: service.folder) { service.phase == "running" }
      let context = try MessageContext()

      func answer(_ bytes: [UInt8], from bits: UInt64) throws -> ControlMessage? {
        var options = SocketOptions.control
        options.identity = [0x43] + (0..<8).map { UInt8(truncatingIfNeeded: bits >> (8 * $0)) }
        let client = try ControlClient(
          endpoint: "ipc://\(service.folder.path)/control.sock",
          in: context,
          options: options
        )
        #expect(try client.send(bytes))
        var found: ControlMessage?
        try eventually("a refusal", within: 5, in: service.folder) {
          while let bytes = try client.receive() {
            if case .refuse(let text) = try ControlMessage(decoding: bytes) { found = .refuse(text) }
          }
          return found != nil
        }
        return found
      }
      func hello(_ bits: UInt64, version: UInt16 = wireVersion, run: UInt64 = 0) -> [UInt8] {
        ControlMessage.hello(
          CoreHello(
            version: version,
            incarnation: Incarnation(bits),
            place: "0",
            spikeEndpoint: "ipc:///nowhere",
            host: "elsewhere",
            processID: 1,
            run: run
          )
        ).encoded()
      }
      let next = wireVersion + 1
      #expect(
        try answer(hello(11, version: next), from: 11)
          == .refuse("core speaks wire version \(next), this coordinator \(wireVersion); start both from one build")
      )
      let run = service.status()?["run"]?.text ?? ""
      #expect(
        try answer(hello(12, run: 0xABC), from: 12)
          == .refuse("core belongs to run abc, this coordinator serves run \(run)")
      )
      // The whole message in another version's form.
      let foreign = Self.message(hello(13), ofVersion: next)
      guard case .refuse(let text) = try answer(foreign, from: 13) else { return }
      #expect(text.contains("wire version \(next), this process speaks \(wireVersion); start both from one build"))

      let status = service.status()
      #expect(status?["cores_ready"]?.int == 1)
      #expect(status?["recoveries"]?.int == 0)
      #expect(status?["messages_dropped"]?.int == 1)
      #expect(service.folder.read("logs/coordinator.log").contains("a core is refused"))
      try service.stop()
    }

    /// A message as a build of another wire version would write it.
    private static func message(_ bytes: [UInt8], ofVersion version: UInt16) -> [UInt8] {
      var w = ByteWriter()
      w.writeRaw(Array(bytes.prefix(4)))
      w.write(version)
      w.writeRaw(Array(bytes.dropFirst(6).dropLast(4)))
      w.write(CRC32C.checksum(w.bytes))
      return w.bytes
    }

    @Test(.timeLimit(.minutes(1))) func `a core ends with a sentence when its coordinator refuses it`() throws {
      let folder = try TestFolder()
      let context = try MessageContext()
      let server = try ControlServer(endpoint: "ipc://\(folder.path)/fake.sock", in: context)
      func refused(by answer: [UInt8]) throws -> Ran {
        let core = try Started(
          ["core", "--coordinator", server.endpoint, "--spikes", "ipc://\(folder.path)/core-{pid}.sock"],
          in: folder
        )
        try eventually("a hello", within: 10, in: folder) {
          guard let (peer, _) = try server.receive() else { return false }
          return try server.send(answer, to: peer)
        }
        return core.finish(within: 10)
      }
      let plain = try refused(by: ControlMessage.refuse("it is too old").encoded())
      #expect(plain.code == 1)
      #expect(plain.error.hasSuffix("synfire core: it is too old\n"))
      let foreign = try refused(by: Self.message(ControlMessage.stop("x").encoded(), ofVersion: wireVersion + 1))
      #expect(foreign.code == 1)
      #expect(
        foreign.error.contains("synfire core: the coordinator speaks wire version \(wireVersion + 1)"),
        "\(foreign.error)"
      )
      let told = try refused(by: ControlMessage.stop("the run is done").encoded())
      #expect(told.code == 0)
    }
  }
}
