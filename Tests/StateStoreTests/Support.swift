import Basics
import Foundation
import StateStore
import Testing

/// A Redis server of a test's own, in a fresh folder; a suite holds it, because a variable may end at its last use.
final class TestServer {
  let folder: String
  let server: PrivateRedis

  init() throws {
    folder = FileManager.default.temporaryDirectory.path + "/synfire-\(UInt64.random(in: 0 ... .max))"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    server = try PrivateRedis(folder: folder)
    try server.start()
  }

  deinit {
    server.stop()
    try? FileManager.default.removeItem(atPath: folder)
  }

  func connect(commandMilliseconds: Int = 5000) throws -> RedisConnection {
    try RedisConnection(server.address, commandMilliseconds: commandMilliseconds)
  }

  /// Ends the server as a crash does, or as an operator does, and starts it again.
  func restart(by signal: ProcessSignal) throws {
    server.process?.send(signal)
    _ = server.process?.wait()
    try server.start()
  }
}

/// A lease that nothing checks, for the memory forms.
let anyLease = Lease(fence: Fence(1), nonce: 1)

/// Bytes that differ from place to place.
func pattern(_ count: Int, seed: Int = 1) -> [UInt8] {
  (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8 &+ seed) }
}
