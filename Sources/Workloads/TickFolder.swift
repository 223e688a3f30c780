public import Basics

/// A tick that is due: what becomes immutable, and the entries that may be acknowledged once it is stored.
public struct FoldedTick: Equatable, Sendable {
  /// The tick.
  public var sealed: SealedTick
  /// The entries that it consumed, in the order of the stream, watermarks included.
  public var entries: [StreamEntryID]
  /// Services and series up to and with this tick.
  public var registry: ServiceRegistry
  /// Whether the tick brought a series that was not there before.
  public var hasNewSeries: Bool
  /// The last entry that had been folded into any tick; store it beside the tick and give it to `TickFolder.Resumption`.
  public var position: StreamEntryID?
}

/// Folds the metrics stream into one value per series and tick: a state machine without clock or store.
///
/// Entries go in in the order of the stream, ticks come out in order and without a gap, from that of the first sample
/// on; a tick without samples is sealed empty. Every entry ends exactly once: consumed by a tick, rejected with its
/// reason, or known to be sealed already. The order in which instances report cannot change a value, only the samples
/// of one instance are summed in the order of the stream.
///
/// Time: with `clock: wall` the folder's clock is the latest arrival (the store's time in the entry's id) or what
/// `advance` was given, whichever is later. Give `advance` the store's time at a moment after which everything that
/// had arrived was folded; then what is taken and what is late depends on the entries alone. With `clock: stream` only
/// watermark entries move the clock; before the first, the start of the first sample's tick counts.
///
/// A sample is taken while its tick's end plus grace lies after the clock, and unless it lies more than a tick plus
/// grace ahead of the clock: at most 3 + 2 × grace / tick ticks are open that are not due yet.
///
/// After a restart make a folder that resumes after the last sealed tick and fold all entries again that were not
/// acknowledged, in order: it ends in the state of the one that was lost.
public struct TickFolder: Sendable {
  /// Bounds on what a stream may make the folder keep.
  public struct Limits: Equatable, Sendable {
    /// Series of the tenant, those of open ticks included.
    public var series = 100_000
    /// Instances of one service in one tick.
    public var instancesPerService = 10_000
    /// Entries of one tick.
    public var entriesPerTick = 1_000_000
    /// Open ticks, beyond which a watermark opens no more; samples open a few only.
    public var openTicks = 4096
    /// The usual bounds.
    public init() {}
  }

  /// What became of an entry.
  public enum Outcome: Equatable, Sendable {
    /// It is part of this tick, and is acknowledged with it.
    case folded(Tick)
    /// It is not part of any tick: store it with its reason, then acknowledge it.
    case rejected(SampleProblem)
    /// It was part of a tick that was sealed before the restart: acknowledge it.
    case alreadySealed
  }

  /// Where a new folder goes on.
  public struct Resumption: Equatable, Sendable {
    /// The last tick that was sealed.
    public var tick: Tick
    /// The position that was stored with it.
    public var position: StreamEntryID?
    /// Describes a place.
    public init(after tick: Tick, position: StreamEntryID?) { (self.tick, self.position) = (tick, position) }
  }

  /// The configuration.
  public let configuration: ServiceConfiguration
  /// The bounds.
  public let limits: Limits
  /// The known events as of now; ticks that are sealed later carry them.
  public var calendar: EventCalendar
  /// Services and series of the ticks sealed so far.
  public private(set) var registry: ServiceRegistry
  /// The folder's time; nil before the first entry.
  public private(set) var clock: Timestamp?
  /// The last entry that was folded.
  public private(set) var position: StreamEntryID?

  private let resumed: Resumption?
  private var nextTick: Tick?
  private var open: [Tick: OpenTick] = [:]
  private var pendingSeries: Set<SeriesName> = []
  private var lastWatermark: Timestamp?
  private var sortedServices: [String]

  /// Makes a folder.
  ///
  /// After a restart, `registry` is what the ticks sealed so far make of it and `resumption` names the last of them.
  public init(
    configuration: ServiceConfiguration,
    calendar: EventCalendar = EventCalendar(),
    registry: ServiceRegistry = ServiceRegistry(),
    resuming resumption: Resumption? = nil,
    limits: Limits = Limits()
  ) {
    (self.configuration, self.calendar, self.registry, self.limits) = (configuration, calendar, registry, limits)
    resumed = resumption
    position = resumption?.position
    sortedServices = registry.services.sorted { $0.precedes($1) }
    if let resumption {
      nextTick = resumption.tick + 1
      clock = Timestamp(milliseconds: (resumption.tick.index + 1) * configuration.tickMilliseconds)
    }
  }

  /// The ticks of which entries are held, ascending.
  public var openTicks: [Tick] { open.keys.sorted() }

  /// The entries that were folded and wait for their tick to be sealed, ascending.
  public var heldEntries: [StreamEntryID] { open.values.flatMap(\.entries).sorted() }

  /// The tick that is sealed next; nil before the first sample.
  public var next: Tick? { nextTick }

