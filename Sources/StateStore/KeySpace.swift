/// The keys of one run or tenant: its name in braces, so that a Redis Cluster keeps them on one node.
public struct KeySpace: Equatable, Sendable {
  /// The name.
  public let name: String

  /// Makes the keys of a name.
  ///
  /// - Throws: `StoreError` of kind `address` when the name is empty, longer than 200 bytes, or holds braces or blanks.
  public init(_ name: String) throws(StoreError) {
    let isGood = name.utf8.allSatisfy { $0 > 32 && $0 != 127 && $0 != UInt8(ascii: "{") && $0 != UInt8(ascii: "}") }
    guard isGood, (1...200).contains(name.utf8.count) else {
      throw StoreError(
        .address,
        during: "use of the name '\(name)' in keys",
        answer: "it is empty, too long or holds braces or blanks",
        advice: "choose up to 200 letters, digits, '-', '_' or '.'"
      )
    }
    self.name = name
  }

  /// Returns a key: `{name}:rest`.
  public func key(_ rest: String) -> String { "{\(name)}:\(rest)" }
}
