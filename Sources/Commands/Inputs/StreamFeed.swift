internal import Basics
internal import StateStore
internal import Workloads

/// Appends messages to a tenant's metrics stream: in batches, at a pace, and never faster than they are read.
///
/// The stream keeps a limited number of entries; whoever writes faster than the coordinator reads would push out what
/// it has not read. So the feed waits while too many entries are unread, and gives up when nobody reads them.
///
/// A server that goes away is waited for, and what it has lost by then is sent again (`SampleSender`).
struct StreamFeed {
  /// Entries sent in one round trip.
  static let batch = 500
  /// The feed waits while a reader is behind by more entries than this.
  static let mostUnread: Int64 = 100_000

  private let stream: MetricStream
  private let log: Log
  private let patienceMilliseconds: Int64
  private let mostUnread: Int64
  private var waiting: [[StreamField]] = []
  private var sender = SampleSender()
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
    mostUnread: Int64 = Self.mostUnread,
    keptSamples: Int = MetricStream.usuallyKept
  ) throws {
    stream = try MetricStream(context.connect(redis), tenant: tenant, keptEntries: keptSamples)
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
    try waitForDisk()
    try patiently { feed throws(StoreError) in
      try feed.sender.send(feed.waiting, to: feed.stream, now: MonotonicClock.nowMilliseconds())
    }
    sent += waiting.count
    sinceCheck += waiting.count
    waiting.removeAll(keepingCapacity: true)
  }

  /// Sends the rest and waits until the server's disk has everything: then it is lost no more.
  mutating func finish() throws {
    try flush()
    guard !Interruption.isRequested else { return }
    let end = MonotonicClock.nowMilliseconds() + SampleSender.settleMilliseconds
    let isSynced = try patiently { feed throws(StoreError) in try feed.stream.connection.writesToDiskBeforeAnswers() }
    while !isSynced, MonotonicClock.nowMilliseconds() < end {
      try whileWaiting()
      try pause(50)
    }
    // A server that went away meanwhile is noticed here, and gets again what it lost.
    try patiently { feed throws(StoreError) in
      try feed.sender.verify(feed.stream, now: MonotonicClock.nowMilliseconds())
    }
  }

  /// Waits while more is under way to the server's disk than can be kept here.
  private mutating func waitForDisk() throws {
    while case let wait = sender.waitMilliseconds(now: MonotonicClock.nowMilliseconds()), wait > 0 {
      try whileWaiting()
      try pause(min(wait, 100))
    }
  }

  /// Calls a body until the server answers it, for a limited time.
  private mutating func patiently<Result>(
    _ body: (inout Self) throws(StoreError) -> Result
  ) throws -> Result {
    var end: Int64?
    while true {
      do throws(StoreError) {
        let before = sender.resent
        try sender.recover(stream, now: MonotonicClock.nowMilliseconds())
        if sender.resent > before {
          log.warning("the store lost entries; they were sent again", ("batches", "\(sender.resent - before)"))
        }
        return try body(&self)
      } catch {
        let now = MonotonicClock.nowMilliseconds()
        if end == nil { log.warning("the store takes no samples; trying again", ("error", "\(error)")) }
        end = end ?? now + patienceMilliseconds
        guard error.isTransient, now < end ?? now else { throw error }
        try whileWaiting()
        try pause(100)
      }
    }
  }

  private func pause(_ milliseconds: Int64) throws {
    guard Interruption.wait(milliseconds: milliseconds) else {
      throw CommandFailure(.interrupted, "interrupted after \(sent) entries")
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
      try pause(100)
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
      help: "The Redis server: redis://host:port, unix:///path or sentinel://host:port/name (default: of 'synfire up')."
    )
  }
}
