import Basics
import StateStore
import Transport

/// A Redis server of a test's own, beside the one that `up` would start.
final class TestStore {
  let server: PrivateRedis
  var url: String { "unix://\(server.socketPath)" }

  init(_ folder: TestFolder) throws {
    server = try PrivateRedis(folder: folder.path, socketPath: folder.file("own.sock"))
    try server.start()
  }

  func connect() throws -> RedisConnection { try RedisConnection(server.address) }

  /// Ends the server as an operator does and starts it again.
  func restart() throws {
    server.stop()
    try server.start()
  }

  deinit { server.stop() }
}

/// Endpoints that somebody else listens at.
final class ControlPort {
  private let servers: [ControlServer]
  var tcp: String { servers[0].endpoint }
  var ipc: String { servers[1].endpoint }

  init(_ folder: TestFolder) throws {
    let context = try MessageContext()
    servers = [
      try ControlServer(endpoint: "tcp://127.0.0.1:*", in: context),
      try ControlServer(endpoint: "ipc://\(folder.path)/taken.sock", in: context),
    ]
  }
}
