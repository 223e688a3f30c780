internal import Basics
public import Wire

/// The state of a part as it was at a boundary, whose bytes another thread makes when it needs them.
///
/// What it holds may be shared with what is simulated: whoever changes that copies it first. So taking it costs little,
/// and nothing is copied that has become bytes before it changes.
public struct PartSnapshot: Sendable {
  private let encode: @Sendable () -> PartOutput

  /// A state that is bytes already.
  public init(_ output: PartOutput) { encode = { output } }

  /// A state that becomes bytes when it is asked for.
  public init(encode: @escaping @Sendable () -> PartOutput) { self.encode = encode }

  /// The bytes.
  public var output: PartOutput { encode() }
}

/// A snapshot on its way to the store: its parts become bytes and are written one after the other.
struct SnapshotJob: Sendable {
  /// The run, the generation of the simulation, and the boundary.
  let run: String
  let generation: Generation
  let epoch: Epoch
  /// The generation in the names of the blobs; nil where only checksums are wanted.
  let name: Generation?
  /// What is still to be written, the next one last: what has been written is not kept.
  private(set) var rest: [PartSnapshot]
  /// What is written, and its size.
  private(set) var done: [PartBlob] = []
  private(set) var bytes: UInt64 = 0

  init(run: String, _ generation: Generation, _ epoch: Epoch, name: Generation?, _ parts: [PartSnapshot]) {
    (self.run, self.generation, self.epoch, self.name) = (run, generation, epoch, name)
    rest = parts.reversed()
  }

  /// Hands out the next part and takes what became of it; does nothing where all are written.
  mutating func next(_ write: (PartOutput) throws -> PartBlob) throws {
    guard let output = rest.last?.output else { return }
    done.append(try write(output))
    bytes += UInt64(output.bytes.count)
    rest.removeLast()
  }
}

/// A checkpoint on its way from the store: the bytes of its parts are read one after the other.
struct FetchJob: Sendable {
  /// What is to be loaded; its blobs are those that are wanted.
  let assignment: Assignment
  /// What is there.
  private(set) var blobs: [PartID: [UInt8]] = [:]

  init(_ assignment: Assignment) { self.assignment = assignment }

  /// Whether nothing is missing.
  var isDone: Bool { blobs.count == assignment.blobs.count }

  /// Asks for the next part.
  mutating func next(_ read: (PartBlob) throws -> [UInt8]) throws {
    guard blobs.count < assignment.blobs.count else { return }
    let blob = assignment.blobs[blobs.count]
    blobs[blob.part] = try read(blob)
  }
}
