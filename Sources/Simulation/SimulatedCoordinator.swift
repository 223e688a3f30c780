internal import Basics
internal import Cluster
internal import StateStore
internal import Wire
internal import Workloads

/// A place where coordinators live, one after the other: the driver of the product, with its store and its inputs.
final class SimulatedCoordinator {
  private static let leaseMilliseconds: Int64 = 1500

  private unowned let cluster: SimulatedCluster
  let slot: Int
  /// Grows with every lease taken anywhere.
  private(set) var life = 0
  private(set) var driver: CoordinatorDriver?
  private var process = 0
  private var connection: SimulatedConnection
  private var peers: Set<Incarnation> = []
  private var pausedUntil: Int64 = 0
  private var (seenMoves, seenRecoveries, seenPromotions, seenDivergences) = (0, 0, 0, 0)
  private var world: SimulatedWorld { cluster.world }

  init(_ cluster: SimulatedCluster, slot: Int) {
    (self.cluster, self.slot) = (cluster, slot)
    connection = SimulatedConnection(cluster.server)
  }

  /// A process starts and waits for the lease.
  func start(after delay: Int64) {
    process = world.number()
    let own = process
    driver = nil
    world.after(delay) { [weak self] in
      guard let self, process == own else { return }
      connection = SimulatedConnection(cluster.server)
      connection.onTimeout = { [weak self] in self?.pause(200_000_000) }
      seekLease(own)
    }
  }

  func kill() {
    cluster.tell("coordinator \(slot) killed")
    start(after: Int64(world.uniform() * 300_000_000))
  }

  func pause(_ nanoseconds: Int64) { pausedUntil = max(pausedUntil, world.now + nanoseconds) }

  private func seekLease(_ own: Int) {
    guard process == own else { return }
    let store = RemoteCheckpointStore(connection)
    do {
      if !connection.isOpen { try connection.reconnect() }
      if case .taken(let lease) = try store.takeLease(nonce: UInt64(own), milliseconds: Self.leaseMilliseconds) {
        return try begin(own, store, lease)
      }
    } catch {}
    world.after(50_000_000) { [weak self] in self?.seekLease(own) }
  }

  private func begin(_ own: Int, _ store: RemoteCheckpointStore, _ lease: Lease) throws {
    life = world.number()
    let (connection, watcher, life, world, log) = (
      connection, cluster.watcher, UInt64(life), world, Log(least: .silent)
    )
    let runStore = LeasedRunStore(store, lease: lease, leaseMilliseconds: Self.leaseMilliseconds) {
      try connection.reconnect()
    }
    let remote = RemoteTickStore(connection)
    remote.onSealed = { [weak self] tick in
      guard let kept = try? KeptTick(decoding: tick.bytes) else { return watcher.violate("a sealed tick is no tick") }
      self?.cluster.tell(
        "tick \(tick.ordinal) sealed from \(kept.sealed.values.count) series: \(kept.sealed.values.map(\.value))"
      )
      watcher.noteSealed(Int(tick.ordinal), kept.sealed.encoded(), by: life, at: world.now)
    }
    remote.onRejected = { [weak self] rejections in
      for rejection in rejections { self?.cluster.tell("sample \(rejection.entry.id) put aside: \(rejection.reason)") }
    }
    let source: TickSource
    do {
      try runStore.check("toy", run: "toy", advice: "")
      source = try TickSource(
        configuration: SimulatedReporter.configuration,
        stream: remote,
        store: remote,
        events: remote,
        lease: lease,
        rules: cluster.plan.rules,
        log: log,
        clock: { world.now / 1_000_000 }
      )
    } catch {
      // The process ends and is started again.
      return start(after: 100_000_000)
    }
    let driver = CoordinatorDriver(
      machine: CoordinatorMachine(
        setup: cluster.setup,
        incarnation: Incarnation(life),
        rules: cluster.plan.rules
      ),
      gatherer: SimulatedGatherer(remote, lease, watcher, epochsPerTick: Int64(cluster.setup.epochsPerOutput)),
      store: runStore,
      inputs: source,
      log: log,
      clock: { world.now }
    )
    driver.send = { [weak self] message, to in self?.send(message, to) ?? false }
    driver.stopCores = { _ in }
    self.driver = driver
    peers = []
    (seenMoves, seenRecoveries, seenPromotions, seenDivergences) = (0, 0, 0, 0)
    cluster.outcome.coordinators += 1
    cluster.tell("coordinator \(slot) holds the lease, fence \(lease.fence.number)")
    driver.start()
    turn(own)
  }

  private func send(_ message: ControlMessage, _ to: Incarnation) -> Bool {
    guard let i = cluster.coreOfLife[to] else { return false }
    let carried = cluster.carried(message, message.encoded) { try ControlMessage(decoding: $0) }
    guard let carried, !cluster.loses(message) else { return true }
    cluster.transmit(from: .coordinator(slot), to: .core(i)) { [weak cluster] in
      cluster?.cores[i].receive(carried, for: to)
    }
    return true
  }

