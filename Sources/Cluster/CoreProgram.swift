public import Basics
public import Wire

/// What a core simulates: the parts it holds of some network.
///
/// Everything it returns is a pure function of the program, the parts' checkpoints, the inputs and the spikes
/// delivered, so that a rerun after a failure gives the same bytes. It is used by one thread.
public protocol CoreProgram: AnyObject {
  /// Builds the parts, or loads them from the checkpoint's bytes: an entry for each own part but those that are kept.
  ///
  /// Those are here already, exactly as they are wanted; all others are dropped, and so is every input.
  func load(_ assignment: Assignment, blobs: [PartID: [UInt8]], keeping kept: Set<PartID>) throws
  /// Takes the input that unlocks the next epochs.
  func accept(ordinal: Int64, _ bytes: [UInt8]) throws
  /// Simulates an epoch.
  func compute(_ epoch: Epoch) throws
  /// A number that is the same for peers that need the same spikes, from the load on; they get one frame, written once.
  func audience(of core: CoreID) -> Int
  /// Returns the spikes of the last computed epoch that a peer needs; whoever keeps them makes the next epoch copy.
  func outgoing(to core: CoreID) -> SpikeBatch
  /// Does what the next epoch needs and foreign spikes cannot change, while those are on their way; may be left out.
  func prepareNext(after epoch: Epoch) throws
  /// Queues the spikes of the last computed epoch: own ones, and those of each peer, ascending by core.
  func deliver(_ epoch: Epoch, _ foreign: [SpikeBatch]) throws
  /// Returns what each own part has to say at a boundary.
  func output(at epoch: Epoch) throws -> [PartOutput]
  /// Returns the state of each own part at a boundary, ascending; what is simulated afterwards does not change it.
  func snapshot(at epoch: Epoch) throws -> [PartSnapshot]
  /// Counts for the status display.
  func count(into statistics: inout CoreStatistics)
}

extension CoreProgram {
  /// Builds the parts, or loads all of them from the checkpoint's bytes.
  public func load(_ assignment: Assignment, blobs: [PartID: [UInt8]]) throws {
    try load(assignment, blobs: blobs, keeping: [])
  }
  /// All peers get the same spikes.
  public func audience(of core: CoreID) -> Int { 0 }
  /// Nothing can be done before the spikes are there.
  public func prepareNext(after epoch: Epoch) {}
}

/// What the coordinator does with what the parts say: gathers records, or plans and publishes.
public protocol GatherProgram: AnyObject {
  /// Takes the outputs of all parts at a boundary, ascending by part, and makes them public.
  ///
  /// - Throws: `DivergenceError` when something else was published for this boundary before.
  func gather(_ epoch: Epoch, _ outputs: [PartOutput]) throws
  /// Returns its own state after a boundary, but for what its slices hold.
  func snapshot(at epoch: Epoch) throws -> [UInt8]
  /// Slices that a state too large for one blob has besides; asked for right after `snapshot`.
  var sliceCount: Int { get }
  /// Returns a slice of the state that `snapshot` was asked for.
  func slice(_ number: Int) throws -> [UInt8]
  /// Goes back to a boundary; nil at the start of a run.
  func restore(_ epoch: Epoch, _ bytes: [UInt8]?) throws
  /// Takes a slice after `restore`, each once, in ascending order.
  func restore(slice bytes: [UInt8]) throws
}

extension GatherProgram {
  /// A state that one blob holds has no slices.
  public var sliceCount: Int { 0 }
  /// Is never asked for.
  public func slice(_ number: Int) -> [UInt8] { [] }
  /// Is never given one.
  public func restore(slice bytes: [UInt8]) throws {
    throw WireError(reading: "checkpoint", problem: "it has slices, which this program does not write")
  }
}

/// A rerun did not give what was published before: stop, keep both, say where.
public struct DivergenceError: Error, Equatable, CustomStringConvertible {
  /// Boundary of the difference.
  public var epoch: Epoch
  /// What differs.
  public var what: String
  /// Describes a difference.
  public init(epoch: Epoch, what: String) { (self.epoch, self.what) = (epoch, what) }
  /// One sentence.
  public var description: String {
    "divergence at epoch \(epoch.index): \(what); a rerun must give the same bytes, so the run stops and nothing is overwritten"
  }
}
