public import Basics
public import StateStore
public import Wire

/// Where the parts of a checkpoint lie.
public protocol BlobStore: AnyObject {
  /// Writes a part and returns its checksum once the store has all of it.
  func write(run: String, epoch: Epoch, generation: Generation, part: PartOutput) throws -> PartBlob
  /// Reads a part and verifies its checksum.
  func read(run: String, epoch: Epoch, generation: Generation, blob: PartBlob) throws -> [UInt8]
}

/// What a commit came to.
public enum CommitResult: Equatable, Sendable {
  case committed
  /// Nothing changed; `isFence` when another coordinator holds the lease.
  case refused(reason: String, isFence: Bool)
}

/// The run record as the holder of the lease sees it.
public protocol RunStore: BlobStore {
  /// Reads the committed position.
  func readCommitted() throws -> CommittedState
  /// Writes a new generation under the fence; false when another coordinator holds the lease.
  func raise(_ generation: Generation) throws -> Bool
  /// Notes how many cores people want; false when another coordinator holds the lease.
  func want(_ wanted: WantedCores) throws -> Bool
  /// Moves the committed position, all or nothing; `crcs` has one entry per part and the coordinator's own last.
  func commit(previous: Epoch, _ epoch: Epoch, _ generation: Generation, crcs: [UInt32]) throws -> CommitResult
  /// Keeps the lease; false when it is another's.
  func renewLease() throws -> Bool
  /// Gives the lease back.
  func releaseLease()
  /// Tries to reach a store that did not answer.
  func reconnect() throws
}

/// Marks errors of the store: the coordinator waits for it instead of ending.
public protocol StoreFailure: Error {
  /// Whether the same call may succeed later.
  var isTransient: Bool { get }
  /// Whether the store no longer has what a run must not go on without.
  var isLoss: Bool { get }
}

/// The run record of a run without checkpoints: it begins again when a core dies, and ends with its coordinator.
public final class VolatileRunStore: RunStore {
  private var state = CommittedState(epoch: Epoch(0), checkpoint: nil, crcs: [], generation: Generation(0))
  /// Makes a record of nothing.
  public init() {}
  /// The start of the run.
  public func readCommitted() -> CommittedState { state }
  /// Counts the generation.
  public func raise(_ generation: Generation) -> Bool {
    state.generation = generation
    return true
  }
  /// Notes the wish as long as this process lives.
  public func want(_ wanted: WantedCores) -> Bool {
    state.wantedCores = wanted
    return true
  }
  /// Is never asked for.
  public func commit(previous: Epoch, _ epoch: Epoch, _ generation: Generation, crcs: [UInt32]) -> CommitResult {
    .refused(reason: "this run has no checkpoints", isFence: false)
  }
  /// Always holds.
  public func renewLease() -> Bool { true }
  /// Nothing to give back.
  public func releaseLease() {}
  /// Nothing to reach.
  public func reconnect() {}
  /// Is never asked for.
  public func write(run: String, epoch: Epoch, generation: Generation, part: PartOutput) -> PartBlob {
    PartBlob(part: part.part, crc: CRC32C.checksum(part.bytes))
  }
  /// Is never asked for.
  public func read(run: String, epoch: Epoch, generation: Generation, blob: PartBlob) throws -> [UInt8] {
    throw WireError(reading: "checkpoint", problem: "this run has none")
  }
}

extension InputSource {
  /// Inputs that do not come from the store have nothing to forget.
  public func startOver() {}
}

/// Where the inputs of a run come from: sealed ticks.
public protocol InputSource: AnyObject {
  /// Returns the input of an ordinal if it is there, sealing it if it is due; never waits.
  func input(_ ordinal: Int64) throws -> [UInt8]?
  /// Forgets everything that is not in the store, which may have gone back while it was away.
  func startOver() throws
}
