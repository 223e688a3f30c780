/// The reader's side of the samples, each call under the lease.
public protocol SampleStream: AnyObject {
  /// Makes the stream and its consumer group, from the oldest sample on; one that is there is left as it is.
  func createGroup() throws(StoreError)
  /// Returns samples that were delivered before and not acknowledged, after a place; begin without one.
  func readPending(_ lease: Lease, after place: EntryID?, count: Int) throws(StoreError) -> [StreamEntry]
  /// Returns the place of the last sample that was ever delivered; what is pending from before it is asked for after it.
  func lastDelivered() throws(StoreError) -> EntryID
  /// Returns samples that were never delivered; does not wait for any.
  ///
  /// `place` is that of the last sample delivered, as the reader knows it. Returns nil when another one is: a call that
  /// the reader gave up was carried out late, and what it delivered is pending. Without a place whatever comes is taken.
  func readNew(_ lease: Lease, after place: EntryID?, count: Int) throws(StoreError) -> [StreamEntry]?
  /// Puts samples aside with their reasons and acknowledges them.
  func reject(_ lease: Lease, _ rejections: [MetricStream.Rejection]) throws(StoreError)
  /// Returns the time of day of the store, which also stamps the arrival of samples, in ms since the Unix epoch.
  func time() throws(StoreError) -> Int64
}

/// The samples that services report: a stream that everybody appends to and one coordinator reads.
///
/// Entries are acknowledged in the same call that seals the tick they went into (`TickStore.seal`), or that puts them
/// aside (`reject`): whoever dies between reading and that call has lost nothing, because what was delivered and not
/// acknowledged is read first by the next coordinator. All coordinators read under one name, and reading is fenced:
/// a former one cannot take entries away from its successor; nor can a call of the coordinator's own that it gave up and
/// that a server which hung carries out later, since every read names the sample it goes on after.
public final class MetricStream: SampleSink, SampleStream {
  /// About how many samples are kept where nothing else is asked for.
  public static let usuallyKept = 1_000_000
  /// The consumer group and its one consumer.
  public static let group = "synfire"

  /// Fields of a sample that a script can hand on.
  static let mostFields = 1000

  /// A sample that cannot be used.
  public struct Rejection: Equatable, Sendable {
    /// The entry.
    public var entry: StreamEntry
    /// Why, as a sentence for people.
    public var reason: String
    /// Pairs an entry with a reason.
    public init(entry: StreamEntry, reason: String) { (self.entry, self.reason) = (entry, reason) }
  }

  /// How far reading is behind.
  public struct Backlog: Equatable, Sendable {
    /// Entries in the stream.
    public var entries: Int64
    /// Entries delivered and not yet acknowledged.
    public var pending: Int64
    /// Entries not yet delivered; nil when the server cannot tell.
    public var undelivered: Int64?
    /// Samples rejected since the tenant exists.
    public var rejected: Int64
    /// Puts numbers together.
    public init(entries: Int64, pending: Int64, undelivered: Int64?, rejected: Int64) {
      (self.entries, self.pending) = (entries, pending)
      (self.undelivered, self.rejected) = (undelivered, rejected)
    }
  }

  /// The connection, which the caller reopens after a failure.
  public let connection: RedisConnection
  /// About how many samples are kept, and how many rejected ones.
  public let keptEntries: Int
  private let tenant: KeySpace
  private let run: KeySpace

  /// Uses a connection for a tenant; `run` names whose lease is asked for, the tenant's own name without one.
  ///
  /// On a Redis Cluster both have to be the same, since one call touches keys of both.
  public init(
    _ connection: RedisConnection,
    tenant: String,
    run: String? = nil,
    keptEntries: Int = MetricStream.usuallyKept
  ) throws(StoreError) {
    self.connection = connection
    self.keptEntries = keptEntries
    self.tenant = try KeySpace(tenant)
    self.run = try KeySpace(run ?? tenant)
  }

  /// Whether the connection can be used.
  public var isOpen: Bool { connection.isOpen }

