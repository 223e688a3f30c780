public import Basics
public import Documents

/// A result as rows and columns, for people and for programs.
public struct Table: Sendable, Equatable {
  /// One column.
  public struct Column: Sendable, Equatable {
    /// Name in JSON, YAML and CSV: `cpu_cores`.
    public var key: String
    /// Name for people; the key in capitals where nothing is said.
    public var title: String
    /// Unit for people, empty for none.
    public var unit: String
    /// Whether only `-o wide` and the formats for programs show it.
    public var isWideOnly: Bool
    /// Describes a column.
    public init(_ key: String, title: String? = nil, unit: String = "", isWideOnly: Bool = false) {
      self.key = key
      self.title = title ?? String(key.map { $0 == "_" ? " " : Character($0.uppercased()) })
      (self.unit, self.isWideOnly) = (unit, isWideOnly)
    }
  }

  /// What a cell says, apart from its value.
  public enum Mood: Sendable, Equatable { case plain, good, doubtful, bad, faint }

  /// One value.
  public struct Cell: Sendable, Equatable {
    /// The value for programs.
    public var value: JSONValue
    /// The text for people.
    public var text: String
    /// Whether it is aligned to the right.
    public var isNumber: Bool
    /// Its colour on a terminal.
    public var mood = Mood.plain

    /// A value with a text of its own.
    public init(_ value: JSONValue, text: String, isNumber: Bool = false) {
      (self.value, self.text, self.isNumber) = (value, text, isNumber)
    }

    /// Nothing, shown as a dash.
    public static let none = Cell(.null, text: "-")
    /// A text.
    public static func text(_ text: String) -> Cell { Cell(.string(text), text: text) }
    /// A whole number.
    public static func count(_ value: Int) -> Cell { Cell(.integer(Int64(value)), text: String(value), isNumber: true) }
    /// A number, shown with few significant digits.
    public static func number(_ value: Double, digits: Int = 4) -> Cell {
      Cell(.number(value), text: NumberText.significant(value, digits: digits), isNumber: true)
    }
    /// A number, shown with a fixed count of decimals.
    public static func fixed(_ value: Double, places: Int) -> Cell {
      Cell(.number(value), text: NumberText.fixed(value, places: places), isNumber: true)
    }
    /// A share of one, shown in per cent.
    public static func share(_ value: Double) -> Cell {
      Cell(.number(value), text: NumberText.fixed(value * 100, places: 1) + " %", isNumber: true)
    }
    /// A size in bytes.
    public static func bytes(_ count: Int) -> Cell { bytes(Double(count)) }
    /// A size in bytes that is worked out rather than counted.
    public static func bytes(_ count: Double) -> Cell {
      let value = Int64(exactly: count.rounded()).map(JSONValue.integer) ?? .number(count)
      return Cell(value, text: NumberText.bytes(count), isNumber: true)
    }
    /// A length of time in ms.
    public static func duration(milliseconds: Double) -> Cell {
      Cell(.number(milliseconds), text: NumberText.duration(milliseconds: milliseconds), isNumber: true)
    }
    /// A moment.
    public static func time(_ time: Timestamp) -> Cell { .text(time.rfc3339) }
    /// A truth value.
    public static func flag(_ value: Bool) -> Cell { Cell(.bool(value), text: value ? "yes" : "no") }

    /// The same cell in another mood.
    public func mood(_ mood: Mood) -> Cell {
      var cell = self
      cell.mood = mood
      return cell
    }
  }

  /// The columns in order.
  public var columns: [Column]
  /// The rows; each has one cell per column.
  public private(set) var rows: [[Cell]] = []

  /// Makes a table without rows.
  public init(_ columns: [Column]) { self.columns = columns }

  /// Appends a row with one cell per column.
  public mutating func append(_ row: [Cell]) {
    precondition(row.count == columns.count, "a row has \(row.count) cells for \(columns.count) columns")
    rows.append(row)
  }

  /// The table as an array of objects, names in the order of the columns.
  public var json: JSONValue {
    .array(
      rows.map { row in
        .object(zip(columns, row).map { JSONValue.Member($0.key, $1.value) })
      }
    )
  }

  /// The table as CSV (RFC 4180) with decimals that read back to the same number; an empty field is nothing.
  public func csv(header: Bool = true) -> String {
    var lines = rows.map { row in row.map { Self.csvField($0.value) }.joined(separator: ",") }
    if header { lines.insert(columns.map { Self.quoted($0.key) }.joined(separator: ","), at: 0) }
    return lines.map { $0 + "\r\n" }.joined()
  }

  private static func csvField(_ value: JSONValue) -> String {
    switch value {
    case .null: ""
    case .string(let text): quoted(text)
    case .number(let number): JSONValue.shortest(number)
    default: quoted(value.json())
    }
  }

  private static func quoted(_ text: String) -> String {
    let isPlain = text.utf8.allSatisfy { $0 != 0x2C && $0 != 0x22 && $0 != 0x0A && $0 != 0x0D }
    return isPlain ? text : "\"" + text.map { $0 == "\"" ? "\"\"" : String($0) }.joined() + "\""
  }
}
