public import Basics
internal import Documents

/// A text that is not what an option wants.
public struct ValueError: Error, Equatable {
  /// What was found and what would be right.
  public var message: String
  /// Describes a mistake.
  public init(_ message: String) { self.message = message }
}

/// A type that options and arguments can carry.
public protocol OptionValue: Sendable {
  /// Reads a value as it was typed.
  static func parse(_ text: String) throws(ValueError) -> Self
  /// The value as one would type it; empty for a default that says nothing.
  var typed: String { get }
  /// The words that are allowed; empty when there are too many to list.
  static var choices: [String] { get }
}

extension OptionValue {
  /// No list of words.
  public static var choices: [String] { [] }
}

extension String: OptionValue {
  /// Takes any text.
  public static func parse(_ text: String) throws(ValueError) -> String { text }
  /// The text.
  public var typed: String { self }
}

extension Int: OptionValue {
  /// Reads a whole number.
  public static func parse(_ text: String) throws(ValueError) -> Int {
    guard let value = Int(text) else { throw ValueError("'\(text)' is not a whole number") }
    return value
  }
  /// The digits.
  public var typed: String { String(self) }
}

extension UInt64: OptionValue {
  /// Reads a whole number that is not negative.
  public static func parse(_ text: String) throws(ValueError) -> UInt64 {
    guard let value = UInt64(text) else { throw ValueError("'\(text)' is not a whole number from 0") }
    return value
  }
  /// The digits.
  public var typed: String { String(self) }
}

extension Double: OptionValue {
  /// Reads a finite number.
  public static func parse(_ text: String) throws(ValueError) -> Double {
    guard let value = Double(text), value.isFinite else { throw ValueError("'\(text)' is not a number") }
    return value
  }
  /// The shortest decimal.
  public var typed: String { JSONValue.shortest(self) }
}

extension OptionValue where Self: RawRepresentable<String> & CaseIterable {
  /// Reads one of the words.
  public static func parse(_ text: String) throws(ValueError) -> Self {
    guard let value = Self(rawValue: text) else {
      throw ValueError("'\(text)' is not one of \(choices.joined(separator: ", "))\(Self.near(text))")
    }
    return value
  }
  private static func near(_ text: String) -> String {
    Spelling.nearest(to: text, among: choices).map { "; did you mean '\($0)'?" } ?? ""
  }
  /// The word.
  public var typed: String { rawValue }
  /// All words.
  public static var choices: [String] { allCases.map(\.rawValue) }
}

/// A point in time as people type it: RFC 3339, or a time from now such as `2h` or `-30 min`.
public enum Moment: OptionValue, Equatable {
  case absolute(Timestamp)
  case fromNow(milliseconds: Int64)

  /// Reads RFC 3339 or a duration.
  public static func parse(_ text: String) throws(ValueError) -> Moment {
    if text == "now" { return .fromNow(milliseconds: 0) }
    if let time = Timestamp(rfc3339: text) { return .absolute(time) }
    guard let span = try? Quantity.parse(text, as: .time), abs(span) < 1e15 else {
      throw ValueError(
        "'\(text)' is not a time; write for example '2026-11-27T08:00:00Z', '2026-11-27', '2h' or '-30 min' from now"
      )
    }
    return .fromNow(milliseconds: Int64(span))
  }

  /// As it was typed.
  public var typed: String {
    switch self {
    case .absolute(let time): time.rfc3339
    case .fromNow(let milliseconds): NumberText.duration(milliseconds: Double(milliseconds))
    }
  }

  /// The time it means when it is now `now`.
  public func resolved(now: Timestamp) -> Timestamp {
    switch self {
    case .absolute(let time): time
    case .fromNow(let milliseconds): Timestamp(milliseconds: now.milliseconds + milliseconds)
    }
  }
}