  /// Opens the connection anew.
  public func reconnect() throws(StoreError) { try connection.reconnect() }

  /// The key of the stream.
  public var key: String { tenant.key("metrics") }

  /// Appends samples in one step and returns their places; needs no lease.
  ///
  /// A sample without fields says nothing and is left out; one of more than a thousand goes alone.
  /// - Throws: `StoreError`; an answer of the server means that none was appended, a broken connection that all may be.
  @discardableResult public func append(_ samples: [[StreamField]]) throws(StoreError) -> [EntryID] {
    let samples = samples.filter { !$0.isEmpty }
    guard !samples.isEmpty else { return [] }
    if samples.count == 1 {
      let words: [RedisArgument] = ["XADD", .init(key), "MAXLEN", "~", .init(keptEntries), "*"]
      let reply = try connection.command(words + samples[0].flatMap { [RedisArgument($0.name), .init($0.value)] })
      guard let id = reply.text.flatMap({ EntryID($0) }) else { throw .unreadable(reply, during: "XADD \(key)") }
      return [id]
    }
    // A script hands on so many words only; such a sample will be refused by its reader, and goes alone.
    if let i = samples.firstIndex(where: { $0.count > Self.mostFields }) {
      return try append(Array(samples[..<i])) + append([samples[i]]) + append(Array(samples[(i + 1)...]))
    }
    // One script: a server that is just coming up answers the first commands of a pipeline with LOADING and takes the
    // rest, and a batch in another order is another batch.
    var arguments: [RedisArgument] = [.init(keptEntries), .init(samples.count)]
    for fields in samples {
      arguments.append(.init(2 * fields.count))
      for field in fields { arguments += [RedisArgument(field.name), .init(field.value)] }
    }
    let reply = try connection.evaluate(StreamScript.append, keys: [key], arguments)
    let places = (reply.elements ?? []).compactMap { $0.text.flatMap { EntryID($0) } }
    guard places.count == samples.count else { throw .unreadable(reply, during: "XADD \(key)") }
    return places
  }

  /// Whether the stream has the entry of a place; one that was trimmed away is not there.
  public func contains(_ place: EntryID) throws(StoreError) -> Bool {
    let operation = "XRANGE \(key)"
    let reply = try connection.command(["XRANGE", .init(key), .init(place.description), .init(place.description)])
    return try !StreamEntry.list(from: reply, during: operation).isEmpty
  }

  /// Makes the stream and its consumer group, from the oldest sample on; one that is there is left as it is.
  public func createGroup() throws(StoreError) {
    do {
      _ = try connection.command(["XGROUP", "CREATE", .init(key), .init(Self.group), "0", "MKSTREAM"])
    } catch {
      guard error.answer.hasPrefix("BUSYGROUP") else { throw error }
    }
  }

  /// Returns samples that were delivered before and not acknowledged, after a place; begin without one.
  public func readPending(_ lease: Lease, after place: EntryID?, count: Int) throws(StoreError) -> [StreamEntry] {
    try read(lease, from: place?.description ?? "0", known: nil, count) ?? []
  }

  /// Returns the place of the last sample that was ever delivered; zero when there is none or no group.
  public func lastDelivered() throws(StoreError) -> EntryID {
    let reply = try connection.evaluate(StreamScript.delivered, keys: [key], [.init(Self.group)])
    guard let place = reply.text.flatMap({ EntryID($0) }) else {
      throw .unreadable(reply, during: "XINFO GROUPS \(key)")
    }
    return place
  }

  /// Returns samples that were never delivered, or nil when the last one delivered is another than the reader knows.
  public func readNew(_ lease: Lease, after place: EntryID?, count: Int) throws(StoreError) -> [StreamEntry]? {
    try read(lease, from: ">", known: place, count)
  }

  private func read(
    _ lease: Lease,
    from place: String,
    known: EntryID?,
    _ count: Int
  ) throws(StoreError) -> [StreamEntry]? {
    do {
      return try readOnce(lease, from: place, known: known, count)
    } catch {
      // Nobody has read yet, or a server that lost its tail lost the group: then everything it has is new.
      guard error.kind == .missing else { throw error }
      try createGroup()
      return try readOnce(lease, from: place, known: known, count)
    }
  }

