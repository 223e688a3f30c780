internal import Basics
internal import Circuits
internal import Cluster
internal import FoundationEssentials
internal import Partitioning
internal import Wire

/// What checkpoints cost the microcircuit at scale 0.1, and what is saved by having one.
///
/// The cores' own accounts tell it: time without simulation, and time of the thread beside that makes the bytes and writes
/// them. Runs with and without checkpoints differ by more than that, so pairs of them, in turn, tell only a bound.
struct CheckpointBenchmark: Benchmark {
  static let name = "checkpoint"
  static let question = "What share of its run time does a circuit spend on checkpoints, and what would a rerun take?"

  private static let networkScale = 0.1
  private static let usualPairs = 10
  /// Model time between checkpoints in ms.
  private static let interval = 1000.0

  func measure(_ options: BenchmarkOptions) throws -> BenchmarkResult {
    let cores = max(1, options.cores ?? 2)
    let milliseconds = options.milliseconds ?? 40_000
    var result = BenchmarkResult(scale: options.scale ?? 1, cores: cores)
    var pairs: [(plain: CircuitRun.Outcome, kept: CircuitRun.Outcome)] = []
    for i in 0..<options.scaled(Self.usualPairs) {
      // Now the one, now the other first, so that what else the machine does hits both alike.
      let first = try run(options, cores, milliseconds, every: i % 2 == 0 ? nil : Self.interval)
      let second = try run(options, cores, milliseconds, every: i % 2 == 0 ? Self.interval : nil)
      pairs.append(i % 2 == 0 ? (first, second) : (second, first))
    }
    Self.add(pairs, to: &result.figures)
    let plain = pairs.map(\.plain)
    result.figures.add(
      "rerun_seconds",
      title: "rerun of \(NumberText.significant(milliseconds / 1000)) s from the start instead",
      .figure(
        (plain.map(\.wallSeconds).median ?? 0) + (plain.map(\.buildSeconds).median ?? 0),
        "s",
        compare: "grows with the run; NEST has only this"
      )
    )
    return result
  }

  private static func add(_ pairs: [(plain: CircuitRun.Outcome, kept: CircuitRun.Outcome)], to figures: inout Report) {
    let kept = pairs.map(\.kept)
    func worst(_ value: (CoreStatistics) -> UInt64) -> Double { Double(kept.flatMap(\.cores).map(value).max() ?? 0) }
    /// The median over the runs of the largest share of a core's run time, in percent.
    func share(_ value: (CoreStatistics) -> UInt64) -> Double {
      kept.map { run in Double(run.cores.map(value).max() ?? 0) / 1e7 / run.wallSeconds }.median ?? 0
    }
    figures.add(
      "checkpoint_megabytes",
      title: "checkpoint of a core of the microcircuit",
      .figure(worst(\.checkpointBytes) / 1e6, "MB")
    )
    figures.add(
      "checkpoint_pause_milliseconds",
      title: "longest last pause of a core for it",
      .figure(worst(\.pauseNanoseconds) / 1e6, "ms", compare: "aim: at most 5 ms at 10 MB")
    )
    figures.add(
      "checkpoint_share_percent",
      title: "run time of a core without simulation, one checkpoint per model second",
      .figure(share(\.checkpointNanoseconds), "%", compare: "aim: at most 3 %")
    )
    figures.add(
      "checkpoint_store_percent",
      title: "run time of the thread beside that makes and writes the bytes",
      .figure(share(\.storeNanoseconds), "%")
    )
    for (key, title, value) in [
      ("wall", "run time, with over without", { $0.wallSeconds }),
      ("processor", "CPU time of the cores, the same", { Double($0.cores.reduce(0) { $0 + $1.processorNanoseconds }) }),
    ] as [(String, String, (CircuitRun.Outcome) -> Double)] {
      let differences = pairs.map { (value($0.kept) / value($0.plain) - 1) * 100 }
      let quartiles = [0.25, 0.75].map { NumberText.significant(differences.percentile($0) ?? 0, digits: 2) }
      figures.add(
        "checkpoint_\(key)_percent",
        title: title,
        .figure(
          differences.median ?? 0,
          "%",
          digits: 2,
          compare: "median of \(pairs.count) pairs; half of them from \(quartiles[0]) to \(quartiles[1]) %"
        )
      )
    }
  }

  private func run(
    _ options: BenchmarkOptions,
    _ cores: Int,
    _ milliseconds: Double,
    every checkpoint: Double?
  ) throws -> CircuitRun.Outcome {
    let folder = "/tmp/synfire-bench-\(CurrentProcess.pid)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    var job = CircuitJob(
      source: .library(name: "microcircuit", scale: Self.networkScale),
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
