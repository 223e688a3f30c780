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
    var blobs: [BlobPlace: (bytes: [UInt8], crc: UInt32)] = [:]

    func holds(_ lease: Lease) -> Bool { fence == lease.fence && fenceNonce == lease.nonce }
  }
  private struct Both {
    var present = State()
    var durable = State()
  }
  private let both = Mutex(Both())

  /// Makes an empty store.
  public init() {}

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
      if let holder, holder.nonce != nonce {
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
      guard both.present.holds(lease) else { return false }
      both.present.holder = (lease.nonce, both.present.now + milliseconds)
      return true
    }
  }

  /// Gives the lease back.
  public func releaseLease(_ lease: Lease) {
    both.withLock { if $0.present.holds(lease) { $0.present.holder = nil } }
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

  /// Writes a blob and returns its checksum.
  public func writeBlob(_ bytes: [UInt8], at place: BlobPlace) -> UInt32 {
    let crc = CRC32C.checksum(bytes)
    both.withLock { $0.present.blobs[place] = (bytes, crc) }
    return crc
  }

  /// Reads a blob and verifies it.
  public func readBlob(at place: BlobPlace, crc: UInt32?) throws(StoreError) -> [UInt8] {
    guard let blob = both.withLock({ $0.present.blobs[place] }) else { throw .blobMissing(place) }
    let found = CRC32C.checksum(blob.bytes)
    guard found == crc ?? blob.crc else { throw .blobCorrupt(place, found: found, wanted: crc ?? blob.crc) }
    return blob.bytes
  }

  /// Makes a checkpoint the committed one, if every blob is there and nothing has moved.
  public func commit(_ lease: Lease, _ request: CommitRequest) -> CommitAnswer {
    both.withLock { both in
      guard both.present.holds(lease) else { return .refused(.fenceLost) }
      guard var record = both.present.record else { return .refused(.runMissing) }
      if record.committedEpoch == request.epoch, record.checkpoint == request.generation, record.blobs == request.blobs
      {
        return .committed
      }
      guard record.committedEpoch == request.previousEpoch else { return .refused(.epochMoved(record.committedEpoch)) }
      guard record.generation <= request.generation else { return .refused(.generationMoved(record.generation)) }
      for blob in request.blobs {
        let place = BlobPlace(epoch: request.epoch, generation: request.generation, part: blob.part)
        guard let stored = both.present.blobs[place] else { return .refused(.blobMissing(blob.part)) }
        guard stored.crc == blob.crc else { return .refused(.crcDiffers(blob.part)) }
      }
      (record.committedEpoch, record.checkpoint, record.blobs) = (request.epoch, request.generation, request.blobs)
      (record.generation, record.fence) = (request.generation, lease.fence)
      record.manifest = request.manifest ?? record.manifest
      both.present.record = record
      return .committed
    }
  }

  /// Removes blobs below the committed epoch and of dead generations, and returns how many.
  public func collectGarbage(_ lease: Lease) throws(StoreError) -> Int {
    try fenced(lease, "removal of old blobs") { state in
      guard let record = state.record else { return 0 }
      let before = state.blobs.count
      state.blobs = state.blobs.filter { record.needs($0.key) }
      return before - state.blobs.count
    }
  }

  private func fenced<Result>(
    _ lease: Lease,
    _ operation: String,
    _ body: (inout State) -> sending Result
  ) throws(StoreError) -> Result {
    let result = both.withLock { both -> Result? in
      both.present.holds(lease) ? body(&both.present) : nil
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
