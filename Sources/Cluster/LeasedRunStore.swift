public import Basics
public import StateStore
public import Wire

/// The coordinator's side of the store: run record, lease and blobs, each call under the lease.
public final class LeasedRunStore: RunStore {
  /// The lease that this coordinator holds.
  public let lease: Lease
  private let store: any CheckpointStore
  private let leaseMilliseconds: Int64
  private let connectAnew: () throws -> Void
  private let marker: RunMarker?
  private let opened = MonotonicClock.nowMilliseconds()

  /// Uses a store and a lease that was taken from it; `reconnect` reaches a store that did not answer.
  public init(
    _ store: any CheckpointStore,
    lease: Lease,
    leaseMilliseconds: Int64,
    marker: RunMarker? = nil,
    reconnect: @escaping () throws -> Void
  ) {
    (self.store, self.lease, self.leaseMilliseconds) = (store, lease, leaseMilliseconds)
    (connectAnew, self.marker) = (reconnect, marker)
  }

  /// Takes the lease of a run, waiting up to a time for one that is held, and makes its record or checks the one there.
  ///
  /// `advice` is what to do when the record belongs to another program; `marker` remembers outside the store that the
  /// run was begun.
  /// - Throws: `StoreError` when the lease is held for longer, the record belongs to another program or format, or the
  ///   store has none of a run that was begun.
  public static func open(
    _ connection: RedisConnection,
    run: String,
    programDigest: String,
    waitMilliseconds: Int64,
    leaseMilliseconds: Int64,
    marker: RunMarker? = nil,
    advice: String
  ) throws -> LeasedRunStore {
    let store = try RedisCheckpointStore(connection, run: run)
    let nonce = UInt64.random(in: 1 ... .max)
    let end = MonotonicClock.nowMilliseconds() + waitMilliseconds
    while true {
      let answer: LeaseAnswer
      do throws(StoreError) {
        if !connection.isOpen { try connection.reconnect() }
        answer = try store.takeLease(nonce: nonce, milliseconds: leaseMilliseconds)
      } catch {
        // A server that restarts while this coordinator waits is no reason to stop waiting.
        guard error.isTransient, MonotonicClock.nowMilliseconds() < end, Interruption.wait(milliseconds: 200) else {
          throw error
        }
        continue
      }
      switch answer {
      case .taken(let lease):
        let own = LeasedRunStore(store, lease: lease, leaseMilliseconds: leaseMilliseconds, marker: marker) {
          // A server that hangs must not keep the coordinator's thread from its other work.
          let address = connection.address
          _ = try RedisConnection(address, connectMilliseconds: 500, commandMilliseconds: 500).command(["PING"])
          try connection.reconnect()
        }
        try own.check(programDigest, run: run, advice: advice)
        if let process = ProcessIdentity.current { try store.noteHolder(lease, process.text) }
        return own
      case .held(let holder, let left):
        if isDead(holder, in: store), (try? store.endLease(nonce: holder)) != nil { continue }
        guard MonotonicClock.nowMilliseconds() < end, Interruption.wait(milliseconds: min(100, max(10, left))) else {
          throw StoreError(
            .unexpected,
            during: "taking the lease of run '\(run)'",
            answer: "another coordinator holds it for \(left) ms more",
            advice: "end that one, or start this one with --standby to take over when it ends"
          )
        }
      }
    }
  }

  /// Whether the holder of a lease was a process of this machine and has ended.
  private static func isDead(_ nonce: UInt64, in store: RedisCheckpointStore) -> Bool {
    guard let text = try? store.holder(nonce: nonce) else { return false }
    return ProcessIdentity(text)?.hasEnded == true
  }

  /// Makes the record of a new run, or checks that the one there is of the same program.
  public func check(_ programDigest: String, run: String, advice: String) throws {
    if let marker, marker.isThere, try store.readRun() == nil {
      releaseLease()
      throw StoreError(
        .lost,
        during: "opening of run '\(run)'",
        answer: "the store has nothing of it, although it was begun here",
        advice: "the store was flushed or lost; restore it from a backup, or remove \(marker.path) to start anew"
      )
    }
    let fresh = RunRecord(
      programDigest: programDigest,
      createdMilliseconds: WallClock.nowMilliseconds(),
      fence: lease.fence
    )
    let record: RunRecord
    do { record = try store.createRun(lease, fresh) } catch {
      // Who comes next, with the right program say, need not wait.
      releaseLease()
      throw error
    }
    guard record.format == RunRecord.presentFormat else {
      releaseLease()
      throw StoreError(
        .unsuitable,
        during: "opening of run '\(run)'",
        answer: "its record has format \(record.format), this program writes \(RunRecord.presentFormat)",
        advice: "use the program that made it, or another tenant"
      )
    }
    guard record.programDigest == programDigest else {
      releaseLease()
      throw StoreError(
        .unsuitable,
        during: "opening of run '\(run)'",
        answer: "the store holds checkpoints of another network (\(record.programDigest), now \(programDigest))",
        advice: advice
      )
    }
  }

