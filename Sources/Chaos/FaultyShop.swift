internal import Basics
internal import Cluster
internal import Documents
internal import FoundationEssentials
internal import Glibc
internal import StateStore

/// A cluster of real processes on which the demo shop plays at a steady pace: Redis, coordinator, cores and a spare.
///
/// It keeps its processes alive as `synfire up` does, with the same supervisor, except where a fault holds that up.
final class FaultyShop {
  /// How it is started.
  struct Plan {
    var program: String
    var cores = 3
    var spares = 1
    /// Times as fast as real time; nil as fast as it is read.
    var speed: Int? = FaultyShop.usualSpeed
    /// Whether frames go through a proxy.
    var hasProxy = true
    var seed: UInt64 = 1
    /// When the store's disk has what it answers for.
    var sync = PrivateRedis.Sync.everySecond
    /// A folder for the logs of what has ended; nil for none.
    var logs: String?
    /// Whether the store lies on a small disk of its own.
    var hasOwnDisk = false
  }

  /// Days of the shop, more than any history takes.
  static let days = 14
  /// Ten ticks of ten minutes a second.
  static let usualSpeed = 6000

  let plan: Plan
  let folder: ChaosFolder
  let store: PrivateRedis
  let storeFolder: String
  let proxy: SpikeProxy?
  let watch: PublicationWatch
  let supervisor: Supervisor
  private(set) var feed: ChildProcess?
  /// Whether what ended is started again; a fault may need it to stay away for a time.
  var isSupervised = true
  var isStoreSupervised = true
  /// What faults want to be done again and again.
  var everyTurn: [Int: () -> Void] = [:]
  /// Processes that faults started beside the cluster.
  var guests: [ChildProcess] = []
  /// Length of the store's log by time, to cut off what a disk would have lost.
  private var logLengths: [(milliseconds: Int64, name: String, bytes: UInt64)] = []
  private var nextLengthLook: Int64 = 0
  /// Whether a member ended for good, and how.
  private(set) var refusal: String?

  var storeURL: String { "unix://\(store.socketPath)" }
  var configuration: String { folder.file("shop/shop.yaml") }

  /// Starts everything.
  init(_ plan: Plan) throws {
    self.plan = plan
    folder = try ChaosFolder(hasOwnDisk: plan.hasOwnDisk)
    storeFolder = plan.hasOwnDisk ? "\(folder.disk)/redis" : folder.file("redis")
    try FileManager.default.createDirectory(atPath: storeFolder, withIntermediateDirectories: true)
    store = try PrivateRedis(folder: storeFolder, socketPath: folder.file("redis.sock"), sync: plan.sync)
    watch = PublicationWatch(address: store.address)
    let log = Log(least: .silent)
    supervisor = Supervisor(program: plan.program, logFolder: folder.path, log: log)
    let places = 0..<plan.cores + plan.spares
    proxy =
      plan.hasProxy
      ? try SpikeProxy(
        places.map { [folder] in (folder.file("front-\($0).sock"), folder.file("core-\($0).sock")) },
        seed: plan.seed
      ) : nil
    try write()
    try startStore()
    try supervisor.start(
      .init(name: "coordinator", arguments: coordinator(), finalCodes: [5, CoordinatorDriver.lossCode])
    )
    for place in places { try supervisor.start(.init(name: "core-\(place)", arguments: core(place), finalCodes: [])) }
  }

  /// The arguments of a coordinator.
  func coordinator(configuration: String? = nil, sockets: String = "") -> [String] {
    [
      "coordinator", "--config", configuration ?? self.configuration, "--redis", storeURL, "--cores", "\(plan.cores)",
      "--listen", "ipc://\(folder.file("control\(sockets).sock"))", "--query",
      "ipc://\(folder.file("query\(sockets).sock"))", "--checkpoint-ticks", "24", "--standby", "--ends-with-parent",
    ]
  }

  private func core(_ place: Int) -> [String] {
    let words = [
      "core", "--redis", storeURL, "--coordinator", "ipc://\(folder.file("control.sock"))", "--place", "\(place)",
      "--ends-with-parent", "--spikes", "ipc://\(folder.file("core-\(place).sock"))",
    ]
    guard proxy != nil else { return words }
    return words + ["--exchange", "ipc", "--advertise", "ipc://\(folder.file("front-\(place).sock"))"]
  }

  private static let shop = [
    "demo", "shop", "--days", "\(days)", "--start", "2026-11-02T00:00:00Z", "--tick", "10 min", "--sample", "5 min",
  ]

  private func write() throws {
    let written = try ChildProcess(
      plan.program,
      Self.shop + ["--files", folder.file("shop")],
      output: .appended(path: folder.file("feed.log"))
    )
    guard written.wait() == .exited(code: 0) else { throw ChaosError("the shop's files were not written") }
  }

  /// Starts the feed.
  func startFeed() throws {
    let pace = plan.speed.map { ["--speed", "\($0)"] } ?? []
    feed = try ChildProcess(
      plan.program,
      ["tied", "--", plan.program] + Self.shop + ["--redis", storeURL, "--quiet"] + pace,
      output: .appended(path: folder.file("feed.log"))
    )
  }

