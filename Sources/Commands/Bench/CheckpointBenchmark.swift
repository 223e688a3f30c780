internal import Basics
internal import Circuits
internal import Cluster
internal import FoundationEssentials
internal import Partitioning
internal import Wire

/// What checkpoints cost the microcircuit at scale 0.1, and what is saved by having one.
struct CheckpointMeasurement {
  /// Core processes.
  var cores: Int
  private static let scale = 0.1
  private static let rounds = 3

  /// Adds its figures.
  func measure(_ options: BenchmarkOptions, into figures: inout Report) throws {
    let milliseconds = options.milliseconds ?? 40_000
    var (plain, kept): ([CircuitRun.Outcome], [CircuitRun.Outcome]) = ([], [])
    // In turn, so that what else the machine does hits both.
    for _ in 0..<Self.rounds {
      plain.append(try run(options, milliseconds, every: nil))
      kept.append(try run(options, milliseconds, every: 1000))
    }
    let least = (plain.map(\.wallSeconds).min() ?? 0, kept.map(\.wallSeconds).min() ?? 0)
    let cores = kept.flatMap(\.cores)
    let bytes = cores.map(\.checkpointBytes).max() ?? 0
    let pause = Double(cores.map(\.pauseNanoseconds).max() ?? 0) / 1e6
    figures.add(
      "checkpoint_megabytes",
      title: "checkpoint of a core of the microcircuit",
      .figure(Double(bytes) / 1e6, "MB")
    )
    figures.add("checkpoint_pause_milliseconds", title: "pause of a core for it", .figure(pause, "ms"))
    figures.add(
      "checkpoint_share_percent",
      title: "run time for one checkpoint per model second",
      .figure((least.1 / least.0 - 1) * 100, "%", compare: "aim: at most 3 %")
    )
    figures.add(
      "rerun_seconds",
      title: "rerun of \(NumberText.significant(milliseconds / 1000)) s from the start instead",
      .figure(least.0 + (plain.map(\.buildSeconds).min() ?? 0), "s", compare: "grows with the run; NEST has only this")
    )
  }

  private func run(
    _ options: BenchmarkOptions,
    _ milliseconds: Double,
    every checkpoint: Double?
  ) throws -> CircuitRun.Outcome {
    let folder = "/tmp/synfire-bench-\(CurrentProcess.pid)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    var job = CircuitJob(
      source: .library(name: "microcircuit", scale: Self.scale),
      seed: options.seed,
      precision: options.precision,
      steps: 0,
      layouts: [],
      targetParts: []
    )
    let circuit = try job.circuit()
    let plan = try Partitioner.plan(circuit: circuit, cores: cores, method: .metis)
    job.steps = Int64((milliseconds / circuit.stepMilliseconds).rounded())
    (job.layouts, job.targetParts) = (plan.layouts, plan.populationTargets)
    var log = options.context.log
    log.least = options.context.globals.verbose ? .info : .error
    let outcome = try CircuitRun(
      job: job,
      circuit: circuit,
      plan: plan,
      cores: cores,
      folder: folder,
      checkpointMilliseconds: checkpoint,
      resume: false,
      redisLauncher: CurrentProcess.programPath.map(TiedCommand.words) ?? [],
      log: log
    ).perform { _ in }
    guard outcome.code == 0 else {
      throw CommandFailure(outcome.code == 130 ? .interrupted : .failed, "microcircuit ended early: \(outcome.reason)")
    }
    return outcome
  }
}
