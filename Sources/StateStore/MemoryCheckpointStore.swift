public import Basics
internal import Synchronization
internal import Wire

/// Checkpoints in memory, with the semantics of the Redis form: for tests and for runs that nobody wants to resume.
///
/// Time stands still until `setNow`. `makeDurable` and `loseTail` play a server that dies between two writes to disk.
public final class MemoryCheckpointStore: CheckpointStore, Sendable {
  private struct State {
    var now: Int64 = 0
    var fence = Fence(0)
    var fenceNonce: UInt64 = 0
    var holder: (nonce: UInt64, end: Int64)?
    var record: RunRecord?
    var blobs: [BlobPlace: (bytes: [UInt8], crc: UInt32?)] = [:]
    /// Whether a blob is one of the committed checkpoint, which stays as it is.
    func hasCommitted(_ place: BlobPlace) -> Bool {
      record.map { $0.committedEpoch == place.epoch && $0.checkpoint == place.generation } ?? false
    }
    func holds(_ lease: Lease) -> Bool { fence == lease.fence && fenceNonce == lease.nonce }
  }
  private struct Both {
    var present = State()
    var durable = State()
    /// What each lease committed last, as its coordinator remembers it.
    var views: [Lease: (Epoch, Generation)] = [:]
  }
  private let both = Mutex(Both())
  private let rules: ProtocolRules

  /// Makes an empty store; a simulation may leave out a rule.
  public init(rules: ProtocolRules = .all) { self.rules = rules }

  /// Whether a lease is the present one.
  public func holds(_ lease: Lease) -> Bool { both.withLock { holds(lease, $0.present) } }

  private func holds(_ lease: Lease, _ state: State) -> Bool { !rules.keeps(.fence) || state.holds(lease) }

  private func key(_ place: BlobPlace) -> BlobPlace {
    guard !rules.keeps(.generationInKey) else { return place }
    return BlobPlace(epoch: place.epoch, generation: Generation(0), part: place.part)
  }

  /// Forgets everything, as FLUSHALL does; the clock goes on.
  public func flush() {
    both.withLock { both in
      let now = both.present.now
      both.present = State()
      both.present.now = now
    }
  }

  /// Loses a blob, as an eviction policy or a careless hand does.
  public func lose(_ place: BlobPlace) { both.withLock { $0.present.blobs[key(place)] = nil } }

  /// Begins to write a blob: it is no longer complete until `writeBlob`; true when the same bytes are complete already.
  public func beginBlob(_ bytes: [UInt8], at place: BlobPlace) throws(StoreError) -> Bool {
    let isThere = both.withLock { both -> Bool? in
      let present = both.present.blobs[key(place)]
      if let present, present.crc == CRC32C.checksum(bytes), present.bytes.count == bytes.count { return true }
      if both.present.hasCommitted(place) { return nil }
      both.present.blobs[key(place)] = (bytes, nil)
      return false
    }
    guard let isThere else { throw .blobTaken(place) }
    return isThere
  }

  /// Sets the clock by which leases end, in ms.
  public func setNow(milliseconds: Int64) { both.withLock { $0.present.now = milliseconds } }

  /// Everything until now survives `loseTail`.
  public func makeDurable() { both.withLock { $0.durable = $0.present } }

  /// Goes back to what was made durable; the clock goes on.
  public func loseTail() {
    both.withLock { both in
      let now = both.present.now
      both.present = both.durable
      both.present.now = now
    }
  }

  /// The blobs that are stored, in ascending order.
  public var places: [BlobPlace] {
    both.withLock { both in
      both.present.blobs.keys.sorted {
        ($0.epoch, $0.generation, $0.part) < ($1.epoch, $1.generation, $1.part)
      }
    }
  }

  /// Takes the lease and raises the fence, unless another holds it.
  public func takeLease(nonce: UInt64, milliseconds: Int64) -> LeaseAnswer {
    both.withLock { both in
      let holder = both.present.holder.flatMap { $0.end > both.present.now ? $0 : nil }
      if var holder, holder.nonce != nonce {
        // One that ends later is of a clock that was set back since.
        holder.end = min(holder.end, both.present.now + milliseconds)
        both.present.holder = holder
        return .held(nonce: holder.nonce, milliseconds: holder.end - both.present.now)
      }
      // The same coordinator asks again when the answer was lost.
      let isRepeated = holder != nil && both.present.fenceNonce == nonce
      if !isRepeated { both.present.fence = Fence(both.present.fence.number + 1) }
      both.present.fenceNonce = nonce
      both.present.holder = (nonce, both.present.now + milliseconds)
      return .taken(Lease(fence: both.present.fence, nonce: nonce))
    }
  }

  /// Prolongs a lease, even one that ran out if nobody took it.
  public func renewLease(_ lease: Lease, milliseconds: Int64) -> Bool {
    both.withLock { both in
      guard holds(lease, both.present) else { return false }
      both.present.holder = (lease.nonce, both.present.now + milliseconds)
      return true
    }
  }

  /// Gives the lease back.
  public func releaseLease(_ lease: Lease) {
    both.withLock { if holds(lease, $0.present) { $0.present.holder = nil } }
  }

  /// Returns the record, or nil when the run does not exist.
  public func readRun() -> RunRecord? { both.withLock { $0.present.record } }

  /// Writes the record of a new run and returns it, or the one that is there.
  public func createRun(_ lease: Lease, _ record: RunRecord) throws(StoreError) -> RunRecord {
    try fenced(lease, "creation of the run") { state in
      if let present = state.record { return present }
      var created = record
      created.fence = lease.fence
      state.record = created
      return created
    }
  }

