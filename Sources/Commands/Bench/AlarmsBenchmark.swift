internal import Basics
internal import Cluster
internal import Documents
internal import Planning
internal import Workloads

/// Shops of several seeds played through forecaster, planner and detector, their alarms held against what went wrong.
///
/// The same code as in a cluster, in one process; figures are the same on every machine.
struct AlarmsBenchmark: Benchmark {
  static let name = "alarms"
  static let question =
    "What goes wrong in a shop: what is noticed, how soon, and how many alarms does nothing explain?"
  static let isPartOfAll = false
  /// The first of the seeds; the demonstration's own is not among them.
  static let defaultSeed: UInt64 = 2
  private static let shops = 5

  private struct Row {
    var incidents = 0
    var delays: [Double] = []
  }

  func measure(_ options: BenchmarkOptions) throws -> BenchmarkResult {
    var result = BenchmarkResult(scale: options.scale ?? 1, cores: 1)
    // Less work is fewer shops first, then shorter ones.
    let shops = options.scaled(Self.shops)
    let days = min(14, options.scaled(Self.shops * 14 / shops, atLeast: 4))
    let first = options.seed ?? Self.defaultSeed
    var bar = options.context.progress("playing shops", total: Double(shops * days), unit: "days")
    var seeds = Table([
      .init("seed"), .init("incidents"), .init("noticed"), .init("unexplained_alarms"), .init("per_service_and_week"),
    ])
    var (rows, unexplained, weeks) = ([Shop.IncidentKind: Row](), 0, 0.0)
    var metrics: [String: Int] = [:]
    for n in 0..<shops {
      let shop = Shop(seed: first + UInt64(n), start: Timestamp(milliseconds: 1_792_972_800_000), days: days)
      let news = try Self.news(of: shop) { bar.update(Double(n * days) + $0) }
      let alarms = ShopAlarms(shop: shop, news: news, warmUp: ShopAlarms.warmUp(of: shop))
      var noticed = 0
      for incident in shop.incidents {
        rows[incident.kind, default: Row()].incidents += 1
        guard let found = alarms.noticing(incident) else { continue }
        noticed += 1
        rows[incident.kind, default: Row()].delays.append(Double(found.ticks))
      }
      let others = alarms.unexplained
      for alarm in others { metrics[alarm.cause.metric, default: 0] += 1 }
      unexplained += others.count
      weeks += alarms.serviceWeeks
      seeds.append([
        .count(Int(shop.seed)), .count(shop.incidents.count), .count(noticed), .count(others.count),
        .fixed(Double(others.count) / alarms.serviceWeeks, places: 2),
      ])
    }
    bar.finish()
    let delays = rows.values.flatMap(\.delays)
    result.figures.add("incidents", .count(rows.values.reduce(0) { $0 + $1.incidents }))
    result.figures.add("noticed", .count(delays.count))
    result.figures.add(
      "median_samples",
      title: "median delay",
      .figure(delays.median ?? 0, "samples", compare: "1 is the first that could")
    )
    result.figures.add("unexplained", title: "alarms that nothing explains", .count(unexplained))
    let rate = weeks > 0 ? Double(unexplained) / weeks : 0
    result.figures.add("unexplained_per_service_and_week", title: "per service and week", .figure(rate, ""))
    result.figures.add("kinds", heading: "What went wrong", Self.table(rows))
    result.figures.add("seeds", heading: "By seed of the shop", seeds)
    result.figures.add(
      "metrics",
      heading: "Alarms that nothing explains, by the metric that changed first",
      Self.table(metrics)
    )
    return result
  }

  /// Plays a shop; returns all news of incidents.
  static func news(of shop: Shop, onDay: (Double) -> Void) throws -> [AnomalyEvent] {
    let text = shop.configuration()
    let configuration = try ServiceConfiguration.read(bytes: Array(text.utf8), file: "shop.yaml")
    let replay = try CapacityReplay(configuration, events: shop.events)
    var news: [AnomalyEvent] = []
    for (i, tick) in shop.ticks.enumerated() {
      if i % 24 == 0 {
        guard !Interruption.isRequested else { throw CommandFailure(.interrupted, "interrupted; nothing was measured") }
        onDay(Double(i) / Double(shop.ticks.count) * Double(shop.days))
      }
      let end = Timestamp(milliseconds: (tick.index + 1) * shop.tickMilliseconds)
      for view in try replay.play(shop.samples(in: tick), until: end) { news += view.anomalies }
    }
    return news
  }

  private static func table(_ rows: [Shop.IncidentKind: Row]) -> Table {
    var table = Table([
      .init("incident"), .init("times"), .init("noticed"), .init("within_2_samples"), .init("median_samples"),
      .init("longest_samples"),
    ])
    for kind in Shop.IncidentKind.allCases {
      guard let row = rows[kind] else { continue }
      table.append([
        .text(kind.rawValue), .count(row.incidents), .count(row.delays.count),
        .count(row.delays.count { $0 <= 2 }), row.delays.median.map { .fixed($0, places: 1) } ?? .none,
        row.delays.max().map { .fixed($0, places: 0) } ?? .none,
      ])
    }
    return table
  }

  private static func table(_ metrics: [String: Int]) -> Table {
    var table = Table([.init("metric"), .init("alarms")])
    for (metric, count) in metrics.sorted(by: { $0.key < $1.key }) { table.append([.text(metric), .count(count)]) }
    return table
  }
}
