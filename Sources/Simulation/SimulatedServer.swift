internal import Basics
internal import StateStore

/// The store's server: what it keeps, what ails it, and what it did of a call before the answer was lost.
final class SimulatedServer {
  /// What ails it.
  enum Mode: Equatable { case up, down, paused, readOnly, full }

  let checkpoints: MemoryCheckpointStore
  let ticks: MemoryTickStore
  private let world: SimulatedWorld
  private(set) var mode = Mode.up
  /// Its starts.
  private(set) var life = 0
  /// Until when it answers LOADING.
  private(set) var loadingUntil: Int64 = 0
  /// How far its clock is off, in ms.
  var clockOffset: Int64 = 0
  /// Calls whose clients have given up, which a server that hangs carries out when it goes on.
  private(set) var late: [(operation: String, call: () -> Void)] = []
  /// What happens when the next call of a kind comes: before it is done, or after.
  var ambush: (operation: String, isAfter: Bool, strike: () -> Void)?
  /// Until when nothing more reaches its disk.
  var lagsUntil: Int64 = 0
  /// What happens as soon as samples have been appended, before anybody can read them.
  var afterAppend: (() -> Void)?
  /// Calls that changed something; a check of what is stored is worth its time only then.
  private(set) var writes = 0

  init(_ world: SimulatedWorld, rules: ProtocolRules) {
    self.world = world
    checkpoints = MemoryCheckpointStore(rules: rules)
    ticks = MemoryTickStore(leasesOf: checkpoints)
  }

  var wallMilliseconds: Int64 { 1_000_000 + world.now / 1_000_000 + clockOffset }

  /// Everything until now is on its disk.
  func sync() {
    checkpoints.makeDurable()
    ticks.makeDurable()
  }

  func stop() {
    mode = .down
    life += 1
    late = []
  }

  /// Comes up again, with what was on the disk or with everything.
  func start(losingTail: Bool) {
    if losingTail {
      checkpoints.loseTail()
      ticks.loseTail()
      writes += 1
    }
    sync()
    mode = .up
    loadingUntil = world.now + Int64(world.uniform() * 150_000_000)
  }

  func suffer(_ mode: Mode) { self.mode = mode }

  /// Is well again; returns the calls that were under way.
  func heal() -> [(operation: String, call: () -> Void)] {
    guard mode != .down else { return [] }
    mode = .up
    defer { late = [] }
    return late
  }

  /// One call over a connection.
  func meet<Result>(
    _ connection: SimulatedConnection,
    _ operation: String,
    isWrite: Bool,
    _ body: @escaping () throws(StoreError) -> Result
  ) throws(StoreError) -> Result {
    guard connection.life == life, mode != .down else {
      connection.close()
      throw StoreError(.closed, during: operation, answer: "the connection is closed")
    }
    let ambush = self.ambush.flatMap { $0.operation == operation ? $0 : nil }
    if let ambush {
      self.ambush = nil
      if !ambush.isAfter { ambush.strike() }
    }
    if mode == .paused {
      if isWrite {
        let call = { [weak self] in
          guard let self else { return }
          setTime()
          writes += 1
          _ = try? body()
        }
        late.append((operation, call))
      }
      connection.close()
      connection.onTimeout()
      throw StoreError(.timedOut, during: operation, answer: "no answer")
    }
    if world.now < loadingUntil { throw StoreError(reply: "LOADING", during: operation) }
    if isWrite, mode == .readOnly { throw StoreError(reply: "READONLY", during: operation) }
    if isWrite, mode == .full { throw StoreError(reply: "OOM", during: operation) }
    setTime()
    if isWrite { writes += 1 }
    let result = try body()
    if let ambush, ambush.isAfter { ambush.strike() }
    if operation == "XADD", let afterAppend {
      self.afterAppend = nil
      afterAppend()
    }
    if isWrite, world.isRough, world.chance(0.001) {
      connection.close()
      throw StoreError(.closed, during: operation, answer: "the connection broke before the answer")
    }
    return result
  }

  private func setTime() { checkpoints.setNow(milliseconds: wallMilliseconds) }
}

/// A client's connection to the server.
final class SimulatedConnection {
  let server: SimulatedServer
  private(set) var life: Int?
  /// Called when a call has taken its time-out.
  var onTimeout: () -> Void = {}

  init(_ server: SimulatedServer) { self.server = server }

  var isOpen: Bool { life != nil }

  func close() { life = nil }

  func reconnect() throws(StoreError) {
    close()
    guard server.mode != .down else { throw StoreError(.refused, during: "connect", answer: "refused") }
    if server.mode == .paused { throw StoreError(.timedOut, during: "connect", answer: "no answer") }
    life = server.life
  }

  func read<R>(_ operation: String, _ body: @escaping () throws(StoreError) -> R) throws(StoreError) -> R {
    try server.meet(self, operation, isWrite: false, body)
  }

  func write<R>(_ operation: String, _ body: @escaping () throws(StoreError) -> R) throws(StoreError) -> R {
    try server.meet(self, operation, isWrite: true, body)
  }
}
