public import Basics
internal import Documents
internal import Planning
public import StateStore
internal import Wire
public import Workloads

/// Publishes ticks to Redis: once per ordinal, and never other bytes than before.
public final class RedisTickPublisher: TickPublisher {
  private let store: RedisTickStore
  private let lease: Lease
  private let configuration: ServiceConfiguration
  /// How many publications the store keeps.
  public var history = HistoryBound()

  /// Uses a connection under a lease.
  public init(configuration: ServiceConfiguration, connection: RedisConnection, lease: Lease) throws {
    store = try RedisTickStore(connection, tenant: configuration.tenant)
    (self.lease, self.configuration) = (lease, configuration)
  }

  /// Publishes a tick.
  public func publish(
    ordinal: Int64,
    epoch: Epoch,
    digest: UInt64,
    view: CapacityService.View,
    bytes: [UInt8]
  ) throws {
    let json = CapacityJSON(configuration: configuration, tick: view.tick)
    var forecasts: [String: [UInt8]] = [:]
    for (service, group) in view.forecastsByService {
      forecasts[service] = Array(json.forecast(service, group).json().utf8)
    }
    let plan = JSONValue.array(view.plans.map { json.recommendation($0.recommendation) })
    let publication = Publication(
      ordinal: ordinal,
      digest: digest,
      payload: bytes,
      forecasts: forecasts,
      plan: Array(plan.json().utf8),
      anomalies: view.anomalies.map { [StreamField("incident", json.anomaly($0).json())] }
    )
    let kept = history.entries(ofBytes: bytes.count)
    if kept != store.keptEntries { store.keptEntries = kept }
    switch try store.publish(lease, publication) {
    case .published, .repeated: return
    case .divergence(let stored):
      let former = try store.readPublished(from: ordinal, count: 1).first { $0.ordinal == ordinal }
      let place: String
      do {
        place =
          try former.map { try view.firstDifference(from: CapacityService.View(decoding: $0.payload)) } ?? "unknown"
      } catch {
        place = "what was published cannot be read (\(error))"
      }
      throw DivergenceError(
        epoch: epoch,
        what: "tick \(view.tick.index) was published with digest \(String(stored, radix: 16)), the rerun has "
          + "\(String(digest, radix: 16)); first difference: \(place)"
      )
    case .forgotten: return
    case .outOfOrder(let last):
      throw StoreError(
        .unexpected,
        during: "publication of tick \(ordinal)",
        answer: "the last one published is \(last)",
        advice: "another program writes to this tenant"
      )
    }
  }
}

extension CapacityService.View {
  /// Where two views of one tick part, in words.
  public func firstDifference(from former: Self) -> String {
    for (a, b) in zip(former.forecasts, forecasts) where a != b {
      if a.series != b.series { return "series \(a.series) against \(b.series)" }
      if a.observed != b.observed { return "the value of \(a.series)" }
      if a.expected != b.expected { return "the expected band of \(a.series)" }
      if a.surprise != b.surprise { return "the surprise of \(a.series)" }
      return "the forecast of \(a.series)"
    }
    if former.forecasts.count != forecasts.count {
      return "\(former.forecasts.count) against \(forecasts.count) series"
    }
    for (a, b) in zip(former.plans, plans) where a != b { return "the plan of \(a.recommendation.service)" }
    return former.anomalies == anomalies ? "none that can be named" : "the anomalies"
  }
}
