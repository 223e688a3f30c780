public import Basics
public import Wire

/// Proof that a coordinator holds, or held, the lease of a run.
///
/// The number alone is not enough: a store that lost its tail gives out a number twice.
public struct Lease: Hashable, Sendable {
  /// The value of the counter since this coordinator took the lease.
  public var fence: Fence
  /// Random bits of this life of the coordinator.
  public var nonce: UInt64
  /// Puts a lease together.
  public init(fence: Fence, nonce: UInt64) { (self.fence, self.nonce) = (fence, nonce) }
}

/// The answer to who wants the lease.
public enum LeaseAnswer: Equatable, Sendable {
  /// It is yours.
  case taken(Lease)
  /// Somebody holds it for so long.
  case held(nonce: UInt64, milliseconds: Int64)
}

/// The number of cores that people asked a running cluster for.
public struct WantedCores: Equatable, Sendable {
  /// So many cores.
  public var cores: Int
  /// The number that the cluster was started with at that time: starting it with another one is a later wish.
  public var startedWith: Int
  /// Notes a wish.
  public init(cores: Int, startedWith: Int) { (self.cores, self.startedWith) = (cores, startedWith) }
}

/// What the store knows of a run: where it stands and which blobs are its last checkpoint.
public struct RunRecord: Equatable, Sendable {
  /// The version of the record and the blobs that this program writes.
  public static let presentFormat = 1

  /// The version of the record and the blobs.
  public var format: Int
  /// Digest of what is simulated; a run is continued only by the same program.
  public var programDigest: String
  /// When the run was created, in ms since the Unix epoch.
  public var createdMilliseconds: Int64
  /// Epochs done and committed; 0 at the start of a run.
  public var committedEpoch: Epoch
  /// The generation that wrote the committed blobs; nil at the start of a run.
  public var checkpoint: Generation?
  /// The committed blobs in ascending order of part.
  public var blobs: [PartBlob]
  /// The highest generation given out.
  public var generation: Generation
  /// The fence under which the record was last changed.
  public var fence: Fence
  /// What the coordinator needs besides the blobs, opaque to the store; it changes with a commit.
  public var manifest: [UInt8]
  /// The number of cores that people asked for while it ran; nil when they never did.
  public var wantedCores: WantedCores?

  /// Puts the record of a run together that has not begun.
  public init(programDigest: String, createdMilliseconds: Int64, fence: Fence, manifest: [UInt8] = []) {
    (format, self.programDigest, self.createdMilliseconds) = (Self.presentFormat, programDigest, createdMilliseconds)
    (committedEpoch, checkpoint, blobs) = (Epoch(0), nil, [])
    (generation, self.fence, self.manifest) = (Generation(0), fence, manifest)
  }
}

/// Which blob: one part of a checkpoint, by the generation that wrote it.
///
/// The generation is part of the name, so that a process that did not hear of its end cannot overwrite a good blob.
public struct BlobPlace: Hashable, Sendable {
  /// So many epochs are done in it.
  public var epoch: Epoch
  /// The generation that wrote it.
  public var generation: Generation
  /// The part of the network.
  public var part: PartID
  /// Names a blob.
  public init(epoch: Epoch, generation: Generation, part: PartID) {
    (self.epoch, self.generation, self.part) = (epoch, generation, part)
  }
}

/// A checkpoint that is to become the committed one.
public struct CommitRequest: Equatable, Sendable {
  /// The committed epoch as the coordinator knows it.
  public var previousEpoch: Epoch
  /// The epoch that becomes committed.
  public var epoch: Epoch
  /// The generation that wrote the blobs.
  public var generation: Generation
  /// Every part with its acknowledged checksum, in ascending order of part.
  public var blobs: [PartBlob]
  /// What the record's manifest becomes; nil leaves it.
  public var manifest: [UInt8]?
  /// Puts a request together.
  public init(
    previousEpoch: Epoch,
    epoch: Epoch,
    generation: Generation,
    blobs: [PartBlob],
    manifest: [UInt8]? = nil
  ) {
    precondition(epoch > previousEpoch, "a commit goes forward")
    precondition(zip(blobs, blobs.dropFirst()).allSatisfy { $0.part < $1.part }, "the parts ascend")
    (self.previousEpoch, self.epoch, self.generation) = (previousEpoch, epoch, generation)
    (self.blobs, self.manifest) = (blobs, manifest)
  }
}

