internal import Basics

/// A sealed tick as it is stored.
public struct StoredTick: Equatable, Sendable {
  /// Its number since the first tick of the tenant, counted from 0 without gaps.
  public var ordinal: Int64
  /// Its bytes.
  public var bytes: [UInt8]
  /// Pairs a number with bytes.
  public init(ordinal: Int64, bytes: [UInt8]) { (self.ordinal, self.bytes) = (ordinal, bytes) }
}

/// The answer to a tick that was to be sealed; only `sealed` changed the ticks.
public enum SealAnswer: Equatable, Sendable {
  /// It is the new last tick.
  case sealed
  /// It was sealed before with the same bytes.
  case repeated
  /// It was sealed before with other bytes, and those stay.
  case differs
  /// It does not follow the last tick, which is this one (nil: there is none).
  case outOfOrder(last: Int64?)
  /// It lies so far back that its bytes are no longer kept.
  case forgotten
}

/// All that is made public after one tick.
public struct Publication: Equatable, Sendable {
  /// Number of the tick.
  public var ordinal: Int64
  /// Digest of everything below: equal inputs give an equal one.
  public var digest: UInt64
  /// The whole as bytes, for readers that want its history.
  public var payload: [UInt8]
  /// The present forecast of each service.
  public var forecasts: [String: [UInt8]]
  /// The present plan; nil leaves the one before.
  public var plan: [UInt8]?
  /// Anomalies that this tick showed.
  public var anomalies: [[StreamField]]

  /// Puts a publication together.
  public init(
    ordinal: Int64,
    digest: UInt64,
    payload: [UInt8],
    forecasts: [String: [UInt8]] = [:],
    plan: [UInt8]? = nil,
    anomalies: [[StreamField]] = []
  ) {
    (self.ordinal, self.digest, self.payload) = (ordinal, digest, payload)
    (self.forecasts, self.plan, self.anomalies) = (forecasts, plan, anomalies)
  }
}

/// The answer to a publication; only `published` changed anything.
public enum PublishAnswer: Equatable, Sendable {
  /// It is the new last publication.
  case published
  /// It was published before with the same digest.
  case repeated
  /// It was published before with another digest, and that stays: the rerun is not equal to the run.
  case divergence(stored: UInt64)
  /// It does not follow the last publication, which is of this tick.
  case outOfOrder(last: Int64)
  /// It lies so far back that its digest is no longer kept.
  case forgotten
}

/// What was published after one tick.
public struct StoredPublication: Equatable, Sendable {
  /// Number of the tick.
  public var ordinal: Int64
  /// Digest of what was published.
  public var digest: UInt64
  /// The whole as bytes.
  public var payload: [UInt8]
  /// Puts a publication together.
  public init(ordinal: Int64, digest: UInt64, payload: [UInt8]) {
    (self.ordinal, self.digest, self.payload) = (ordinal, digest, payload)
  }
}

/// Sealed ticks, and what was published after them: both are written once per number, in order, under the fence.
///
/// Writing a number again with the same content is harmless, with other content it is refused; so a coordinator that
/// takes up after another may simply do everything again. Calls throw an error of kind `fenceLost` when another
/// coordinator has taken the lease since.
public protocol TickStore: AnyObject {
  /// About how many ticks, publications and anomalies are kept each.
  var keptEntries: Int { get set }
  /// Returns the number of the last sealed tick, or nil when there is none.
  func lastSealed() throws(StoreError) -> Int64?
  /// Seals a tick and acknowledges the samples that went into it, in one step.
  func seal(_ lease: Lease, _ tick: StoredTick, consuming samples: [EntryID]) throws(StoreError) -> SealAnswer
  /// Returns sealed ticks in order, from a number on.
  func readTicks(from ordinal: Int64, count: Int) throws(StoreError) -> [StoredTick]
  /// Publishes what was made of a tick: forecasts, plan, anomalies; in one step.
  ///
  /// The first publication of a tenant may belong to any tick.
  func publish(_ lease: Lease, _ publication: Publication) throws(StoreError) -> PublishAnswer
  /// Returns what was published last, or nil.
  func lastPublished() throws(StoreError) -> StoredPublication?
  /// Returns what was published in order, from a number on.
  func readPublished(from ordinal: Int64, count: Int) throws(StoreError) -> [StoredPublication]
  /// Returns the present forecast of a service, or nil.
  func forecast(of service: String) throws(StoreError) -> [UInt8]?
  /// Returns the present plan, or nil.
  func plan() throws(StoreError) -> [UInt8]?
  /// Returns the last anomalies, newest first.
  func anomalies(count: Int) throws(StoreError) -> [StreamEntry]
}
