internal import Basics
internal import Circuits
internal import Cluster
internal import Documents
internal import FoundationEssentials
internal import Partitioning
internal import StateStore
internal import Transport
internal import Wire

extension Precision: OptionValue {}
extension Partitioner.Method: OptionValue {}

/// Simulates a circuit file on core processes.
struct RunCommand: Command {
  static let name = "run"
  static let summary = "Simulates a circuit on core processes of this machine."
  static let details = """
    The records go to the folder of --out, one CSV file each as the circuit names them. The result is the same bits for \
    any number of cores and any partition. Without --cores as many are taken as are expected to be fastest on this machine: \
    small circuits with short delays gain nothing from a second one. With --checkpoint-every a core that dies costs the time \
    since the last checkpoint and changes nothing; the checkpoints lie in the folder of --out, and --resume goes on from the \
    last one. Such a run can also go on with other cores while it runs: 'synfire scale --cores N --server ENDPOINT', with the \
    endpoint of --query; --up-to cuts the circuit into enough parts for that.
    """
  static let fields: [Field<Self>] = [
    .argument("CIRCUIT", \.circuit, help: "A circuit file (YAML or JSON)."),
    .value("cores", \.cores, "N", help: "Core processes, instead of as many as are expected to be fastest."),
    .value("up-to", \.upTo, "N", in: 1...mostCores, help: "Cores that 'synfire scale' may go to while it runs."),
    .quantity("until", \.until, .time, "TIME", help: "Model time to simulate."),
    .value("standby", \.standby, "N", in: 0...1, help: "Further cores that simulate each part and stand by."),
    .flag("verify", \.verify, help: "Simulate every part on two cores, and keep only what both agree on."),
    .value("seed", \.seed, "S", help: "Seed instead of the circuit's."),
    .value("precision", \.precision, "FORMAT", help: "Number format of the state."),
    .value("partition", \.partition, "METHOD", help: "How neurons are dealt to cores."),
    .quantity("checkpoint-every", \.checkpointEvery, .time, "TIME", help: "Model time between checkpoints."),
    .value("exchange", \.exchange, "PATH", help: "How spikes travel between cores."),
    .value("query", \.query, "ENDPOINT", help: "Where to listen for questions, such as 'synfire scale'."),
    .value("out", \.out, "DIR", help: "Folder of the records."),
    .flag("resume", \.resume, help: "Go on from the last checkpoint in the folder of --out."),
  ]

  var circuit = ""
  var cores: Int?
  var upTo = 1
  var standby = 0
  var verify = false
  var until = 1000.0
  var seed: Int?
  var precision = Precision.single
  var partition = Partitioner.Method.metis
  var checkpointEvery: Double?
  var exchange = ExchangeKind.auto
  var query: String?
  var out: String?
  var resume = false

  func run(in context: CommandContext) throws -> ExitCode {
    if resume, checkpointEvery == nil {
      throw UsageError(
        "--resume goes on from checkpoints and wants --checkpoint-every as well, as the first start had it"
      )
    }
    let (job, described, plan, cores) = try prepare()
    let folder = out ?? "synfire-run-\(described.name)"
    if !described.recorders.isEmpty || checkpointEvery != nil {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }
    // A run says with its table how it went; lines about its processes are for --verbose.
    var log = context.log
    if !context.globals.verbose { log.least = max(log.least, .warning) }
    let run = try CircuitRun(
      job: job,
      circuit: described,
      plan: plan,
      cores: cores,
      folder: folder,
      checkpointMilliseconds: checkpointEvery,
      resume: resume,
      exchange: exchange,
      query: query,
      redundancy: try Redundancy(standby: standby, verify: verify),
      redisLauncher: CurrentProcess.programPath.map(TiedCommand.words) ?? [],
      log: log
    )
    var progress = context.progress("simulating \(described.name)", total: until, unit: "ms")
    let outcome = try run.perform { progress.update(min($0, until)) }
    progress.finish()
    guard outcome.code == 0 else {
      if outcome.code == 130 { return .interrupted }
      throw CommandFailure(ExitCode(rawValue: outcome.code) ?? .failed, outcome.reason)
    }
    if !context.globals.quiet {
      let advised = try Partitioner.advisedCores(circuit: described, processors: min(cores, Processors.usable))
      try context.show(
        RunReport.make(outcome, described, plan, until: until, folder: folder, advisedCores: advised)
      )
    }
    return .done
  }

  /// The most core processes that one machine is asked to start.
  private static let mostCores = 256

  private func prepare() throws -> (CircuitJob, Circuit, PartitionPlan, cores: Int) {
    if let cores, !(1...Self.mostCores).contains(cores) {
      throw UsageError("--cores: \(cores) is out of range; 1 to \(Self.mostCores) are allowed")
    }
    let bytes = try FileText.bytes(of: circuit)
    var files: [String: [UInt8]] = [:]
    var described = try CircuitFile.read(bytes: bytes, file: circuit) { path in
      let found = try FileText.bytes(of: path)
      files[path] = found
      return found
    }
    if let seed { described.seed = UInt64(bitPattern: Int64(seed)) }
    let steps = StepGrid.nearest(until, stepMilliseconds: described.stepMilliseconds)
    guard steps > 0 else {
      throw UsageError("--until: \(until) ms is less than a step of \(described.stepMilliseconds) ms")
    }
    let processors = min(Processors.usable, Self.mostCores)
    let cores = try self.cores ?? Partitioner.advisedCores(circuit: described, processors: processors)
    let plan = try Partitioner.plan(circuit: described, cores: max(cores, upTo), method: partition)
    let job = CircuitJob(
      source: .file(name: circuit, bytes: bytes, files: files),
      seed: described.seed,
      precision: precision,
      steps: Int64(steps),
      layouts: plan.layouts,
      targetParts: plan.populationTargets
    )
    return (job, described, plan, cores)
  }
}
