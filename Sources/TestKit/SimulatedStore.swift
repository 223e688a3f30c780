internal import Basics
internal import Cluster
internal import Wire

/// The store of the simulated cluster: what Redis promises, and the tail it may lose.
struct SimulatedStore {
  struct Key: Hashable {
    var epoch: Epoch
    var generation: Generation
    var part: PartID
  }
  struct State {
    var fence: UInt64 = 0
    var holder: UInt64?
    var leaseEnds: Int64 = 0
    var committed = CommittedState(epoch: Epoch(0), checkpoint: nil, crcs: [], generation: Generation(0))
    var blobs: [Key: [UInt8]] = [:]
  }

  var state = State()
  /// What a crash of the store cannot take away.
  var durable = State()

  /// Takes the lease if nobody holds it.
  mutating func takeLease(_ nonce: UInt64, now: Int64, lasting: Int64) -> UInt64? {
    guard state.holder == nil || state.holder == nonce || now >= state.leaseEnds else { return nil }
    state.holder = nonce
    state.leaseEnds = now + lasting
    state.fence += 1
    return state.fence
  }

  mutating func renewLease(_ nonce: UInt64, now: Int64, lasting: Int64) -> Bool {
    guard state.holder == nonce, now < state.leaseEnds else { return false }
    state.leaseEnds = now + lasting
    return true
  }

  mutating func raise(_ generation: Generation, fence: UInt64) -> Bool {
    guard fence == state.fence, generation > state.committed.generation else { return false }
    state.committed.generation = generation
    return true
  }

  /// The one call that moves the committed epoch; nil when it did, else why not.
  mutating func commit(
    previous: Epoch,
    _ epoch: Epoch,
    _ generation: Generation,
    crcs: [UInt32],
    fence: UInt64
  ) -> (reason: String, isFence: Bool)? {
    guard fence == state.fence else { return ("another coordinator holds the lease", true) }
    if state.committed.epoch == epoch, state.committed.checkpoint == generation { return nil }
    guard state.committed.epoch == previous else { return ("the committed epoch moved", false) }
    for (i, crc) in crcs.enumerated() {
      let key = Key(epoch: epoch, generation: generation, part: PartID(UInt16(i)))
      guard let blob = state.blobs[key], CRC32C.checksum(blob) == crc else {
        return ("part \(i) is not in the store", false)
      }
    }
    state.committed.epoch = epoch
    state.committed.checkpoint = generation
    state.committed.crcs = crcs
    state.blobs = state.blobs.filter {
      $0.key.epoch > epoch || $0.key.epoch == epoch && $0.key.generation == generation
    }
    return nil
  }

  /// Everything up to now reaches the disk.
  mutating func sync() { durable = state }

  /// The store dies and comes back with what reached the disk.
  mutating func loseTail() { state = durable }
}
