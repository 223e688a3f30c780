internal import Basics
internal import Cluster
internal import Transport

extension ExchangeKind: OptionValue {}

/// One core process, for supervisors and launch scripts.
struct CoreCommand: Command {
  static let name = "core"
  static let summary = "Runs one core: simulates the parts of the network that the coordinator assigns to it."
  static let details = """
    It connects to the coordinator in the background and waits for it as long as it takes; started beyond the number of \
    cores that a run wants, it is a spare that takes over when another dies. '{pid}' in the endpoint stands for the \
    process, '*' in place of a port for one that the system chooses. Cores of one machine that share /dev/shm find \
    each other and exchange spikes in memory, unless --exchange says otherwise; the endpoint is for all others.
    """
  static let fields: [Field<Self>] = [
    .value(
      "coordinator",
      \.coordinator,
      "ENDPOINT",
      isRequired: true,
      help: "Where the coordinator listens for cores."
    ),
    .value("redis", \.redis, "URL", help: "The store with the checkpoints; needed where the run has any."),
    .value(
      "spikes",
      \.spikes,
      "ENDPOINT",
      help: "Where to listen for the spikes of other cores (default: a free port of 127.0.0.1)."
    ),
    .value(
      "advertise",
      \.advertise,
      "ENDPOINT",
      help: "Where the other cores reach it, when a port is mapped or an address translated on the way."
    ),
    .value("exchange", \.exchange, "PATH", help: "How spikes travel between cores."),
    .value("place", \.place, "NAME", help: "A name that a new core takes over from the one before it."),
    .flag("ends-with-parent", \.endsWithParent, help: "End when the process that started it ends."),
  ]

  var coordinator = ""
  var redis: String?
  var spikes: String?
  var advertise: String?
  var exchange = ExchangeKind.auto
  var place = ""
  var endsWithParent = false

  func run(in context: CommandContext) throws -> ExitCode {
    let usual = exchange == .ipc ? "ipc:///tmp/synfire-core-{pid}.sock" : "tcp://127.0.0.1:*"
    let endpoint = spikes ?? usual
    guard exchange.fits(endpoint) else {
      throw UsageError("--exchange \(exchange.rawValue) does not go with --spikes \(endpoint); leave one of them out")
    }
    guard advertise == nil || exchange != .sharedMemory else {
      throw UsageError("--advertise names a socket and --exchange shared-memory uses none; leave one of them out")
    }
    let options = CoreOptions(
      coordinator: coordinator,
      place: place,
      spikes: endpoint,
      advertised: advertise ?? "",
      exchange: exchange,
      endsWithParent: endsWithParent
    )
    let store = try redis.map { try RedisBlobStore(url: $0) }
    let core = try CoreProcess(options: options, store: store, makeProgram: { HostedProgram() }, log: context.log)
    return ExitCode(rawValue: try core.run()) ?? .failed
  }
}