/// The answer to a commit; a refusal changed nothing.
public enum CommitAnswer: Equatable, Sendable {
  /// Why a commit was refused.
  public enum Refusal: Equatable, Sendable {
    /// Another coordinator has taken the lease: this one has to end.
    case fenceLost
    /// There is no record of the run.
    case runMissing
    /// The committed epoch is another than the coordinator thinks.
    case epochMoved(Epoch)
    /// A later generation was given out.
    case generationMoved(Generation)
    /// A blob is not complete in the store.
    case blobMissing(PartID)
    /// A blob is another than was acknowledged.
    case crcDiffers(PartID)
  }
  /// The checkpoint is the committed one, by this call or by an equal one before.
  case committed
  case refused(Refusal)
}

/// The answer to a generation that was to be given out.
public enum GenerationAnswer: Equatable, Sendable {
  /// It is the highest, by this call or by an equal one of the same coordinator before.
  case raised
  /// One as high or higher was given out already.
  case stale(Generation)
}

/// Checkpoints and the record of one run: what makes a cluster survive its processes.
///
/// Calls that change what others rely on carry the lease and are one atomic step each; repeating a call whose answer
/// was lost is harmless. All but `takeLease`, `renewLease`, `releaseLease` and `commit` throw an error of kind
/// `fenceLost` when another coordinator has taken the lease since.
public protocol CheckpointStore: AnyObject {
  /// Takes the lease and raises the fence, unless another holds it.
  func takeLease(nonce: UInt64, milliseconds: Int64) throws(StoreError) -> LeaseAnswer
  /// Prolongs a lease, even one that ran out if nobody took it; false when another did.
  func renewLease(_ lease: Lease, milliseconds: Int64) throws(StoreError) -> Bool
  /// Gives the lease back, so that another need not wait for its end; a lost one is no error.
  func releaseLease(_ lease: Lease) throws(StoreError)
  /// Returns the record, or nil when the run does not exist.
  func readRun() throws(StoreError) -> RunRecord?
  /// Writes the record of a new run and returns it, or the one that is there.
  func createRun(_ lease: Lease, _ record: RunRecord) throws(StoreError) -> RunRecord
  /// Gives out a generation, which has to be higher than all before.
  func raiseGeneration(_ lease: Lease, to generation: Generation) throws(StoreError) -> GenerationAnswer
  /// Notes how many cores people want.
  func noteWanted(_ lease: Lease, _ wanted: WantedCores) throws(StoreError)
  /// Writes a blob and returns its checksum once it is complete; needs no lease, the generation is in the name.
  func writeBlob(_ bytes: [UInt8], at place: BlobPlace) throws(StoreError) -> UInt32
  /// Reads a blob and verifies it against the checksum that was committed or, without one, that is stored with it.
  func readBlob(at place: BlobPlace, crc: UInt32?) throws(StoreError) -> [UInt8]
  /// Makes a checkpoint the committed one, if every blob is there and nothing has moved.
  func commit(_ lease: Lease, _ request: CommitRequest) throws(StoreError) -> CommitAnswer
  /// Removes blobs below the committed epoch and of dead generations, and returns how many.
  func collectGarbage(_ lease: Lease) throws(StoreError) -> Int
}

extension StoreError {
  static func fenceLost(during operation: String) -> StoreError {
    StoreError(
      .fenceLost,
      during: operation,
      answer: "another coordinator has taken the lease",
      advice: "end this coordinator; the other one goes on"
    )
  }
  static func blobMissing(_ place: BlobPlace) -> StoreError {
    StoreError(
      .missing,
      during: "read of \(place)",
      answer: "the blob is not in the store",
      advice: "take up the last committed checkpoint; if this was it, look for an eviction policy or a lost disk"
    )
  }
  static func draftLost(_ place: BlobPlace) -> StoreError {
    StoreError(
      .closed,
      during: "write of \(place)",
      answer: "the store lost a part of it on the way",
      advice: "repeat it"
    )
  }
  static func blobTaken(_ place: BlobPlace) -> StoreError {
    StoreError(
      .unexpected,
      during: "write of \(place)",
      answer: "it is committed with other bytes: the store lost its tail and gave the generation out again",
      advice: "nothing was changed; this core takes up the last committed checkpoint"
    )
  }
  static func blobCorrupt(_ place: BlobPlace, found: UInt32, wanted: UInt32) -> StoreError {
    StoreError(
      .corrupt,
      during: "read of \(place)",
      answer: "its checksum is \(String(found, radix: 16)), \(String(wanted, radix: 16)) was written",
      advice: "the store lost or changed data; restore it from a backup or start the run anew"
    )
  }
}

extension BlobPlace: CustomStringConvertible {
  /// As in the store's keys: `EPOCH:gGEN:PART`.
  public var description: String { "\(epoch.index):g\(generation.number):\(part.index)" }
}
