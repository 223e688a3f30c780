import Basics
import StateStore
import Testing

/// A stream whose server breaks, loads and loses its tail as a seed says.
final class FaultySink: SampleSink {
  private var random: SystemSeed
  private var entries: [(id: EntryID, fields: [StreamField])] = []
  private var clock: UInt64 = 0
  private var loading = 0
  /// How far back a crash may go.
  private var durable = 0
  private(set) var isOpen = true
  private(set) var losses = 0
  var isCalm = false

  init(seed: UInt64) { random = SystemSeed(state: seed) }

  /// What a reader makes of it: each batch where it came first.
  var read: [[StreamField]] {
    var seen: Set<[UInt8]> = []
    return entries.map(\.fields).filter { seen.insert($0[0].value).inserted }
  }

  func sync() { durable = entries.count }

  private func crash() {
    isOpen = false
    loading = random.below(3)
    let kept = durable + random.below(entries.count - durable + 1)
    if kept < entries.count { losses += 1 }
    entries.removeSubrange(kept...)
    durable = kept
  }

  private func meet(_ operation: String) throws(StoreError) {
    guard isOpen else { throw StoreError(.closed, during: operation, answer: "closed") }
    if !isCalm, random.below(6) == 0 {
      crash()
      throw StoreError(.closed, during: operation, answer: "closed")
    }
    if loading > 0 {
      loading -= 1
      throw StoreError(reply: "LOADING Redis is loading the dataset in memory", during: operation)
    }
  }

  func reconnect() throws(StoreError) {
    if !isCalm, random.below(4) == 0 { throw StoreError(.refused, during: "connect", answer: "refused") }
    isOpen = true
  }

  func append(_ samples: [[StreamField]]) throws(StoreError) -> [EntryID] {
    try meet("XADD")
    var places: [EntryID] = []
    for sample in samples {
      clock += 1
      places.append(EntryID(milliseconds: clock))
      entries.append((places[places.count - 1], sample))
    }
    // The server took it and died before it answered.
    if !isCalm, random.below(8) == 0 {
      isOpen = false
      throw StoreError(.closed, during: "XADD", answer: "closed")
    }
    return places
  }

  func contains(_ place: EntryID) throws(StoreError) -> Bool {
    try meet("XRANGE")
    return entries.contains { $0.id == place }
  }
}

/// A small seeded generator.
struct SystemSeed {
  var state: UInt64
  mutating func below(_ n: Int) -> Int {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Int(state >> 33) % n
  }
}

@Suite struct SampleSenderTests {
  private func batch(_ i: Int) -> [[StreamField]] {
    (0..<3).map { [StreamField("n", "\(3 * i + $0)")] }
  }

  @Test func `whatever a server loses, refuses or doubles, a reader finds every batch in order`() throws {
    var losses = 0
    for seed in UInt64(1)...500 {
      let sink = FaultySink(seed: seed)
      var sender = SampleSender()
      var now: Int64 = 0
      for i in 0..<40 {
        while true {
          now += 40
          if now % 1000 == 0 { sink.sync() }
          do {
            try sender.send(batch(i), to: sink, now: now)
            break
          } catch { #expect(error.isTransient) }
        }
      }
      sink.isCalm = true
      while (try? sender.verify(sink, now: now)) == nil {}
      #expect(sink.read == (0..<40).flatMap(batch), "seed \(seed)")
      losses += sink.losses
    }
    #expect(losses > 500)
  }

  @Test func `of samples that wait for a store the newest are kept`() {
    var backlog = SampleBacklog(most: 5)
    #expect(backlog.add(batch(0)) == 0)
    #expect(backlog.add(batch(1)) == 1)
    #expect(backlog.add(batch(2)) == 3)
    #expect(backlog.entries == [batch(1)[1], batch(1)[2]] + batch(2))
    backlog.clear()
    #expect(backlog.entries.isEmpty)
  }

  @Test func `an answer in the middle of looking back does not end the looking back`() throws {
    // The first fault that was found: LOADING leaves the connection open, and what was lost was never looked for again.
    let sink = RefusingSink(answer: "LOADING")
    var sender = SampleSender()
    try sender.send(batch(0), to: sink, now: 0)
    (sink.isOpen, sink.refusals, sink.entries) = (false, 1, [:])
    #expect(throws: StoreError.self) { try sender.send(batch(1), to: sink, now: 1) }
    try sender.send(batch(1), to: sink, now: 2)
    #expect(sink.entries.sorted { $0.key < $1.key }.map(\.value) == batch(0) + batch(1))
    #expect(sender.resent == 1)
  }

  @Test func `what a disk may not have taken when it was full is kept until it had time again`() throws {
    let sink = RefusingSink(answer: "MISCONF Errors writing to the AOF file: No space left on device")
    var sender = SampleSender()
    let settle = SampleSender.settleMilliseconds
    try sender.send(batch(0), to: sink, now: 0)
    sink.refusals = 2
    for now in [settle - 100, settle + 100] {
      #expect(throws: StoreError.self) { try sender.send(batch(1), to: sink, now: now) }
    }
    // There is room again, and then the power fails: what was answered for before the disk was full is lost with it.
    try sender.send(batch(1), to: sink, now: settle + 200)
    (sink.isOpen, sink.entries) = (false, [:])
    try sender.send(batch(2), to: sink, now: settle + 300)
    #expect(sink.entries.sorted { $0.key < $1.key }.map(\.value) == batch(0) + batch(1) + batch(2))
    try sender.send(batch(3), to: sink, now: 3 * settle + 400)
    #expect(sender.entriesKept == batch(3).count)
  }

  @Test func `what is kept is bounded by waiting, and let go when the disk has it`() throws {
    let sink = FaultySink(seed: 1)
    sink.isCalm = true
    var sender = SampleSender(mostKept: 9)
    for i in 0..<3 {
      #expect(sender.waitMilliseconds(now: Int64(i)) == 0)
      try sender.send(batch(i), to: sink, now: Int64(i))
    }
    #expect(sender.entriesKept == 9)
    #expect(sender.waitMilliseconds(now: 100) == SampleSender.settleMilliseconds - 100)
    let later = SampleSender.settleMilliseconds + 1
    #expect(sender.waitMilliseconds(now: later) == 0)
    try sender.send(batch(3), to: sink, now: later)
    #expect(sender.entriesKept == 9)
    try sender.send(batch(4), to: sink, now: 3 * later)
    #expect(sender.entriesKept == 3)
  }
}

/// A stream that answers the next so many calls with an error, over a connection that stays open.
private final class RefusingSink: SampleSink {
  let answer: String
  var isOpen = true
  var refusals = 0
  var entries: [EntryID: [StreamField]] = [:]

  init(answer: String) { self.answer = answer }

  func reconnect() { isOpen = true }

  func append(_ samples: [[StreamField]]) throws(StoreError) -> [EntryID] {
    try refuse()
    return samples.map {
      let id = EntryID(milliseconds: UInt64(entries.count + 1))
      entries[id] = $0
      return id
    }
  }

  func contains(_ place: EntryID) throws(StoreError) -> Bool {
    try refuse()
    return entries[place] != nil
  }

  private func refuse() throws(StoreError) {
    guard refusals == 0 else {
      refusals -= 1
      throw StoreError(reply: answer, during: "a test")
    }
  }
}
