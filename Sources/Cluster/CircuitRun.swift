public import Basics
public import Circuits
internal import FoundationEssentials
public import Partitioning
internal import StateStore
public import Transport
public import Wire

/// A circuit on core processes of this machine, from start to end.
///
/// The calling process is the coordinator; it starts the cores, starts again what dies, and gathers the records.
public final class CircuitRun {
  /// How a run ended, and what it took.
  public struct Outcome: Sendable {
    /// Exit code of the coordinator.
    public var code: Int32
    /// Why it ended, where it was not done.
    public var reason: String
    /// Model time in ms.
    public var modelMilliseconds: Double
    /// Time from the first start of a process until all parts were built, in s.
    public var buildSeconds: Double
    /// Wall time of the simulation itself, in s.
    public var wallSeconds: Double
    /// Spikes per population.
    public var populationSpikes: [UInt64]
    /// Last statistics of each core.
    public var cores: [CoreStatistics]
    /// Recoveries on the way.
    public var recoveries: Int
    /// Moves to other cores on the way.
    public var moves: Int
  }

  private let job: CircuitJob
  private let circuit: Circuit
  private let cores: Int
  private let folder: String
  private let checkpointMilliseconds: Double?
  private let resume: Bool
  private let exchange: ExchangeKind
  private let query: String?
  private let redundancy: Redundancy
  private let log: Log
  private let program: String
  private let redisLauncher: [String]
  private let plan: PartitionPlan

  /// Prepares a run; records go to a folder that exists.
  ///
  /// `query` is where it listens for questions, by default a socket of its own in `/tmp/synfire-run-<pid>`;
  /// `redisLauncher` stands before the command line of the store, so that it ends with this process.
  public init(
    job: CircuitJob,
    circuit: Circuit,
    plan: PartitionPlan,
    cores: Int,
    folder: String,
    checkpointMilliseconds: Double?,
    resume: Bool,
    exchange: ExchangeKind = .auto,
    query: String? = nil,
    redundancy: Redundancy = .none,
    redisLauncher: [String] = [],
    log: Log
  ) throws {
    (self.redisLauncher, self.exchange, self.query, self.redundancy) = (redisLauncher, exchange, query, redundancy)
    (self.job, self.circuit, self.plan, self.cores, self.folder) = (job, circuit, plan, cores, folder)
    (self.checkpointMilliseconds, self.resume, self.log) = (checkpointMilliseconds, resume, log)
    guard let path = CurrentProcess.programPath else {
      throw SystemError(operation: "reading /proc/self/exe", code: 2, advice: "mount /proc")
    }
    program = path
  }

