internal import Basics
internal import Cluster
internal import StateStore

/// Faults of the store, and of everything at once.
extension FaultyShop {
  /// Begins a fault of the store.
  func beginOnStore(_ fault: Fault, _ chance: inout Chance) throws -> FaultAct {
    if fault == .storeFailover { return try beginFailover() }
    guard let store else { throw ChaosError("\(fault.rawValue) is done to a single server") }
    switch fault {
    case .storeRestart:
      store.stop()
      try startStore()
    case .storeKill: try killStore()
    case .storeTail:
      try killStore {
        try storeLog.cut(
          milliseconds: .random(in: 0...1000, using: &chance),
          and: .random(in: 0...200, using: &chance)
        )
      }
    case .storePause:
      store.process?.send(.stop)
      // One of some is as long as a machine takes that swaps, or moves to another host.
      let isLong = chance.next() % 12 == 0
      return FaultAct(lasts: isLong ? 30_000 : .random(in: 1500...6000, using: &chance)) {
        store.process?.send(.resume)
      }
    case .storeMemory:
      try order("CONFIG", "SET", "maxmemory", "1mb")
      return FaultAct(lasts: 1500) { [self] in try order("CONFIG", "SET", "maxmemory", "0") }
    case .storeDisk:
      guard folder.hasOwnDisk else { throw Skipped(reason: "only root can mount a small disk") }
      try folder.fill()
      return FaultAct(lasts: 2500) { [self] in folder.makeRoom() }
    case .storeReplica:
      try order("REPLICAOF", "127.0.0.1", "1")
      return FaultAct(lasts: 1500) { [self] in try order("REPLICAOF", "NO", "ONE") }
    default: break
    }
    return FaultAct()
  }

  private func killStore(meanwhile: () throws -> Void = {}) throws {
    guard let store else { throw ChaosError("there is no single store") }
    isStoreSupervised = false
    defer { isStoreSupervised = true }
    store.process?.send(.kill)
    store.process?.wait()
    try meanwhile()
    _ = store.hasEnded()
    try startStore()
  }

  /// Gives the server an order, as an operator does.
  private func order(_ words: RedisArgument...) throws {
    try RedisConnection(storeAddress, commandMilliseconds: 10_000).command(words)
  }

  /// Begins a fault of everything at once.
  func beginOnAll(_ fault: Fault, _ chance: inout Chance) throws -> FaultAct {
    switch fault {
    case .storeFlush:
      try order("FLUSHALL")
      return FaultAct(lasts: 15_000)
    case .everything:
      for process in supervisor.processes { send(.kill, to: process.pid) }
      try killStore {
        try storeLog.cut(
          milliseconds: .random(in: 0...1000, using: &chance),
          and: .random(in: 0...200, using: &chance)
        )
      }
      return FaultAct(countsFromBeginning: true)
    default: return try beginJump(&chance)
    }
  }
}
