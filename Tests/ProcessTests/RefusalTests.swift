import Basics
import Documents
import Foundation
import StateStore
import Testing

extension ProcessTests {
  /// A store over which nothing must go on, and restarts that lose nothing.
  @Suite struct RefusalTests {
    @Test(.timeLimit(.minutes(2))) func `nothing goes on over a store that was flushed`() throws {
      let folder = try TestFolder()
      let store = try TestStore(folder)
      let service = try ShopService(cores: 1, checkpointTicks: 6, also: ["--redis", store.url])
      let feed = try service.feed(speed: 17_280, store: store.url)
      try eventually("a run that is remembered", in: service.folder) { Self.marker(in: service.folder) != nil }
      try store.connect().command(["FLUSHALL"])
      let ran = service.up.finish()
      feed.process.stop()
      #expect(ran.code == 4, "\(ran.error)")
      #expect(ran.error.contains("the store lost the run and nothing goes on over it"), "\(ran.error)")
      let log = service.folder.read("logs/coordinator.log")
      #expect(log.contains("it is gone; the store was flushed or lost; restore it from a backup"), "\(log)")
      service.expectNothingLeft()

      // Starting again does not begin at zero in silence, until it is told to.
      let words = [
        "coordinator", "--redis", store.url, "--config", service.folder.file("shop/shop.yaml"), "--cores", "1",
      ]
      let again = try Started(words, in: service.folder).finish()
      #expect(again.code == 4, "\(again.error)")
      let marker = try #require(Self.marker(in: service.folder))
      #expect(again.error.contains("although it was begun here"), "\(again.error)")
      #expect(again.error.contains("remove \(marker) to start anew"), "\(again.error)")
      try FileManager.default.removeItem(atPath: marker)
      let anew = try Started(words, in: service.folder)
      try eventually("a run that begins anew", in: service.folder) { service.status() != nil }
      anew.process.stop()
    }

    private static func marker(in folder: TestFolder) -> String? {
      (try? FileManager.default.contentsOfDirectory(atPath: folder.path))?.first { $0.hasPrefix("begun-") }
        .map { folder.file($0) }
    }

    @Test(.timeLimit(.minutes(1))) func `a coordinator that was killed leaves no lease to wait for`() throws {
      let folder = try TestFolder()
      let store = try TestStore(folder)
      // Not a stand-by: it does not wait for a lease that somebody holds.
      let words = ["coordinator", "--redis", store.url, "--cores", "1"]
      let first = try Started(words, in: folder)
      try eventually("an answer", in: folder) { try synfire("status", in: folder).code == 0 }
      first.process.send(.kill)
      first.process.wait()
      let second = try Started(words, in: folder)
      try eventually("an answer of the next", in: folder) {
        try synfire("status", in: folder).code == 0 || !second.isRunning
      }
      #expect(second.isRunning, "\(second.finish().error)")
      second.process.stop()
    }

    @Test(.timeLimit(.minutes(1))) func `checkpoints of another format are refused with a sentence`() throws {
      let folder = try TestFolder()
      let store = try TestStore(folder)
      let words = ["coordinator", "--redis", store.url, "--cores", "1"]
      let first = try Started(words, in: folder)
      try eventually("an answer", in: folder) { try synfire("status", in: folder).code == 0 }
      first.process.stop()
      try store.connect().command(["HSET", "{default}:run", "format", "99"])
      let next = try Started(words, in: folder).finish()
      #expect(next.code == 1)
      #expect(next.error.contains("its format is 99, this program reads \(RunRecord.presentFormat)"), "\(next.error)")
      #expect(next.error.contains("use the program that wrote it, or another run name"), "\(next.error)")
    }

    @Test(.timeLimit(.minutes(2))) func `a rolling restart of all cores changes no published byte`() throws {
      let reference = try Undisturbed.published.get()
      let service = try ShopService(cores: 2, checkpointTicks: 6, also: ["--spares", "1"])
      let feed = try service.feed(speed: 17_280)
      try service.wait(forTicks: 20)
      let all = service.processes("core").filter { $0.words.contains("core") }.map(\.pid)
      #expect(all.count == 3)
      for pid in all {
        RunningProcess.all.first { $0.pid == pid }?.send(.terminate)
        try eventually("the end of core \(pid)", in: service.folder) { !RunningProcess.all.contains { $0.pid == pid } }
        let done = service.ticksPublished
        try service.wait(forTicks: min(ShopService.ticks, done + 5))
      }
      #expect(feed.finish(within: 60).code == 0)
      try service.wait(forTicks: ShopService.ticks)
      try service.published().expectEqual(to: reference, "all cores were started anew")
      #expect(service.status()?["recoveries"]?.int ?? 0 >= 2)
      try service.stop()
    }
  }
}