  /// Reads the committed position.
  public func readCommitted() throws -> CommittedState {
    guard let record = try store.readRun() else {
      // What is younger than this may be missing because the store's disk did not have it yet.
      let isYoung = MonotonicClock.nowMilliseconds() - opened < SampleSender.settleMilliseconds
      throw StoreError(
        isYoung ? .missing : .lost,
        during: "reading of the run record",
        answer: "it is gone",
        advice: "the store was flushed or lost; restore it from a backup, or delete what is left and start anew"
      )
    }
    return CommittedState(
      epoch: record.committedEpoch,
      checkpoint: record.checkpoint,
      crcs: record.blobs.map(\.crc),
      generation: record.generation,
      wantedCores: record.wantedCores
    )
  }

  /// Writes a new generation.
  public func raise(_ generation: Generation) throws -> Bool {
    do {
      _ = try store.collectGarbage(lease)
      return try store.raiseGeneration(lease, to: generation) == .raised
    } catch  where error.kind == .fenceLost { return false }
  }

  /// Notes how many cores people want.
  public func want(_ wanted: WantedCores) throws -> Bool {
    do { try store.noteWanted(lease, wanted) } catch  where error.kind == .fenceLost { return false }
    return true
  }

  /// Commits a checkpoint, and removes those below it.
  public func commit(
    previous: Epoch,
    _ epoch: Epoch,
    _ generation: Generation,
    crcs: [UInt32]
  ) throws -> CommitResult {
    let blobs = crcs.enumerated().map { PartBlob(part: PartID(UInt16($0)), crc: $1) }
    let request = CommitRequest(previousEpoch: previous, epoch: epoch, generation: generation, blobs: blobs)
    switch try store.commit(lease, request) {
    case .committed:
      if MonotonicClock.nowMilliseconds() - opened > SampleSender.settleMilliseconds { marker?.write() }
      _ = try store.collectGarbage(lease)
      return .committed
    case .refused(.fenceLost): return .refused(reason: "another coordinator holds the lease", isFence: true)
    case .refused(let why): return .refused(reason: "\(why)", isFence: false)
    }
  }

  /// Keeps the lease.
  public func renewLease() throws -> Bool { try store.renewLease(lease, milliseconds: leaseMilliseconds) }

  /// Gives the lease back; one that cannot be given back runs out.
  public func releaseLease() { try? store.releaseLease(lease) }

  /// Reaches a store that did not answer.
  public func reconnect() throws { try connectAnew() }

  /// Writes a part.
  public func write(run: String, epoch: Epoch, generation: Generation, part: PartOutput) throws -> PartBlob {
    let place = BlobPlace(epoch: epoch, generation: generation, part: part.part)
    return PartBlob(part: part.part, crc: try store.writeBlob(part.bytes, at: place))
  }

  /// Reads a part.
  public func read(run: String, epoch: Epoch, generation: Generation, blob: PartBlob) throws -> [UInt8] {
    try store.readBlob(at: BlobPlace(epoch: epoch, generation: generation, part: blob.part), crc: blob.crc)
  }
}

extension StoreError: StoreFailure {
  /// Whether what was stored is gone.
  public var isLoss: Bool { kind == .lost }
}

/// A core's side of the store: its parts' blobs in Redis, over a connection that is opened when it is needed.
public final class RedisBlobStore: BlobStore {
  private let address: RedisAddress
  private var connection: RedisConnection?
  private var stores: [String: RedisCheckpointStore] = [:]

  /// Uses the server at a URL.
  public init(url: String) throws { address = try RedisAddress(url) }

  private func store(_ run: String) throws -> RedisCheckpointStore {
    if let connection, !connection.isOpen { try connection.reconnect() }
    let connection = try self.connection ?? RedisConnection(address)
    self.connection = connection
    if let known = stores[run] { return known }
    let made = try RedisCheckpointStore(connection, run: run)
    stores[run] = made
    return made
  }

  /// Writes a part.
  public func write(run: String, epoch: Epoch, generation: Generation, part: PartOutput) throws -> PartBlob {
    let place = BlobPlace(epoch: epoch, generation: generation, part: part.part)
    return PartBlob(part: part.part, crc: try store(run).writeBlob(part.bytes, at: place))
  }

  /// Reads a part.
  public func read(run: String, epoch: Epoch, generation: Generation, blob: PartBlob) throws -> [UInt8] {
    try store(run).readBlob(at: BlobPlace(epoch: epoch, generation: generation, part: blob.part), crc: blob.crc)
  }
}
