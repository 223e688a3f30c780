/// The place of an entry in a Redis stream: the server's time when it came, and a count within the millisecond.
public struct EntryID: Hashable, Comparable, Sendable, CustomStringConvertible {
  /// Milliseconds since the Unix epoch, by the server's clock.
  public var milliseconds: UInt64
  /// Count within the millisecond.
  public var sequence: UInt64

  /// Puts a place together.
  public init(milliseconds: UInt64, sequence: UInt64 = 0) {
    (self.milliseconds, self.sequence) = (milliseconds, sequence)
  }

  /// Reads `milliseconds-sequence`.
  public init?(_ text: String) {
    let parts = text.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count == 2, let milliseconds = UInt64(parts[0]), let sequence = UInt64(parts[1]) else { return nil }
    self.init(milliseconds: milliseconds, sequence: sequence)
  }

  /// As the server writes it.
  public var description: String { "\(milliseconds)-\(sequence)" }

  /// Orders as the stream does.
  public static func < (a: Self, b: Self) -> Bool { (a.milliseconds, a.sequence) < (b.milliseconds, b.sequence) }
}

/// One field of a stream entry: bytes of any kind, as a service may send anything.
public struct StreamField: Equatable, Sendable {
  /// The name.
  public var name: [UInt8]
  /// The value.
  public var value: [UInt8]

  /// Pairs bytes.
  public init(_ name: [UInt8], _ value: [UInt8]) { (self.name, self.value) = (name, value) }
  /// Pairs texts.
  public init(_ name: String, _ value: String) { self.init(Array(name.utf8), Array(value.utf8)) }
}

/// One entry of a stream.
public struct StreamEntry: Equatable, Sendable {
  /// Its place.
  public var id: EntryID
  /// Its fields in the order of the sender; empty when the stream was trimmed before the entry was read.
  public var fields: [StreamField]

  /// Puts an entry together.
  public init(id: EntryID, fields: [StreamField]) { (self.id, self.fields) = (id, fields) }

  /// Reads a list of entries as the server sends them.
  static func list(from reply: RedisReply, during operation: String) throws(StoreError) -> [StreamEntry] {
    guard let items = reply.elements else { throw .unreadable(reply, during: operation) }
    var entries: [StreamEntry] = []
    entries.reserveCapacity(items.count)
    for item in items {
      guard let pair = item.elements, pair.count == 2, let id = pair[0].text.flatMap({ EntryID($0) }) else {
        throw .unreadable(item, during: operation)
      }
      // An entry that was delivered and then trimmed comes without fields.
      let flat = pair[1].elements ?? []
      let fields = stride(from: 0, to: flat.count - 1, by: 2).map { i in
        StreamField(flat[i].bytes ?? [], flat[i + 1].bytes ?? [])
      }
      entries.append(StreamEntry(id: id, fields: fields))
    }
    return entries
  }

  /// The value of the first field of a name.
  public func value(of name: String) -> [UInt8]? { fields.first { $0.name.elementsEqual(name.utf8) }?.value }
}
