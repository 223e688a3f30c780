internal import Basics
public import Documents

extension EventKind {
  /// The kind as files and the store write it.
  public var name: String {
    switch self {
    case .campaign: "campaign"
    case .holiday: "holiday"
    case .release: "release"
    case .maintenance: "maintenance"
    }
  }
}

extension KnownEvent {
  /// The event as JSON with sorted keys; what is not there is left out.
  public var jsonValue: JSONValue {
    var members: [JSONValue.Member] = [.init("end", .string(end.rfc3339))]
    if let expectedUplift { members.append(.init("expected_uplift", .number(expectedUplift))) }
    members += [.init("id", .string(id)), .init("kind", .string(kind.name)), .init("name", .string(name))]
    if let recurrence { members.append(.init("recurrence", .string(recurrence.rule))) }
    switch services {
    case .all: members.append(.init("services", "*"))
    case .named(let names): members.append(.init("services", .array(names.map { .string($0) })))
    }
    members += [.init("start", .string(start.rfc3339)), .init("status", .string(status.rawValue))]
    return .object(members)
  }

  /// The event as one line of JSON, as the store keeps it.
  public var json: String { jsonValue.json() }

  /// Reads an event from JSON, as `json` writes it or as people send it.
  ///
  /// - Throws: what is wrong, with `source` as the name of the text.
  public init(json text: some Sequence<UInt8>, from source: String = "an event") throws(DocumentError) {
    let value: JSONValue
    do {
      value = try JSONValue(parsing: text)
    } catch {
      throw DocumentError(file: source, line: 0, message: error.description)
    }
    self = try KnownEvent.read(value.node(source))
  }
}

extension EventCalendar {
  /// The calendar as YAML: one line of JSON for each event under `events`.
  public var yaml: String {
    events.isEmpty ? "events: []\n" : "events:\n" + events.map { "  - \($0.json)\n" }.joined()
  }
}

extension JSONValue {
  /// The value as a node of a document, for the readers that YAML uses.
  fileprivate func node(_ source: String) -> Node {
    let content: Node.Content
    switch self {
    case .null: content = .scalar("null", quoted: false)
    case .bool(let value): content = .scalar(value ? "true" : "false", quoted: false)
    case .integer(let value): content = .scalar(String(value), quoted: false)
    case .number(let value): content = .scalar(value.description, quoted: false)
    case .string(let text): content = .scalar(text, quoted: true)
    case .array(let elements): content = .sequence(elements.map { $0.node(source) })
    case .object(let members):
      content = .mapping(members.map { Node.Entry(key: $0.name, line: 0, value: $0.value.node(source)) })
    }
    return Node(content, file: source, line: 0)
  }
}