  /// One turn of its loop.
  private func turn(_ own: Int) {
    guard process == own, let driver else { return }
    guard pausedUntil <= world.now else {
      return world.after(pausedUntil - world.now) { [weak self] in self?.turn(own) }
    }
    _ = driver.feed()
    driver.keepTime()
    if world.now / 100_000_000 != (world.now - 10_000_000) / 100_000_000 {
      for peer in peers.sorted(by: { $0.bits < $1.bits }) { _ = send(.ping(driver.machine.incarnation), peer) }
    }
    finishTurn()
    world.after(10_000_000) { [weak self] in self?.turn(own) }
  }

  private func finishTurn() {
    guard let driver else { return }
    if driver.machine.moves > seenMoves { cluster.tell("moved to \(driver.machine.presentCores) cores") }
    cluster.outcome.moves += driver.machine.moves - seenMoves
    cluster.outcome.recoveries += driver.machine.recoveries - seenRecoveries
    cluster.outcome.promotions += driver.machine.promotions - seenPromotions
    cluster.outcome.divergences += driver.machine.divergences - seenDivergences
    if driver.machine.divergences > seenDivergences { cluster.tell(driver.machine.lastFailure) }
    (seenMoves, seenRecoveries) = (driver.machine.moves, driver.machine.recoveries)
    (seenPromotions, seenDivergences) = (driver.machine.promotions, driver.machine.divergences)
    cluster.watcher.noteKept(driver.machine)
    cluster.outcome.generation = max(cluster.outcome.generation, driver.machine.generation.number)
    guard let exit = driver.exit else { return }
    cluster.tell("coordinator \(slot) ends: \(exit.reason)")
    if exit.reason != "the lease is another coordinator's now", !exit.reason.contains("holds the lease") {
      cluster.watcher.violate("a coordinator gave up: \(exit.reason)")
    }
    start(after: 50_000_000)
  }

  /// Takes a message of a core.
  func receive(_ message: ControlMessage) {
    guard driver != nil else { return }
    let own = process
    guard pausedUntil <= world.now else {
      return world.after(pausedUntil - world.now + 1) { [weak self] in
        if let self, process == own { receive(message) }
      }
    }
    if let sender = message.from { peers.insert(sender) }
    driver?.handle(.message(message))
    _ = driver?.feed()
    finishTurn()
  }

  /// Goes on with another number of cores.
  func scale(to count: Int) { change("scaled to \(count) cores", .scale(count)) }

  /// Takes a core out.
  func drain(_ core: Incarnation) { change("core \(core.bits >> 32 - 1) taken out", .drain(core)) }

  private func change(_ what: String, _ event: CoordinatorMachine.Event) {
    guard let driver, pausedUntil <= world.now else { return }
    cluster.tell(what)
    driver.handle(event)
    finishTurn()
  }
}

/// Publishes ticks to the store, as the capacity service does.
final class SimulatedGatherer: GatherProgram {
  private let store: RemoteTickStore
  private let lease: Lease
  private let watcher: Watcher
  private let epochsPerTick: Int64
  private var gathered: Int64 = 0

  init(_ store: RemoteTickStore, _ lease: Lease, _ watcher: Watcher, epochsPerTick: Int64) {
    (self.store, self.lease, self.watcher, self.epochsPerTick) = (store, lease, watcher, epochsPerTick)
  }

  func gather(_ epoch: Epoch, _ outputs: [PartOutput]) throws {
    let ordinal = epoch.index / epochsPerTick - 1
    if ordinal != gathered { watcher.violate("tick \(ordinal) was gathered after \(gathered) ticks") }
    var digest = Digest64()
    for output in outputs { digest.combine(bytes: output.bytes) }
    let answer = try store.publish(lease, Publication(ordinal: ordinal, digest: digest.value, payload: []))
    switch answer {
    case .published, .repeated: watcher.notePublished(Int(ordinal), outputs)
    case .divergence: throw DivergenceError(epoch: epoch, what: "the rerun")
    case .outOfOrder, .forgotten: throw WireError(reading: "published ticks", problem: "\(answer)")
    }
    gathered = ordinal + 1
  }

  func snapshot(at epoch: Epoch) -> [UInt8] {
    var w = ByteWriter()
    w.write(gathered)
    return w.bytes
  }

  func restore(_ epoch: Epoch, _ bytes: [UInt8]?) throws {
    gathered = 0
    guard let bytes else { return }
    var r = ByteReader(bytes, reading: "state of the gatherer")
    gathered = try r.read()
  }
}

extension ControlMessage {
  /// Kinds that a network may lose for a while although others arrive.
  static let kinds = ["hello", "heartbeat", "ready", "output", "acknowledge", "assign", "input", "committed"]

  var kind: String {
    switch self {
    case .hello: "hello"
    case .heartbeat: "heartbeat"
    case .ready: "ready"
    case .output: "output"
    case .acknowledge: "acknowledge"
    case .assign: "assign"
    case .input: "input"
    case .committed: "committed"
    default: ""
    }
  }

  var from: Incarnation? {
    switch self {
    case .hello(let hello): hello.incarnation
    case .heartbeat(let who, _, _, _), .ready(let who, _, _), .output(let who, _, _, _, _),
      .acknowledge(let who, _, _, _, _, _),
      .suspect(let who, _, _), .failed(let who, _, _):
      who
    default: nil
    }
  }
}
