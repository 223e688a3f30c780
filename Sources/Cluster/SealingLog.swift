internal import StateStore
internal import Workloads

/// What was sealed in the last seconds, which a store that is killed may lose from the tail of its log.
///
/// Times are monotonic, in ms. Each tick is kept until it has settled, that is until the disk of the store has it for certain.
struct SealingLog {
  struct Sealing {
    var stored: StoredTick
    var entries: [EntryID]
    var milliseconds: Int64
    var bytes: Int { stored.bytes.count + entries.count * MemoryLayout<EntryID>.size }
  }

  private var sealings: [Sealing] = []
  private var bytes = 0
  /// Bytes beyond which the next tick waits until the disk of the store has the first of those that are kept.
  private let mostBytes: Int

  init(mostBytes: Int) { self.mostBytes = mostBytes }

  /// Whether one more may be sealed.
  var hasRoom: Bool { sealings.isEmpty || bytes < mostBytes }

  mutating func note(_ stored: StoredTick, consuming entries: [EntryID], at milliseconds: Int64) {
    let sealing = Sealing(stored: stored, entries: entries, milliseconds: milliseconds)
    sealings.append(sealing)
    bytes += sealing.bytes
  }

  /// Forgets what has settled.
  mutating func settle(at now: Int64) {
    let settled = sealings.prefix { now - $0.milliseconds > SampleSender.settleMilliseconds }
    bytes -= settled.reduce(0) { $0 + $1.bytes }
    sealings.removeFirst(settled.count)
  }

  /// Keeps all for as long again: what kept the store away may have kept its disk from what was sealed before.
  mutating func restart(at now: Int64) {
    for i in sealings.indices { sealings[i].milliseconds = now }
  }

  /// What a store lacks whose last tick is `ordinal`; nothing where there is a gap between the two.
  func lost(after ordinal: Int64) -> [Sealing] {
    let lost = sealings.filter { $0.stored.ordinal > ordinal }
    return lost.first?.stored.ordinal == ordinal + 1 ? lost : []
  }
}
