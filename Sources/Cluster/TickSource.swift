public import Basics
internal import Documents
public import StateStore
internal import Wire
public import Workloads

/// Reads samples, folds them to ticks and seals these: what is sealed is all the network ever sees.
///
/// Sealing and acknowledging are one step of the store, so that a restart neither loses a sample nor counts it twice:
/// what was not acknowledged is read again. A tick that was sealed may have been seen by anybody; so what a store that
/// lost its tail no longer has is sealed again as it was, and never folded anew from samples that come a second time.
public final class TickSource: InputSource, TickReader {
  /// Samples asked for at once: few enough that people who ask meanwhile do not wait long.
  private static let batch = 1000
  /// The registry is kept in the store with every tick that changed it, and at least this often.
  private static let registryInterval: Int64 = 256

  private let configuration: ServiceConfiguration
  private let stream: any SampleStream
  private let store: any TickStore
  private let events: any EventReader
  private let rules: ProtocolRules
  private let clock: () -> Int64
  private let lease: Lease
  private let log: Log
  private var folder: TickFolder
  private var due: [FoldedTick] = []
  /// The ordinal of the tick that is sealed next.
  public private(set) var nextOrdinal: Int64 = 0
  private var recent: [Int64: SealedTick] = [:]
  private var isPendingRead = false
  private var lastPending: EntryID?
  /// The last sample that the store delivered to anybody, as this reader knows it.
  private var delivered: EntryID?
  private var calendarVersion: Int64 = -1
  private var nextCalendarLook: Int64 = 0
  /// Samples rejected since this coordinator started, by reason.
  public private(set) var rejected: [String: Int] = [:]
  /// How many sealed ticks the store keeps.
  public var history = HistoryBound()
  /// Samples folded since this coordinator started.
  public private(set) var folded = 0

  private var sealings: SealingLog
  /// Ticks kept in memory for who gathers them; older ones are read from the store.
  private static let mostRecent: Int64 = 256

  /// Goes on after the last tick that is sealed in Redis.
  public convenience init(
    configuration: ServiceConfiguration,
    connection: RedisConnection,
    lease: Lease,
    log: Log
  ) throws {
    try self.init(
      configuration: configuration,
      stream: MetricStream(connection, tenant: configuration.tenant),
      store: RedisTickStore(connection, tenant: configuration.tenant),
      events: EventStore(connection, tenant: configuration.tenant),
      lease: lease,
      log: log
    )
  }

  /// Goes on after the last tick that is sealed in a store; `clock` is monotonic, in ms.
  public init(
    configuration: ServiceConfiguration,
    stream: any SampleStream,
    store: any TickStore,
    events: any EventReader,
    lease: Lease,
    rules: ProtocolRules = .all,
    log: Log,
    mostUnsettledBytes: Int = 64 << 20,
    clock: @escaping () -> Int64 = MonotonicClock.nowMilliseconds
  ) throws {
    sealings = SealingLog(mostBytes: mostUnsettledBytes)
    (self.configuration, self.stream, self.store, self.events) = (configuration, stream, store, events)
    (self.lease, self.rules, self.log, self.clock) = (lease, rules, log, clock)
    folder = TickFolder(configuration: configuration)
    try stream.createGroup()
    try resume()
  }

  /// Goes on after the last tick that is sealed in the store, as a new coordinator would.
  public func startOver() throws {
    try stream.createGroup()
    try sealAgain()
    sealings.restart(at: clock())
    // Samples that are not sealed will be read again.
    folded -= folder.heldEntries.count + due.reduce(0) { $0 + $1.entries.count }
    folder = TickFolder(configuration: configuration)
    (due, recent, nextOrdinal) = ([], [:], 0)
    (isPendingRead, lastPending, delivered, calendarVersion, nextCalendarLook) = (false, nil, nil, -1, 0)
    try resume()
  }

  private func sealAgain() throws {
    guard rules.keeps(.sealedStays) else { return }
    let last = try store.lastSealed() ?? -1
    let lost = sealings.lost(after: last)
    for sealing in lost {
      let answer = try store.seal(lease, sealing.stored, consuming: sealing.entries)
      guard answer == .sealed || answer == .repeated else { throw refused(sealing.stored.ordinal, answer) }
    }
    guard !lost.isEmpty else { return }
    log.warning("the store lost ticks; they were sealed again", ("ticks", "\(lost.count)"), ("first", "\(last + 1)"))
  }

  private func resume() throws {
    guard let last = try store.lastSealed() else { return }
    var registry = ServiceRegistry()
    var position: StreamEntryID?
    var tick = Tick(0)
    // The newest registry that was kept, and what the ticks after it add.
    for stored in try store.readTicks(from: max(0, last - Self.registryInterval), count: Int(Self.registryInterval) + 1)
    {
      let kept = try KeptTick(decoding: stored.bytes)
      if let bytes = kept.registry {
        registry = try ServiceRegistry(decoding: bytes)
      } else {
        registry.add(kept.sealed)
      }
      (position, tick) = (kept.position, kept.sealed.tick)
    }
    folder = TickFolder(
      configuration: configuration,
      registry: registry,
      resuming: .init(after: tick, position: position)
    )
    nextOrdinal = last + 1
  }

