internal import Basics
public import Documents

extension EventCalendar {
  /// The keys of an event in a file, and the columns of a CSV file.
  static let keys = ["id", "name", "kind", "start", "end", "services", "expected_uplift", "recurrence", "status"]

  /// Reads events from YAML or JSON: a list, or a mapping with the list under `events`.
  ///
  /// - Throws: the first thing that is wrong, with file and line; also for two events of one id.
  public static func read(yaml bytes: [UInt8], file: String) throws(DocumentError) -> [KnownEvent] {
    let root = try YAML.parse(bytes, file: file)
    var list = root
    if case .mapping = root.content {
      var reader = try MappingReader(root, "the calendar")
      list = try reader.require("events")
      try reader.finish()
    }
    if list.isNull { return [] }
    var lines = EventLines()
    var events: [KnownEvent] = []
    for node in try list.sequence() {
      let event = try KnownEvent.read(node)
      try lines.add(event.id, at: node.line, of: file)
      events.append(event)
    }
    return events
  }

  /// Reads events from CSV: one row each, the columns named as the keys in YAML, services separated by `;`.
  ///
  /// `name`, `kind`, `start` and `end` must be there; an empty cell is as good as no column.
  ///
  /// - Throws: the first thing that is wrong, with file and line; also for two events of one id.
  public static func read(csv bytes: [UInt8], file: String) throws(DocumentError) -> [KnownEvent] {
    let table = try CSVTable(bytes, file: file)
    for name in table.header where !keys.contains(name) {
      throw table.headerError("the calendar: unknown column '\(name)'\(Spelling.hint(for: name, among: keys))")
    }
    var lines = EventLines()
    var events: [KnownEvent] = []
    for row in table.rows {
      var entries: [(String, Node)] = []
      for (column, key) in table.header.enumerated() where !table.isEmpty(row, column) {
        entries.append((key, node(of: table[row, column].trimmed, key, file, table.line(row))))
      }
      let event = try KnownEvent.read(entries, file: file, line: table.line(row))
      try lines.add(event.id, at: table.line(row), of: file)
      events.append(event)
    }
    return events
  }

  private static func node(of text: String, _ key: String, _ file: String, _ line: Int) -> Node {
    func scalar(_ text: String) -> Node {
      Node(.scalar(text, quoted: key != "expected_uplift"), file: file, line: line)
    }
    guard key == "services", text != "*" else { return scalar(text) }
    return Node(.sequence(text.split(separator: ";").map { scalar($0.trimmed) }), file: file, line: line)
  }
}

/// Remembers on which line an id stands.
private struct EventLines {
  private var lines: [String: Int] = [:]

  mutating func add(_ id: String, at line: Int, of file: String) throws(DocumentError) {
    if let earlier = lines.updateValue(line, forKey: id) {
      throw DocumentError(
        file: file,
        line: line,
        message: "the event '\(id)' stands here and on line \(earlier); give each its own id"
      )
    }
  }
}

extension KnownEvent {
  /// Reads one event from a mapping of a YAML or JSON document.
  ///
  /// - Throws: the first thing that is wrong, with file and line: an unknown key or kind (and the nearest right one), a
  ///   time that is not RFC 3339, an end before the start, a recurrence that is not supported.
  public static func read(_ node: Node) throws(DocumentError) -> KnownEvent {
    var reader = try MappingReader(node, "an event")
    var entries: [(String, Node)] = []
    for key in EventCalendar.keys {
      if let value = reader.take(key), !value.isNull { entries.append((key, value)) }
    }
    try reader.finish()
    return try read(entries, file: node.file, line: node.line)
  }

  static func read(_ entries: [(String, Node)], file: String, line: Int) throws(DocumentError) -> KnownEvent {
    func find(_ key: String) -> Node? { entries.first { $0.0 == key }?.1 }
    func require(_ key: String) throws(DocumentError) -> Node {
      guard let node = find(key) else {
        throw DocumentError(file: file, line: line, message: "an event: '\(key)' is missing")
      }
      return node
    }
    let event = KnownEvent(
      id: try find("id")?.name("id"),
      name: try require("name").name("name"),
      kind: try require("kind").eventKind(),
      start: try require("start").timestamp("start"),
      end: try require("end").timestamp("end"),
      services: try find("services")?.scope() ?? .all,
      expectedUplift: try find("expected_uplift")?.double(),
      recurrence: try find("recurrence")?.recurrence(),
      status: try find("status")?.choice("status") ?? .planned
    )
    if let problem = event.problem {
      throw DocumentError(file: file, line: line, message: "the event '\(event.name)': \(problem)")
    }
    return event
  }
}

extension Node {
  fileprivate func eventKind() throws(DocumentError) -> EventKind {
    let text = try string()
    guard let kind = EventKind.allCases.first(where: { $0.name == text }) else {
      let hint = Spelling.hint(for: text, among: EventKind.allCases.map(\.name))
      throw error("kind: '\(text)' is not known\(hint)")
    }
    return kind
  }

  func timestamp(_ what: String) throws(DocumentError) -> Timestamp {
    let text = try string()
    guard let time = Timestamp(rfc3339: text) else {
      throw error("\(what): '\(text)' is not a time; write for example '2026-11-27T08:00:00Z' or '2026-11-27'")
    }
    return time
  }

  fileprivate func scope() throws(DocumentError) -> KnownEvent.Scope {
    let names = try strings()
    return names == ["*"] ? .all : .named(names)
  }

  func recurrence() throws(DocumentError) -> Recurrence {
    do {
      return try Recurrence(rule: try string())
    } catch let problem as RecurrenceError {
      throw error(problem.description)
    } catch {
      throw self.error("recurrence: a text is wanted, found \(kind)")
    }
  }
}
