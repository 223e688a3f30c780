/// A JSON value whose objects keep the order in which they were written.
public indirect enum JSONValue: Equatable, Sendable {
  case null
  case bool(Bool)
  case integer(Int64)
  /// A number with a fraction; one that is not finite is written as null.
  case number(Double)
  case string(String)
  case array([JSONValue])
  case object([Member])

  /// A name and its value.
  public struct Member: Equatable, Sendable {
    /// The name.
    public var name: String
    /// The value.
    public var value: JSONValue
    /// Pairs a name with a value.
    public init(_ name: String, _ value: JSONValue) { (self.name, self.value) = (name, value) }
  }

  /// The value of a name in an object, or nil where there is none.
  public subscript(name: String) -> JSONValue? {
    guard case .object(let members) = self else { return nil }
    return members.first { $0.name == name }?.value
  }

  /// The text of a string, or nil.
  public var text: String? {
    if case .string(let text) = self { return text }
    return nil
  }

  /// The value of a number, or nil.
  public var double: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .number(let value): value
    default: nil
    }
  }

  /// The value of a whole number, or nil.
  public var int: Int? {
    if case .integer(let value) = self { return Int(value) }
    return nil
  }

  /// The elements of an array, or none.
  public var elements: [JSONValue] {
    if case .array(let elements) = self { return elements }
    return []
  }

  /// The members of an object, or none.
  public var members: [Member] {
    if case .object(let members) = self { return members }
    return []
  }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
  ExpressibleByBooleanLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral, ExpressibleByNilLiteral
{
  /// A string.
  public init(stringLiteral value: String) { self = .string(value) }
  /// A whole number.
  public init(integerLiteral value: Int64) { self = .integer(value) }
  /// A number.
  public init(floatLiteral value: Double) { self = .number(value) }
  /// A truth value.
  public init(booleanLiteral value: Bool) { self = .bool(value) }
  /// An array.
  public init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
  /// An object in the order of the literal.
  public init(dictionaryLiteral elements: (String, JSONValue)...) { self = .object(elements.map { Member($0, $1) }) }
  /// Null.
  public init(nilLiteral: ()) { self = .null }
}

extension JSONValue {
  /// How a value is laid out.
  public struct Layout: Sendable {
    /// Spaces per level; nil for one line without spaces.
    public var indent: Int?
    /// Whether the members of objects are sorted by the bytes of their names.
    public var sortsNames: Bool
    /// Chooses a layout.
    public init(indent: Int? = nil, sortsNames: Bool = false) { (self.indent, self.sortsNames) = (indent, sortsNames) }
    /// One line.
    public static let compact = Layout()
    /// Two spaces per level.
    public static let pretty = Layout(indent: 2)
  }

  /// Returns the value as JSON (RFC 8259); decimals are the shortest that read back to the same number.
  public func json(_ layout: Layout = .compact) -> String {
    var out = ""
    write(to: &out, layout, depth: 0)
    return out
  }

  private func write(to out: inout String, _ layout: Layout, depth: Int) {
    switch self {
    case .null: out += "null"
    case .bool(let value): out += value ? "true" : "false"
    case .integer(let value): out += String(value)
    case .number(let value): out += value.isFinite ? Self.shortest(value) : "null"
    case .string(let text): out += Self.quoted(text)
    case .array(let elements):
      Self.write(elements, "[", "]", to: &out, layout, depth) { element, out in
        element.write(to: &out, layout, depth: depth + 1)
      }
    case .object(var members):
      if layout.sortsNames { members.sort { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) } }
      Self.write(members, "{", "}", to: &out, layout, depth) { member, out in
        out += Self.quoted(member.name) + (layout.indent == nil ? ":" : ": ")
        member.value.write(to: &out, layout, depth: depth + 1)
      }
    }
  }

  private static func write<Item>(
    _ items: [Item],
    _ open: String,
    _ close: String,
    to out: inout String,
    _ layout: Layout,
    _ depth: Int,
    each: (Item, inout String) -> Void
  ) {
    out += open
    for (i, item) in items.enumerated() {
      if i > 0 { out += "," }
      if let indent = layout.indent { out += "\n" + String(repeating: " ", count: indent * (depth + 1)) }
      each(item, &out)
    }
    if let indent = layout.indent, !items.isEmpty { out += "\n" + String(repeating: " ", count: indent * depth) }
    out += close
  }

  /// Returns the shortest decimal that reads back to the same number: `1`, `0.1`, `1e-05`, `nan`.
  public static func shortest(_ value: Double) -> String {
    let text = value.description
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
  }

  /// Returns a text in double quotes with what JSON wants escaped.
  public static func quoted(_ text: String) -> String {
    var out = "\""
    for c in text.unicodeScalars {
      switch c {
      case "\"": out += "\\\""
      case "\\": out += "\\\\"
      case "\n": out += "\\n"
      case "\r": out += "\\r"
      case "\t": out += "\\t"
      case _ where c.value < 0x20 || c.value == 0x7F:
        let hex = String(c.value, radix: 16)
        out += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
      default: out.unicodeScalars.append(c)
      }
    }
    return out + "\""
  }
}
