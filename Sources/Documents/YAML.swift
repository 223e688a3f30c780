internal import CYAML

/// Reads YAML 1.1 (JSON is a subset) into nodes that know their line.
public enum YAML {
  /// Deepest nesting that is read; deeper input is refused rather than overflowing the stack.
  static let depthLimit = 64

  /// Parses one document.
  ///
  /// - Throws: what libyaml found, a duplicate key, an anchor or alias (not supported), or more than one document.
  public static func parse(_ bytes: [UInt8], file: String) throws(DocumentError) -> Node {
    var parser = try EventReader(bytes, file: file)
    try parser.expect(YAML_STREAM_START_EVENT)
    var event = try parser.next()
    guard event.type == YAML_DOCUMENT_START_EVENT else {
      throw DocumentError(file: file, line: 0, message: "the file is empty")
    }
    event = try parser.next()
    let root = try node(event, &parser, file, depth: 0)
    try parser.expect(YAML_DOCUMENT_END_EVENT)
    event = try parser.next()
    guard event.type == YAML_STREAM_END_EVENT else {
      throw DocumentError(file: file, line: event.line, message: "a second document begins here; one is wanted")
    }
    return root
  }

  private static func node(
    _ event: EventReader.Event,
    _ parser: inout EventReader,
    _ file: String,
    depth: Int
  ) throws(DocumentError) -> Node {
    func fail(_ message: String) -> DocumentError { DocumentError(file: file, line: event.line, message: message) }
    guard depth < depthLimit else { throw fail("nested deeper than \(depthLimit) levels") }
    guard !event.hasAnchor else { throw fail("anchors and aliases (& and *) are not read; write the value out") }
    switch event.type {
    case YAML_SCALAR_EVENT:
      return Node(.scalar(event.text, quoted: event.isQuoted), file: file, line: event.line)
    case YAML_SEQUENCE_START_EVENT:
      var nodes: [Node] = []
      while true {
        let inner = try parser.next()
        if inner.type == YAML_SEQUENCE_END_EVENT { return Node(.sequence(nodes), file: file, line: event.line) }
        nodes.append(try node(inner, &parser, file, depth: depth + 1))
      }
    case YAML_MAPPING_START_EVENT:
      var entries: [Node.Entry] = []
      var seen: Set<String> = []
      while true {
        let key = try parser.next()
        if key.type == YAML_MAPPING_END_EVENT { return Node(.mapping(entries), file: file, line: event.line) }
        guard key.type == YAML_SCALAR_EVENT else {
          throw DocumentError(file: file, line: key.line, message: "a key must be a text")
        }
        guard seen.insert(key.text).inserted else {
          throw DocumentError(file: file, line: key.line, message: "the key '\(key.text)' stands here twice")
        }
        let value = try parser.next()
        entries.append(
          Node.Entry(key: key.text, line: key.line, value: try node(value, &parser, file, depth: depth + 1))
        )
      }
    default: throw fail("anchors and aliases (& and *) are not read; write the value out")
    }
  }
}

/// Owns a libyaml parser and hands out its events as values.
@safe
struct EventReader: ~Copyable {
  struct Event {
    var type: yaml_event_type_t
    var line: Int
    var text = ""
    var isQuoted = false
    var hasAnchor = false
  }

  private let parser: UnsafeMutablePointer<yaml_parser_t>
  private let input: UnsafeMutableBufferPointer<UInt8>
  private let file: String

  init(_ bytes: [UInt8], file: String) throws(DocumentError) {
    unsafe parser = .allocate(capacity: 1)
    unsafe input = .allocate(capacity: bytes.count)
    self.file = file
    _ = unsafe input.initialize(from: bytes)
    guard unsafe yaml_parser_initialize(parser) == 1 else {
      throw DocumentError(file: file, line: 0, message: "libyaml has no memory for a parser")
    }
    unsafe yaml_parser_set_input_string(parser, input.baseAddress, bytes.count)
  }

  deinit {
    unsafe yaml_parser_delete(parser)
    unsafe parser.deallocate()
    unsafe input.deallocate()
  }

  mutating func next() throws(DocumentError) -> Event {
    var raw = unsafe yaml_event_t()
    guard unsafe yaml_parser_parse(parser, &raw) == 1 else {
      let problem = unsafe parser.pointee.problem.map { unsafe String(cString: $0) } ?? "not YAML"
      let line = unsafe max(parser.pointee.problem_mark.line, parser.pointee.mark.line) + 1
      throw DocumentError(file: file, line: Int(line), message: problem)
    }
    defer { unsafe yaml_event_delete(&raw) }
    var event = unsafe Event(type: raw.type, line: Int(raw.start_mark.line) + 1)
    switch event.type {
    case YAML_SCALAR_EVENT:
      let scalar = unsafe raw.data.scalar
      let bytes = unsafe UnsafeBufferPointer(start: scalar.value, count: scalar.length)
      guard let text = unsafe String(validating: bytes, as: UTF8.self) else {
        throw DocumentError(file: file, line: event.line, message: "a text is not UTF-8")
      }
      event.text = text
      event.isQuoted = unsafe scalar.style != YAML_PLAIN_SCALAR_STYLE
      event.hasAnchor = unsafe scalar.anchor != nil
    case YAML_SEQUENCE_START_EVENT: event.hasAnchor = unsafe raw.data.sequence_start.anchor != nil
    case YAML_MAPPING_START_EVENT: event.hasAnchor = unsafe raw.data.mapping_start.anchor != nil
    default: break
    }
    return event
  }

  mutating func expect(_ type: yaml_event_type_t) throws(DocumentError) {
    let event = try next()
    guard event.type == type else {
      throw DocumentError(file: file, line: event.line, message: "the document is not complete")
    }
  }
}
