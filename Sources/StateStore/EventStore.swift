/// Who reads the calendar of known events.
public protocol EventReader: AnyObject {
  /// Returns the version; 0 when there never was an event.
  func version() throws(StoreError) -> Int64
  /// Returns all events in ascending order of id, with the version they belong to.
  func all() throws(StoreError) -> (version: Int64, items: [EventStore.Item])
}

/// The calendar of known events in Redis: a hash of JSON by id, with a version that every change raises.
///
/// Anybody may change it; readers look at the version to see whether they have to read again.
public final class EventStore: EventReader {
  /// An event as it is stored.
  public struct Item: Equatable, Sendable {
    /// Its id.
    public var id: String
    /// Its JSON.
    public var json: [UInt8]
    /// Pairs an id with JSON.
    public init(id: String, json: [UInt8]) { (self.id, self.json) = (id, json) }
  }

  /// The connection, which the caller reopens after a failure.
  public let connection: RedisConnection
  /// Events beyond which no further one is taken.
  public let mostItems: Int
  private let keys: [String]

  /// Uses a connection for a tenant.
  public init(_ connection: RedisConnection, tenant: String, mostItems: Int = 10_000) throws(StoreError) {
    (self.connection, self.mostItems) = (connection, mostItems)
    let space = try KeySpace(tenant)
    keys = [space.key("events"), space.key("events:version")]
  }

  /// Writes an event and returns the version since; an equal one that is there changes nothing.
  ///
  /// - Throws: `StoreError` also when the calendar is full and the event is none of it.
  @discardableResult public func put(_ item: Item) throws(StoreError) -> Int64 {
    let reply = try connection.evaluate(
      StreamScript.putEvent,
      keys: keys,
      [.init(item.id), .init(item.json), .init(mostItems)]
    )
    guard let version = reply.number else { throw .unreadable(reply, during: "HSET \(keys[0])") }
    guard version >= 0 else {
      throw StoreError(
        .unexpected,
        during: "HSET \(keys[0])",
        answer: "the calendar has \(mostItems) events already, '\(item.id)' was not added",
        advice: "remove past ones with 'synfire events remove'"
      )
    }
    return version
  }

  /// Removes an event and returns the version since, or nil when there was none of that id.
  @discardableResult public func remove(_ id: String) throws(StoreError) -> Int64? {
    let reply = try connection.evaluate(StreamScript.removeEvent, keys: keys, [.init(id)])
    if reply == .none { return nil }
    guard let version = reply.number else { throw .unreadable(reply, during: "HDEL \(keys[0])") }
    return version
  }

  /// Returns the version; 0 when there never was an event.
  public func version() throws(StoreError) -> Int64 {
    try connection.command(["GET", .init(keys[1])]).number ?? 0
  }

  /// Returns all events in ascending order of id, with the version they belong to.
  public func all() throws(StoreError) -> (version: Int64, items: [Item]) {
    let reply = try connection.evaluate(StreamScript.allEvents, keys: keys, [])
    guard let parts = reply.elements, parts.count == 2, let version = parts[0].number, let flat = parts[1].elements
    else { throw .unreadable(reply, during: "HGETALL \(keys[0])") }
    let items = stride(from: 0, to: flat.count - 1, by: 2).map { i in
      Item(id: String(decoding: flat[i].bytes ?? [], as: UTF8.self), json: flat[i + 1].bytes ?? [])
    }
    return (version, items.sorted { $0.id < $1.id })
  }
}
