internal import Basics

/// Samples, ticks and publications in memory, with the semantics of the Redis forms; everything is kept.
///
/// Leases are looked at where a checkpoint store is given. `makeDurable` and `loseTail` play a server that dies between
/// two writes to disk.
public final class MemoryTickStore: TickStore, SampleStream {
  private struct State {
    var acknowledged: [EntryID] = []
    var ticks: [StoredTick] = []
    var publications: [StoredPublication] = []
    var forecasts: [String: [UInt8]] = [:]
    var plan: [UInt8]?
    var found: [StreamEntry] = []
    var entries: [StreamEntry] = []
    var delivered = 0
    var pending: [StreamEntry] = []
    var lastConsumed: [EntryID] = []
    var lastPlace = EntryID(milliseconds: 0)
  }
  private var present = State()
  private var durable = State()
  private let checkpoints: MemoryCheckpointStore?
  /// Has no effect.
  public var keptEntries = Int.max

  /// Makes an empty store that looks at the leases of another.
  public init(leasesOf checkpoints: MemoryCheckpointStore? = nil) { self.checkpoints = checkpoints }

  /// The places of all samples that went into ticks, in the order of the calls.
  public var acknowledged: [EntryID] { present.acknowledged }

  /// Everything until now survives `loseTail`.
  public func makeDurable() { durable = present }
  /// Goes back to what was made durable.
  public func loseTail() { present = durable }
  /// Forgets everything.
  public func flush() { present = State() }
  /// Whether `loseTail` would take samples away that went into one of the first ticks.
  public func wouldLoseSamples(ofFirst ticks: Int) -> Bool {
    (present.lastConsumed.prefix(ticks).max() ?? EntryID(milliseconds: 0)) > durable.lastPlace
  }
  /// Ticks that survive `loseTail`.
  public var durableTicks: Int { durable.ticks.count }

  private func fence(_ lease: Lease, _ operation: String) throws(StoreError) {
    if let checkpoints, !checkpoints.holds(lease) { throw .fenceLost(during: operation) }
  }

  // MARK: samples

  /// Appends samples at a time of the server's clock and returns their places.
  public func append(_ samples: [[StreamField]], milliseconds: UInt64) -> [EntryID] {
    samples.map { fields in
      let last = present.lastPlace
      present.lastPlace =
        milliseconds > last.milliseconds
        ? EntryID(milliseconds: milliseconds)
        : EntryID(milliseconds: last.milliseconds, sequence: last.sequence + 1)
      present.entries.append(StreamEntry(id: present.lastPlace, fields: fields))
      return present.lastPlace
    }
  }

  /// Whether an entry is there.
  public func contains(_ place: EntryID) -> Bool {
    present.entries.reversed().first { $0.id <= place }?.id == place
  }

  /// There is always a group.
  public func createGroup() {}

  /// Returns samples that were delivered before and not acknowledged, after a place.
  public func readPending(_ lease: Lease, after place: EntryID?, count: Int) throws(StoreError) -> [StreamEntry] {
    try fence(lease, "reading of samples")
    return Array(present.pending.drop { entry in place.map { entry.id <= $0 } ?? false }.prefix(count))
  }

  /// Returns the place of the last sample that was ever delivered.
  public func lastDelivered() -> EntryID {
    present.delivered > 0 ? present.entries[present.delivered - 1].id : EntryID(milliseconds: 0)
  }

  /// Returns samples that were never delivered, or nil when the last one delivered is another than the reader knows.
  public func readNew(_ lease: Lease, after place: EntryID?, count: Int) throws(StoreError) -> [StreamEntry]? {
    try fence(lease, "reading of samples")
    if let place, place != lastDelivered() { return nil }
    let new = Array(present.entries[present.delivered...].prefix(count))
    present.delivered += new.count
    present.pending += new
    return new
  }

  /// Acknowledges samples that cannot be used.
  public func reject(_ lease: Lease, _ rejections: [MetricStream.Rejection]) throws(StoreError) {
    try fence(lease, "rejection of samples")
    acknowledge(rejections.map(\.entry.id))
  }

  /// Returns the time of the last sample, since it has no clock of its own.
  public func time() -> Int64 { Int64(clamping: present.lastPlace.milliseconds) }

  private func acknowledge(_ places: [EntryID]) {
    let done = Set(places)
    present.pending.removeAll { done.contains($0.id) }
  }

  // MARK: ticks

  /// Returns the number of the last sealed tick, or nil when there is none.
  public func lastSealed() -> Int64? { present.ticks.last?.ordinal }

  /// Seals a tick.
  public func seal(_ lease: Lease, _ tick: StoredTick, consuming samples: [EntryID]) throws(StoreError) -> SealAnswer {
    try fence(lease, "sealing of tick \(tick.ordinal)")
    var answer = SealAnswer.repeated
    if tick.ordinal < present.ticks.count {
      guard present.ticks[Int(tick.ordinal)] == tick else { return .differs }
    } else {
      guard tick.ordinal == present.ticks.count else { return .outOfOrder(last: lastSealed()) }
      present.ticks.append(tick)
      present.lastConsumed.append(samples.max() ?? EntryID(milliseconds: 0))
      answer = .sealed
    }
    present.acknowledged += samples
    acknowledge(samples)
    return answer
  }

  /// Returns sealed ticks in order, from a number on.
  public func readTicks(from ordinal: Int64, count: Int) -> [StoredTick] {
    Array(present.ticks.dropFirst(Int(max(0, ordinal))).prefix(count))
  }

  /// Publishes what was made of a tick.
  public func publish(_ lease: Lease, _ publication: Publication) throws(StoreError) -> PublishAnswer {
    try fence(lease, "publication of tick \(publication.ordinal)")
    if let last = present.publications.last, last.ordinal + 1 != publication.ordinal {
      guard let stored = present.publications.first(where: { $0.ordinal == publication.ordinal }) else {
        return publication.ordinal > last.ordinal ? .outOfOrder(last: last.ordinal) : .forgotten
      }
      return stored.digest == publication.digest ? .repeated : .divergence(stored: stored.digest)
    }
    present.publications.append(
      StoredPublication(
        ordinal: publication.ordinal,
        digest: publication.digest,
        payload: publication.payload
      )
    )
    present.forecasts.merge(publication.forecasts) { $1 }
    present.plan = publication.plan ?? present.plan
    for anomaly in publication.anomalies where !anomaly.isEmpty {
      present.found.append(
        StreamEntry(id: EntryID(milliseconds: 0, sequence: UInt64(present.found.count + 1)), fields: anomaly)
      )
    }
    return .published
  }

  /// Returns what was published last, or nil.
  public func lastPublished() -> StoredPublication? { present.publications.last }

  /// Returns what was published in order, from a number on.
  public func readPublished(from ordinal: Int64, count: Int) -> [StoredPublication] {
    Array(present.publications.drop { $0.ordinal < ordinal }.prefix(count))
  }

  /// Returns the present forecast of a service, or nil.
  public func forecast(of service: String) -> [UInt8]? { present.forecasts[service] }

  /// Returns the present plan, or nil.
  public func plan() -> [UInt8]? { present.plan }

  /// Returns the last anomalies, newest first.
  public func anomalies(count: Int) -> [StreamEntry] { Array(present.found.reversed().prefix(count)) }
}
