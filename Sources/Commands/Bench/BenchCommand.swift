internal import Basics
internal import Circuits
internal import Documents
internal import Transport

/// Measures this build on this machine.
struct BenchCommand: Command {
  static let name = "bench"
  static let summary = "Measures this build on this machine: one benchmark, or all of them."
  static let details =
    "Figures without their machine say nothing, so every result carries it, with the load of the minute before. What "
    + "the benchmarks ask:\n"
    + Self.all.map { "  \($0.name): \($0.question)" }.joined(separator: "\n")
  static let fields: [Field<Self>] = [
    .argument("NAME", \.benchmark, help: "The benchmark (default: all)."),
    .value("scale", \.scale, "S", help: "Size of the network or amount of work, as a multiple of the usual."),
    .value("cores", \.cores, "N", help: "Core processes or threads, where the benchmark has a choice."),
    .value("exchange", \.exchange, "PATH", help: "How spikes travel between cores, where the benchmark has a choice."),
    .value("precision", \.precision, "FORMAT", help: "Number format of the state, where a network is simulated."),
    .value("seed", \.seed, "S", help: "Seed of a network instead of its own."),
    .quantity("for", \.model, .time, "TIME", help: "Model time to measure after 500 ms, where a network is simulated."),
    .value("history", \.history, "FILE", help: "File to which a line of JSON is added for each benchmark."),
    .value("pictures", \.pictures, "DIR", help: "Folder for curves as SVG, where a benchmark has some."),
  ]

  enum Name: String, CaseIterable, OptionValue {
    case kernel, exchange, microcircuit, brunel, columns, forecaster, recovery, checkpoint, queries, counts, incidents
    case alarms, memory, scaling, updates, events, rescale, membership
    case memoryDay = "memory-day"
    case brunelSTDP = "brunel-stdp"
    case vogelsAbbottCUBA = "vogels-abbott-cuba"
    case vogelsAbbottCOBA = "vogels-abbott-coba"
  }

  static let all: [any Benchmark.Type] = Name.allCases.map { name in
    switch name {
    case .kernel: KernelBenchmark.self
    case .exchange: ExchangeBenchmark.self
    case .microcircuit: MicrocircuitBenchmark.self
    case .brunel: BrunelBenchmark.self
    case .columns: ColumnsBenchmark.self
    case .brunelSTDP: BrunelSTDPBenchmark.self
    case .vogelsAbbottCUBA: VogelsAbbottCUBABenchmark.self
    case .vogelsAbbottCOBA: VogelsAbbottCOBABenchmark.self
    case .forecaster: ForecasterBenchmark.self
    case .recovery: RecoveryBenchmark.self
    case .checkpoint: CheckpointBenchmark.self
    case .rescale: RescaleBenchmark.self
    case .membership: MembershipBenchmark.self
    case .queries: QueriesBenchmark.self
    case .counts: CountsBenchmark.self
    case .incidents: IncidentsBenchmark.self
    case .alarms: AlarmsBenchmark.self
    case .memory: MemoryBenchmark.self
    case .memoryDay: MemoryDayBenchmark.self
    case .scaling: ScalingBenchmark.self
    case .updates: UpdatesBenchmark.self
    case .events: EventsBenchmark.self
    }
  }

  var benchmark: Name?
  var scale: Double?
  var cores: Int?
  var exchange: ExchangeKind?
  var precision = Precision.single
  var seed: UInt64?
  var model: Double?
  var history: String?
  var pictures: String?

  func run(in context: CommandContext) throws -> ExitCode {
    if let scale, !(scale > 0 && scale <= 100) { throw UsageError("--scale: \(scale) is not between 0 and 100") }
    if let cores, !(1...64).contains(cores) {
      throw UsageError("--cores: \(cores) is out of range; 1 to 64 are allowed")
    }
    let chosen = Self.all.filter { $0.name == benchmark?.rawValue || benchmark == nil && $0.isPartOfAll }
    let options = BenchmarkOptions(
      scale: scale,
      cores: cores,
      exchange: exchange,
      precision: precision,
      seed: seed,
      milliseconds: model,
      context: context
    )
    Interruption.letLoopsEnd()
    var results: [JSONValue] = []
    for (i, benchmark) in chosen.enumerated() {
      context.log.info("benchmark", ("name", benchmark.name))
      let machine = Machine()
      let result = try benchmark.init().measure(options)
      switch context.globals.output {
      case .table, .wide: try tell(result, of: benchmark, on: machine, isFirst: i == 0, context)
      case .csv: try context.show(report(result, of: benchmark, on: machine, context))
      case .json, .yaml: results.append(report(result, of: benchmark, on: machine, context).json)
      }
      if let pictures {
        for (name, plot) in result.pictures { try FileText.write(plot.svg(), to: "\(pictures)/\(name).svg") }
      }
      if let history {
        let line = JSONValue.Member("date", .string(WallClock.nowRFC3339()))
        let all = [line] + report(result, of: benchmark, on: machine, context).json.members
        try FileText.append(JSONValue.object(all).json() + "\n", to: history)
      }
      guard !Interruption.isRequested else { throw CommandFailure(.interrupted, "interrupted") }
    }
    let value = results.count == 1 ? results[0] : .array(results)
    switch context.globals.output {
    case .json: try context.write(value.json(.pretty) + "\n")
    case .yaml: try context.write(YAMLText.write(value))
    default: break
    }
    return .done
  }

  private func commit(_ context: CommandContext) -> String? {
    context.environment["SYNFIRE_COMMIT"].flatMap { $0.isEmpty ? nil : $0 }
  }

  /// Everything about one result, for programs.
  private func report(
    _ result: BenchmarkResult,
    of benchmark: any Benchmark.Type,
    on machine: Machine,
    _ context: CommandContext
  ) -> Report {
    var report = Report()
    report.add("benchmark", .text(benchmark.name))
    report.add("scale", .number(result.scale))
    report.add("cores", .count(result.cores))
    report.add("commit", commit(context).map { .text($0) } ?? .none)
    report.add("version", .text(SynfireVersion.current))
    report.add("machine", Table.Cell(machine.json, text: machine.description))
    for fact in result.figures.facts { report.add(fact.key, title: fact.title, fact.cell) }
    for (key, heading, table) in result.figures.tables { report.add(key, heading: heading, table) }
    return report
  }

  /// The figures for people; machine and commit stand once above all of them.
  private func tell(
    _ result: BenchmarkResult,
    of benchmark: any Benchmark.Type,
    on machine: Machine,
    isFirst: Bool,
    _ context: CommandContext
  ) throws {
    if isFirst {
      try context.write("synfire \(SynfireVersion.current), commit \(commit(context) ?? "unknown")\n")
      try context.write("\(machine.description)\n")
    }
    let title = "\(benchmark.name): \(benchmark.question)"
    let load = isFirst ? nil : machine.load.map { "load \(NumberText.significant($0, digits: 3)) before" }
    let size = ["scale \(NumberText.significant(result.scale))", "cores \(result.cores)", load].compactMap { $0 }
    try context.write("\n\(title)\n\(size.joined(separator: ", "))\n")
    try context.show(result.figures)
  }
}
