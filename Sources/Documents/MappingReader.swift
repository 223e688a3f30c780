internal import Basics

/// Takes entries out of a mapping and refuses, with the nearest right name, the ones nobody took.
public struct MappingReader {
  /// The mapping being read.
  public let node: Node
  private let what: String
  private var entries: [Node.Entry]
  private var known: [String] = []

  /// Starts reading a mapping; `what` names it in errors ("population E").
  public init(_ node: Node, _ what: String) throws(DocumentError) {
    guard case .mapping(let entries) = node.content else {
      throw node.error("\(what): a mapping is wanted, found \(node.kind)")
    }
    (self.node, self.what, self.entries) = (node, what, entries)
  }

  /// Takes the value of a key, or nil when it is not there.
  public mutating func take(_ key: String) -> Node? {
    known.append(key)
    guard let i = entries.firstIndex(where: { $0.key == key }) else { return nil }
    return entries.remove(at: i).value
  }

  /// Takes the value of a key that must be there.
  public mutating func require(_ key: String) throws(DocumentError) -> Node {
    guard let value = take(key) else { throw node.error("\(what): '\(key)' is missing") }
    return value
  }

  /// Takes every entry that is left.
  public mutating func takeRest() -> [Node.Entry] {
    defer { entries = [] }
    return entries
  }

  /// Throws when a key is left that nobody took.
  public func finish() throws(DocumentError) {
    guard let left = entries.first else { return }
    throw DocumentError(
      file: node.file,
      line: left.line,
      message: "\(what): unknown key '\(left.key)'\(Spelling.hint(for: left.key, among: known))"
    )
  }
}
