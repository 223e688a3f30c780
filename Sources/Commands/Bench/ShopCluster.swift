internal import Basics
internal import Cluster
internal import Documents
internal import FoundationEssentials
internal import Glibc
internal import StateStore
internal import Workloads

/// A private cluster in a temporary folder, with ticks that are fed to it when a benchmark wants.
final class ShopCluster {
  /// The context of commands that talk to this cluster.
  let context: CommandContext
  /// The shop that is fed; of another load one that nobody sees.
  let shop: Shop
  private let load: ClusterLoad
  private let folder: String
  private let cluster: LocalCluster
  private let published: RedisTickStore
  private var feed: StreamFeed
  /// Ticks given so far.
  private(set) var fedTicks = 0

  private static let patienceMilliseconds: Int64 = 60_000

  /// Starts a cluster for so many days of the shop.
  convenience init(
    _ outer: CommandContext,
    cores: Int,
    days: Int,
    redundancy: Redundancy = .none,
    history: HistoryBound = HistoryBound(),
    keptSamples: Int = MetricStream.usuallyKept
  ) throws {
    let shop = Shop(seed: 1, start: ClusterLoad.start, days: days)
    try self.init(
      outer,
      cores: cores,
      load: .shop(shop),
      shop: shop,
      redundancy: redundancy,
      history: history,
      keptSamples: keptSamples
    )
  }

  /// Starts Redis, coordinator and cores; returns when they run, not yet when they are ready.
  init(
    _ outer: CommandContext,
    cores: Int,
    load: ClusterLoad,
    shop: Shop = Shop(seed: 1, start: ClusterLoad.start, days: 1),
    redundancy: Redundancy = .none,
    history: HistoryBound = HistoryBound(),
    keptSamples: Int = MetricStream.usuallyKept
  ) throws {
    folder = "/tmp/synfire-bench-\(CurrentProcess.pid)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    var context = outer
    context.environment["SYNFIRE_STATE"] = folder
    context.log.least = outer.globals.verbose ? .info : .error
    self.context = context
    (self.load, self.shop) = (load, shop)
    do {
      let path = "\(folder)/service.yaml"
      try FileText.write(load.configuration, to: path)
      cluster = try LocalCluster(
        configurationPath: path,
        tenant: load.tenant,
        cores: cores,
        spares: 0,
        redundancy: redundancy,
        redis: nil,
        history: history,
        checkpointTicks: 24,
        hasProjections: true,
        state: context.state,
        log: context.log
      )
    } catch {
      try? FileManager.default.removeItem(atPath: folder)
      throw error
    }
    do {
      try cluster.start()
      feed = try StreamFeed(context, redis: nil, tenant: load.tenant, mostUnread: 20_000, keptSamples: keptSamples)
      published = try RedisTickStore(context.connect(nil), tenant: load.tenant)
    } catch {
      cluster.stop()
      try? FileManager.default.removeItem(atPath: folder)
      throw error
    }
  }

  /// Ends all processes and removes the folder.
  func stop() {
    cluster.stop()
    try? FileManager.default.removeItem(atPath: folder)
  }

  /// Gives the next ticks to the coordinator, with further samples, made from the start of each tick.
  func feed(ticks: Int, with others: (Timestamp) -> [Sample] = { _ in [] }) throws {
    for _ in 0..<ticks {
      let tick = Tick(load.first.index + Int64(fedTicks))
      for sample in load.samples(tick) { try feed.add(.sample(sample)) }
      for sample in others(Timestamp(milliseconds: tick.index * load.tickMilliseconds)) {
        try feed.add(.sample(sample))
      }
      try feed.add(.watermark(Timestamp(milliseconds: (tick.index + 1) * load.tickMilliseconds)))
      fedTicks += 1
    }
    try feed.flush()
  }

  /// The running processes.
  var processes: [(name: String, pid: Int32)] { cluster.processes }

  /// Starts again what died; call it every few ms.
  func look() throws { try cluster.look() }

  /// Ticks published so far, as the store has them; it may be away for a moment.
  func publishedTicks() throws -> Int {
    try cluster.patiently {
      if !published.connection.isOpen { try published.connection.reconnect() }
      return try published.lastPublished().map { Int($0.ordinal) + 1 } ?? 0
    }
  }

  /// Whether the store answers at this moment.
  var storeAnswers: Bool { (try? context.connect(cluster.redisURL).command(["PING"])) != nil }

  /// The longest pause that a core made for its last checkpoint, in ms, and the bytes of the largest one.
  func largestCheckpoint() throws -> (milliseconds: Double, bytes: Double) {
    let cores = try QueryClient(context).ask("cores").result.elements
    return (
      cores.compactMap { $0["pause_milliseconds"]?.double }.max() ?? 0,
      cores.compactMap { $0["checkpoint_bytes"]?.double }.max() ?? 0
    )
  }

  /// Waits until all cores are members that should be.
  func waitUntilSettled() throws {
    let client = try QueryClient(context)
    let end = MonotonicClock.nowMilliseconds() + Self.patienceMilliseconds
    while try client.ask("membership").result["settled"] != .bool(true) {
      try look()
      guard MonotonicClock.nowMilliseconds() < end else {
        throw CommandFailure(.timedOut, "not all cores were taken in within a minute\(lastWords)")
      }
      guard Interruption.wait(milliseconds: 5) else { throw CommandFailure(.interrupted, "interrupted") }
    }
  }

  /// Waits until so many ticks are published, and looks after the processes meanwhile.
  func wait(untilPublished count: Int) throws {
    let end = MonotonicClock.nowMilliseconds() + Self.patienceMilliseconds
    while true {
      try look()
      let done = try publishedTicks()
      if done >= count { return }
      guard MonotonicClock.nowMilliseconds() < end else {
        throw CommandFailure(.timedOut, "only \(done) of \(count) ticks were published within a minute\(lastWords)")
      }
      guard Interruption.wait(milliseconds: 5) else { throw CommandFailure(.interrupted, "interrupted") }
    }
  }

  /// The last lines that the coordinator logged, since the folder with its log goes away.
  private var lastWords: String {
    let bytes = FileManager.default.contents(atPath: "\(cluster.logFolder)/coordinator.log") ?? Data()
    let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n").suffix(3)
    return lines.isEmpty ? "" : "; the coordinator's last words:\n  " + lines.joined(separator: "\n  ")
  }

  /// Ends one process as a crash would.
  func kill(_ name: String) throws {
    guard let process = cluster.processes.first(where: { $0.name == name }) else {
      throw CommandFailure(.failed, "there is no process '\(name)' to end; is it being started again?")
    }
    // Only `look` reaps processes, so the number is still of that process.
    _ = Glibc.kill(process.pid, SIGKILL)
  }
}
