import Basics
import Foundation
import StateStore
import Testing
import Wire

extension ProcessTests {
  /// A store that an earlier build wrote.
  @Suite struct UpgradeTests {
    /// What of an earlier format the store has.
    private enum Plant: CaseIterable { case record, forecasters, planner }

    @Test(.timeLimit(.minutes(2))) func `an earlier format is refused with both versions, and nothing is overwritten`()
      throws
    {
      let folder = try TestFolder()
      let store = try TestStore(folder)
      let service = try ShopService(cores: 1, checkpointTicks: 6, also: ["--redis", store.url])
      let feed = try service.feed(store: store.url)
      try service.wait(forTicks: ShopService.ticks)
      #expect(feed.finish().code == 0)
      try service.stop()
      for plant in Plant.allCases {
        let connection = try store.connect()
        let (sentence, undo) = try Self.sow(plant, connection)
        let before = try Self.kept(connection)
        let words = [
          "coordinator", "--redis", store.url, "--config", service.folder.file("shop/shop.yaml"), "--cores", "1",
          "--checkpoint-ticks", "6",
        ]
        let coordinator = try Started(words, in: service.folder)
        let core = try Started(
          [
            "core", "--redis", store.url, "--coordinator", "ipc://\(service.folder.file("control.sock"))", "--spikes",
            "ipc://\(service.folder.file("core.sock"))",
          ],
          in: service.folder
        )
        let ran = coordinator.finish(within: 20)
        core.process.stop()
        #expect(ran.code == 1, "\(plant): \(ran.error)")
        #expect(ran.error.contains(sentence), "\(plant): \(ran.error)")
        #expect(try Self.kept(connection) == before, "\(plant)")
        try undo()
      }
      // What was refused is read by the build that wrote it.
      try service.startAgain()
      try eventually("the last tick", in: service.folder) { service.ticksPublished == ShopService.ticks }
      try service.published(from: store.connect()).expectEqual(to: try Undisturbed.published.get(), "after refusals")
      try service.stop()
    }

    /// Everything that must stay: the committed position with its blobs, ticks and publications.
    private static func kept(_ connection: RedisConnection) throws -> [RedisReply] {
      var found: [RedisReply] = []
      for field in ["format", "epoch", "checkpoint", "parts"] {
        found.append(try connection.command(["HGET", "{shop}:run", .init(field)]))
      }
      let (epoch, generation) = (found[1].text ?? "", found[2].text ?? "")
      let keys = try connection.command(["KEYS", "{shop}:ckpt:\(epoch):g\(generation):*"]).elements ?? []
      #expect(keys.count > 64)
      for key in keys.compactMap(\.text).sorted() {
        found.append(.bulk(Array(key.utf8)))
        found.append(try connection.command(["DUMP", .init(key)]))
      }
      for stream in ["ticks", "published"] {
        found.append(try connection.command(["XRANGE", .init("{shop}:\(stream)"), "-", "+"]))
      }
      return found
    }

    /// Makes something of the store one version older; returns the sentence that it is refused with, and what undoes it.
    private static func sow(_ plant: Plant, _ connection: RedisConnection) throws -> (String, undo: () throws -> Void) {
      let store = try RedisCheckpointStore(connection, run: "shop")
      let record = try #require(try store.readRun())
      guard plant != .record else {
        let present = RunRecord.presentFormat
        try connection.command(["HSET", "{shop}:run", "format", .init(present - 1)])
        return (
          "its format is \(present - 1), this program reads \(present)",
          { try connection.command(["HSET", "{shop}:run", "format", .init(present)]) }
        )
      }
      let generation = try #require(record.checkpoint)
      let blob = try #require(plant == .planner ? record.blobs.last : record.blobs.first)
      let place = BlobPlace(epoch: record.committedEpoch, generation: generation, part: blob.part)
      let bytes = try store.readBlob(at: place, crc: blob.crc)
      var r = ByteReader(bytes, reading: "checkpoint")
      if plant == .planner {
        // Checksums of the slices, then the head.
        for _ in 0..<(try r.readCount(elementBytes: 4)) { _ = try r.read(UInt32.self) }
        _ = try r.readVarint()
      } else {
        // The registry, then the forecasters.
        _ = try r.readBlob()
        _ = try r.readVarint()
      }
      var older = bytes
      older[r.offset] -= 1
      func put(_ bytes: [UInt8], insteadOf crc: UInt32) throws {
        #expect(bytes.count < RedisCheckpointStore.chunkBytes)
        let next = CRC32C.checksum(bytes)
        try connection.command(["HSET", .init("{shop}:ckpt:\(place)"), "0", .init(bytes), "crc", .init(next)])
        let parts = try connection.command(["HGET", "{shop}:run", "parts"]).text ?? ""
        let changed = parts.split(separator: ",").map { pair in
          pair == "\(blob.part.index):\(crc)" ? "\(blob.part.index):\(next)" : String(pair)
        }
        try connection.command(["HSET", "{shop}:run", "parts", .init(changed.joined(separator: ","))])
      }
      try put(older, insteadOf: blob.crc)
      let version = bytes[r.offset]
      return (
        "its format has version \(version - 1), this program reads \(version)",
        { try put(bytes, insteadOf: CRC32C.checksum(older)) }
      )
    }
  }
}
