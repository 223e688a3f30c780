internal import Basics
internal import Cluster
internal import Planning
internal import StateStore
internal import Workloads

/// What was published during a demonstration, as columns by tick.
struct DemoHistory {
  /// The forecasts of one series for one horizon, by origin.
  struct Column {
    var low: [Double] = []
    var median: [Double] = []
    var high: [Double] = []
    var top: [Double] = []
  }

  /// Horizons in ticks.
  private(set) var horizons: [Int] = []
  /// Values seen by service, of `requests`; NaN where there was none.
  private(set) var requests: [String: [Double]] = [:]
  /// Forecasts of `requests` by service, then horizon.
  private(set) var forecasts: [String: [Column]] = [:]
  /// Recommended replicas by service.
  private(set) var replicas: [String: [Int?]] = [:]
  /// The reasons behind them.
  private(set) var sentences: [String: [String]] = [:]
  /// What they are made of, by service: the share of each kind.
  private(set) var parts: [String: [[Explanation.Kind: Double]]] = [:]
  /// News of incidents in order.
  private(set) var anomalies: [AnomalyEvent] = []
  /// Ticks read.
  private(set) var ticks = 0

  /// Reads everything that was published.
  init(shop: Shop, connection: RedisConnection) throws {
    let store = try RedisTickStore(connection, tenant: "shop")
    let total = shop.ticks.count
    var next: Int64 = 0
    while next < total {
      let batch = try store.readPublished(from: next, count: 100)
      guard let last = batch.last else { break }
      for stored in batch { take(try CapacityService.View(decoding: stored.payload), at: Int(stored.ordinal)) }
      next = last.ordinal + 1
    }
    guard ticks == total else {
      throw CommandFailure(.failed, "\(ticks) of \(total) published ticks were found in the store")
    }
  }

  private mutating func take(_ view: CapacityService.View, at ordinal: Int) {
    ticks += 1
    for forecast in view.forecasts where forecast.series.metric == "requests" {
      let service = forecast.series.service
      if horizons.isEmpty { horizons = forecast.horizons.map(\.ticks) }
      Self.put(forecast.observed ?? .nan, at: ordinal, into: &requests[service, default: []], filler: .nan)
      var columns = forecasts[service] ?? Array(repeating: Column(), count: forecast.horizons.count)
      for (j, h) in forecast.horizons.enumerated() {
        Self.put(h.quantiles[1], at: ordinal, into: &columns[j].low, filler: .nan)
        Self.put(h.quantiles[3], at: ordinal, into: &columns[j].median, filler: .nan)
        Self.put(h.quantiles[5], at: ordinal, into: &columns[j].high, filler: .nan)
        Self.put(h.quantiles[6], at: ordinal, into: &columns[j].top, filler: .nan)
      }
      forecasts[service] = columns
    }
    for plan in view.plans {
      let r = plan.recommendation
      Self.put(r.replicas, at: ordinal, into: &replicas[r.service, default: []], filler: nil)
      let shares = plan.explanation.parts.map { ($0.kind, $0.replicas) }
      Self.put(Dictionary(uniqueKeysWithValues: shares), at: ordinal, into: &parts[r.service, default: []], filler: [:])
      Self.put(r.sentence, at: ordinal, into: &sentences[r.service, default: []], filler: "")
    }
    anomalies += view.anomalies
  }

  private static func put<Value>(_ value: Value, at index: Int, into list: inout [Value], filler: Value) {
    while list.count < index { list.append(filler) }
    list.append(value)
  }
}
