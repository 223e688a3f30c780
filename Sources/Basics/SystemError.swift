internal import CLinux

/// A system call that failed: what was attempted, with what, and what the system answered.
public struct SystemError: Error, Equatable, CustomStringConvertible {
  /// The attempt and its object, for example "open /run/synfire/core-0.log".
  public var operation: String
  /// The system's error number.
  public var code: Int32
  /// What to do next, if that is known.
  public var advice: String

  /// Describes a failure.
  public init(operation: String, code: Int32, advice: String = "") {
    (self.operation, self.code, self.advice) = (operation, code, advice)
  }

  /// Describes the failure that the calling thread met last.
  static func current(during operation: String, advice: String = "") -> SystemError {
    SystemError(operation: operation, code: synfire_errno(), advice: advice)
  }

  /// The system's words for a code.
  public static func text(of code: Int32) -> String {
    guard let words = unsafe strerror(code) else { return "error \(code)" }
    return unsafe String(cString: words)
  }

  /// One sentence.
  public var description: String {
    "\(operation): \(Self.text(of: code))" + (advice.isEmpty ? "" : "; \(advice)")
  }
}

/// A file descriptor that somebody else owns.
public struct Descriptor: Hashable, Sendable {
  /// The system's number.
  public var number: Int32
  /// Wraps the system's number.
  public init(_ number: Int32) { self.number = number }
}
