internal import Basics
internal import CZeroMQ

/// A failure of the message transport: what was attempted, with what, what came back, and what to do next.
public struct TransportError: Error, Equatable, CustomStringConvertible {
  /// The attempt and its object, for example "bind tcp://127.0.0.1:7700".
  public var operation: String
  /// The library's error number.
  public var code: Int32
  /// The library's words for it.
  public var text: String
  /// What to do next; empty when nothing better than the text is known.
  public var hint: String

  /// Describes a failure.
  public init(operation: String, code: Int32, text: String, hint: String = "") {
    (self.operation, self.code, self.text, self.hint) = (operation, code, text, hint)
  }

  /// Whether somebody else listens at the endpoint.
  public var isTaken: Bool { code == EADDRINUSE }

  /// One sentence.
  public var description: String { "\(operation): \(text)" + (hint.isEmpty ? "" : "; \(hint)") }

  /// Describes the failure that the calling thread met last.
  static func current(during operation: String, at endpoint: String = "") -> TransportError {
    of(zmq_errno(), during: operation, at: endpoint)
  }

  /// Describes a failure by its number.
  static func of(_ code: Int32, during operation: String, at endpoint: String) -> TransportError {
    let words = unsafe zmq_strerror(code)
    let text = if let words = unsafe words { unsafe String(cString: words) } else { "error \(code)" }
    let attempt = endpoint.isEmpty ? operation : "\(operation) \(endpoint)"
    return TransportError(operation: attempt, code: code, text: text, hint: hint(code, endpoint))
  }

  private static func hint(_ code: Int32, _ endpoint: String) -> String {
    let isIPC = endpoint.hasPrefix("ipc://")
    return switch code {
    case EADDRINUSE where isIPC: "another process listens there; end it or choose another run directory"
    case EADDRINUSE: "the port is taken; end the process that holds it (ss -ltnp shows it) or choose another port"
    case ENAMETOOLONG:
      "the path of a Unix socket has at most \(UnixSocket.longestPathBytes) bytes, this one has "
        + "\(endpoint.utf8.count - 6); choose a shorter run directory"
    case EACCES where isIPC: "this user may not write to the directory; change its owner or choose another"
    case EACCES: "this user may not take the port; ports below 1024 belong to root"
    case ENOENT: "the directory does not exist; create it first"
    case ENODEV, EADDRNOTAVAIL: "no interface of this machine has this address; ip addr shows what there is"
    case EINVAL: "an endpoint is ipc:///path/to/socket, tcp://host:port or, to let the system choose, tcp://host:*"
    case EPROTONOSUPPORT: "use ipc:// on one machine, tcp:// between machines"
    case EMFILE: "raise the limit of open files (ulimit -n)"
    default: ""
    }
  }
}
