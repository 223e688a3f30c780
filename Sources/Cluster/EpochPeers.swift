import Basics
import Wire

/// Whose frames of the present epoch and of the next one are there.
struct EpochPeers: Sendable {
  private let cores: [CoreID]
  private let incarnations: [Incarnation]
  /// Position of each core among the peers, −1 for others.
  private var positions: [Int]
  /// By parity of the epoch: whether each peer's frame is there, and how many are.
  private var isThere: [[Bool]]
  private var counts = [0, 0]

  init(_ members: [CoreMember]) {
    (cores, incarnations) = (members.map(\.core), members.map(\.incarnation))
    positions = Array(repeating: -1, count: (cores.map { Int($0.index) }.max() ?? -1) + 1)
    for (i, core) in cores.enumerated() { positions[Int(core.index)] = i }
    isThere = Array(repeating: Array(repeating: false, count: cores.count), count: 2)
  }

  var isEmpty: Bool { cores.isEmpty }

  /// Position of a core in this life, or nil.
  func position(of core: CoreID, _ incarnation: Incarnation) -> Int? {
    guard Int(core.index) < positions.count else { return nil }
    let position = positions[Int(core.index)]
    return position >= 0 && incarnations[position] == incarnation ? position : nil
  }

  /// Notes a frame; false when it was there already.
  mutating func note(_ position: Int, _ epoch: Epoch) -> Bool {
    let half = Int(epoch.index & 1)
    guard !isThere[half][position] else { return false }
    isThere[half][position] = true
    counts[half] += 1
    return true
  }

  func allSent(_ epoch: Epoch) -> Bool { counts[Int(epoch.index & 1)] == cores.count }

  func missing(_ epoch: Epoch) -> [CoreID] {
    cores.indices.filter { !isThere[Int(epoch.index & 1)][$0] }.map { cores[$0] }
  }

  /// Makes room for the epoch after the next.
  mutating func forget(_ epoch: Epoch) {
    let half = Int(epoch.index & 1)
    for i in cores.indices { isThere[half][i] = false }
    counts[half] = 0
  }
}
