internal import Basics
internal import Circuits
internal import Documents
internal import Partitioning
internal import Workloads

/// Validates a circuit, a configuration or a calendar; nothing starts.
struct CheckCommand: Command {
  static let name = "check"
  static let summary = "Validates a circuit, a configuration or a calendar of events; nothing starts."
  static let details = """
    What a file is, its keys tell: 'circuit' for a circuit, a list or 'events' alone for a calendar, otherwise it is \
    a configuration. The first mistake is told with file and line. Exit code 0: valid, 1: not, 3: there is no file.
    """
  static let fields: [Field<Self>] = [
    .argument("FILE", \.file, help: "The file (YAML, JSON, or CSV for events)."),
    .value("chip", \.chip, "PROFILE", help: "Name or file of the chip's profile that a circuit has to fit."),
    .value("cores", \.cores, "N", in: 1...Partitioner.mostParts, help: "On how many cores it has to fit."),
  ]

  var file = ""
  var chip = "host"
  var cores = 1

  func run(in context: CommandContext) throws -> ExitCode {
    let bytes = try FileText.bytes(of: file)
    if file.hasSuffix(".csv") {
      try context.show(calendar(try EventCalendar.read(csv: bytes, file: file)))
      return .done
    }
    let root = try YAML.parse(bytes, file: file)
    var keys: [String] = []
    if case .mapping(let entries) = root.content { keys = entries.map(\.key) }
    if keys.contains("circuit") || keys.contains("populations") {
      let circuit = try CircuitFile.read(root) { try FileText.bytes(of: $0) }
      let profile = try CircuitInput.chip(chip)
      let plan = try Partitioner.plan(circuit: circuit, cores: cores, method: .metis)
      try CircuitInput.refuse(CircuitInput.problems(of: plan, on: profile), file: file)
      try context.show(Self.report(of: circuit))
    } else if keys.isEmpty || keys == ["events"] {
      try context.show(calendar(try EventCalendar.read(yaml: bytes, file: file)))
    } else {
      try context.show(try self.configuration())
    }
    return .done
  }

  static func report(of circuit: Circuit) -> Report {
    var report = Report()
    report.add("circuit", .text(circuit.name))
    report.add("valid", .flag(true))
    report.add("step_ms", title: "step", .duration(milliseconds: circuit.stepMilliseconds))
    report.add("neurons", .count(circuit.neuronCount))
    report.add("synapses", title: "synapses (expected)", .number(circuit.expectedSynapses, digits: 6))
    let size = circuit.expectedSize()
    report.add("memory_bytes", title: "memory (expected)", .bytes(size.bytes))
    report.add("epoch_steps", title: "steps per exchange", .count(circuit.epochSteps()))
    var populations = Table([
      Table.Column("population"), Table.Column("model"), Table.Column("neurons"), Table.Column("first_id"),
    ])
    for population in circuit.populations {
      populations.append([
        .text(population.name), .text(population.model), .count(population.size), .count(population.first.number),
      ])
    }
    report.add("populations", heading: "Populations", populations)
    report.notes = circuit.notes
    return report
  }

  private func configuration() throws -> Report {
    let configuration = try ServiceConfigurationFile.read(file)
    var report = Report()
    report.add("configuration", .text(configuration.tenant))
    report.add("valid", .flag(true))
    report.add("sample_ms", title: "sample", .duration(milliseconds: Double(configuration.sampleMilliseconds)))
    report.add("tick_ms", title: "tick", .duration(milliseconds: Double(configuration.tickMilliseconds)))
    report.add("grace_ms", title: "grace", .duration(milliseconds: Double(configuration.graceMilliseconds)))
    report.add("calls", .count(configuration.calls.count))
    if let events = configuration.eventsPath {
      let path = DocumentPath.resolve(events, besideFile: file)
      let read = try EventCalendar.read(yaml: try FileText.bytes(of: path), file: path)
      report.add("events", .count(read.count))
    }
    if let prior = configuration.priorPath { report.add("prior", .text(prior)) }
    var horizons = Table([
      Table.Column("horizon_ticks", title: "TICKS"), Table.Column("horizon_ms", title: "TIME AHEAD"),
    ])
    for ticks in configuration.horizonTicks {
      let milliseconds = Double(ticks) * Double(configuration.tickMilliseconds)
      horizons.append([.count(ticks), .duration(milliseconds: milliseconds)])
    }
    var services = Table([
      Table.Column("service"), Table.Column("replicas_min", title: "MIN"), Table.Column("replicas_max", title: "MAX"),
      Table.Column("capacity", title: "CAPACITY", unit: "requests/s"), Table.Column("target"),
      Table.Column("provisioning_ms", title: "PROVISIONING"),
    ])
    let named = configuration.services.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
    for (name, settings) in named + [("*", configuration.defaults)] {
      services.append([
        .text(name), .count(settings.minReplicas), .count(settings.maxReplicas),
        settings.capacityPerReplica.map { .number($0) } ?? Table.Cell(.null, text: "learned"),
        .number(settings.targetUtilization), .duration(milliseconds: Double(settings.provisioningMilliseconds)),
      ])
    }
    report.add("services", heading: "Services", services)
    report.add("horizons", heading: "Horizons", horizons)
    return report
  }

  private func calendar(_ events: [KnownEvent]) -> Report {
    var report = Report()
    report.add("valid", .flag(true))
    report.add("events", heading: "Events", EventTable.table(of: events))
    return report
  }
}
