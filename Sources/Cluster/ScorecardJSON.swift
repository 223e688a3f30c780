internal import Documents
internal import Planning

extension CapacityJSON {
  /// A service's scorecard: forecasts, windows and fleets, all days together and day by day.
  func scorecard(_ card: Scorecard) -> JSONValue {
    [
      "service": .string(card.service), "days": .integer(Int64(card.days.count)), "total": day(card.total),
      "by_day": .array(card.days.map(day)),
    ]
  }

  private func day(_ day: ScoreDay) -> JSONValue {
    func number(_ x: Double?) -> JSONValue { x.map { .number($0) } ?? .null }
    return [
      "day": .integer(day.number), "values": .integer(Int64(day.values)), "coverage80": number(day.coverage),
      "below95": number(day.belowUpper), "relative_error": number(day.relativeError),
      "windows": .integer(Int64(day.windows)), "window_error": number(day.windowDeviation),
      "windows_exceeded": number(day.windowExcess?.seen), "windows_expected": number(day.windowExcess?.expected),
      "minutes": .number(day.minutes),
      "fleets": .array(
        zip(ScoreDay.policies, day.fleets).map { name, fleet in
          [
            "policy": .string(name), "violation_minutes": .number(fleet.violationMinutes),
            "replica_hours": .number(fleet.replicaHours), "actions": .integer(Int64(fleet.actions)),
          ]
        }
      ),
    ]
  }

  /// What is advised, and what would be.
  func whatIf(now: Plan, then: Plan) -> JSONValue {
    ["service": .string(now.recommendation.service), "now": explanation(now), "then": explanation(then)]
  }
}