  /// Runs to the end; `onProgress` gets the model time in ms after every gathered boundary.
  public func perform(onProgress: @escaping (Double) -> Void) throws -> Outcome {
    let began = MonotonicClock.nowNanoseconds()
    let sockets = "/tmp/synfire-run-\(CurrentProcess.pid)"
    try FileManager.default.createDirectory(atPath: sockets, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: sockets) }
    let setup = makeSetup()
    let redis = try startStore()
    defer { redis?.stop() }
    let store: any RunStore
    if let redis {
      store = try LeasedRunStore.open(
        RedisConnection(redis.address),
        run: setup.name,
        programDigest: String(digest(setup.program), radix: 16),
        waitMilliseconds: 4000,
        leaseMilliseconds: 3000,
        advice: "go on with the circuit, cores, seed, precision, partition and duration that made them, "
          + "or start anew without --resume"
      )
    } else {
      store = VolatileRunStore()
    }
    let answers = CircuitAnswers(
      circuit: circuit.name,
      epochMilliseconds: circuit.stepMilliseconds * Double(circuit.epochSteps())
    )
    let context = try MessageContext()
    let queries = try ControlServer(endpoint: query ?? "ipc://\(sockets)/query.sock", in: context)
    log.info("running", ("query", queries.endpoint))
    var options = SocketOptions.control
    options.largestMessageBytes = ControlLimits.largestMessageBytes
    let server = try ControlServer(endpoint: "ipc://\(sockets)/control.sock", in: context, options: options)
    let supervisor = Supervisor(program: program, logFolder: redis == nil ? sockets : folder, log: log)
    defer {
      supervisor.stopAll(withinMilliseconds: 2000)
      // A core that was killed could not do it itself.
      SharedMemoryExchange.removeLeftovers()
    }
    for i in 0..<cores * redundancy.copies { try supervisor.start(member(i, server.endpoint, sockets, redis)) }
    let gatherer = try RecordGatherer(circuit: circuit, folder: circuit.recorders.isEmpty ? nil : folder)
    let stepMilliseconds = circuit.stepMilliseconds * Double(circuit.epochSteps())
    gatherer.onGathered = { onProgress(Double($0.index) * stepMilliseconds) }
    let loop = CoordinatorLoop(
      machine: CoordinatorMachine(setup: setup, incarnation: Incarnation(UInt64.random(in: 1 ... .max))),
      gatherer: gatherer,
      store: store,
      inputs: nil,
      server: server,
      queries: queries,
      answer: { answers.answer($0, $1, dropped: $2) },
      log: log
    )
    var runningSince: Int64?
    loop.everyTurn = { [self] in
      if let redis, redis.hasEnded() {
        log.warning("the private redis ended and is started again")
        try redis.start(launcher: redisLauncher)
      }
      try supervisor.look()
      let crew = Crew(places: supervisor.names.map { String($0.dropFirst(5)) }, spares: 0, loop.machine.membership)
      for place in crew.start { try supervisor.start(member(Int(place) ?? 0, server.endpoint, sockets, redis)) }
      if !crew.surplus.isEmpty { loop.handle(.release(crew.surplus)) }
      for place in crew.stop { supervisor.end("core-\(place)") }
      if loop.machine.phase == .running, runningSince == nil { runningSince = MonotonicClock.nowNanoseconds() }
      return true
    }
    let code = try loop.run()
    let ended = MonotonicClock.nowNanoseconds()
    try gatherer.flush()
    let built = loop.machine.memberViews.map { Double($0.statistics.loadNanoseconds) / 1e9 }.max() ?? 0
    return Outcome(
      code: code,
      reason: loop.endReason,
      modelMilliseconds: Double(job.steps) * circuit.stepMilliseconds,
      buildSeconds: max(built, Double((runningSince ?? ended) - began) / 1e9),
      wallSeconds: Double(ended - (runningSince ?? began)) / 1e9,
      populationSpikes: gatherer.populationSpikes,
      cores: loop.machine.memberViews.map(\.statistics),
      recoveries: loop.machine.recoveries,
      moves: loop.machine.moves
    )
  }

  private func digest(_ program: [UInt8]) -> UInt64 {
    var digest = Digest64()
    digest.combine(bytes: program)
    return digest.value
  }

  private func makeSetup() -> ClusterSetup {
    let bytes = ProgramDescription.circuit(job).encoded()
    let epochSteps = Int64(circuit.epochSteps())
    let epochs = (job.steps + epochSteps - 1) / epochSteps
    // Outputs every 100 ms of model time or so: often enough for progress, seldom enough to cost nothing.
    let perOutput = max(1, min(Int(epochs), Int(100 / (circuit.stepMilliseconds * Double(epochSteps)))))
    var perCheckpoint = 0
    if let checkpointMilliseconds {
      let wanted = checkpointMilliseconds / (circuit.stepMilliseconds * Double(epochSteps) * Double(perOutput))
      perCheckpoint = max(1, Int(wanted.rounded())) * perOutput
    }
    let (coreOfPart, planned) = (plan.coreOfPart, plan.cores)
    var setup = ClusterSetup(
      run: digest(bytes),
      name: "circuit-\(circuit.name)",
      program: bytes,
      parts: job.layouts.count,
      cores: cores,
      placement: { n in
        n == planned ? coreOfPart : coreOfPart.map { CoreID(UInt16(Int($0.index) % n)) }
      },
      epochsPerInput: 0,
      epochsPerOutput: perOutput,
      epochsPerCheckpoint: perCheckpoint,
      lastEpoch: Epoch(epochs),
      window: 4
    )
    setup.redundancy = redundancy
    setup.targetParts = job.layouts.map { layout in
      let targets = layout.slices.filter { $0.count > 0 }.flatMap { job.targetParts[$0.population] }
      return Set(targets).sorted()
    }
    return setup
  }

  /// A private store beside the records, emptied unless the run goes on from it.
  private func startStore() throws -> PrivateRedis? {
    guard checkpointMilliseconds != nil else { return nil }
    let home = "\(folder)/checkpoints"
    if !resume { try? FileManager.default.removeItem(atPath: home) }
    try FileManager.default.createDirectory(atPath: home, withIntermediateDirectories: true)
    let redis = try PrivateRedis(folder: home, socketPath: "/tmp/synfire-run-\(CurrentProcess.pid)/redis.sock")
    try redis.start(launcher: redisLauncher)
    return redis
  }

  private func member(_ i: Int, _ control: String, _ sockets: String, _ redis: PrivateRedis?) -> Supervisor.Member {
    let spikes = exchange == .tcp ? "tcp://127.0.0.1:*" : "ipc://\(sockets)/core-\(i)-{pid}.sock"
    var arguments = [
      "core", "--coordinator", control, "--place", "\(i)", "--spikes", spikes, "--exchange", exchange.rawValue,
      "--ends-with-parent", "--quiet",
    ]
    if let redis { arguments += ["--redis", "unix://\(redis.socketPath)"] }
    return Supervisor.Member(name: "core-\(i)", arguments: arguments, finalCodes: [])
  }
}
