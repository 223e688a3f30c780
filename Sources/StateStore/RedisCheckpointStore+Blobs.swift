internal import Basics
internal import Wire

/// Blobs: written as a draft with plain commands, which cost the server a copy or two, and named by one script.
extension RedisCheckpointStore {
  /// Chunks that are on their way at once, so that server and client work at the same time.
  private static let chunksAtOnce = 2

  /// The script that makes a draft the blob: the server's side of `writeBlob`.
  public static let nameScript = CheckpointScript.name

  /// Writes a blob and returns its checksum once it is complete.
  ///
  /// A repeated call writes nothing new when the blob is complete: it may be committed by then.
  public func writeBlob(_ bytes: [UInt8], at place: BlobPlace) throws(StoreError) -> UInt32 {
    let crc = CRC32C.checksum(bytes)
    let present = try connection.command(["HMGET", .init(key(of: place)), "bytes", "crc"]).elements ?? []
    if present.count == 2, present[0].number == Int64(bytes.count), present[1].number == Int64(crc) { return crc }
    let draft = "\(place):\(String(UInt64.random(in: 0 ... .max), radix: 16))"
    let draftKey = keys.key("ckpt:\(draft)")
    // Known to the registry before they exist, so that a writer that dies leaves nothing behind for ever.
    var batch: [[RedisArgument]] = [["SADD", .init(keys.key("blobs")), .init(place.description), .init(draft)]]
    var fields = 2
    for start in stride(from: 0, to: bytes.count, by: Self.chunkBytes) {
      let chunk = bytes[start..<min(bytes.count, start + Self.chunkBytes)]
      batch.append(["HSET", .init(draftKey), .init(fields - 2), .init(chunk)])
      fields += 1
      if batch.count > Self.chunksAtOnce {
        _ = try all(batch)
        batch = []
      }
    }
    _ = try all(batch + [["HSET", .init(draftKey), "bytes", .init(bytes.count), "crc", .init(crc)]])
    let reply = try connection.evaluate(
      Self.nameScript,
      keys: [keys.key("run"), draftKey, key(of: place), keys.key("blobs")],
      [.init(place.epoch.index), .init(place.generation.number), .init(fields), .init(draft)]
    )
    switch reply.text {
    case "ok": return crc
    case "lost": throw .draftLost(place)
    default: throw .blobTaken(place)
    }
  }

  /// Reads a blob and verifies it.
  public func readBlob(at place: BlobPlace, crc: UInt32?) throws(StoreError) -> [UInt8] {
    let key = RedisArgument(key(of: place))
    let header = try connection.command(["HMGET", key, "bytes", "crc"]).elements ?? []
    guard header.count == 2, let count = header[0].number, let stored = header[1].number, count >= 0 else {
      throw .blobMissing(place)
    }
    var bytes: [UInt8] = []
    let chunks = (Int(count) + Self.chunkBytes - 1) / Self.chunkBytes
    for first in stride(from: 0, to: chunks, by: Self.chunksAtOnce) {
      let wanted = first..<min(chunks, first + Self.chunksAtOnce)
      for reply in try all(wanted.map { ["HGET", key, .init($0)] }) {
        guard let chunk = reply.bytes else { throw .blobMissing(place) }
        if bytes.isEmpty { bytes.reserveCapacity(min(Int(count), 256 << 20)) }
        bytes += chunk
      }
    }
    let found = CRC32C.checksum(bytes)
    let wanted = crc ?? UInt32(truncatingIfNeeded: stored)
    guard bytes.count == Int(count), found == wanted else { throw .blobCorrupt(place, found: found, wanted: wanted) }
    return bytes
  }

  /// Sends commands together; the first error that is answered is thrown.
  private func all(_ commands: [[RedisArgument]]) throws(StoreError) -> [RedisReply] {
    let replies = try connection.pipeline(commands)
    for (words, reply) in zip(commands, replies) {
      guard case .error(let text) = reply else { continue }
      throw StoreError(
        reply: text,
        during: words.prefix(2).map { String(decoding: $0.bytes, as: UTF8.self) }.joined(separator: " ")
      )
    }
    return replies
  }
}
