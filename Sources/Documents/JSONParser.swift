/// Why a text is not JSON, and where.
public struct JSONError: Error, Equatable, CustomStringConvertible {
  /// Bytes before the place.
  public var offset: Int
  /// What was found and what is wanted.
  public var message: String
  /// `byte 12: message`.
  public var description: String { "byte \(offset): \(message)" }
}

extension JSONValue {
  /// Reads a JSON text strictly (RFC 8259): no comments, no trailing commas, no name twice, nothing after the value.
  ///
  /// Whole numbers that fit 64 bits are `integer`, all others `number`.
  ///
  /// - Throws: at the first byte that is wrong; also for nesting deeper than 128 and numbers beyond a double.
  public init(parsing text: some Sequence<UInt8>) throws(JSONError) {
    var parser = JSONParser(bytes: Array(text))
    self = try parser.document()
  }

  /// Reads a JSON text strictly.
  public init(parsing text: String) throws(JSONError) { try self.init(parsing: text.utf8) }
}

private struct JSONParser {
  private static let escapes: [UInt8: UInt8] = [
    0x22: 0x22, 0x5C: 0x5C, 0x2F: 0x2F, 0x62: 8, 0x66: 12, 0x6E: 10, 0x72: 13, 0x74: 9,
  ]

  let bytes: [UInt8]
  var i = 0

  mutating func document() throws(JSONError) -> JSONValue {
    let value = try self.value(depth: 0)
    skipSpace()
    guard i == bytes.count else { throw error("the value has ended, but more follows") }
    return value
  }

  func error(_ message: String) -> JSONError { JSONError(offset: i, message: message) }

  mutating func skipSpace() {
    while isAt(" ") || isAt("\t") || isAt("\n") || isAt("\r") { i += 1 }
  }

  func isAt(_ character: Unicode.Scalar) -> Bool { i < bytes.count && UInt32(bytes[i]) == character.value }

  mutating func takes(_ character: Unicode.Scalar) -> Bool {
    skipSpace()
    guard isAt(character) else { return false }
    i += 1
    return true
  }

  mutating func value(depth: Int) throws(JSONError) -> JSONValue {
    guard depth <= 128 else { throw error("nested deeper than 128 levels") }
    skipSpace()
    guard i < bytes.count else { throw error("a value is wanted, the text has ended") }
    switch Unicode.Scalar(bytes[i]) {
    case "{": return try object(depth: depth)
    case "[": return try array(depth: depth)
    case "\"": return .string(try string())
    case "t": return try word("true", .bool(true))
    case "f": return try word("false", .bool(false))
    case "n": return try word("null", .null)
    case "-", "0"..."9": return try number()
    default: throw error("a value is wanted")
    }
  }

  mutating func word(_ word: String, _ value: JSONValue) throws(JSONError) -> JSONValue {
    guard bytes[i...].starts(with: word.utf8) else { throw error("a value is wanted") }
    i += word.utf8.count
    return value
  }

  mutating func object(depth: Int) throws(JSONError) -> JSONValue {
    i += 1
    var members: [JSONValue.Member] = []
    var names: Set<String> = []
    if takes("}") { return .object([]) }
    repeat {
      skipSpace()
      guard isAt("\"") else { throw error("a name in double quotes is wanted") }
      let name = try string()
      guard names.insert(name).inserted else { throw error("the name \"\(name)\" stands here twice") }
      guard takes(":") else { throw error("':' is wanted after a name") }
      members.append(JSONValue.Member(name, try value(depth: depth + 1)))
    } while takes(",")
    guard takes("}") else { throw error("',' or '}' is wanted") }
    return .object(members)
  }

  mutating func array(depth: Int) throws(JSONError) -> JSONValue {
    i += 1
    var elements: [JSONValue] = []
    if takes("]") { return .array([]) }
    repeat { elements.append(try value(depth: depth + 1)) } while takes(",")
    guard takes("]") else { throw error("',' or ']' is wanted") }
    return .array(elements)
  }

  mutating func number() throws(JSONError) -> JSONValue {
    let start = i
    func isDigit(_ i: Int) -> Bool { i < bytes.count && (0x30...0x39).contains(bytes[i]) }
    if isAt("-") { i += 1 }
    guard isDigit(i) else { throw error("a digit is wanted") }
    if isAt("0"), isDigit(i + 1) { throw error("a number must not begin with 0") }
    while isDigit(i) { i += 1 }
    var isWhole = true
    if isAt(".") {
      i += 1
      isWhole = false
      guard isDigit(i) else { throw error("a digit is wanted after the point") }
      while isDigit(i) { i += 1 }
    }
    if isAt("e") || isAt("E") {
      i += 1
      isWhole = false
      if isAt("+") || isAt("-") { i += 1 }
      guard isDigit(i) else { throw error("a digit is wanted in the exponent") }
      while isDigit(i) { i += 1 }
    }
    let text = String(decoding: bytes[start..<i], as: UTF8.self)
    if isWhole, text != "-0", let value = Int64(text) { return .integer(value) }
    guard let value = Double(text), value.isFinite else { throw error("\(text) is beyond the range of a number") }
    return .number(value)
  }

  mutating func string() throws(JSONError) -> String {
    i += 1
    var out: [UInt8] = []
    while true {
      guard i < bytes.count else { throw error("a text has no closing quote") }
      let byte = bytes[i]
      switch byte {
      case 0x22:
        i += 1
        guard let text = String(validating: out, as: UTF8.self) else { throw error("a text is not UTF-8") }
        return text
      case 0x5C: try escape(into: &out)
      case 0..<0x20: throw error("a control character in a text must be escaped")
      default:
        out.append(byte)
        i += 1
      }
    }
  }

  mutating func escape(into out: inout [UInt8]) throws(JSONError) {
    i += 1
    guard i < bytes.count else { throw error("a text has no closing quote") }
    if let byte = Self.escapes[bytes[i]] {
      out.append(byte)
      i += 1
      return
    }
    guard isAt("u") else { throw error("an unknown escape in a text") }
    i += 1
    var code = UInt32(try hexadecimal())
    if (0xD800..<0xDC00).contains(code) {
      guard isAt("\\"), i + 1 < bytes.count, bytes[i + 1] == 0x75 else { throw error("half of a surrogate pair") }
      i += 2
      let low = UInt32(try hexadecimal())
      guard (0xDC00..<0xE000).contains(low) else { throw error("half of a surrogate pair") }
      code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
    }
    guard let scalar = Unicode.Scalar(code) else { throw error("half of a surrogate pair") }
    out += String(Character(scalar)).utf8
  }

  mutating func hexadecimal() throws(JSONError) -> UInt16 {
    guard i + 4 <= bytes.count, bytes[i..<i + 4].allSatisfy({ Unicode.Scalar($0).properties.isASCIIHexDigit }),
      let value = UInt16(String(decoding: bytes[i..<i + 4], as: UTF8.self), radix: 16)
    else { throw error("four hexadecimal digits are wanted after \\u") }
    i += 4
    return value
  }
}
