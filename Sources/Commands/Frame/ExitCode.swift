/// What the process answers to whoever started it.
public enum ExitCode: Int32, Sendable {
  case done = 0
  case failed = 1
  case usage = 2
  case notFound = 3
  /// The answer would rest on stale or too little data, or the run on a store that lost it.
  case stale = 4
  case differs = 5
  case timedOut = 124
  case interrupted = 130
}

/// A mistake in how a command was typed.
public struct UsageError: Error, Equatable, CustomStringConvertible {
  /// What was found and what would be right.
  public var description: String
  /// Describes a mistake.
  public init(_ description: String) { self.description = description }
}

/// A command that could not do its work: why, and with which exit code it ends.
public struct CommandFailure: Error, Equatable, CustomStringConvertible {
  /// The exit code.
  public var code: ExitCode
  /// What was attempted, what came back, and what to do next.
  public var description: String
  /// Describes a failure.
  public init(_ code: ExitCode = .failed, _ description: String) { (self.code, self.description) = (code, description) }
}
