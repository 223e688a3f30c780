internal import Basics
internal import Cluster
internal import Documents

/// What is to come.
struct ForecastCommand: Command {
  static let name = "forecast"
  static let summary = "Shows forecasts: every metric of one service or all, with quantiles per horizon."
  static let fields: [Field<Self>] = [
    .argument("SERVICE", \.service, help: "Only this service."),
    .value("horizon", \.horizon, "H", help: "Only this horizon: ticks ('12', '1 tick') or a time ('1 h')."),
    .value("quantile", \.quantile, "Q", help: "Only this quantile, such as 0.95."),
  ]

  var service: String?
  var horizon: HorizonChoice?
  var quantile: Double?

  func run(in context: CommandContext) throws -> ExitCode {
    if let quantile, shown.isEmpty {
      let known = Self.levels.map { NumberText.fixed($0, places: $0 == 0.995 ? 3 : 2) }.joined(separator: ", ")
      throw UsageError("--quantile: \(quantile) is not forecast; these are: \(known)")
    }
    return try context.show(query: "forecast", service: service) { result in
      let known = Self.horizons(of: result)
      if let horizon, !known.contains(where: horizon.matches) {
        let list = known.compactMap { $0["ticks"]?.int.map(String.init) }.joined(separator: ", ")
        throw CommandFailure(.notFound, "the horizon \(horizon.typed) is not reported; these are, in ticks: \(list)")
      }
      return Report(table(result.elements))
    }
  }

  private static let levels = [0.05, 0.10, 0.25, 0.50, 0.75, 0.90, 0.95, 0.99, 0.995]

  /// The horizons of the first metric of an answer; all metrics have the same.
  private static func horizons(of result: JSONValue) -> [JSONValue] {
    result.elements.first?["metrics"]?.elements.first?["horizons"]?.elements ?? []
  }

  private var shown: [String] {
    Self.levels.filter { quantile == nil || abs($0 - (quantile ?? 0)) < 1e-9 }
      .map(CapacityJSON.name(ofLevel:))
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
          if let horizon, !horizon.matches(h) { continue }
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

/// A horizon as people name it.
enum HorizonChoice: OptionValue, Equatable {
  case ticks(Int)
  case milliseconds(Double)

  static func parse(_ text: String) throws(ValueError) -> Self {
    let word = text.trimmed
    let count =
      word.hasSuffix("ticks") ? word.dropLast(5).trimmed : word.hasSuffix("tick") ? word.dropLast(4).trimmed : word
    if let ticks = Int(count), ticks > 0 { return .ticks(ticks) }
    do { return .milliseconds(try Quantity.parse(text, as: .time)) } catch {
      throw ValueError("'\(text)' is neither a number of ticks nor a time such as '1 h'")
    }
  }

  var typed: String {
    switch self {
    case .ticks(let count): "\(count) ticks"
    case .milliseconds(let time): NumberText.duration(milliseconds: time)
    }
  }

  /// Whether a horizon of an answer is meant.
  func matches(_ horizon: JSONValue) -> Bool {
    switch self {
    case .ticks(let count): horizon["ticks"]?.int == count
    case .milliseconds(let time): abs((horizon["seconds"]?.double ?? -1) * 1000 - time) < 0.5
    }
  }
}
