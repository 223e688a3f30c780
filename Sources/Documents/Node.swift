/// A place in a text, and what is wrong there.
public struct DocumentError: Error, Equatable, CustomStringConvertible {
  /// The file, as the user named it.
  public var file: String
  /// Line, counted from 1; 0 when the whole file is meant.
  public var line: Int
  /// What was found and what would be right.
  public var message: String
  /// Describes a problem at a place.
  public init(file: String, line: Int, message: String) { (self.file, self.line, self.message) = (file, line, message) }
  /// `file:line: message`.
  public var description: String { line > 0 ? "\(file):\(line): \(message)" : "\(file): \(message)" }
}

/// A value of a YAML or JSON document with its place.
public struct Node: Sendable, Equatable {
  /// A key and its value.
  public struct Entry: Sendable, Equatable {
    /// The key.
    public var key: String
    /// Line of the key.
    public var line: Int
    /// The value.
    public var value: Node
    /// Describes an entry.
    public init(key: String, line: Int, value: Node) { (self.key, self.line, self.value) = (key, line, value) }
  }
  /// What a node holds.
  public enum Content: Sendable, Equatable {
    /// Text as written; `quoted` tells `"1"` from `1`.
    case scalar(String, quoted: Bool)
    case sequence([Node])
    case mapping([Entry])
  }
  /// The value.
  public var content: Content
  /// The file it came from.
  public var file: String
  /// Line, counted from 1.
  public var line: Int

  /// Makes a node.
  public init(_ content: Content, file: String, line: Int) {
    (self.content, self.file, self.line) = (content, file, line)
  }

  /// An error at this node.
  public func error(_ message: String) -> DocumentError { DocumentError(file: file, line: line, message: message) }

  /// What kind of value it is, in words.
  public var kind: String {
    switch content {
    case .scalar(let text, let quoted): quoted ? "the text \"\(text)\"" : text.isEmpty ? "nothing" : "'\(text)'"
    case .sequence: "a list"
    case .mapping: "a mapping"
    }
  }

  /// Whether it is an empty or `null` scalar.
  public var isNull: Bool {
    if case .scalar(let text, quoted: false) = content { return text.isEmpty || text == "~" || text == "null" }
    return false
  }

  /// The text of a scalar.
  public func string() throws(DocumentError) -> String {
    guard case .scalar(let text, let quoted) = content, quoted || !isNull else {
      throw error("a text is wanted, found \(kind)")
    }
    return text
  }

  /// A finite number.
  public func double() throws(DocumentError) -> Double {
    guard case .scalar(let text, quoted: false) = content, let value = Double(text), value.isFinite else {
      throw error("a number is wanted, found \(kind)")
    }
    return value
  }

  /// A whole number.
  public func int() throws(DocumentError) -> Int {
    guard case .scalar(let text, quoted: false) = content, let value = Int(text) else {
      throw error("a whole number is wanted, found \(kind)")
    }
    return value
  }

  /// A truth value.
  public func bool() throws(DocumentError) -> Bool {
    guard case .scalar(let text, quoted: false) = content, ["true", "false"].contains(text) else {
      throw error("true or false is wanted, found \(kind)")
    }
    return text == "true"
  }

  /// The elements of a list.
  public func sequence() throws(DocumentError) -> [Node] {
    guard case .sequence(let nodes) = content else { throw error("a list is wanted, found \(kind)") }
    return nodes
  }

  /// The entries of a mapping in file order.
  public func mapping() throws(DocumentError) -> [Entry] {
    guard case .mapping(let entries) = content else { throw error("a mapping is wanted, found \(kind)") }
    return entries
  }

  /// A list of texts, or one text alone.
  public func strings() throws(DocumentError) -> [String] {
    if case .sequence(let nodes) = content {
      var texts: [String] = []
      for node in nodes { texts.append(try node.string()) }
      return texts
    }
    return [try string()]
  }
}
