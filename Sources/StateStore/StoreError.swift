/// A failure of the store: what was attempted, on which key, what came back, and what to do next.
public struct StoreError: Error, Equatable, CustomStringConvertible {
  /// What went wrong, for those who decide whether to try again.
  public enum Kind: String, Sendable {
    /// Nobody listens, the name is unknown, or the path is not there.
    case refused
    /// No answer in time; what was asked may have been done.
    case timedOut
    /// The connection broke; what was asked may have been done.
    case closed
    /// The server reads its data from disk.
    case loading
    /// The server is a replica.
    case readOnly
    /// The server's memory is full.
    case outOfMemory
    /// The server cannot write to its disk.
    case diskFull
    /// A password is wanted or wrong, or the user may not do this.
    case authentication
    /// The address cannot be read.
    case address
    /// The server's settings would lose data.
    case unsuitable
    /// The server program cannot be started.
    case server
    /// Another coordinator has taken the lease since.
    case fenceLost
    /// The run, blob or group is not in the store.
    case missing
    /// The run was in the store and no longer is.
    case lost
    /// What is stored is not what was written.
    case corrupt
    /// Any other answer.
    case unexpected
  }

  /// What went wrong.
  public var kind: Kind
  /// The attempt and its key, for example "HSET {shop}:run".
  public var operation: String
  /// What came back.
  public var answer: String
  /// What to do next; empty when the answer says all.
  public var advice: String

  /// Describes a failure.
  public init(_ kind: Kind, during operation: String, answer: String, advice: String = "") {
    (self.kind, self.operation, self.answer, self.advice) = (kind, operation, answer, advice)
  }

  /// Sorts an error reply of the server by what can be done about it.
  public init(reply text: String, during operation: String) {
    // Errors inside a script come as "… script: <sha>, on @user_script:12." behind the original words.
    let found = Self.known.first { text.hasPrefix($0.prefix) || text.contains(" " + $0.prefix + " ") }
    self.init(found?.kind ?? .unexpected, during: operation, answer: text, advice: found?.advice ?? "")
  }

  private static let known: [(prefix: String, kind: Kind, advice: String)] = [
    ("LOADING", .loading, "wait until the server has read its data"),
    ("READONLY", .readOnly, "connect to the primary, not to a replica"),
    ("MASTERDOWN", .readOnly, "connect to the primary, not to a replica"),
    ("OOM", .outOfMemory, "give the server more memory (maxmemory) or remove old runs; nothing was dropped"),
    ("MISCONF", .diskFull, "make room on the server's disk; nothing was dropped"),
    ("NOAUTH", .authentication, "put the password into the address: redis://:password@host:port"),
    ("WRONGPASS", .authentication, "check user and password in the address"),
    ("NOPERM", .authentication, "allow the command and the keys to this user (ACL SETUSER)"),
    ("NOGROUP", .missing, "create the consumer group"),
    ("BUSY ", .timedOut, "a script runs too long on the server; wait or end it with SCRIPT KILL"),
  ]

  /// Whether the same call may succeed later without anybody changing the call: worth a retry with back-off.
  public var isTransient: Bool {
    switch kind {
    case .refused, .timedOut, .closed, .loading, .readOnly, .outOfMemory, .diskFull: true
    default: false
    }
  }

  /// One sentence.
  public var description: String { "\(operation): \(answer)" + (advice.isEmpty ? "" : "; \(advice)") }
}
