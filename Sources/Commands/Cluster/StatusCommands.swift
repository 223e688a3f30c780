internal import Documents

/// The state of the running cluster.
struct StatusCommand: Command {
  static let name = "status"
  static let summary = "Shows the running cluster: phase, ticks, generation, recoveries, samples."
  static let fields: [Field<Self>] = []

  func run(in context: CommandContext) throws -> ExitCode {
    let client = try QueryClient(context)
    return try context.watch {
      var report = Report()
      for member in try client.ask("status").result.members { report.add(member.name, JSONTable.cell(member.value)) }
      return report
    }
  }
}

/// The cores of the running cluster.
struct CoresCommand: Command {
  static let name = "cores"
  static let summary = "Shows the cores: where they run, what they hold, how busy they are."
  static let fields: [Field<Self>] = []

  func run(in context: CommandContext) throws -> ExitCode {
    let client = try QueryClient(context)
    return try context.watch { try Self.report(client) }
  }

  /// One row a core.
  static func report(_ client: QueryClient) throws -> Report {
    let columns: [JSONTable.Column] = [
      .init("core"), .init("copy", isWideOnly: true), .init("place", isWideOnly: true), .init("host"), .init("pid"),
      .init("state"), .init("epoch"),
      .init("parts", isWideOnly: true), .init("series"), .init("neurons"), .init("synapses"), .init("spikes"),
      .init("received"), .init("sent_bytes", isWideOnly: true), .init("busy_seconds", unit: "s"),
      .init("compute_seconds", unit: "s", isWideOnly: true), .init("deliver_seconds", unit: "s", isWideOnly: true),
      .init("exchange_seconds", unit: "s", isWideOnly: true), .init("wait_seconds", unit: "s"),
      .init("memory_bytes", unit: "B"),
      .init("checkpoint_bytes", unit: "B", isWideOnly: true),
      .init("pause_milliseconds", unit: "ms", isWideOnly: true),
      .init("frames_dropped", isWideOnly: true), .init("frames_refused", isWideOnly: true),
      .init("heard_milliseconds_ago", unit: "ms", isWideOnly: true),
    ]
    return Report(JSONTable.table(try client.ask("cores").result.elements, columns))
  }
}

/// The services that report.
struct ServicesCommand: Command {
  static let name = "services"
  static let summary = "Lists the services: load, replicas, freshness, and which ones sleep."
  static let details = """
    A service joins with the tick of its first sample. One that has not reported for a day sleeps: nothing is forecast for \
    it, and its state is kept until it reports again.
    """
  static let fields: [Field<Self>] = []

  func run(in context: CommandContext) throws -> ExitCode {
    try context.show(query: "services") { result in
      Report(
        JSONTable.table(
          result.elements,
          [
            .init("service"), .init("state"), .init("metrics"), .init("requests", unit: "1/s"), .init("replicas"),
            .init("reason"),
            .init("fresh"), .init("values_seen"), .init("seconds_since_value", unit: "s"),
          ]
        )
      )
    }
  }
}

/// Tables of JSON objects.
enum JSONTable {
  /// A member of the objects as a column.
  struct Column {
    var key: String
    var unit: String
    var isWideOnly: Bool
    init(_ key: String, unit: String = "", isWideOnly: Bool = false) {
      (self.key, self.unit, self.isWideOnly) = (key, unit, isWideOnly)
    }
  }

  /// A row per object, a column per member that is named.
  static func table(_ objects: [JSONValue], _ columns: [Column]) -> Table {
    var table = Table(
      columns.map { column in
        // The unit stands behind the title, so the key's own suffix would say it twice.
        let title = column.key.replacing("_seconds", with: "").replacing("_bytes", with: "")
          .replacing("_milliseconds", with: "")
        return Table.Column(
          column.key,
          title: String(title.map { $0 == "_" ? " " : $0 }),
          unit: column.unit,
          isWideOnly: column.isWideOnly
        )
      }
    )
    for object in objects { table.append(columns.map { cell(object[$0.key] ?? .null) }) }
    return table
  }

  /// A value as a cell.
  static func cell(_ value: JSONValue) -> Table.Cell {
    switch value {
    case .null: .none
    case .bool(let flag): .flag(flag)
    case .integer(let number): .count(Int(number))
    case .number(let number): .number(number)
    case .string(let text): .text(text)
    default: Table.Cell(value, text: value.json())
    }
  }
}
