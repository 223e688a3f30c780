public import StateStore

internal import Basics
internal import FoundationEssentials

/// Two Redis servers on loopback, one the replica of the other, and a sentinel that promotes it when the first is gone.
///
/// Belongs to one thread.
public final class ReplicatedStore {
  private struct Server {
    var port: Int32
    var process: ChildProcess
  }

  /// The address that names the sentinel.
  public let address: RedisAddress
  /// The same as it is written in a command line.
  public var url: String { "\(address)" }
  private let folder: String
  private let sync: PrivateRedis.Sync
  private let launcher: [String]
  private var servers: [Server] = []
  private var sentinel: ChildProcess?
  private let sentinelPort: Int32
  private var nextLook: Int64 = 0
  private static let name = "store"

  /// Starts them in a folder and waits until the replica has everything; `launcher` stands before each command line.
  public init(folder: String, sync: PrivateRedis.Sync = .everySecond, launcher: [String] = []) throws {
    (self.folder, self.sync, self.launcher) = (folder, sync, launcher)
    sentinelPort = try LoopbackPort.free()
    address = try RedisAddress("sentinel://127.0.0.1:\(sentinelPort)/\(Self.name)")
    for _ in 0..<2 { servers.append(try start(port: LoopbackPort.free(), replicaOf: servers.first?.port)) }
    let first = servers[0].port
    // The sentinel asks for replicas when it starts, and only every ten seconds after that.
    try wait("a replica") { try information(of: first).contains("state=online") }
    try startSentinel(watching: first)
    try wait("a sentinel that knows the replica") { isWhole }
  }

  deinit { stop() }

  /// The port of the present primary, as the sentinel says; nil while it does not.
  public var primaryPort: Int32? {
    (try? sentinelAnswer("get-master-addr-by-name"))?.elements?.last?.number.map { Int32(clamping: $0) }
  }

  /// Whether the primary has a replica that can take over at once.
  public var isWhole: Bool {
    let replicas = (try? sentinelAnswer("replicas"))?.elements ?? []
    return replicas.contains { replica in
      let words = (replica.elements ?? []).map { $0.text ?? "" }
      func value(_ key: String) -> String? { words.firstIndex(of: key).map { words[$0 + 1] } }
      return value("flags") == "slave" && value("master-link-status") == "ok"
    }
  }

  /// Ends the primary as `kill -9` does and returns its port.
  @discardableResult public func killPrimary() throws -> Int32 {
    guard let port = primaryPort, let server = servers.first(where: { $0.port == port }) else {
      throw ChaosError("the sentinel names no primary")
    }
    server.process.send(.kill)
    server.process.wait()
    return port
  }

  /// Starts a server that has ended again, once another one is the primary, as its replica.
  public func look() throws {
    let now = MonotonicClock.nowMilliseconds()
    guard now >= nextLook else { return }
    nextLook = now + 100
    for i in servers.indices where servers[i].process.poll() != nil {
      guard let primary = primaryPort, primary != servers[i].port else { continue }
      servers[i] = try start(port: servers[i].port, replicaOf: primary)
    }
  }

  /// Ends everything.
  public func stop() {
    sentinel?.stop()
    for server in servers { server.process.stop() }
    (sentinel, servers) = (nil, [])
  }

  private func start(port: Int32, replicaOf primary: Int32?) throws -> Server {
    let place = "\(folder)/store-\(port)"
    try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
    let words = [
      "redis-server", "--port", "\(port)", "--bind", "127.0.0.1", "--dir", place, "--daemonize", "no", "--appendonly",
      "yes",
      "--appendfsync", sync.rawValue, "--save", "", "--maxmemory-policy", "noeviction", "--repl-diskless-sync-delay",
      "0",
    ]
    return Server(port: port, process: try run(words + (primary.map { ["--replicaof", "127.0.0.1", "\($0)"] } ?? [])))
  }

  private func startSentinel(watching primary: Int32) throws {
    let path = "\(folder)/sentinel.conf"
    let text = """
      port \(sentinelPort)
      bind 127.0.0.1
      dir \(folder)
      sentinel monitor \(Self.name) 127.0.0.1 \(primary) 1
      sentinel down-after-milliseconds \(Self.name) 1000
      sentinel failover-timeout \(Self.name) 1000

      """
    try Data(text.utf8).write(to: URL(filePath: path))
    sentinel = try run(["redis-server", path, "--sentinel"])
  }

  private func run(_ words: [String]) throws -> ChildProcess {
    let all = launcher + words
    return try ChildProcess(all[0], Array(all.dropFirst()), output: .appended(path: "\(folder)/replicated.log"))
  }

  private func sentinelAnswer(_ question: String) throws -> RedisReply {
    let address = try RedisAddress("redis://127.0.0.1:\(sentinelPort)")
    return try RedisConnection(address, connectMilliseconds: 300, commandMilliseconds: 300)
      .command(["SENTINEL", .init(question), .init(Self.name)])
  }

  private func information(of port: Int32) throws -> String {
    let address = try RedisAddress("redis://127.0.0.1:\(port)")
    return try RedisConnection(address).command(["INFO", "replication"]).text ?? ""
  }

  private func wait(_ what: String, until holds: () throws -> Bool) throws {
    let end = MonotonicClock.nowMilliseconds() + 20_000
    while (try? holds()) != true {
      guard MonotonicClock.nowMilliseconds() < end, Interruption.wait(milliseconds: 20) else {
        throw ChaosError("\(what) did not come; \(folder)/replicated.log may say why")
      }
    }
  }
}
