internal import Basics

/// Ticks and publications in Redis.
///
/// Keys, all under `{tenant}:`: `ticks` (stream, place `ordinal+1`-0, field tick), `published` (stream, same places,
/// fields digest and payload), `forecast:SERVICE`, `plan` (strings), `anomalies` (stream); acknowledges in `metrics`.
public final class RedisTickStore: TickStore {
  /// The connection, which the caller reopens after a failure.
  public let connection: RedisConnection
  /// About how many ticks, publications and anomalies are kept each.
  public var keptEntries: Int
  private let tenant: KeySpace
  private let run: KeySpace

  /// Uses a connection for a tenant; `run` names whose lease is asked for, the tenant's own name without one.
  public init(
    _ connection: RedisConnection,
    tenant: String,
    run: String? = nil,
    keptEntries: Int = 100_000
  ) throws(StoreError) {
    self.connection = connection
    self.keptEntries = keptEntries
    self.tenant = try KeySpace(tenant)
    self.run = try KeySpace(run ?? tenant)
  }

  private var ticks: String { tenant.key("ticks") }
  private var published: String { tenant.key("published") }
  // Place 0-0 does not exist in a stream, so ordinals are stored plus one.
  private func place(_ ordinal: Int64) -> String { "\(max(0, ordinal) + 1)-0" }
  private func ordinal(_ id: EntryID) -> Int64 { Int64(clamping: id.milliseconds) - 1 }

  /// Returns the number of the last sealed tick, or nil when there is none.
  public func lastSealed() throws(StoreError) -> Int64? { try last(of: ticks).map { ordinal($0.id) } }

  /// Seals a tick and acknowledges the samples that went into it, in one step.
  public func seal(_ lease: Lease, _ tick: StoredTick, consuming samples: [EntryID]) throws(StoreError) -> SealAnswer {
    precondition(tick.ordinal >= 0)
    let operation = "sealing of tick \(tick.ordinal) in \(ticks)"
    let arguments: [RedisArgument] = [
      .init(place(tick.ordinal)), .init("\(tick.ordinal)-0"), .init(MetricStream.group), .init(keptEntries),
      .init(tick.bytes),
    ]
    let reply = try connection.evaluate(
      StreamScript.seal,
      keys: [run.key("fence"), ticks, tenant.key("metrics")],
      lease.arguments + arguments + samples.map { .init($0.description) }
    )
    let answer = reply.elements ?? []
    switch answer.first?.text {
    case "next": return .sealed
    case "there": return .repeated
    case "differs": return .differs
    case "empty": return .outOfOrder(last: nil)
    case "gap": return .outOfOrder(last: answer.last?.text.flatMap { EntryID($0) }.map(ordinal))
    case "forgotten": return .forgotten
    case "fence": throw .fenceLost(during: operation)
    default: throw .unreadable(reply, during: operation)
    }
  }

  /// Returns sealed ticks in order, from a number on.
  public func readTicks(from ordinal: Int64, count: Int) throws(StoreError) -> [StoredTick] {
    try range(of: ticks, from: ordinal, count).map { entry in
      StoredTick(ordinal: self.ordinal(entry.id), bytes: entry.value(of: "tick") ?? [])
    }
  }

  /// Publishes what was made of a tick, in one step.
  public func publish(_ lease: Lease, _ publication: Publication) throws(StoreError) -> PublishAnswer {
    precondition(publication.ordinal >= 0)
    let operation = "publication of tick \(publication.ordinal) in \(published)"
    let services = publication.forecasts.sorted { $0.key < $1.key }
    var arguments = lease.arguments
    arguments += [
      .init(place(publication.ordinal)), .init("\(publication.ordinal)-0"),
      .init(String(publication.digest, radix: 16)), .init(publication.payload), .init(keptEntries),
      publication.plan == nil ? 0 : 1, .init(publication.plan ?? []),
    ]
    arguments += services.map { .init($0.value) }
    for anomaly in publication.anomalies where !anomaly.isEmpty {
      arguments += [.init(anomaly.count)] + anomaly.flatMap { [RedisArgument($0.name), .init($0.value)] }
    }
    let reply = try connection.evaluate(
      StreamScript.publish,
      keys: [run.key("fence"), published, tenant.key("plan"), tenant.key("anomalies")]
        + services.map { tenant.key("forecast:\($0.key)") },
      arguments
    )
    let answer = reply.elements ?? []
    switch (answer.first?.text, answer.last?.text) {
    case ("next", _): return .published
    case ("there", _): return .repeated
    case ("differs", let stored?):
      if let digest = UInt64(stored, radix: 16) { return .divergence(stored: digest) }
    case ("gap", let last?):
      if let id = EntryID(last) { return .outOfOrder(last: ordinal(id)) }
    case ("forgotten", _): return .forgotten
    case ("fence", _): throw .fenceLost(during: operation)
    default: break
    }
    throw .unreadable(reply, during: operation)
  }

  /// Returns what was published last, or nil.
  public func lastPublished() throws(StoreError) -> StoredPublication? { try last(of: published).map(publication) }

  /// Returns what was published in order, from a number on.
  public func readPublished(from ordinal: Int64, count: Int) throws(StoreError) -> [StoredPublication] {
    try range(of: published, from: ordinal, count).map(publication)
  }

  /// Returns the present forecast of a service, or nil.
  public func forecast(of service: String) throws(StoreError) -> [UInt8]? {
    try connection.command(["GET", .init(tenant.key("forecast:\(service)"))]).bytes
  }

  /// Returns the present plan, or nil.
  public func plan() throws(StoreError) -> [UInt8]? {
    try connection.command(["GET", .init(tenant.key("plan"))]).bytes
  }

  /// Returns the last anomalies, newest first.
  public func anomalies(count: Int) throws(StoreError) -> [StreamEntry] {
    let key = tenant.key("anomalies")
    let reply = try connection.command(["XREVRANGE", .init(key), "+", "-", "COUNT", .init(count)])
    return try StreamEntry.list(from: reply, during: "XREVRANGE \(key)")
  }

  private func publication(_ entry: StreamEntry) -> StoredPublication {
    let digest = entry.value(of: "digest").flatMap { UInt64(String(decoding: $0, as: UTF8.self), radix: 16) }
    return StoredPublication(
      ordinal: ordinal(entry.id),
      digest: digest ?? 0,
      payload: entry.value(of: "payload") ?? []
    )
  }

  private func last(of key: String) throws(StoreError) -> StreamEntry? {
    let reply = try connection.command(["XREVRANGE", .init(key), "+", "-", "COUNT", 1])
    return try StreamEntry.list(from: reply, during: "XREVRANGE \(key)").first
  }

  private func range(of key: String, from ordinal: Int64, _ count: Int) throws(StoreError) -> [StreamEntry] {
    let reply = try connection.command(["XRANGE", .init(key), .init(place(ordinal)), "+", "COUNT", .init(count)])
    return try StreamEntry.list(from: reply, during: "XRANGE \(key)")
  }
}
