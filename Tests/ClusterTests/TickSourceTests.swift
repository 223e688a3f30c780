import Basics
import Cluster
import StateStore
import Testing
import Workloads

/// Sealing of ticks from a stream that misbehaves.
@Suite struct TickSourceTests {
  /// A stream whose next read is given up by its reader, and carried out when the test says so.
  private final class HangingStream: SampleStream, EventReader {
    let store: MemoryTickStore
    var hangs = false
    private(set) var late: [() -> Void] = []
    var milliseconds: Int64 = 0

    init(_ store: MemoryTickStore) { self.store = store }

    func createGroup() {}
    func lastDelivered() -> EntryID { store.lastDelivered() }
    func readPending(_ lease: Lease, after place: EntryID?, count: Int) throws(StoreError) -> [StreamEntry] {
      try store.readPending(lease, after: place, count: count)
    }
    func readNew(_ lease: Lease, after place: EntryID?, count: Int) throws(StoreError) -> [StreamEntry]? {
      if hangs {
        late.append { [store] in _ = try? store.readNew(lease, after: place, count: count) }
        throw StoreError(.timedOut, during: "XREADGROUP", answer: "no answer")
      }
      return try store.readNew(lease, after: place, count: count)
    }
    func reject(_ lease: Lease, _ rejections: [MetricStream.Rejection]) throws(StoreError) {
      try store.reject(lease, rejections)
    }
    func time() -> Int64 { milliseconds }
    func version() -> Int64 { 0 }
    func all() -> (version: Int64, items: [EventStore.Item]) { (0, []) }
  }

  private static let configuration: ServiceConfiguration = {
    var c = ServiceConfiguration()
    (c.tenant, c.sampleMilliseconds, c.tickMilliseconds) = ("toy", 2500, 10_000)
    (c.graceMilliseconds, c.clock) = (0, .stream)
    return c
  }()

  private static func sample(_ milliseconds: Int64, _ value: Double) -> StreamMessage {
    .sample(Sample(service: "a", time: Timestamp(milliseconds: milliseconds), readings: [.init("cpu", value)]))
  }

  private static func entries(_ messages: [StreamMessage]) -> [[StreamField]] {
    messages.map { $0.fields.map { StreamField($0.0, $0.1) } }
  }

  /// The values of the first tick after a read that hung was carried out in the middle of the next look.
  private func firstTick(_ rules: ProtocolRules) throws -> [Double] {
    let store = MemoryTickStore()
    let stream = HangingStream(store)
    let source = try TickSource(
      configuration: Self.configuration,
      stream: stream,
      store: store,
      events: stream,
      lease: Lease(fence: Fence(1), nonce: 1),
      rules: rules,
      log: Log(least: .silent),
      clock: { 0 }
    )
    _ = store.append(Self.entries([Self.sample(10_000_000, 1), Self.sample(10_002_500, 2)]), milliseconds: 1)
    #expect(try source.input(0) == nil)
    stream.hangs = true
    #expect(throws: StoreError.self) { _ = try source.input(0) }
    stream.hangs = false
    try source.startOver()
    // Looks for pending samples and finds none: the read that hung has not been carried out yet.
    #expect(try source.input(0) == nil)
    for late in stream.late { late() }
    let watermark = StreamMessage.watermark(Timestamp(milliseconds: 10_010_000))
    _ = store.append(Self.entries([Self.sample(10_007_500, 4), watermark]), milliseconds: 2)
    for _ in 0..<10 where try source.input(0) == nil {}
    return try source.sealedTick(0).values.map(\.value)
  }

  @Test func `samples that a read took after it was given up are sealed all the same`() throws {
    #expect(try firstTick(.all) == [7.0 / 3])
    // What the rule is for: two of three samples are lost without it.
    #expect(try firstTick(ProtocolRules(without: .readAfterPlace)) == [4])
  }

  @Test func `ticks are sealed by the clock of the store, whatever that of this machine says`() throws {
    let store = MemoryTickStore()
    let stream = HangingStream(store)
    var configuration = Self.configuration
    configuration.clock = .wall
    let source = try TickSource(
      configuration: configuration,
      stream: stream,
      store: store,
      events: stream,
      lease: Lease(fence: Fence(1), nonce: 1),
      log: Log(least: .silent),
      clock: { 0 }
    )
    // Its clock is decades behind.
    for (time, value) in [(10_001_000, 1), (10_004_000, 2), (10_009_000, 6)] as [(Int64, Double)] {
      _ = store.append(Self.entries([Self.sample(time, value)]), milliseconds: UInt64(time))
      stream.milliseconds = time
      for _ in 0..<3 { #expect(try source.input(0) == nil) }
    }
    stream.milliseconds = 10_010_000
    for _ in 0..<3 where try source.input(0) == nil {}
    #expect(try source.sealedTick(0).values.map(\.value) == [3])
    #expect(try source.input(1) == nil)
    #expect(source.rejected.isEmpty)
  }

  @Test func `sealing waits while too much of it may still be lost`() throws {
    let store = MemoryTickStore()
    let stream = HangingStream(store)
    var now: Int64 = 0
    let source = try TickSource(
      configuration: Self.configuration,
      stream: stream,
      store: store,
      events: stream,
      lease: Lease(fence: Fence(1), nonce: 1),
      log: Log(least: .silent),
      mostUnsettledBytes: 1,
      clock: { now }
    )
    let watermark = StreamMessage.watermark(Timestamp(milliseconds: 10_030_000))
    _ = store.append(Self.entries([Self.sample(10_000_000, 1), watermark]), milliseconds: 1)
    for _ in 0..<5 where try source.input(0) == nil {}
    #expect(source.nextOrdinal == 1)
    #expect(try source.input(1) == nil)
    now = SampleSender.settleMilliseconds
    #expect(try source.input(1) == nil)
    now += 1
    #expect(try source.input(1) != nil)
    #expect(source.nextOrdinal == 2)
  }
}
