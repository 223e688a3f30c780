/// What a Redis server answers.
public enum RedisReply: Equatable, Sendable {
  case status(String)
  case integer(Int64)
  case bulk([UInt8])
  case none
  case array([RedisReply])
  case error(String)

  /// The bytes of a bulk or status reply.
  public var bytes: [UInt8]? {
    switch self {
    case .bulk(let bytes): bytes
    case .status(let text): Array(text.utf8)
    default: nil
    }
  }

  /// The text of a bulk or status reply that is UTF-8.
  public var text: String? {
    switch self {
    case .bulk(let bytes): String(validating: bytes, as: UTF8.self)
    case .status(let text): text
    default: nil
    }
  }

  /// The number of an integer reply or of a bulk reply that is one.
  public var number: Int64? {
    if case .integer(let value) = self { return value }
    return text.flatMap { Int64($0) }
  }

  /// The elements of an array reply.
  public var elements: [RedisReply]? {
    if case .array(let elements) = self { return elements }
    return nil
  }
}

/// One word of a command: bytes of any kind, which literals, texts and numbers become.
public struct RedisArgument: Equatable, Sendable, ExpressibleByStringInterpolation, ExpressibleByIntegerLiteral {
  /// The bytes that are sent.
  public let bytes: ArraySlice<UInt8>

  /// Sends bytes as they are.
  public init(_ bytes: [UInt8]) { self.bytes = bytes[...] }
  /// Sends a part of bytes as it is.
  public init(_ bytes: ArraySlice<UInt8>) { self.bytes = bytes }
  /// Sends a text as UTF-8.
  public init(_ text: String) { bytes = Array(text.utf8)[...] }
  /// Sends a number in decimal.
  public init(_ number: some BinaryInteger) { self.init(String(number)) }
  /// Sends a literal as UTF-8.
  public init(stringLiteral value: String) { self.init(value) }
  /// Sends a literal in decimal.
  public init(integerLiteral value: Int) { self.init(String(value)) }
}
