internal import Basics
internal import StateStore
internal import Workloads

/// Appends messages to a tenant's metrics stream: in batches, at a pace, and never faster than they are read.
///
/// The stream keeps a limited number of entries; whoever writes faster than the coordinator reads would push out what
/// it has not read. So the feed waits while too many entries are unread, and gives up when nobody reads them.
///
/// A server that goes away is waited for. What was under way then may have arrived or not, and a server that comes back
/// may have lost its last seconds; so everything that it cannot be seen to have is sent again, in order. Entries that
/// arrive twice carry the same times and values, and the coordinator puts the second ones aside.
struct StreamFeed {
  /// Entries sent in one round trip.
  static let batch = 500
  /// The feed waits while a reader is behind by more entries than this.
  static let mostUnread: Int64 = 100_000

  /// Batches are kept for so long after they were sent: a server writes to its disk once a second.
  private static let keptMilliseconds: Int64 = 3000
  private static let mostKept = 200

  /// A batch that the server has taken.
  private struct Sent {
    var entries: [[StreamField]]
    var last: EntryID
    var milliseconds: Int64
  }

  private let stream: MetricStream
  private let log: Log
  private let patienceMilliseconds: Int64
  private let mostUnread: Int64
  private var waiting: [[StreamField]] = []
  private var kept: [Sent] = []
  private var sinceCheck = 0
  /// Messages that the stream has taken.
  private(set) var sent = 0
  /// Called again and again while the feed waits, for a process that looks after the cluster as well.
  var whileWaiting: () throws -> Void = {}

  /// Connects to the store.
  init(
    _ context: CommandContext,
    redis: String?,
    tenant: String,
    patienceMilliseconds: Int64 = 60_000,
    mostUnread: Int64 = Self.mostUnread
  ) throws {
    stream = try MetricStream(context.connect(redis), tenant: tenant)
    (log, self.patienceMilliseconds, self.mostUnread) = (context.log, patienceMilliseconds, mostUnread)
  }

  /// Takes a message; it is sent with the others of its batch.
  mutating func add(_ message: StreamMessage) throws {
    waiting.append(message.fields.map { StreamField($0.0, $0.1) })
    if waiting.count >= Self.batch { try flush() }
  }

  /// Sends what has been taken.
  mutating func flush() throws {
    guard !waiting.isEmpty else { return }
    if sinceCheck >= mostUnread / 10 { try waitForReader() }
    try patiently { feed throws(StoreError) in try feed.send(feed.waiting) }
    sent += waiting.count
    sinceCheck += waiting.count
    waiting.removeAll(keepingCapacity: true)
  }

  private mutating func send(_ entries: [[StreamField]]) throws(StoreError) {
    guard let last = try stream.append(entries).last else { return }
    let now = MonotonicClock.nowMilliseconds()
    kept.append(Sent(entries: entries, last: last, milliseconds: now))
    let old = kept.prefix { now - $0.milliseconds > Self.keptMilliseconds }.count
    kept.removeFirst(max(old, kept.count - Self.mostKept))
  }

  /// Calls a body until the server answers it, for a limited time.
  private mutating func patiently<Result>(
    _ body: (inout Self) throws(StoreError) -> Result
  ) throws -> Result {
    var end: Int64?
    while true {
      do throws(StoreError) {
        if !stream.connection.isOpen {
          try stream.connection.reconnect()
          try sendLostAgain()
        }
        return try body(&self)
      } catch {
        let now = MonotonicClock.nowMilliseconds()
        if end == nil { log.warning("the store takes no samples; trying again", ("error", "\(error)")) }
        end = end ?? now + patienceMilliseconds
        guard error.isTransient, now < end ?? now else { throw error }
        try whileWaiting()
        guard Interruption.wait(milliseconds: 100) else {
          throw CommandFailure(.interrupted, "interrupted after \(sent) entries; the store does not answer: \(error)")
        }
      }
    }
  }

  /// Sends again what a server that was away has lost since it took it: the batches after the last one that it has.
  private mutating func sendLostAgain() throws(StoreError) {
    var first = kept.count
    while first > 0, try !stream.contains(kept[first - 1].last) { first -= 1 }
    let lost = kept[first...]
    guard !lost.isEmpty else { return }
    log.warning("the store lost entries; sending them again", ("batches", "\(lost.count)"))
    kept.removeSubrange(first...)
    for (i, batch) in lost.enumerated() {
      do throws(StoreError) { try send(batch.entries) } catch {
        kept += lost.dropFirst(i)
        throw error
      }
    }
  }

  private mutating func waitForReader() throws {
    sinceCheck = 0
    var last = Int64.max
    var patience = MonotonicClock.nowMilliseconds() + patienceMilliseconds
    var hasTold = false
    while true {
      let backlog = try patiently { feed throws(StoreError) in try feed.stream.backlog() }
      // Before the first reader everything is unread, and may fill the stream until it would be cut.
      let unread = backlog.undelivered.map { $0 + backlog.pending } ?? backlog.entries
      let limit = backlog.undelivered == nil ? Int64(stream.keptEntries / 10 * 8) : mostUnread
      if unread <= limit { return }
      let now = MonotonicClock.nowMilliseconds()
      if unread < last { (last, patience) = (unread, now + patienceMilliseconds) }
      guard now < patience else {
        throw CommandFailure(
          .timedOut,
          "nobody reads \(stream.key): \(unread) entries wait there after \(sent) were sent; start a coordinator for "
            + "this tenant ('synfire up'), then send again"
        )
      }
      if !hasTold { log.info("waiting for the coordinator to read", ("unread", "\(unread)")) }
      hasTold = true
      try whileWaiting()
      guard Interruption.wait(milliseconds: 100) else {
        throw CommandFailure(.interrupted, "interrupted after \(sent) entries")
      }
    }
  }
}

extension CommandContext {
  /// Opens a connection to the server that an option or the environment names, by default the state folder's own.
  func connect(_ redis: String?) throws -> RedisConnection {
    let url = redis ?? state.redisURL
    do {
      return try RedisConnection(try RedisAddress(url))
    } catch {
      guard error.kind == .refused, redis == nil else { throw error }
      throw CommandFailure(
        .failed,
        "there is no Redis at \(url); start one with 'synfire up', or name yours with --redis URL or SYNFIRE_REDIS"
      )
    }
  }
}

extension Field {
  /// The option that names the Redis server.
  static func redis(_ path: SettablePath<Root, String?>) -> Self {
    .value(
      "redis",
      path,
      "URL",
      help: "The Redis server, as redis://host:port or unix:///path (default: of 'synfire up')."
    )
  }
}