  private func readOnce(
    _ lease: Lease,
    from place: String,
    known: EntryID?,
    _ count: Int
  ) throws(StoreError) -> [StreamEntry]? {
    let operation = "XREADGROUP \(key)"
    let reply = try connection.evaluate(
      StreamScript.read,
      keys: [run.key("fence"), key],
      lease.arguments + [.init(Self.group), .init(count), .init(place), .init(known?.description ?? "")]
    )
    guard let answer = reply.elements, let first = answer.first else { throw .unreadable(reply, during: operation) }
    if first.text == "fence" { throw .fenceLost(during: operation) }
    if first.text == "moved" { return nil }
    guard answer.count == 2 else { return [] }
    return try StreamEntry.list(from: answer[1], during: operation)
  }

  /// Puts samples aside with their reasons and acknowledges them, each once however often this is called.
  ///
  /// Of each the first 64 fields are kept, and of each of those the first 1024 bytes.
  public func reject(_ lease: Lease, _ rejections: [Rejection]) throws(StoreError) {
    guard !rejections.isEmpty else { return }
    var arguments = lease.arguments + [.init(Self.group), .init(min(keptEntries, 10_000)), .init(rejections.count)]
    for rejection in rejections {
      // Enough to see what came; a sample of thousands of fields must not be what stops the reader.
      let fields = rejection.entry.fields.prefix(64)
      arguments += [.init(rejection.entry.id.description), .init(rejection.reason), .init(fields.count)]
      arguments += fields.flatMap { [RedisArgument($0.name.prefix(1024)), .init($0.value.prefix(1024))] }
    }
    let reply = try connection.evaluate(
      StreamScript.reject,
      keys: [run.key("fence"), key, tenant.key("rejected"), tenant.key("rejected:count")],
      arguments
    )
    if reply.text == "fence" { throw .fenceLost(during: "XADD \(tenant.key("rejected"))") }
  }

  /// Returns the time of day of the server in ms.
  public func time() throws(StoreError) -> Int64 { try connection.time() }

  /// Returns the last rejected samples, newest first: the sample with the fields `reason` and `id` in front.
  public func readRejected(count: Int) throws(StoreError) -> [StreamEntry] {
    let key = tenant.key("rejected")
    let reply = try connection.command(["XREVRANGE", .init(key), "+", "-", "COUNT", .init(count)])
    return try StreamEntry.list(from: reply, during: "XREVRANGE \(key)")
  }

  /// Returns how far reading is behind.
  public func backlog() throws(StoreError) -> Backlog {
    let replies = try connection.pipeline([
      ["XLEN", .init(key)], ["XPENDING", .init(key), .init(Self.group)], ["XINFO", "GROUPS", .init(key)],
      ["GET", .init(tenant.key("rejected:count"))], ["XREVRANGE", .init(key), "+", "-", "COUNT", 1],
    ])
    let newest = replies[4].elements?.first?.elements?.first?.text
    var backlog = Backlog(
      entries: replies[0].number ?? 0,
      pending: replies[1].elements?.first?.number ?? 0,
      undelivered: nil,
      rejected: replies[3].number ?? 0
    )
    for group in replies[2].elements ?? [] {
      guard let flat = group.elements else { continue }
      let pairs = stride(from: 0, to: flat.count - 1, by: 2).map { (flat[$0].text, flat[$0 + 1]) }
      guard pairs.contains(where: { $0.0 == "name" && $0.1.text == Self.group }) else { continue }
      backlog.undelivered = pairs.first { $0.0 == "lag" }?.1.number
      // A server that was killed comes back with a lag that counts entries twice; what was delivered last tells the truth.
      if let newest, pairs.contains(where: { $0.0 == "last-delivered-id" && $0.1.text == newest }) {
        backlog.undelivered = 0
      }
    }
    return backlog
  }
}
