internal import Basics
internal import Wire

/// What has arrived of the boundaries and checkpoints of the present generation, of each copy of the network.
struct CheckpointLedger: Sendable {
  /// What the copies say together.
  enum Verdict<Value: Sendable>: Sendable {
    /// Something is still to come.
    case incomplete
    /// All say the same.
    case agreed(Value)
    /// They say different things of a part.
    case differs(PartID)
  }

  private struct Copy: Sendable {
    var outputs: [Epoch: [PartID: [UInt8]]] = [:]
    var acknowledged: [Epoch: [PartID: UInt32]] = [:]
  }

  private let parts: Int
  private var copies: [Copy]
  private var saved: [Epoch: UInt32] = [:]

  /// Makes the ledger of a generation of so many parts, each simulated so many times.
  init(parts: Int, copies: Int) {
    self.parts = parts
    self.copies = Array(repeating: Copy(), count: copies)
  }

  /// Boundaries of which some outputs are there, in the copy that has most of them.
  var waitingBoundaries: Int { copies.map(\.outputs.count).max() ?? 0 }

  /// Checkpoints of which some parts are acknowledged, in the copy that has most of them.
  var waitingCheckpoints: Int { copies.map(\.acknowledged.count).max() ?? 0 }

  /// Notes the output of a part at a boundary.
  mutating func note(output bytes: [UInt8], of part: PartID, at epoch: Epoch, copy: Int) {
    copies[copy].outputs[epoch, default: [:]][part] = bytes
  }

  /// Notes the checksum of a part at a checkpoint; where the copy writes its checkpoints, it is in the store.
  mutating func note(acknowledged crc: UInt32, of part: PartID, at epoch: Epoch, copy: Int) {
    copies[copy].acknowledged[epoch, default: [:]][part] = crc
  }

  /// Notes that the gathering program's own state is in the store.
  mutating func note(saved crc: UInt32, at epoch: Epoch) { saved[epoch] = crc }

  /// Takes out the outputs of a boundary, in ascending order of part, once every part's is there from each copy.
  mutating func takeOutputs(of epoch: Epoch) -> Verdict<[PartOutput]> {
    guard let all = copies[0].outputs[epoch], all.count == parts else { return .incomplete }
    for copy in copies.dropFirst() {
      guard let other = copy.outputs[epoch], other.count == parts else { return .incomplete }
      if let part = all.keys.sorted().first(where: { all[$0] != other[$0] }) { return .differs(part) }
    }
    for i in copies.indices { copies[i].outputs[epoch] = nil }
    return .agreed(all.keys.sorted().map { PartOutput(part: $0, bytes: all[$0] ?? []) })
  }

  /// Whether a copy has told the checksum of a part.
  func hasAcknowledged(_ part: PartID, at epoch: Epoch, copy: Int) -> Bool {
    copies[copy].acknowledged[epoch]?[part] != nil
  }

  /// The latest epoch beyond `committed` whose checkpoint is complete in the store.
  func complete(beyond committed: Epoch) -> Epoch? {
    copies[0].acknowledged.keys.filter { epoch in
      guard epoch > committed, saved[epoch] != nil else { return false }
      return copies.allSatisfy { $0.acknowledged[epoch]?.count == parts }
    }.max()
  }

  /// The checksums of a checkpoint: of the parts in ascending order, then of the gathering program.
  func crcs(of epoch: Epoch) -> Verdict<[UInt32]> {
    guard let own = saved[epoch], let all = copies[0].acknowledged[epoch], all.count == parts else {
      return .incomplete
    }
    for copy in copies.dropFirst() {
      guard let other = copy.acknowledged[epoch], other.count == parts else { return .incomplete }
      if let part = all.keys.sorted().first(where: { all[$0] != other[$0] }) { return .differs(part) }
    }
    return .agreed(all.keys.sorted().map { all[$0] ?? 0 } + [own])
  }

  /// Forgets the checkpoints up to a committed epoch.
  mutating func forget(upTo epoch: Epoch) {
    for i in copies.indices { copies[i].acknowledged = copies[i].acknowledged.filter { $0.key > epoch } }
    saved = saved.filter { $0.key > epoch }
  }

  /// Forgets a copy; with `hasBlobs` false also all checkpoints, of which the others have no blobs.
  mutating func drop(copy: Int, othersHaveBlobs: Bool) {
    copies.remove(at: copy)
    guard !othersHaveBlobs else { return }
    for i in copies.indices { copies[i].acknowledged = [:] }
    saved = [:]
  }
}
