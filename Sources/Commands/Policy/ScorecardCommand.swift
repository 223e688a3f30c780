internal import Documents

/// What advice was worth.
struct ScorecardCommand: Command {
  static let name = "scorecard"
  static let summary = "Shows what advice was worth: forecasts and fleets beside what came, against two other policies."
  static let details = """
    coverage80 is the share of values within their 10-90 % band, below95 that below the 95 % quantile; window error is the
    standard deviation of the logarithm of the greatest demand of a planning window over its forecast, and windows
    exceeded those above what was planned. Three fleets served the same demand in a simulation: by the advice, by the
    Horizontal Pod Autoscaler, and by it with what the same time of last week needed.
    """
  static let fields: [Field<Self>] = [.argument("SERVICE", \.service, help: "Only this service.")]

  var service: String?

  func run(in context: CommandContext) throws -> ExitCode {
    try context.show(query: "scorecard", service: service) { result in
      var report = Report()
      let totals = result.elements.map { Self.flat($0["service"] ?? .null, $0["total"] ?? .null, $0["days"] ?? .null) }
      report.add(
        "forecasts",
        heading: "forecasts",
        JSONTable.table(
          totals,
          [
            .init("service"), .init("days"), .init("values", isWideOnly: true), .init("coverage80"), .init("below95"),
            .init("relative_error"), .init("windows", isWideOnly: true), .init("window_error"),
            .init("windows_exceeded"), .init("windows_expected"),
          ]
        )
      )
      let fleets = result.elements.flatMap { card in
        (card["total"]?["fleets"]?.elements ?? []).map { fleet -> JSONValue in
          .object(
            [.init("service", card["service"] ?? .null), .init("minutes", card["total"]?["minutes"] ?? .null)]
              + fleet.members
          )
        }
      }
      report.add(
        "fleets",
        heading: "fleets",
        JSONTable.table(
          fleets,
          [
            .init("service"), .init("policy"), .init("violation_minutes"), .init("replica_hours"), .init("actions"),
            .init("minutes", isWideOnly: true),
          ]
        )
      )
      return report
    }
  }

  private static func flat(_ service: JSONValue, _ total: JSONValue, _ days: JSONValue) -> JSONValue {
    .object([.init("service", service), .init("days", days)] + total.members)
  }
}
