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
    /// Where its parts lie.
    var stage = Fault.Stage.shop
    var cores = 3
    var spares = 1
    /// Times as fast as real time; nil as fast as it is read.
    var speed: Int? = FaultyShop.usualSpeed
    /// Whether frames go through a proxy.
    var hasProxy = true
    var ticksPerCheckpoint = 24
    var seed: UInt64 = 1
    /// When the store's disk has what it answers for.
    var sync = PrivateRedis.Sync.everySecond
    /// A folder for the logs of what has ended; nil for none.
    var logs: String?
    /// Whether the store lies on a small disk of its own.
    var hasOwnDisk = false
    /// Whether clocks can be made to jump.
    var hasClocks = false
  }

  /// Days of the shop, more than any history takes.
  static let days = 14
  /// Ten ticks of ten minutes a second.
  static let usualSpeed = 6000

  let plan: Plan
  let folder: ChaosFolder
  /// The one server, or two of which a sentinel chooses.
  let store: PrivateRedis?
  let replicated: ReplicatedStore?
  let storeAddress: RedisAddress
  let clocks: FaultyClocks?
  let proxy: SpikeProxy?
  let watch: PublicationWatch
  let supervisor: Supervisor
  /// Where the coordinator listens for cores.
  let controlEndpoint: String
  private(set) var feed: ChildProcess?
  /// Whether what ended is started again; a fault may need it to stay away for a time.
  var isSupervised = true
  var isStoreSupervised = true
  /// What faults want to be done again and again.
  var everyTurn: [Int: () -> Void] = [:]
  /// Processes that faults started beside the cluster.
  var guests: [ChildProcess] = []
  /// What the disk of the store would have lost.
  private(set) var storeLog: StoreLog
  /// Whether a member ended for good, and how.
  private(set) var refusal: String?
  /// Places that cores were started for.
  private var coresStarted = 0
  /// Machines that there were so far, by the last number of their address.
  private var machines = 1

  /// Starts everything.
  init(_ plan: Plan) throws {
    self.plan = plan
    folder = try ChaosFolder(hasOwnDisk: plan.hasOwnDisk)
    let storeFolder = plan.hasOwnDisk ? "\(folder.disk)/redis" : folder.file("redis")
    try FileManager.default.createDirectory(atPath: storeFolder, withIntermediateDirectories: true)
    storeLog = StoreLog(folder: storeFolder)
    clocks = plan.hasClocks ? FaultyClocks(beside: plan.program, in: folder.path) : nil
    if plan.stage == .hosts {
      let made = try ReplicatedStore(folder: storeFolder, sync: plan.sync, launcher: [plan.program, "tied", "--"])
      (store, replicated, storeAddress) = (nil, made, made.address)
      controlEndpoint = "tcp://127.0.0.1:\(try LoopbackPort.free())"
    } else {
      let made = try PrivateRedis(folder: storeFolder, socketPath: folder.file("redis.sock"), sync: plan.sync)
      (store, replicated, storeAddress) = (made, nil, made.address)
      controlEndpoint = "ipc://\(folder.file("control.sock"))"
    }
    watch = PublicationWatch(address: storeAddress)
    supervisor = Supervisor(program: "env", logFolder: folder.path, log: Log(least: .silent))
    let places = 0..<plan.cores * (plan.stage == .copies ? 2 : 1) + plan.spares
    proxy =
      plan.hasProxy
      ? try SpikeProxy(
        places.map { [folder] in (folder.file("front-\($0).sock"), folder.file("core-\($0).sock")) },
        seed: plan.seed
      ) : nil
    try write()
    try startStore()
    try start("coordinator", coordinator(), finalCodes: [5, CoordinatorDriver.lossCode])
    for _ in places { try startCore() }
  }

  private func start(_ name: String, _ words: [String], finalCodes: Set<Int32> = []) throws {
    let words = try (clocks?.words(for: name) ?? []) + [plan.program] + words
    try supervisor.start(.init(name: name, arguments: words, finalCodes: finalCodes))
  }

  private func startCore() throws {
    try start("core-\(coresStarted)", core(coresStarted))
    coresStarted += 1
  }

  /// Starts a core on another machine, which has another address and shares no memory, and returns its place.
  func startCoreElsewhere() throws -> Int {
    machines += 1
    let endpoint = "tcp://127.0.0.\(machines):\(try LoopbackPort.free())"
    let words = core(coresStarted, spikes: endpoint) + ["--exchange", "tcp", "--advertise", endpoint]
    try start("core-\(coresStarted)", words)
    coresStarted += 1
    return coresStarted - 1
  }

  /// Takes the place of a core away: the machine that it is on is gone.
  func removeCore(_ place: Int) {
    send(.kill, to: pid("core-\(place)"))
    supervisor.end("core-\(place)")
  }

  /// Starts the feed.
  func startFeed() throws {
    feed = try ChildProcess(
      plan.program,
      ["tied", "--", plan.program] + feedWords,
      output: .appended(path: folder.file("feed.log"))
    )
  }

  /// Ends the feed.
  func stopFeed() { _ = feed?.stop(withinMilliseconds: 10_000) }

  /// Starts the store, again where it was killed.
  func startStore() throws {
    try store?.start(
      withinMilliseconds: 20_000,
      launcher: [plan.program, "tied", "--", "env"] + (clocks?.words(for: "store") ?? [])
    )
  }

  /// Looks after the processes once, and at what is published.
  func look() throws {
    // On a full disk a store that writes before it answers cannot stay up: it has to wait for room.
    if isStoreSupervised, store?.hasEnded() == true { try? startStore() }
    try replicated?.look()
    if isSupervised, refusal == nil {
      do { try supervisor.look() } catch { refusal = "\(error)" }
      if supervisor.isDone("coordinator") { refusal = lastWords(of: "coordinator") }
    }
    for turn in everyTurn.values { turn() }
    watch.look()
    storeLog.look()
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

  /// Bytes of a log.
  func logLength(of name: String) -> Int { Int(ChaosFolder.length(of: folder.file("\(name).log"))) }

  /// What was logged after so many bytes.
  func text(of name: String, from start: Int) -> String {
    let bytes = FileManager.default.contents(atPath: folder.file("\(name).log")) ?? Data()
    return String(decoding: bytes.dropFirst(start), as: UTF8.self)
  }

  /// Ends everything and removes the folder.
  func stop() {
    stopFeed()
    for guest in guests { _ = guest.stop(withinMilliseconds: 5000) }
    supervisor.stopAll()
    proxy?.stop()
    store?.stop()
    replicated?.stop()
    folder.remove(keepingLogsIn: plan.logs)
  }
}
