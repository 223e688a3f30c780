internal import CLinux

/// Facts about Unix sockets that every user of one has to know.
public enum UnixSocket {
  /// The longest path of a Unix socket in bytes: the system's buffer has 108, the last is a zero.
  public static let longestPathBytes = 107

  /// Whether a process, running or stopped, listens on a path.
  public static func isAnswered(at path: String) -> Bool {
    unsafe path.withCString { unsafe synfire_unix_socket_answers($0) } == 1
  }
}
