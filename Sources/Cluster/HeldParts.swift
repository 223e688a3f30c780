internal import Basics
internal import StateStore
internal import Wire

/// What the program of a core holds: the checksums of its parts at an epoch, as a checkpoint told them.
///
/// A generation that begins at that epoch with those checksums goes on from the same bytes, so that a core which stands
/// there need not read them again. That is so after a move, where every core stands at the checkpoint it has just written.
struct HeldParts: Sendable {
  private var epoch: Epoch?
  private var blobs: [PartBlob] = []
  private let isExact: Bool

  init(rules: ProtocolRules) { isExact = rules.keeps(.heldParts) }

  /// The parts had these checksums after so many epochs.
  mutating func note(_ blobs: [PartBlob], at epoch: Epoch) { (self.epoch, self.blobs) = (epoch, blobs) }

  /// Nothing is known of what the program holds.
  mutating func forget() { (epoch, blobs) = (nil, []) }

  /// The parts of an assignment that a program after so many epochs holds as they are wanted.
  func parts(of next: Assignment, after epoch: Epoch) -> Set<PartID> {
    guard isExact else { return Set(blobs.map(\.part)).intersection(next.blobs.map(\.part)) }
    guard self.epoch == epoch, next.epoch == epoch, next.checkpoint != nil else { return [] }
    return Set(next.blobs.filter { blobs.contains($0) }.map(\.part))
  }
}