  /// Folds an entry of the stream.
  public mutating func fold(_ id: StreamEntryID, _ fields: [([UInt8], [UInt8])]) -> Outcome {
    do {
      if configuration.clock == .wall { try moveClock(toArrivalOf: id) }
      let tick: Tick?
      switch try StreamMessage(parsing: fields) {
      case .sample(let sample): tick = try fold(sample, id)
      case .watermark(let time): tick = try fold(watermark: time, id)
      }
      guard let tick else { return .alreadySealed }
      position = max(position ?? id, id)
      return .folded(tick)
    } catch {
      return .rejected(error)
    }
  }

  /// Moves the clock, unless the stream tells the time, and returns the ticks that are due, ascending and without a gap.
  ///
  /// Call it again while it returns as many ticks as it may: after a long silence there are many.
  public mutating func advance(clock time: Timestamp, limit: Int = 256) -> [FoldedTick] {
    if configuration.clock == .wall { moveClock(to: time) }
    return sealDue(limit: limit)
  }

  /// Returns the ticks that are due by the clock as it stands, ascending and without a gap.
  public mutating func sealDue(limit: Int = 256) -> [FoldedTick] {
    var due: [FoldedTick] = []
    while due.count < limit, let tick = nextTick, isDue(tick) {
      due.append(seal(tick))
      nextTick = tick + 1
    }
    return due
  }

  // MARK: Folding

  private mutating func fold(_ sample: Sample, _ id: StreamEntryID) throws(SampleProblem) -> Tick? {
    let time = try self.time(of: sample, id)
    let tick = self.tick(of: time)
    guard try isTaken(tick, time, id) else { return nil }
    let fingerprint = OpenInstance.Fingerprint(time: time, readings: sample.readings)
    let newSeries = try admit(sample, fingerprint, to: tick)
    pendingSeries.formUnion(newSeries)
    open[tick, default: OpenTick()].add(sample, fingerprint, id)
    if nextTick == nil { begin(with: tick) }
    return tick
  }

  /// Takes the tick of the first sample as the first; watermarks that came before it are acknowledged with it.
  private mutating func begin(with tick: Tick) {
    nextTick = tick
    if clock == nil { clock = start(of: tick) }
    for early in openTicks where early < tick {
      open[tick, default: OpenTick()].entries += open.removeValue(forKey: early)?.entries ?? []
    }
    open[tick]?.entries.sort()
  }

  private mutating func fold(watermark time: Timestamp, _ id: StreamEntryID) throws(SampleProblem) -> Tick? {
    guard configuration.clock == .stream else {
      throw SampleProblem(.strayWatermark, "a watermark tells the time only where the configuration has clock: stream")
    }
    let tick = self.tick(of: time)
    if let nextTick, tick < nextTick {
      if wasSealedBeforeRestart(tick, id) { return nil }
      throw SampleProblem(.tooOld, "the watermark \(time.rfc3339) lies before ticks that are sealed")
    }
    if let lastWatermark, time <= lastWatermark {
      throw SampleProblem(.doubled, "the watermark \(time.rfc3339) is not after the one before it")
    }
    try checkLeap(to: time, of: "the watermark")
    guard open[tick].map({ $0.entries.count < limits.entriesPerTick }) ?? (open.count < limits.openTicks) else {
      throw SampleProblem(.tickFull, "\(open.count) ticks are open already; the watermark \(time.rfc3339) opens none")
    }
    lastWatermark = time
    moveClock(to: time)
    open[tick, default: OpenTick()].entries.append(id)
    return tick
  }

  /// The longest leap of a watermark or of an arrival: a year of empty ticks is sealed, more is a mistake.
  private static let longestLeapMilliseconds: Int64 = 366 * 86_400_000

  private func checkLeap(to time: Timestamp, of what: String) throws(SampleProblem) {
    guard let clock, time.milliseconds - clock.milliseconds > Self.longestLeapMilliseconds else { return }
    throw SampleProblem(.badTime, "\(what) \(time.rfc3339) leaps more than a year from \(clock.rfc3339)")
  }

  private func time(of sample: Sample, _ id: StreamEntryID) throws(SampleProblem) -> Timestamp {
    if let time = sample.time { return time }
    guard configuration.clock == .wall else {
      throw SampleProblem(.noTime, "'\(sample.service)': with clock: stream every sample needs its ts")
    }
    return Self.arrival(of: id)
  }

  /// Whether a sample's tick is open; false when it was sealed before a restart.
  private func isTaken(_ tick: Tick, _ time: Timestamp, _ id: StreamEntryID) throws(SampleProblem) -> Bool {
    func late(_ why: String) -> SampleProblem { SampleProblem(.tooOld, "the sample of \(time.rfc3339) \(why)") }
    let deadline = end(of: tick).milliseconds + configuration.graceMilliseconds
    if configuration.clock == .wall, deadline <= Self.arrival(of: id).milliseconds {
      throw late("arrived after its tick's grace was over; recorded data needs clock: stream")
    }
    if let nextTick, tick < nextTick {
      if wasSealedBeforeRestart(tick, id) { return false }
      throw late("belongs to a tick that is sealed or lies before the first")
    }
    guard let clock else { return true }
    if deadline <= clock.milliseconds { throw late("is too old: it is \(clock.rfc3339) and its tick's grace is over") }
    let ahead = configuration.tickMilliseconds + configuration.graceMilliseconds
    guard time.milliseconds <= clock.milliseconds + ahead else {
      throw SampleProblem(.fromFuture, "the sample of \(time.rfc3339) is from the future: it is \(clock.rfc3339)")
    }
    return true
  }

