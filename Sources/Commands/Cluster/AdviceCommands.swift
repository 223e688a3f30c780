internal import Documents

/// What to run.
struct RecommendCommand: Command {
  static let name = "recommend"
  static let summary = "Shows what each service should run on: replicas, CPU and memory, when, why, how sure."
  static let fields: [Field<Self>] = [.argument("SERVICE", \.service, help: "Only this service.")]

  var service: String?

  func run(in context: CommandContext) throws -> ExitCode {
    try context.show(query: "recommend", service: service) { result in
      Report(
        JSONTable.table(
          result.elements,
          [
            .init("service"), .init("replicas"), .init("previous_replicas", isWideOnly: true),
            .init("cpu_request_cores"), .init("memory_request_bytes", unit: "B"),
            .init("effective_from", isWideOnly: true), .init("valid_until", isWideOnly: true), .init("reason"),
            .init("confidence"), .init("demand", unit: "1/s", isWideOnly: true), .init("fresh"), .init("sentence"),
          ]
        )
      )
    }
  }
}

/// Why.
struct ExplainCommand: Command {
  static let name = "explain"
  static let summary =
    "Explains a recommendation: parts in replicas that add up to it, and what CPU and memory rest on."
  static let fields: [Field<Self>] = [.argument("SERVICE", \.service, help: "Which service.")]

  var service = ""

  func run(in context: CommandContext) throws -> ExitCode {
    try context.show(query: "explain", service: service) { result in
      var report = Report()
      let recommendation = result["recommendation"] ?? .null
      report.add("service", JSONTable.cell(result["service"] ?? .null))
      for key in ["replicas", "reason", "sentence", "confidence", "fresh"] {
        report.add(key, JSONTable.cell(recommendation[key] ?? .null))
      }
      for key in ["cpu_request_cores", "cpu_request_because", "memory_request_bytes", "memory_request_because"] {
        report.add(key, JSONTable.cell(recommendation[key] ?? .null))
      }
      report.add(
        "parts",
        heading: "parts",
        JSONTable.table(result["parts"]?.elements ?? [], [.init("part"), .init("replicas"), .init("because")])
      )
      report.add("total", JSONTable.cell(result["total"] ?? .null))
      return report
    }
  }
}

/// What is not as expected.
struct AnomaliesCommand: Command {
  static let name = "anomalies"
  static let summary = "Lists incidents: what left its forecast band, since when, and what changed first."
  static let fields: [Field<Self>] = []

  func run(in context: CommandContext) throws -> ExitCode {
    try context.show(query: "anomalies") { result in
      Report(
        JSONTable.table(
          result.elements,
          [
            .init("opened_at"), .init("state"), .init("severity"), .init("service"), .init("cause"), .init("sentence"),
            .init("id", isWideOnly: true),
          ]
        )
      )
    }
  }
}
