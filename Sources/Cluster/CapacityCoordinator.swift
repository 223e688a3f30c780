public import Basics
internal import Documents
internal import StateStore
internal import Transport
internal import Wire
public import Workloads

/// How the coordinator of the capacity service is started.
public struct CoordinatorOptions: Sendable {
  /// The configuration.
  public var configuration: ServiceConfiguration
  /// The store.
  public var redis: String
  /// Where to listen for cores.
  public var listen: String
  /// Where to listen for questions.
  public var query: String
  /// Cores to wait for.
  public var cores: Int
  /// Whether every part is simulated twice.
  public var redundancy: Redundancy
  /// A folder of this machine in which it is remembered which runs were begun; nil for none.
  public var memory: String?
  /// Whether it waits until the store answers and another coordinator has ended.
  public var isStandby: Bool
  /// Ticks between checkpoints.
  public var ticksPerCheckpoint: Int
  /// Ticks between checkpoints at most: a rerun may need those of two, and the store keeps no fewer than `HistoryBound.least`.
  public static let mostTicksPerCheckpoint = 500
  /// Whether services listen to the ones upstream.
  public var hasProjections: Bool
  /// How much history the store keeps.
  public var history: HistoryBound
  /// Whether it ends with the process that started it.
  public var endsWithParent: Bool

  /// Describes a coordinator.
  public init(
    configuration: ServiceConfiguration,
    redis: String,
    listen: String,
    query: String,
    cores: Int,
    redundancy: Redundancy = .none,
    memory: String? = nil,
    isStandby: Bool = false,
    ticksPerCheckpoint: Int = 24,
    hasProjections: Bool = true,
    history: HistoryBound = HistoryBound(),
    endsWithParent: Bool = false
  ) {
    (self.configuration, self.redis, self.listen, self.query) = (configuration, redis, listen, query)
    self.memory = memory
    (self.cores, self.isStandby, self.ticksPerCheckpoint) = (cores, isStandby, ticksPerCheckpoint)
    self.redundancy = redundancy
    (self.hasProjections, self.history, self.endsWithParent) = (hasProjections, history, endsWithParent)
  }
}

/// The coordinator process of the capacity service.
public enum CapacityCoordinator {
  /// Parts that services are dealt to; more than any number of cores that pays, so that maps can change.
  static let parts = 64
  /// Time after which a lease that nobody renews is free.
  static let leaseMilliseconds: Int64 = 3000

  /// Runs until asked to end or until it has to; returns the exit code.
  public static func run(_ options: CoordinatorOptions, log: Log) throws -> Int32 {
    if options.endsWithParent { try ProcessSignal.whenParentEnds(.terminate) }
    let configuration = options.configuration
    let job = CapacityJob(
      tickMilliseconds: configuration.tickMilliseconds,
      horizons: configuration.forecasterHorizons,
      calls: configuration.calls,
      parts: parts,
      hasProjections: options.hasProjections,
      prior: configuration.prior
    )
    let program = ProgramDescription.capacity(job).encoded()
    var digest = Digest64()
    digest.combine(bytes: program)
    let context = try MessageContext()
    // Sockets first: a port that is taken must not cost anybody the lease.
    var control = SocketOptions.control
    control.largestMessageBytes = ControlLimits.largestMessageBytes
    let server = try bind(options.listen, control, in: context, options, log)
    let queries = try bind(options.query, .questions, in: context, options, log)
    let connection = try connect(options, log)
    for warning in try connection.checkServer().warnings { log.warning("store", ("advice", warning)) }
    let store = try LeasedRunStore.open(
      connection,
      run: configuration.tenant,
      programDigest: String(digest.value, radix: 16),
      waitMilliseconds: options.isStandby ? .max / 4 : 0,
      leaseMilliseconds: leaseMilliseconds,
      marker: options.memory.map { RunMarker(folder: $0, run: configuration.tenant, store: options.redis) },
      advice:
        "restore the configuration (tick, horizons, calls and prior shape the network), or start with another tenant"
    )
    let source = try TickSource(configuration: configuration, connection: connection, lease: store.lease, log: log)
    let publisher = try RedisTickPublisher(configuration: configuration, connection: connection, lease: store.lease)
    (source.history, publisher.history) = (options.history, options.history)
    let service = CapacityService(configuration: configuration, ticks: source, publisher: publisher)
    let answers = QueryAnswers(service: service, source: source, configuration: configuration)
    var setup = ClusterSetup(
      run: digest.value ^ Digest64.of(configuration.tenant.utf8),
      name: configuration.tenant,
      program: program,
      parts: parts,
      cores: options.cores,
      placement: { n in (0..<parts).map { CoreID(UInt16($0 % n)) } },
      epochsPerInput: CapacityService.epochsPerTick,
      epochsPerOutput: CapacityService.epochsPerTick,
      epochsPerCheckpoint: CapacityService.epochsPerTick * options.ticksPerCheckpoint,
      lastEpoch: Epoch(.max / 4),
      window: 8
    )
    setup.redundancy = options.redundancy
    setup.partsAreAlike = true
    let loop = CoordinatorLoop(
      machine: CoordinatorMachine(setup: setup, incarnation: Incarnation(UInt64.random(in: 1 ... .max))),
      gatherer: service,
      store: store,
      inputs: source,
      server: server,
      queries: queries,
      answer: { answers.answer($0, $1, dropped: $2) },
      log: log
    )
    log.info(
      "coordinator ready",
      ("tenant", configuration.tenant),
      ("cores", "\(options.cores)"),
      ("listen", server.endpoint),
      ("query", queries.endpoint),
      ("fence", "\(store.lease.fence.number)")
    )
    return try loop.run()
  }

  /// Connects to the store; a stand-by waits for it.
  private static func connect(_ options: CoordinatorOptions, _ log: Log) throws -> RedisConnection {
    let address = try RedisAddress(options.redis)
    var hasTold = false
    while true {
      do {
        // Shorter than people wait for an answer to a question.
        return try RedisConnection(address, commandMilliseconds: 3000)
      } catch {
        guard options.isStandby, error.isTransient, Interruption.wait(milliseconds: 200) else { throw error }
        if !hasTold { log.warning("waiting for the store", ("error", "\(error)")) }
        hasTold = true
      }
    }
  }

  /// Listens at an endpoint; a stand-by on the machine of the coordinator waits until that one has ended.
  private static func bind(
    _ endpoint: String,
    _ socket: SocketOptions,
    in context: MessageContext,
    _ options: CoordinatorOptions,
    _ log: Log
  ) throws -> ControlServer {
    var hasTold = false
    while true {
      do {
        return try ControlServer(endpoint: endpoint, in: context, options: socket)
      } catch {
        guard options.isStandby, error.isTaken, Interruption.wait(milliseconds: 100) else { throw error }
        if !hasTold { log.info("waiting for the end of who listens", ("endpoint", endpoint)) }
        hasTold = true
      }
    }
  }
}
