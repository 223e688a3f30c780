internal import Basics
internal import Cluster
internal import Documents
internal import Workloads

/// The coordinator process, for supervisors and launch scripts.
struct CoordinatorCommand: Command {
  static let name = "coordinator"
  static let summary = "Runs the coordinator of the capacity service: seals ticks, drives the cores, plans, answers."
  static let fields: [Field<Self>] = [
    .value("config", \.config, "FILE", help: "The configuration of the capacity service (YAML)."),
    .value("redis", \.redis, "URL", help: "The store: unix:///path, redis://host:port or sentinel://host:port/name."),
    .value("listen", \.listen, "ENDPOINT", help: "Where to listen for cores."),
    .value("query", \.query, "ENDPOINT", help: "Where to listen for questions."),
    .value("cores", \.cores, "N", in: 1...64, help: "Cores to wait for."),
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
    .flag("standby", \.standby, help: "Wait while another coordinator runs, and for the store."),
    .value(
      "standby-cores",
      \.standbyCores,
      "N",
      in: 0...1,
      help: "Further cores that simulate each part and stand by."
    ),
    .flag("verify", \.verify, help: "Simulate every part on two cores, and publish only what both agree on."),
    .flag("no-projections", \.noProjections, help: "Forecast each service without the spikes of those upstream."),
    .flag("ends-with-parent", \.endsWithParent, help: "End when the process that started it ends."),
  ]

  var config: String?
  var redis: String?
  var listen: String?
  var query: String?
  var cores = 2
  var checkpointTicks = 24
  var history = HistoryBound.usualMebibytes
  var standby = false
  var standbyCores = 0
  var verify = false
  var noProjections = false
  var endsWithParent = false

  func run(in context: CommandContext) throws -> ExitCode {
    let options = CoordinatorOptions(
      configuration: try ServiceConfigurationFile.read(config),
      redis: redis ?? context.state.redisURL,
      listen: listen ?? context.state.controlEndpoint,
      query: query ?? context.state.queryEndpoint,
      cores: cores,
      redundancy: try Redundancy(standby: standbyCores, verify: verify),
      memory: context.state.path,
      isStandby: standby,
      ticksPerCheckpoint: checkpointTicks,
      hasProjections: !noProjections,
      history: HistoryBound(mebibytes: history),
      endsWithParent: endsWithParent
    )
    return ExitCode(rawValue: try CapacityCoordinator.run(options, log: context.log)) ?? .failed
  }
}

/// Reads the configuration of the capacity service.
enum ServiceConfigurationFile {
  /// Reads a file and the prior that it names; without one everything has its default.
  static func read(_ path: String?) throws -> ServiceConfiguration {
    guard let path else { return ServiceConfiguration() }
    var configuration = try ServiceConfiguration.read(bytes: try FileText.bytes(of: path), file: path)
    if let prior = configuration.priorPath {
      configuration.prior = try PriorText.read(DocumentPath.resolve(prior, besideFile: path)).bytes
    }
    return configuration
  }
}

extension Redundancy {
  /// What the options ask for.
  init(standby: Int, verify: Bool) throws(UsageError) {
    guard standby == 0 || !verify else {
      throw UsageError(
        "cores that stand by are compared as well, but the run goes on without them; with --verify it does not: choose one"
      )
    }
    self = verify ? .verify : standby > 0 ? .standby : .none
  }
}
