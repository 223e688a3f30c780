internal import Basics
internal import Cluster
internal import FoundationEssentials
internal import StateStore
internal import Transport

/// The processes of one machine's capacity service, kept alive by a supervisor.
final class LocalCluster {
  /// Where the store is.
  let redisURL: String
  /// Where the processes log.
  let logFolder: String
  private let arguments: (coordinator: [String], core: [String])
  private let firstCores: Int
  private let spares: Int
  private let exchange: ExchangeKind
  private let tenant: String
  private let state: StateFolder
  private let supervisor: Supervisor
  private let redis: PrivateRedis?
  private let lock: FileLock
  /// When the store was started again last, may be next, and the pause between, in ms.
  private var storeStart: (last: Int64, next: Int64, pause: Int64) = (0, 0, 50)
  private let log: Log
  private let watch: MembershipWatch
  /// What stands before a command line so that the process ends with this one, however this one ends.
  private let tied: [String]

  /// Prepares the folders; refuses a state folder that another cluster uses.
  init(
    configurationPath: String?,
    tenant: String,
    cores: Int,
    spares: Int,
    redundancy: Redundancy = .none,
    redis: String?,
    history: HistoryBound = HistoryBound(),
    checkpointTicks: Int,
    hasProjections: Bool,
    exchange: ExchangeKind = .auto,
    sync: PrivateRedis.Sync = .everySecond,
    state: StateFolder,
    log: Log
  ) throws {
    guard let program = CurrentProcess.programPath else {
      throw CommandFailure(.failed, "the path of this program cannot be read; is /proc mounted?")
    }
    (firstCores, self.spares, self.tenant, self.state, self.log) = (
      cores * redundancy.copies, spares, tenant, state, log
    )
    // The longest of the names that the processes will use.
    let length = "\(state.path)/core-00-0000000.sock".utf8.count
    guard length <= UnixSocket.longestPathBytes else {
      throw CommandFailure(
        .failed,
        "the state folder \(state.path) is too long: sockets in it have paths of \(length) bytes, and a Unix socket's "
          + "has at most \(UnixSocket.longestPathBytes); set SYNFIRE_STATE to a shorter one"
      )
    }
    logFolder = "\(state.path)/logs"
    do {
      try FileManager.default.createDirectory(
        atPath: logFolder,
        withIntermediateDirectories: true,
        attributes: [.posixPermissions: 0o700]
      )
    } catch {
      throw CommandFailure(
        .failed,
        "the state folder \(state.path) cannot be made; set SYNFIRE_STATE to a writable one"
      )
    }
    guard let lock = try FileLock(path: "\(state.path)/up.lock") else {
      throw CommandFailure(
        .failed,
        "another 'synfire up' uses the state folder \(state.path); end it, or set SYNFIRE_STATE to another folder"
      )
    }
    self.lock = lock
    self.redis = redis == nil ? try PrivateRedis(folder: state.path, sync: sync) : nil
    redisURL = redis ?? state.redisURL
    tied = TiedCommand.words(program)
    supervisor = Supervisor(program: program, logFolder: logFolder, log: log)
    var coordinator = [
      "coordinator", "--redis", redisURL, "--listen", state.controlEndpoint, "--query", state.queryEndpoint,
      "--cores", "\(cores)", "--checkpoint-ticks", "\(checkpointTicks)", "--history", "\(history.mebibytes)",
      "--standby", "--ends-with-parent",
    ]
    switch redundancy {
    case .none: break
    case .standby: coordinator += ["--standby-cores", "1"]
    case .verify: coordinator.append("--verify")
    }
    if let configurationPath { coordinator += ["--config", configurationPath] }
    if !hasProjections { coordinator.append("--no-projections") }
    let core = ["core", "--redis", redisURL, "--coordinator", state.controlEndpoint, "--ends-with-parent"]
    arguments = (coordinator, core + ["--exchange", exchange.rawValue])
    self.exchange = exchange
    watch = try MembershipWatch(endpoint: state.queryEndpoint)
  }

