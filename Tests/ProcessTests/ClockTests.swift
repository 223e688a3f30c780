import Basics
import Chaos
import Documents
import Testing

extension ProcessTests {
  /// Clocks of single processes that are wrong.
  @Suite struct ClockTests {
    @Test(.timeLimit(.minutes(1)))
    func `a coordinator whose clock is an hour ahead or behind seals no tick before its time`() throws {
      let folder = try TestFolder()
      let store = try TestStore(folder)
      let clocks = try #require(FaultyClocks(beside: program, in: folder.path), "libsynfire-clock.so is not built")
      let configuration = try folder.write("tenant: shop\nclock: wall\ntick: 1 min\ngrace: 0 s\n", to: "shop.yaml")
      let coordinator = try Started(
        ["coordinator", "--redis", store.url, "--config", configuration, "--cores", "1"],
        in: folder,
        environment: clocks.environment(for: "coordinator")
      )
      let core = try Started(
        ["core", "--redis", store.url, "--coordinator", "ipc://\(folder.file("control.sock"))"],
        in: folder
      )
      func status() throws -> JSONValue { try synfire("status", "-o", "json", in: folder).json }
      try eventually("a running cluster", in: folder) { try status()["phase"] == "running" }
      for (i, seconds) in [3600, -3600, 3600].enumerated() {
        try clocks.set("coordinator", to: seconds)
        let sent = try synfire("emit", "gateway", "requests=\(i)", "--redis", store.url, "--tenant", "shop", in: folder)
        #expect(sent.code == 0, "\(sent.error)")
        try eventually("sample \(i)", in: folder) { try status()["samples_folded"]?.int == i + 1 }
        // It has another time indeed.
        let uptime = try #require(try status()["uptime_seconds"]?.int)
        #expect(abs(uptime - seconds) < 1000)
      }
      let last = try status()
      #expect(last["samples_rejected"] == .object([]))
      // Those that the clock of everybody has passed meanwhile, and not the sixty of an hour.
      #expect(try #require(last["ticks_sealed"]?.int) < 3, "\(last.json())")
      #expect(coordinator.isRunning && core.isRunning)
    }
  }
}