  /// Gives out a generation, which has to be higher than all before.
  public func raiseGeneration(_ lease: Lease, to generation: Generation) throws(StoreError) -> GenerationAnswer {
    let answer = try fenced(lease, "raise of the generation") { state -> GenerationAnswer? in
      guard var record = state.record else { return nil }
      if record.generation == generation, record.fence == lease.fence { return .raised }
      guard generation > record.generation else { return .stale(record.generation) }
      (record.generation, record.fence) = (generation, lease.fence)
      state.record = record
      return .raised
    }
    guard let answer else { throw .runMissing(during: "raise of the generation") }
    return answer
  }

  /// Notes how many cores people want.
  public func noteWanted(_ lease: Lease, _ wanted: WantedCores) throws(StoreError) {
    let isThere = try fenced(lease, "note of the wanted cores") { state -> Bool in
      state.record?.wantedCores = wanted
      return state.record != nil
    }
    guard isThere else { throw .runMissing(during: "note of the wanted cores") }
  }

  /// Writes a blob and returns its checksum.
  public func writeBlob(_ bytes: [UInt8], at place: BlobPlace) throws(StoreError) -> UInt32 {
    let crc = CRC32C.checksum(bytes)
    let isWritten = both.withLock { both in
      if both.present.hasCommitted(place) { return both.present.blobs[key(place)]?.crc == crc }
      both.present.blobs[key(place)] = (bytes, crc)
      return true
    }
    guard isWritten else { throw .blobTaken(place) }
    return crc
  }

  /// Reads a blob and verifies it.
  public func readBlob(at place: BlobPlace, crc: UInt32?) throws(StoreError) -> [UInt8] {
    guard let blob = both.withLock({ $0.present.blobs[key(place)] }), let stored = blob.crc else {
      throw .blobMissing(place)
    }
    let found = CRC32C.checksum(blob.bytes)
    guard found == crc ?? stored else { throw .blobCorrupt(place, found: found, wanted: crc ?? stored) }
    return blob.bytes
  }

  /// Makes a checkpoint the committed one, if every blob is there and nothing has moved.
  public func commit(_ lease: Lease, _ request: CommitRequest) -> CommitAnswer {
    both.withLock { both in
      guard holds(lease, both.present) else { return .refused(.fenceLost) }
      guard var record = both.present.record else { return .refused(.runMissing) }
      if record.committedEpoch == request.epoch, record.checkpoint == request.generation, record.blobs == request.blobs
      {
        return .committed
      }
      if rules.keeps(.previousEpoch) {
        guard record.committedEpoch == request.previousEpoch else {
          return .refused(.epochMoved(record.committedEpoch))
        }
        guard record.generation <= request.generation else { return .refused(.generationMoved(record.generation)) }
      }
      for blob in request.blobs where rules.keeps(.verifiedAcknowledgements) {
        let place = BlobPlace(epoch: request.epoch, generation: request.generation, part: blob.part)
        guard let stored = both.present.blobs[key(place)]?.crc else { return .refused(.blobMissing(blob.part)) }
        guard stored == blob.crc else { return .refused(.crcDiffers(blob.part)) }
      }
      both.views[lease] = (request.epoch, request.generation)
      (record.committedEpoch, record.checkpoint, record.blobs) = (request.epoch, request.generation, request.blobs)
      (record.generation, record.fence) = (request.generation, lease.fence)
      record.manifest = request.manifest ?? record.manifest
      both.present.record = record
      return .committed
    }
  }

  /// Removes blobs below the committed epoch and of dead generations, and returns how many.
  public func collectGarbage(_ lease: Lease) throws(StoreError) -> Int {
    guard rules.keeps(.fencedRemoval) else { return removeByView(of: lease) }
    return try fenced(lease, "removal of old blobs") { state in
      guard let record = state.record else { return 0 }
      let before = state.blobs.count
      let needed = rules.keeps(.generationInKey) ? record.needs : { $0.epoch >= record.committedEpoch }
      state.blobs = state.blobs.filter { needed($0.key) }
      return before - state.blobs.count
    }
  }

  /// The rule broken: everything but the checkpoint that this coordinator committed last goes.
  private func removeByView(of lease: Lease) -> Int {
    both.withLock { both in
      guard let (epoch, generation) = both.views[lease] else { return 0 }
      let before = both.present.blobs.count
      both.present.blobs = both.present.blobs.filter { $0.key.epoch == epoch && $0.key.generation == generation }
      return before - both.present.blobs.count
    }
  }

  private func fenced<Result>(
    _ lease: Lease,
    _ operation: String,
    _ body: (inout State) -> sending Result
  ) throws(StoreError) -> Result {
    let result = both.withLock { both -> Result? in
      holds(lease, both.present) ? body(&both.present) : nil
    }
    guard let result else { throw .fenceLost(during: operation) }
    return result
  }
}

extension RunRecord {
  /// Whether a blob is part of the committed checkpoint or may become part of the next.
  func needs(_ place: BlobPlace) -> Bool {
    if place.epoch == committedEpoch { return place.generation == checkpoint }
    return place.epoch > committedEpoch && place.generation >= generation
  }
}

extension StoreError {
  static func runMissing(during operation: String) -> StoreError {
    StoreError(
      .missing,
      during: operation,
      answer: "there is no record of the run",
      advice: "create the run first; if it was there, the server lost its data"
    )
  }
}
