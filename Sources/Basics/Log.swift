internal import CLinux

/// Lines on standard error: `time level message key=value …`, with constant messages.
public struct Log: Sendable {
  /// How much a line matters.
  public enum Level: Int, Comparable, Sendable {
    case debug, info, warning, error, silent
    /// Orders by importance.
    public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
  }

  /// Lines below this level are not written.
  public var least: Level
  /// Pairs that every line carries.
  public var context: [(String, String)]

  /// Makes a log.
  public init(least: Level = .info, context: [(String, String)] = []) { (self.least, self.context) = (least, context) }

  /// Writes a line of level debug.
  public func debug(_ message: StaticString, _ pairs: (String, String)...) { write(.debug, message, pairs) }
  /// Writes a line of level info.
  public func info(_ message: StaticString, _ pairs: (String, String)...) { write(.info, message, pairs) }
  /// Writes a line of level warning.
  public func warning(_ message: StaticString, _ pairs: (String, String)...) { write(.warning, message, pairs) }
  /// Writes a line of level error.
  public func error(_ message: StaticString, _ pairs: (String, String)...) { write(.error, message, pairs) }

  private func write(_ level: Level, _ message: StaticString, _ pairs: [(String, String)]) {
    guard level >= least else { return }
    var line = "\(WallClock.nowRFC3339()) \(level) \(message)"
    for (key, value) in context + pairs {
      let plain = !value.isEmpty && value.allSatisfy { !$0.isWhitespace && $0 != "\"" && $0 != "=" }
      line +=
        " \(key)="
        + (plain ? value : "\"\(value.map { $0 == "\"" ? "\\\"" : $0 == "\n" ? "\\n" : String($0) }.joined())\"")
    }
    StandardStream.error.write(line + "\n")
  }
}

/// Standard output and standard error as whole-line writes.
public enum StandardStream: Sendable {
  case output, error

  private var descriptor: CInt { self == .output ? 1 : 2 }

  /// Writes text at once and returns whether all of it was taken (a reader may have gone, a disk be full).
  @discardableResult
  public func write(_ text: String) -> Bool {
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      let n = unsafe rest.withUnsafeBytes { unsafe CLinux.write(descriptor, $0.baseAddress, $0.count) }
      if n < 0, synfire_errno() == EINTR { continue }
      guard n > 0 else { return false }
      rest = rest.dropFirst(n)
    }
    return true
  }

  /// Whether it is a terminal.
  public var isTerminal: Bool { isatty(descriptor) == 1 }

  /// Columns of the terminal, or nil when it is none.
  public var columns: Int? {
    let n = Int(synfire_terminal_columns(descriptor))
    return n > 0 ? n : nil
  }
}