  /// Does something with the store, again while it is away: it may be killed at any time and is started again here.
  func patiently<Result>(_ body: () throws -> Result) throws -> Result {
    let end = MonotonicClock.nowMilliseconds() + 30_000
    while true {
      do { return try body() } catch let error as StoreError {
        guard error.isTransient, MonotonicClock.nowMilliseconds() < end else { throw error }
        try look()
        guard Interruption.wait(milliseconds: 50) else { throw error }
      }
    }
  }

  /// Starts everything; returns when the processes run, not yet when they are ready.
  ///
  /// A store that is not there or not fit is told at once: the processes themselves would wait for it.
  func start() throws {
    if let redis {
      try redis.start(launcher: tied)
      supervisor.keepBounded(log: redis.logPath)
    } else {
      _ = try RedisConnection(RedisAddress(redisURL)).checkServer()
    }
    try supervisor.start(
      .init(
        name: "coordinator",
        arguments: arguments.coordinator,
        finalCodes: [ExitCode.differs.rawValue, ExitCode.stale.rawValue]
      )
    )
    for i in 0..<firstCores + spares { try start(core: "\(i)") }
  }

  private func start(core place: String) throws {
    let spikes = exchange == .tcp ? "tcp://127.0.0.1:*" : "ipc://\(state.path)/core-\(place)-{pid}.sock"
    try supervisor.start(
      .init(
        name: "core-\(place)",
        arguments: arguments.core + ["--place", place, "--spikes", spikes],
        finalCodes: []
      )
    )
  }

  /// Starts and ends cores as the coordinator wants.
  private func followScale() throws {
    guard let membership = try watch.take() else { return }
    let places = supervisor.names.filter { $0.hasPrefix("core-") }.map { String($0.dropFirst(5)) }
    let crew = Crew(places: places, spares: spares, membership)
    watch.surplus = crew.surplus
    for place in crew.start {
      log.info("one more core is started", ("process", "core-\(place)"))
      try start(core: place)
    }
    for place in crew.stop {
      log.info("a core is not needed any more", ("process", "core-\(place)"))
      supervisor.end("core-\(place)")
    }
  }

  /// Feeds this machine's own load.
  func collectHost() throws {
    try supervisor.start(
      .init(
        name: "collect",
        arguments: tied.dropFirst() + [tied[0], "collect", "host", "--redis", redisURL, "--tenant", tenant],
        finalCodes: []
      )
    )
  }

  /// Starts again what died.
  func look() throws {
    if let redis, redis.hasEnded() { startAgain(redis) }
    try supervisor.look()
    try followScale()
    if supervisor.finalCode(of: "coordinator") == ExitCode.stale.rawValue {
      throw CommandFailure(
        .stale,
        "the store lost the run and nothing goes on over it: restore it from a backup, or start anew as the end of "
          + "\(logFolder)/coordinator.log says"
      )
    }
    if supervisor.isDone("coordinator") {
      throw CommandFailure(.differs, "the run diverged and was stopped; \(logFolder)/coordinator.log says where")
    }
  }

  /// Starts the store again, after a growing pause where it does not stay up: on a full disk it has to wait for room.
  private func startAgain(_ redis: PrivateRedis) {
    let now = MonotonicClock.nowMilliseconds()
    guard now >= storeStart.next else { return }
    let pause = now - storeStart.last < 2000 ? min(2000, storeStart.pause * 2) : 50
    storeStart = (now, now + pause, pause)
    log.warning("the private redis ended and is started again")
    do { try redis.start(launcher: tied) } catch {
      log.warning("the private redis did not start", ("error", "\(error)"))
    }
  }

  /// The running processes.
  var processes: [(name: String, pid: Int32)] {
    supervisor.processes + (redis?.process.map { [("redis", $0.pid)] } ?? [])
  }

  /// Ends everything and waits for it.
  func stop() {
    supervisor.stopAll()
    redis?.stop()
    SharedMemoryExchange.removeLeftovers()
    for name in (try? FileManager.default.contentsOfDirectory(atPath: state.path)) ?? []
    where name.hasPrefix("core-") && name.hasSuffix(".sock") {
      try? FileManager.default.removeItem(atPath: "\(state.path)/\(name)")
    }
  }
}
