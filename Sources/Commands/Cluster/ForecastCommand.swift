internal import Documents

/// What is to come.
struct ForecastCommand: Command {
  static let name = "forecast"
  static let summary = "Shows forecasts: every metric of one service or all, with quantiles per horizon."
  static let fields: [Field<Self>] = [
    .argument("SERVICE", \.service, help: "Only this service."),
    .value("horizon", \.horizon, "TICKS", help: "Only this horizon, in ticks."),
    .value("quantile", \.quantile, "Q", help: "Only this quantile, such as 0.95."),
  ]

  var service: String?
  var horizon: Int?
  var quantile: Double?

  func run(in context: CommandContext) throws -> ExitCode {
    try context.show(query: "forecast", service: service) { result in
      Report(table(result.elements))
    }
  }

  private var shown: [String] {
    let all = [0.05, 0.10, 0.25, 0.50, 0.75, 0.90, 0.95]
    return all.filter { quantile == nil || abs($0 - (quantile ?? 0)) < 1e-9 }
      .map { "p\(Int(($0 * 100).rounded()))" }
  }

  private func table(_ services: [JSONValue]) -> Table {
    let names = shown
    var table = Table(
      [
        Table.Column("service"), Table.Column("metric"), Table.Column("now"), Table.Column("ticks"), Table.Column("at"),
      ] + names.map { Table.Column($0, isWideOnly: quantile == nil && !["p10", "p50", "p95"].contains($0)) }
        + [Table.Column("event_factor", isWideOnly: true), Table.Column("surprise", isWideOnly: true)]
    )
    for service in services {
      for metric in service["metrics"]?.elements ?? [] {
        for h in metric["horizons"]?.elements ?? [] {
          if let horizon, h["ticks"]?.int != horizon { continue }
          table.append(
            [service["service"], metric["metric"], metric["observed"], h["ticks"], h["at"]].map {
              JSONTable.cell($0 ?? .null)
            }
              + names.map { JSONTable.cell(h["quantiles"]?[$0] ?? .null) }
              + [h["event_factor"], metric["surprise"]].map { JSONTable.cell($0 ?? .null) }
          )
        }
      }
    }
    return table
  }
}