  /// Ends the feed.
  func stopFeed() { _ = feed?.stop(withinMilliseconds: 10_000) }

  /// Starts the store, again where it was killed.
  func startStore() throws { try store.start(withinMilliseconds: 20_000, launcher: [plan.program, "tied", "--"]) }

  /// Looks after the processes once, and at what is published.
  func look() throws {
    // On a full disk a store that writes before it answers cannot stay up: it has to wait for room.
    if isStoreSupervised, store.hasEnded() { try? startStore() }
    if isSupervised, refusal == nil {
      do { try supervisor.look() } catch { refusal = "\(error)" }
      if supervisor.isDone("coordinator") { refusal = lastWords(of: "coordinator") }
    }
    for turn in everyTurn.values { turn() }
    watch.look()
    lookAtLog()
  }

  /// Lets time pass, until something holds; false when it did not in time.
  @discardableResult func wait(milliseconds: Int64, until holds: () throws -> Bool = { false }) throws -> Bool {
    let end = MonotonicClock.nowMilliseconds() + milliseconds
    while true {
      try look()
      if try holds() { return true }
      guard MonotonicClock.nowMilliseconds() < end else { return false }
      guard Interruption.wait(milliseconds: 4) else { throw ChaosError("interrupted") }
    }
  }

  /// The number of a running process by its name (`coordinator`, `core-0`).
  func pid(_ name: String) -> Int32? { supervisor.processes.first { $0.name == name }?.pid }

  /// The cores that run.
  var cores: [(place: Int, pid: Int32)] {
    supervisor.processes.compactMap { name, pid in
      name.hasPrefix("core-") ? Int(name.dropFirst(5)).map { ($0, pid) } : nil
    }
  }

  /// The cores that simulate a part at this moment, as the coordinator says; all where it does not answer.
  func members() -> [(place: Int, pid: Int32)] {
    let answer = folder.file("cores.json")
    try? FileManager.default.removeItem(atPath: answer)
    let words = ["cores", "-o", "json", "--server", "ipc://\(folder.file("query.sock"))"]
    let asked = try? ChildProcess(plan.program, words, output: .appended(path: answer))
    _ = asked?.wait(timeoutMilliseconds: 3000) ?? asked?.stop()
    guard let bytes = FileManager.default.contents(atPath: answer),
      let said = try? JSONValue(parsing: String(decoding: bytes, as: UTF8.self))
    else { return cores }
    let pids = said.elements.filter { $0["core"]?.int != nil }.compactMap { $0["pid"]?.int }
    let found = cores.filter { pids.contains(Int($0.pid)) }
    return found.isEmpty ? cores : found
  }

  /// Sends a signal to a process of the cluster, which only `look` reaps: the number is still its own.
  func send(_ signal: ProcessSignal, to pid: Int32?) { if let pid { _ = kill(pid, signal.rawValue) } }

  /// The end of a log.
  func lastWords(of name: String, lines: Int = 1) -> String {
    let bytes = FileManager.default.contents(atPath: folder.file("\(name).log")) ?? Data()
    return String(decoding: bytes.suffix(20_000), as: UTF8.self).split(separator: "\n").suffix(lines)
      .joined(separator: "\n")
  }

  /// Ends everything and removes the folder.
  func stop() {
    stopFeed()
    for guest in guests { _ = guest.stop(withinMilliseconds: 5000) }
    supervisor.stopAll()
    proxy?.stop()
    store.stop()
    folder.remove(keepingLogsIn: plan.logs)
  }

  private func lookAtLog() {
    let now = MonotonicClock.nowMilliseconds()
    guard now >= nextLengthLook else { return }
    nextLengthLook = now + 50
    guard let (name, bytes) = newestLog() else { return }
    logLengths.removeAll { now - $0.milliseconds > 3000 || $0.name != name }
    logLengths.append((now, name, bytes))
  }

  private func newestLog() -> (name: String, bytes: UInt64)? {
    let path = "\(storeFolder)/appendonlydir"
    let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    guard let name = names.filter({ $0.hasSuffix(".incr.aof") }).max(by: { ($0.count, $0) < ($1.count, $1) }) else {
      return nil
    }
    return (name, ChaosFolder.length(of: "\(path)/\(name)"))
  }

  /// Cuts off the end of the store's log what was written in the last so many ms, as a machine does that loses its
  /// power; some bytes more leave a command broken.
  func cutLog(milliseconds: Int64, and more: UInt64) throws {
    guard let (name, now) = newestLog() else { return }
    let since = MonotonicClock.nowMilliseconds() - milliseconds
    let kept = logLengths.filter { $0.name == name && $0.milliseconds <= since }.last?.bytes ?? now
    let length = kept > more ? kept - more : 0
    guard unsafe truncate("\(storeFolder)/appendonlydir/\(name)", off_t(length)) == 0 else {
      throw ChaosError("cannot cut \(name)")
    }
  }
}
