import Basics
import Documents
import StateStore
import Testing

extension ProcessTests {
  /// The store goes away and comes back while the service runs.
  @Suite struct StoreLossTests {
    @Test(.timeLimit(.minutes(2))) func `a store that goes away is told in status, and nothing is lost`() throws {
      let reference = try Undisturbed.published.get()
      let folder = try TestFolder()
      let store = try TestStore(folder)
      let service = try ShopService(cores: 2, also: ["--redis", store.url])
      let feed = try service.feed(speed: 17_280, store: store.url)
      try service.wait(forTicks: 20)

      store.server.stop()
      try eventually("word of the lost store", in: service.folder) { service.phase == "storeLost" }
      try store.server.start()
      try eventually("word that it is back", in: service.folder) { service.phase == "running" }

      // A server that hangs takes connections and does not answer.
      try service.wait(forTicks: 60)
      store.server.process?.send(.stop)
      try eventually("word of the hung store", within: 12, in: service.folder) { service.phase == "storeLost" }
      store.server.process?.send(.resume)
      try eventually("word that it runs", in: service.folder) { service.phase == "running" }

      #expect(feed.finish(within: 60).code == 0)
      try service.wait(forTicks: ShopService.ticks)
      try service.published(from: store.connect()).expectEqual(to: reference, "the store was away twice")
      // A coordinator that was held up itself does not take its cores for silent.
      let log = service.folder.read("logs/coordinator.log")
      #expect(!log.contains("silent for"), "\(log)")
      try service.stop()
    }

    @Test(.timeLimit(.minutes(1))) func `a coordinator that dies without its store waits for it`() throws {
      let folder = try TestFolder()
      let store = try TestStore(folder)
      let service = try ShopService(cores: 1, also: ["--redis", store.url])
      store.server.stop()
      service.processes("coordinator").first?.send(.kill)
      try eventually("a coordinator that waits", in: service.folder) {
        service.folder.read("logs/coordinator.log").contains("waiting for the store")
      }
      try store.server.start()
      try eventually("an answer", in: service.folder) { service.phase == "running" }
      try service.stop()
    }

    @Test(.timeLimit(.minutes(1))) func `a core that cannot reach the store says so and stops nothing else`() throws {
      let service = try ShopService(cores: 1)
      // A spare takes over from the core that is killed; its store is not there.
      let lost = try Started(
        [
          "core", "--coordinator", "ipc://\(service.folder.path)/control.sock",
          "--redis", "unix://\(service.folder.path)/none.sock", "--spikes", "ipc://\(service.folder.path)/lost.sock",
        ],
        in: service.folder
      )
      try eventually("a spare", in: service.folder) { service.status()?["spares"]?.int == 1 }
      service.processes("core").first?.send(.kill)
      let feed = try service.feed()
      try eventually("a core without its store", in: service.folder) {
        service.status()?["cores_without_store"]?.int == 1
      }
      let cores = try synfire("cores", "-o", "json", in: service.folder).json
      #expect(cores.elements.contains { $0["state"]?.text == "storeLost" && $0["pid"]?.int == Int(lost.pid) })
      lost.process.stop()
      // The core that was started again takes over.
      try service.wait(forTicks: ShopService.ticks)
      #expect(feed.finish().code == 0)
      try service.published().expectEqual(to: try Undisturbed.published.get(), "a core without its store")
      try service.stop()
    }

    @Test(.timeLimit(.minutes(1))) func `a rerun that differs stops the service with exit code 5`() throws {
      let service = try ShopService(cores: 1, checkpointTicks: 500)
      let feed = try service.feed()
      try service.wait(forTicks: ShopService.ticks)
      #expect(feed.finish().code == 0)
      // What stands in the store of the last tick is made another: the rerun after the kill cannot give it.
      let connection = try service.connect()
      let place = RedisArgument("\(ShopService.ticks)-0")
      _ = try connection.command(["XDEL", "{shop}:published", place])
      _ = try connection.command(["XSETID", "{shop}:published", "\(ShopService.ticks - 1)-0"])
      _ = try connection.command(["XADD", "{shop}:published", place, "digest", "abc", "payload", "x"])
      service.processes("coordinator").first?.send(.kill)
      let ran = service.up.finish()
      #expect(ran.code == 5, "\(ran.error)")
      #expect(ran.error.contains("the run diverged and was stopped"))
      #expect(service.folder.read("logs/coordinator.log").contains("divergence at epoch \(2 * ShopService.ticks)"))
      service.expectNothingLeft()
    }
  }
}
