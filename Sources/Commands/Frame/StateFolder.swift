internal import Basics

/// The folder of one user's private sockets on this machine.
public struct StateFolder: Sendable, Equatable {
  /// The folder: `$SYNFIRE_STATE`, `$XDG_RUNTIME_DIR/synfire`, or `/tmp/synfire-<user id>`.
  public var path: String

  /// Finds the folder from the environment.
  public init(environment: [String: String]) {
    if let path = environment["SYNFIRE_STATE"], !path.isEmpty {
      self.path = path
    } else if let runtime = environment["XDG_RUNTIME_DIR"], !runtime.isEmpty {
      path = "\(runtime)/synfire"
    } else {
      path = "/tmp/synfire-\(CurrentProcess.userID)"
    }
  }

  /// The private Redis: `unix://<folder>/redis.sock`.
  public var redisURL: String { "unix://\(path)/redis.sock" }
  /// Where the coordinator listens for cores: `ipc://<folder>/control.sock`.
  public var controlEndpoint: String { "ipc://\(path)/control.sock" }
  /// Where the coordinator answers: `ipc://<folder>/query.sock`.
  public var queryEndpoint: String { "ipc://\(path)/query.sock" }
}
