internal import Basics
internal import Cluster
internal import Documents
internal import FoundationEssentials
internal import StateStore
internal import Transport
internal import Workloads

/// Everything on this machine, in the foreground.
struct UpCommand: Command {
  static let name = "up"
  static let summary = "Runs the capacity service on this machine: a private Redis, the coordinator and N cores."
  static let details = """
    Starts again whatever dies; Ctrl-C ends all cleanly, and what was learned stays in the state folder for the next \
    start. With --collect host it also feeds this machine's own load.
    """
  static let fields: [Field<Self>] = [
    .value("config", \.config, "FILE", help: "The configuration of the capacity service (YAML)."),
    .value("cores", \.cores, "N", in: 1...64, help: "Core processes."),
    .value("spares", \.spares, "N", in: 0...16, help: "Further cores that wait to take over."),
    .value("standby", \.standby, "N", in: 0...1, help: "Further cores that simulate each part and stand by."),
    .flag("verify", \.verify, help: "Simulate every part on two cores, and publish only what both agree on."),
    .value("redis", \.redis, "URL", help: "A store that runs already, instead of a private one."),
    .value(
      "checkpoint-ticks",
      \.checkpointTicks,
      "N",
      in: 1...CoordinatorOptions.mostTicksPerCheckpoint,
      help: "Ticks between checkpoints."
    ),
    .value(
      "history",
      \.history,
      "MIB",
      in: 1...65_536,
      help: "Memory of the store for past ticks and for past publications, each, in MiB."
    ),
    .value("exchange", \.exchange, "PATH", help: "How spikes travel between cores."),
    .flag("no-projections", \.noProjections, help: "Forecast each service without the spikes of those upstream."),
    .value("collect", \.collect, "SOURCE", help: "Also collect metrics; 'host' is this machine."),
    .quantity("for", \.time, .time, "TIME", help: "End by itself after this time."),
  ]

  var config: String?
  var cores = 2
  var spares = 0
  var standby = 0
  var verify = false
  var redis: String?
  var checkpointTicks = 24
  var history = HistoryBound.usualMebibytes
  var exchange = ExchangeKind.auto
  var noProjections = false
  var collect: CollectSource?
  var time: Double?

  enum CollectSource: String, CaseIterable, OptionValue { case host }

  func run(in context: CommandContext) throws -> ExitCode {
    let configuration = try ServiceConfigurationFile.read(config)
    let machine = try LocalCluster(
      configurationPath: config,
      tenant: configuration.tenant,
      cores: cores,
      spares: spares,
      redundancy: try Redundancy(standby: standby, verify: verify),
      redis: redis,
      history: HistoryBound(mebibytes: history),
      checkpointTicks: checkpointTicks,
      hasProjections: !noProjections,
      exchange: exchange,
      // A service is asked for what it said yesterday: what is answered for is on the disk.
      sync: .always,
      state: context.state,
      log: context.log
    )
    Interruption.letLoopsEnd()
    defer { machine.stop() }
    try machine.start()
    if collect == .host { try machine.collectHost() }
    if let path = configuration.eventsPath {
      let events = try EventFile.read(DocumentPath.resolve(path, besideFile: config ?? ""))
      try machine.patiently {
        try EventFile.put(events, into: EventStore(context.connect(machine.redisURL), tenant: configuration.tenant))
      }
    }
    context.log.info(
      "up",
      ("tenant", configuration.tenant),
      ("redis", machine.redisURL),
      ("query", context.state.queryEndpoint),
      ("logs", machine.logFolder)
    )
    let end = time.map { MonotonicClock.nowMilliseconds() + Int64($0) }
    while Interruption.wait(milliseconds: 10) {
      try machine.look()
      if let end, MonotonicClock.nowMilliseconds() >= end { return .done }
    }
    return .interrupted
  }
}
