import Basics
import Foundation
import StateStore
import Testing

extension ProcessTests {
  /// Samples on their way to a store that fails.
  @Suite struct FeedTests {
    private func entries(_ store: TestStore) throws -> [RedisReply] {
      let reply = try store.connect().command(["XRANGE", "{shop}:metrics", "-", "+"])
      return (reply.elements ?? []).compactMap { $0.elements?.last }
    }

    private func feed(_ store: TestStore, speed: Int?, in folder: TestFolder) throws -> Started {
      let pace = speed.map { ["--speed", "\($0)"] } ?? []
      return try Started(["demo", "shop"] + ShopService.days + ["--redis", store.url] + pace, in: folder)
    }

    @Test(.timeLimit(.minutes(1)))
    func `a store that lost its tail and answers LOADING for long gets again what it lost, in order`() throws {
      let (calm, rough) = (try TestFolder(), try TestFolder())
      let undisturbed = try TestStore(calm)
      #expect(try feed(undisturbed, speed: nil, in: calm).finish().code == 0)
      let reference = try entries(undisturbed)

      let store = try TestStore(rough)
      let feeding = try feed(store, speed: 28_800, in: rough)
      try eventually("half a day", in: rough) { try entries(store).count > reference.count / 2 }
      store.server.process?.send(.kill)
      store.server.process?.wait()
      try AppendOnlyFile.cut(200_000, in: rough.path)
      // The server serves its data only after more than a second of loading.
      let before = MonotonicClock.nowMilliseconds()
      try store.server.start(launcher: ["/bin/sh", "-c", #"exec "$@" --key-load-delay 60"#, "sh"])
      #expect(MonotonicClock.nowMilliseconds() - before > 500, "the feed was to meet a server that loads")
      let ran = feeding.finish(within: 40)
      #expect(ran.code == 0, "\(ran.error)")
      #expect(ran.error.contains("they were sent again"), "\(ran.error)")

      // A reader takes every entry where it stands first.
      var seen: Set<String> = []
      let found = try entries(store).filter { seen.insert("\($0)").inserted }
      let first = zip(found, reference).enumerated().first { $1.0 != $1.1 }?.offset
      #expect(found.count == reference.count && first == nil, "the first that differs is \(first ?? -1)")
    }
  }
}

/// The log of a server of a test's own.
enum AppendOnlyFile {
  /// Cuts bytes off the end of it, as a machine does that loses its power.
  static func cut(_ bytes: UInt64, in folder: String) throws {
    let logs = try FileManager.default.contentsOfDirectory(atPath: "\(folder)/appendonlydir")
    let last = try #require(logs.filter { $0.hasSuffix(".incr.aof") }.sorted().last)
    let log = try #require(FileHandle(forUpdatingAtPath: "\(folder)/appendonlydir/\(last)"))
    let length = try log.seekToEnd()
    try log.truncate(atOffset: length - min(length / 2, bytes))
    try log.close()
  }
}
