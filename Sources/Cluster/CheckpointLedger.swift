internal import Basics
internal import Wire

/// What has arrived of the boundaries and checkpoints of the present generation.
struct CheckpointLedger: Sendable {
  private let parts: Int
  private var outputs: [Epoch: [PartID: [UInt8]]] = [:]
  private var acknowledged: [Epoch: [PartID: UInt32]] = [:]
  private var saved: [Epoch: UInt32] = [:]

  /// Makes the ledger of a generation of so many parts.
  init(parts: Int) { self.parts = parts }

  /// Notes the output of a part at a boundary.
  mutating func note(output bytes: [UInt8], of part: PartID, at epoch: Epoch) {
    outputs[epoch, default: [:]][part] = bytes
  }

  /// Notes that the state of a part is in the store.
  mutating func note(acknowledged crc: UInt32, of part: PartID, at epoch: Epoch) {
    acknowledged[epoch, default: [:]][part] = crc
  }

  /// Notes that the gathering program's own state is in the store.
  mutating func note(saved crc: UInt32, at epoch: Epoch) { saved[epoch] = crc }

  /// Takes out the outputs of a boundary, in ascending order of part, once every part's is there.
  mutating func takeOutputs(of epoch: Epoch) -> [PartOutput]? {
    guard let all = outputs[epoch], all.count == parts else { return nil }
    outputs[epoch] = nil
    return all.keys.sorted().map { PartOutput(part: $0, bytes: all[$0] ?? []) }
  }

  /// Whether the state of a part at an epoch is in the store.
  func hasAcknowledged(_ part: PartID, at epoch: Epoch) -> Bool { acknowledged[epoch]?[part] != nil }

  /// The latest epoch beyond `committed` whose checkpoint is complete in the store.
  func complete(beyond committed: Epoch) -> Epoch? {
    acknowledged.keys.filter { $0 > committed && crcs(of: $0) != nil }.max()
  }

  /// The check sums of a complete checkpoint: of the parts in ascending order, then of the gathering program.
  func crcs(of epoch: Epoch) -> [UInt32]? {
    guard let own = saved[epoch], let all = acknowledged[epoch], all.count == parts else { return nil }
    return all.keys.sorted().map { all[$0] ?? 0 } + [own]
  }

  /// Forgets the checkpoints up to a committed epoch.
  mutating func forget(upTo epoch: Epoch) {
    acknowledged = acknowledged.filter { $0.key > epoch }
    saved = saved.filter { $0.key > epoch }
  }
}
