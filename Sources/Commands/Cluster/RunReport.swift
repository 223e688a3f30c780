internal import Basics
internal import Circuits
internal import Cluster
internal import Partitioning
internal import Wire

/// The table at the end of a run.
enum RunReport {
  static func make(
    _ outcome: CircuitRun.Outcome,
    _ circuit: Circuit,
    _ plan: PartitionPlan,
    until: Double,
    folder: String,
    advisedCores: Int
  ) -> Report {
    var report = Report()
    let seconds = outcome.modelMilliseconds / 1000
    let spikes = outcome.populationSpikes.reduce(0, +)
    let synapses = outcome.cores.reduce(0) { $0 + $1.synapses }
    let memory = outcome.cores.reduce(0) { $0 + $1.residentBytes }
    report.add("circuit", .text(circuit.name))
    report.add("cores", .count(outcome.cores.count))
    report.add("neurons", .count(circuit.neuronCount))
    report.add("synapses", .count(Int(synapses)))
    report.add("model_time", .duration(milliseconds: outcome.modelMilliseconds))
    report.add("wall_time", .duration(milliseconds: outcome.wallSeconds * 1000))
    report.add("real_time_factor", .number(seconds > 0 ? outcome.wallSeconds / seconds : 0))
    report.add("build_time", .duration(milliseconds: outcome.buildSeconds * 1000))
    report.add("spikes", .count(Int(spikes)))
    if synapses > 0 { report.add("bytes_per_synapse", .number(Double(memory) / Double(synapses))) }
    report.add("memory", .bytes(Int(memory)))
    // What a plan for more cores expects says nothing of this run.
    if plan.cores == outcome.cores.count { report.add("cut", .share(plan.cut.share)) }
    if outcome.moves > 0 { report.add("moves", .count(outcome.moves)) }
    if outcome.recoveries > 0 { report.add("recoveries", .count(outcome.recoveries)) }
    var table = Table([
      Table.Column("population"), Table.Column("neurons"), Table.Column("spikes"), Table.Column("rate", unit: "Hz"),
    ])
    for (population, count) in zip(circuit.populations, outcome.populationSpikes) {
      let rate = seconds > 0 ? Double(count) / Double(population.size) / seconds : 0
      table.append([.text(population.name), .count(population.size), .count(Int(count)), .number(rate)])
    }
    report.add("populations", heading: "", table)
    if advisedCores < outcome.cores.count {
      let epoch = Double(circuit.epochSteps()) * circuit.stepMilliseconds
      report.notes.append(
        "\(advisedCores) of \(outcome.cores.count) cores would probably be faster here: they wait for each other every \(epoch) ms, and "
          + "\(Processors.usable) processors can be used"
      )
    }
    if !circuit.recorders.isEmpty { report.notes.append("records: \(folder)") }
    return report
  }
}
