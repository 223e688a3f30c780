import Basics
import Testing
import Workloads

private let origin: Int64 = 1_764_000_000_000

/// One thing that happens to a folder.
private enum Step {
  case entry(StreamEntryID, [([UInt8], [UInt8])])
  case advance(Timestamp)
}

/// A random stream: good samples, late and early ones, doubled ones, garbage, watermarks that go back and forth.
private func steps(_ seed: UInt64, stream isStream: Bool) -> [Step] {
  var random = SplitMix(seed)
  var steps: [Step] = []
  var now: Int64 = 0
  var sequence: UInt64 = 0
  var last: [([UInt8], [UInt8])] = []
  for _ in 0..<1200 {
    now += Int64(random.next(below: 3000))
    sequence += 1
    // Where the stream is the clock, the time of arrival is another one, and need not be a time at all.
    let id = StreamEntryID(milliseconds: isStream ? sequence / 3 : UInt64(origin + now), sequence: sequence)
    switch random.next(below: 20) {
    case 0: steps.append(.entry(id, [(random.bytes(random.next(below: 9)), random.bytes(random.next(below: 9)))]))
    case 1: steps.append(.entry(id, last))
    case 2, 3:
      steps.append(.entry(id, StreamMessage.watermark(Timestamp(milliseconds: origin + now - 5000)).fields))
    case 4: steps.append(.advance(Timestamp(milliseconds: origin + now)))
    case 5 where random.next(below: 8) == 0: now += 400_000
    default:
      let jitter = Int64(random.next(below: 120_000)) - 60_000
      let offset = random.next(below: 3) == 0 ? jitter : 0
      var readings: [Sample.Reading] = []
      for metric in ["cpu", "requests", "x"] where random.next(below: 3) > 0 {
        readings.append(.init(metric, Double(random.next(below: 1000)) / 7))
      }
      last =
        Sample(
          service: "s\(random.next(below: 4))",
          instance: "i-\(random.next(below: 3))",
          time: !isStream && random.next(below: 5) == 0 ? nil : Timestamp(milliseconds: max(0, origin + now + offset)),
          readings: readings
        ).fields
      steps.append(.entry(id, last))
    }
  }
  return steps
}

/// Plays the coordinator's part: seals, stores, acknowledges, and starts again from what is stored.
private struct Player {
  var folder: TickFolder
  var sealed: [FoldedTick] = []
  var rejected: [StreamEntryID: SampleProblem] = [:]
  var consumed: [StreamEntryID] = []
  /// Entries that were read and not acknowledged, in order.
  var pending: [(StreamEntryID, [([UInt8], [UInt8])])] = []

  init(_ configuration: ServiceConfiguration) { folder = TickFolder(configuration: configuration) }

  /// `losesAcknowledgement`: the process dies after a tick is stored and before its entries are acknowledged.
  mutating func play(_ step: Step, losesAcknowledgement: Bool = false) {
    switch step {
    case .entry(let id, let fields):
      pending.append((id, fields))
      take(id, fields)
      seal(folder.advance(clock: Timestamp(milliseconds: 0), limit: 1), losesAcknowledgement)
    case .advance(let time): seal(folder.advance(clock: time), losesAcknowledgement)
    }
  }

  mutating func restart() {
    var registry = ServiceRegistry()
    for tick in sealed { registry.add(tick.sealed) }
    folder = TickFolder(
      configuration: folder.configuration,
      registry: registry,
      resuming: sealed.last.map { .init(after: $0.sealed.tick, position: $0.position) }
    )
    for (id, fields) in pending { take(id, fields) }
  }

  private mutating func take(_ id: StreamEntryID, _ fields: [([UInt8], [UInt8])]) {
    switch folder.fold(id, fields) {
    case .folded: break
    case .alreadySealed: acknowledge([id])
    case .rejected(let problem):
      rejected[id] = problem
      acknowledge([id])
    }
  }

  private mutating func seal(_ ticks: [FoldedTick], _ losesAcknowledgement: Bool) {
    for tick in ticks {
      sealed.append(tick)
      consumed += tick.entries
      if !losesAcknowledgement { acknowledge(tick.entries) }
    }
  }

  private mutating func acknowledge(_ ids: [StreamEntryID]) {
    let ids = Set(ids)
    pending.removeAll { ids.contains($0.0) }
  }
}

private func settings(stream isStream: Bool, _ seed: UInt64) throws -> ServiceConfiguration {
  let grace = ["0 s", "5 s", "90 s"][Int(seed % 3)]
  return try configuration("{tick: 30 s, sample: 5 s, grace: \(grace), clock: \(isStream ? "stream" : "wall")}")
}

@Test(arguments: [false, true], 0..<8)
func `every entry is consumed, refused or held exactly once`(stream isStream: Bool, seed: UInt64) throws {
  var player = Player(try settings(stream: isStream, seed))
  var all: [StreamEntryID] = []
  for step in steps(seed, stream: isStream) {
    if case .entry(let id, _) = step { all.append(id) }
    player.play(step)
    #expect(player.folder.heldEntries == player.pending.map(\.0))
  }
  let ends = player.consumed + player.rejected.keys + player.folder.heldEntries
  #expect(ends.count == all.count, "seed \(seed)")
  #expect(ends.sorted() == all, "seed \(seed)")
  let ticks = player.sealed.map(\.sealed.tick.index)
  #expect(ticks.count > 10)
  for (a, b) in zip(ticks, ticks.dropFirst()) { #expect(b == a + 1) }
  #expect(!player.rejected.isEmpty)
  #expect(player.consumed.count > all.count / 4, "seed \(seed)")
}

@Test(arguments: [false, true], 0..<8)
func `a restart anywhere changes nothing`(stream isStream: Bool, seed: UInt64) throws {
  let configuration = try settings(stream: isStream, seed)
  var steady = Player(configuration)
  var shaken = Player(configuration)
  var random = SplitMix(seed &+ 1000)
  for step in steps(seed, stream: isStream) {
    let dies = random.next(below: 10) == 0
    steady.play(step)
    shaken.play(step, losesAcknowledgement: dies)
    if dies { shaken.restart() }
    #expect(shaken.folder.openTicks == steady.folder.openTicks)
    #expect(shaken.folder.heldEntries == steady.folder.heldEntries)
    #expect(shaken.folder.next == steady.folder.next)
    #expect(shaken.folder.registry == steady.folder.registry)
    #expect(shaken.folder.position == steady.folder.position)
  }
  // Compared outside of the expectations, which would print thousands of entries.
  let (sameTicks, sameRefusals) = (shaken.sealed == steady.sealed, shaken.rejected == steady.rejected)
  let sameConsumed = shaken.consumed == steady.consumed
  #expect(sameTicks, "seed \(seed)")
  #expect(sameRefusals, "seed \(seed)")
  #expect(sameConsumed, "seed \(seed)")
}
