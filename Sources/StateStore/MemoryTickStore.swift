internal import Basics

/// Ticks and publications in memory, with the semantics of the Redis form and without its fence.
///
/// Everything is kept; `acknowledged` shows what was consumed.
public final class MemoryTickStore: TickStore {
  /// The places of all samples that went into ticks, in the order of the calls.
  public private(set) var acknowledged: [EntryID] = []
  private var ticks: [StoredTick] = []
  private var publications: [StoredPublication] = []
  private var forecasts: [String: [UInt8]] = [:]
  private var presentPlan: [UInt8]?
  private var found: [StreamEntry] = []

  /// Makes an empty store.
  public init() {}

  /// Returns the number of the last sealed tick, or nil when there is none.
  public func lastSealed() -> Int64? { ticks.last?.ordinal }

  /// Seals a tick.
  public func seal(_ lease: Lease, _ tick: StoredTick, consuming samples: [EntryID]) -> SealAnswer {
    var answer = SealAnswer.repeated
    if tick.ordinal < ticks.count {
      guard ticks[Int(tick.ordinal)] == tick else { return .differs }
    } else {
      guard tick.ordinal == ticks.count else { return .outOfOrder(last: lastSealed()) }
      ticks.append(tick)
      answer = .sealed
    }
    acknowledged += samples
    return answer
  }

  /// Returns sealed ticks in order, from a number on.
  public func readTicks(from ordinal: Int64, count: Int) -> [StoredTick] {
    Array(ticks.dropFirst(Int(max(0, ordinal))).prefix(count))
  }

  /// Publishes what was made of a tick.
  public func publish(_ lease: Lease, _ publication: Publication) -> PublishAnswer {
    if let last = publications.last, last.ordinal + 1 != publication.ordinal {
      guard let stored = publications.first(where: { $0.ordinal == publication.ordinal }) else {
        return publication.ordinal > last.ordinal ? .outOfOrder(last: last.ordinal) : .forgotten
      }
      return stored.digest == publication.digest ? .repeated : .divergence(stored: stored.digest)
    }
    publications.append(
      StoredPublication(
        ordinal: publication.ordinal,
        digest: publication.digest,
        payload: publication.payload
      )
    )
    forecasts.merge(publication.forecasts) { $1 }
    presentPlan = publication.plan ?? presentPlan
    for anomaly in publication.anomalies where !anomaly.isEmpty {
      found.append(StreamEntry(id: EntryID(milliseconds: 0, sequence: UInt64(found.count + 1)), fields: anomaly))
    }
    return .published
  }

  /// Returns what was published last, or nil.
  public func lastPublished() -> StoredPublication? { publications.last }

  /// Returns what was published in order, from a number on.
  public func readPublished(from ordinal: Int64, count: Int) -> [StoredPublication] {
    Array(publications.drop { $0.ordinal < ordinal }.prefix(count))
  }

  /// Returns the present forecast of a service, or nil.
  public func forecast(of service: String) -> [UInt8]? { forecasts[service] }

  /// Returns the present plan, or nil.
  public func plan() -> [UInt8]? { presentPlan }

  /// Returns the last anomalies, newest first.
  public func anomalies(count: Int) -> [StreamEntry] { Array(found.reversed().prefix(count)) }
}
