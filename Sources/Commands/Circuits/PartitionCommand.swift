internal import Basics
internal import Circuits
internal import Documents
internal import Partitioning

/// Shows how a circuit would lie on cores, without running it.
struct PartitionCommand: Command {
  static let name = "partition"
  static let summary = "Shows how a circuit would lie on cores: load, cut, traffic and energy; nothing runs."
  static let details = """
    Loads are expectations for a mean rate of firing, and times are those of this program's kernel on a host. The \
    energies are those that were published for the chip's events. Exit code 1 when the circuit does not fit the chip.
    """
  static let fields: [Field<Self>] = [
    .argument("CIRCUIT", \.file, help: "The circuit file."),
    .value("cores", \.cores, "N", in: 1...Partitioner.mostParts, isRequired: true, help: "How many cores."),
    .value("chip", \.chip, "PROFILE", help: "Name or file of the chip's profile."),
    .value("partition", \.method, "METHOD", help: "How neurons are spread."),
    .quantity("rate", \.rateHertz, .rate, "RATE", help: "Assumed mean rate of a neuron."),
    .flag("map", \.showsMap, help: "Also tells which neurons lie where."),
  ]

  var file = ""
  var cores = 1
  var chip = "host"
  var method = Partitioner.Method.metis
  var rateHertz = 5.0
  var showsMap = false

  func run(in context: CommandContext) throws -> ExitCode {
    let profile = try CircuitInput.chip(chip)
    let circuit = try CircuitInput.circuit(file)
    let plan = try Partitioner.plan(
      circuit: circuit,
      cores: cores,
      method: method,
      assumptions: CostAssumptions(rateHertz: rateHertz)
    )
    let problems = CircuitInput.problems(of: plan, on: profile)
    try context.show(report(plan, profile, problems))
    try CircuitInput.refuse(problems, file: file)
    return .done
  }

  private func report(_ plan: PartitionPlan, _ chip: ChipProfile, _ problems: [CapacityProblem]) -> Report {
    var report = Report()
    report.add("circuit", .text(plan.circuit.name))
    report.add("chip", .text(chip.name))
    report.add("cores", .count(plan.cores))
    report.add("parts", .count(plan.layouts.count))
    report.add("method", .text(plan.usedMethod.rawValue))
    report.add("fits", Table.Cell.flag(problems.isEmpty).mood(problems.isEmpty ? .good : .bad))
    report.add("imbalance", title: "imbalance (most / mean)", .fixed(plan.imbalance, places: 3))
    report.add("cut_synapses", .number(plan.cut.synapses, digits: 6))
    report.add("cut_share", .share(plan.cut.share))
    report.add("spikes_per_second", title: "spikes between cores per second", .number(plan.cut.spikesPerSecond))
    report.add("least_spikes_per_second", title: "the least possible", .number(plan.cut.leastSpikesPerSecond))
    report.add("frames_per_second", .number(plan.cut.framesPerSecond))
    if let energy = plan.energy(on: chip) {
      report.add("watts", title: "watts in real time", Self.range(energy.watts))
      if let event = energy.picojoulesPerSynapticEvent {
        report.add("picojoules_per_event", title: "picojoules per synaptic event", Self.range(event))
      }
    }
    report.add("loads", heading: "Cores", Self.loads(plan))
    if showsMap { report.add("map", heading: "Map", Self.map(plan)) }
    report.notes = plan.notes(on: chip)
    return report
  }

  private static func range(_ range: ClosedRange<Double>) -> Table.Cell {
    let (low, high) = (
      NumberText.significant(range.lowerBound, digits: 3), NumberText.significant(range.upperBound, digits: 3)
    )
    return Table.Cell(
      [.number(range.lowerBound), .number(range.upperBound)],
      text: low == high ? low : "\(low) to \(high)"
    )
  }

  private static func loads(_ plan: PartitionPlan) -> Table {
    var table = Table([
      Table.Column("core"), Table.Column("neurons"), Table.Column("synapses"),
      Table.Column("memory_bytes", title: "MEMORY"),
      Table.Column("events_per_second", title: "EVENTS", unit: "1/s"),
      Table.Column("cpu_seconds_per_second", title: "CPU", unit: "s/s"),
      Table.Column("fan_in", isWideOnly: true), Table.Column("fan_out", isWideOnly: true),
      Table.Column("places", isWideOnly: true),
    ])
    for load in plan.loads {
      table.append([
        .count(Int(load.core.index)), .count(load.neurons), .number(load.synapses, digits: 6), .bytes(load.bytes),
        .number(load.eventsPerSecond), .number(load.cpuSecondsPerSecond, digits: 3), .number(load.fanIn),
        .number(load.fanOut), .count(load.places),
      ])
    }
    return table
  }

  private static func map(_ plan: PartitionPlan) -> Table {
    var table = Table([
      Table.Column("part"), Table.Column("core"), Table.Column("population"), Table.Column("first_id"),
      Table.Column("stride"), Table.Column("neurons"),
    ])
    for (layout, core) in zip(plan.layouts, plan.coreOfPart) {
      for slice in layout.slices {
        table.append([
          .count(Int(layout.part.index)), .count(Int(core.index)),
          .text(plan.circuit.populations[slice.population].name),
          .count(slice.first + 1), .count(slice.stride), .count(slice.count),
        ])
      }
    }
    return table
  }
}
