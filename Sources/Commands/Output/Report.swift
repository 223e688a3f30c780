public import Documents

/// A result of several pieces: facts about the whole, then tables.
public struct Report: Sendable, Equatable {
  /// One fact.
  public struct Fact: Sendable, Equatable {
    /// Name in JSON, YAML and CSV.
    public var key: String
    /// Name for people.
    public var title: String
    /// Its value.
    public var cell: Table.Cell
  }

  /// Facts in order.
  public private(set) var facts: [Fact] = []
  /// Tables in order, each with its name for programs and its heading for people.
  public private(set) var tables: [(key: String, heading: String, table: Table)] = []
  /// Sentences for people after everything else.
  public var notes: [String] = []

  /// Makes an empty report.
  public init() {}

  /// A report of one table alone.
  public init(_ table: Table) { add("rows", heading: "", table) }

  /// Adds a fact; its title is the key with spaces where nothing is said.
  public mutating func add(_ key: String, title: String? = nil, _ cell: Table.Cell) {
    facts.append(Fact(key: key, title: title ?? String(key.map { $0 == "_" ? " " : $0 }), cell: cell))
  }

  /// Adds a table.
  public mutating func add(_ key: String, heading: String, _ table: Table) { tables.append((key, heading, table)) }

  /// The report for programs: a table alone is an array, otherwise facts and tables are members of one object.
  public var json: JSONValue {
    if facts.isEmpty, tables.count == 1 { return tables[0].table.json }
    return .object(
      facts.map { JSONValue.Member($0.key, $0.cell.value) } + tables.map { JSONValue.Member($0.key, $0.table.json) }
    )
  }

  /// The report as CSV: its facts as `name,value`, or its only table; with both, the first table.
  public func csv(header: Bool = true) -> String {
    if let table = tables.first?.table { return table.csv(header: header) }
    var pairs = Table([Table.Column("name"), Table.Column("value")])
    for fact in facts { pairs.append([.text(fact.key), fact.cell]) }
    return pairs.csv(header: header)
  }

  /// The report for people.
  public func text(_ layout: Table.TextLayout = Table.TextLayout()) -> String {
    var blocks: [String] = []
    if !facts.isEmpty {
      let width = facts.map { TerminalText.width($0.title) }.max() ?? 0
      blocks.append(
        facts.map { fact in
          let space = String(repeating: " ", count: width - TerminalText.width(fact.title))
          let value = TerminalText.visible(fact.cell.text)
          return fact.title + space + "  " + (layout.colour ? TerminalText.painted(value, fact.cell.mood.code) : value)
            + "\n"
        }.joined()
      )
    }
    for (_, heading, table) in tables {
      let title = layout.colour ? TerminalText.painted(heading, "1") : heading
      blocks.append((heading.isEmpty ? "" : title + "\n") + table.text(layout))
    }
    if !notes.isEmpty { blocks.append(notes.map { TerminalText.visible($0) + "\n" }.joined()) }
    return blocks.joined(separator: "\n")
  }

  /// Whether two reports say the same.
  public static func == (a: Self, b: Self) -> Bool {
    a.facts == b.facts && a.notes == b.notes
      && a.tables.elementsEqual(b.tables) { $0.key == $1.key && $0.heading == $1.heading && $0.table == $1.table }
  }
}