  private func wasSealedBeforeRestart(_ tick: Tick, _ id: StreamEntryID) -> Bool {
    guard let resumed, let position = resumed.position else { return false }
    return tick <= resumed.tick && id <= position
  }

  /// Checks a sample against what was folded and the bounds, and returns the series that are new with it.
  private func admit(
    _ sample: Sample,
    _ fingerprint: OpenInstance.Fingerprint,
    to tick: Tick
  ) throws(SampleProblem) -> [SeriesName] {
    let held = open[tick]
    if let held, held.entries.count >= limits.entriesPerTick {
      throw SampleProblem(.tickFull, "the tick has \(held.entries.count) entries already, more are not folded")
    }
    let service = held?.services[sample.service]
    if let instance = service?.instances[sample.instance] {
      if instance.seen.contains(fingerprint) {
        throw SampleProblem(.doubled, "'\(sample.service)' '\(sample.instance)' reported the same at the same time")
      }
    } else if let service, service.instances.count >= limits.instancesPerService {
      throw SampleProblem(
        .tooManyInstances,
        "'\(sample.service)' has \(service.instances.count) instances in the tick already, more are not folded"
      )
    }
    var newSeries: [SeriesName] = []
    for reading in sample.readings where service?.metrics.contains(reading.metric) != true {
      let name = SeriesName(service: sample.service, metric: reading.metric)
      if registry.number(of: name) == nil, !pendingSeries.contains(name) { newSeries.append(name) }
    }
    let series = registry.series.count + pendingSeries.count
    guard series + newSeries.count <= limits.series else {
      throw SampleProblem(
        .tooManySeries,
        "'\(sample.service)' brings \(newSeries.count) new series, but \(series) of at most \(limits.series) are there"
      )
    }
    return newSeries
  }

  // MARK: Sealing

  private mutating func seal(_ tick: Tick) -> FoldedTick {
    let folded = open.removeValue(forKey: tick) ?? OpenTick()
    var sealed = SealedTick(
      tick: tick,
      lengthMilliseconds: configuration.tickMilliseconds,
      values: folded.values(SampleRhythm(configuration)),
      calendar: [],
      instances: folded.instances(SampleRhythm(configuration))
    )
    let added = registry.add(sealed)
    for number in added.series { pendingSeries.remove(registry.series[number]) }
    if !added.services.isEmpty { sortedServices = registry.services.sorted { $0.precedes($1) } }
    sealed.calendar = calendar.calendars(
      of: sortedServices,
      at: tick,
      lengthMilliseconds: configuration.tickMilliseconds,
      horizonTicks: configuration.forecasterHorizons
    )
    sealed.announced = calendar.announced(at: tick, lengthMilliseconds: configuration.tickMilliseconds)
    return FoldedTick(
      sealed: sealed,
      entries: folded.entries,
      registry: registry,
      hasNewSeries: !added.series.isEmpty,
      position: position
    )
  }

  private func isDue(_ tick: Tick) -> Bool {
    guard let clock else { return false }
    return end(of: tick).milliseconds + configuration.graceMilliseconds <= clock.milliseconds
  }

  private mutating func moveClock(to time: Timestamp) { clock = max(clock ?? time, time) }

  private mutating func moveClock(toArrivalOf id: StreamEntryID) throws(SampleProblem) {
    let time = Self.arrival(of: id)
    try checkLeap(to: time, of: "the arrival")
    moveClock(to: time)
  }

  private func tick(of time: Timestamp) -> Tick { Tick(time.milliseconds / configuration.tickMilliseconds) }
  private func start(of tick: Tick) -> Timestamp {
    Timestamp(milliseconds: tick.index * configuration.tickMilliseconds)
  }
  private func end(of tick: Tick) -> Timestamp { start(of: tick + 1) }

  /// When an entry arrived; ids beyond the year 9999 count as its end.
  private static func arrival(of id: StreamEntryID) -> Timestamp {
    Timestamp(milliseconds: min(Int64(clamping: id.milliseconds), StreamMessage.latestMilliseconds))
  }
}

extension OpenTick {
  fileprivate mutating func add(_ sample: Sample, _ fingerprint: OpenInstance.Fingerprint, _ id: StreamEntryID) {
    entries.append(id)
    services[sample.service, default: OpenService()].add(sample, fingerprint)
  }
}

extension OpenService {
  fileprivate mutating func add(_ sample: Sample, _ fingerprint: OpenInstance.Fingerprint) {
    for reading in sample.readings where !metrics.contains(reading.metric) { metrics.insert(reading.metric) }
    instances[sample.instance, default: OpenInstance()].add(sample.readings, fingerprint)
  }
}