  /// Returns a sealed tick from memory or the store.
  public func sealedTick(_ ordinal: Int64) throws -> SealedTick {
    if let tick = recent[ordinal] { return tick }
    guard let stored = try store.readTicks(from: ordinal, count: 1).first, stored.ordinal == ordinal else {
      throw StoreError(
        .missing,
        during: "reading of tick \(ordinal)",
        answer: "it is not in the store",
        advice:
          "the store lost sealed ticks that a checkpoint needs; restore it from a backup or start with another tenant"
      )
    }
    let tick = try KeptTick(decoding: stored.bytes).sealed
    keep(ordinal, tick)
    return tick
  }

  private func keep(_ ordinal: Int64, _ tick: SealedTick) {
    recent[ordinal] = tick
    if recent.count > Int(Self.mostRecent) { recent = recent.filter { $0.key > ordinal - Self.mostRecent / 2 } }
  }

  /// Returns the tick of an ordinal as the cores take it, sealing it when it is due.
  public func input(_ ordinal: Int64) throws -> [UInt8]? {
    if ordinal < nextOrdinal { return try sealedTick(ordinal).encoded() }
    if due.isEmpty { try read() }
    guard !due.isEmpty else { return nil }
    sealings.settle(at: clock())
    guard sealings.hasRoom else { return nil }
    try seal(due[0])
    due.removeFirst()
    return try ordinal < nextOrdinal ? sealedTick(ordinal).encoded() : nil
  }

  private func read() throws {
    try lookAtCalendar()
    // What is due already comes before anything new is read: after a long silence there are many ticks.
    due = folder.sealDue()
    guard due.isEmpty else { return }
    // Taken before the samples: what arrives after this moment is not late for it. It is the clock that stamps arrivals:
    // were it this machine's, a jump of it would seal ticks whose samples are yet to come.
    let now = try Timestamp(milliseconds: configuration.clock == .wall ? stream.time() : 0)
    let entries = try readEntries()
    var rejections: [MetricStream.Rejection] = []
    for entry in entries {
      let id = StreamEntryID(milliseconds: entry.id.milliseconds, sequence: entry.id.sequence)
      switch folder.fold(id, entry.fields.map { ($0.name, $0.value) }) {
      case .folded: folded += 1
      case .alreadySealed: rejections.append(.init(entry: entry, reason: "already sealed"))
      case .rejected(let problem):
        rejected[problem.reason.rawValue, default: 0] += 1
        rejections.append(.init(entry: entry, reason: problem.description))
      }
    }
    try stream.reject(lease, rejections)
    // The clock may only move on when everything that had arrived is folded.
    if isPendingRead, entries.count < Self.batch || configuration.clock == .stream { due = folder.advance(clock: now) }
  }

  /// The next samples: first those that were delivered before, then new ones.
  private func readEntries() throws -> [StreamEntry] {
    if isPendingRead {
      if let entries = try stream.readNew(lease, after: delivered, count: Self.batch) {
        if delivered != nil { delivered = entries.last?.id ?? delivered }
        return entries
      }
      // A call that was given up was carried out after the pending samples had been read: there are more of them.
      log.info("samples were delivered by a read that was given up; they are read as pending")
      lastPending = max(lastPending ?? EntryID(milliseconds: 0), delivered ?? EntryID(milliseconds: 0))
      (isPendingRead, delivered) = (false, nil)
    }
    // Asked for before the pending ones: what is delivered from here on shows when new ones are read.
    if delivered == nil, rules.keeps(.readAfterPlace) { delivered = try stream.lastDelivered() }
    let entries = try stream.readPending(lease, after: lastPending, count: Self.batch)
    lastPending = entries.last?.id ?? lastPending
    isPendingRead = entries.isEmpty
    return entries
  }

  private func lookAtCalendar() throws {
    let now = clock()
    guard now >= nextCalendarLook else { return }
    nextCalendarLook = now + 500
    guard try events.version() != calendarVersion else { return }
    let (version, items) = try events.all()
    var known: [KnownEvent] = []
    for item in items {
      do { known.append(try KnownEvent(json: item.json)) } catch {
        log.warning("an event in the store cannot be read and is left out", ("id", item.id), ("error", "\(error)"))
      }
    }
    if known.count > EventCalendar.mostEvents {
      log.warning("the calendar has too many events; the rest is left out", ("most", "\(EventCalendar.mostEvents)"))
    }
    folder.calendar = EventCalendar(known.prefix(EventCalendar.mostEvents))
    calendarVersion = version
    log.info("calendar read", ("events", "\(known.count)"), ("version", "\(version)"))
  }

  private func seal(_ tick: FoldedTick) throws {
    let keepsRegistry = nextOrdinal % Self.registryInterval == 0 || tick.hasNewSeries
    let kept = KeptTick(
      sealed: tick.sealed,
      position: tick.position,
      registry: keepsRegistry ? tick.registry.encoded() : nil
    )
    let ids = tick.entries.map { EntryID(milliseconds: $0.milliseconds, sequence: $0.sequence) }
    let stored = StoredTick(ordinal: nextOrdinal, bytes: kept.encoded())
    let entries = history.entries(ofBytes: stored.bytes.count)
    if entries != store.keptEntries { store.keptEntries = entries }
    let answer = try store.seal(lease, stored, consuming: ids)
    guard answer == .sealed || answer == .repeated else { throw refused(nextOrdinal, answer) }
    sealings.note(stored, consuming: ids, at: clock())
    keep(nextOrdinal, tick.sealed)
    nextOrdinal += 1
  }

  private func refused(_ ordinal: Int64, _ answer: SealAnswer) -> StoreError {
    StoreError(
      .unexpected,
      during: "sealing of tick \(ordinal)",
      answer: "\(answer)",
      advice: "the store went back or another program writes to this tenant; this coordinator starts anew"
    )
  }
}
