import Basics
import Cluster
import StateStore
import Testing
import Wire
import Workloads

/// The planner's checkpoint: slices that do not grow with the number of services.
@Suite struct SlicedStateTests {
  /// Ticks that a test makes up, and nothing published.
  private final class Ticks: TickReader, TickPublisher {
    var tick = Tick(0)
    func sealedTick(_ ordinal: Int64) -> SealedTick {
      SealedTick(tick: tick, lengthMilliseconds: 300_000, values: [], calendar: [])
    }
    func publish(ordinal: Int64, epoch: Epoch, digest: UInt64, view: CapacityService.View, bytes: [UInt8]) {}
  }

  /// A store in memory that counts what is asked of it.
  private final class Blobs: RunStore {
    var blobs: [UInt16: [UInt8]] = [:]
    var order: [UInt16] = []
    func write(run: String, epoch: Epoch, generation: Generation, part: PartOutput) -> PartBlob {
      blobs[part.part.index] = part.bytes
      order.append(part.part.index)
      return PartBlob(part: part.part, crc: CRC32C.checksum(part.bytes))
    }
    func read(run: String, epoch: Epoch, generation: Generation, blob: PartBlob) throws -> [UInt8] {
      guard let bytes = blobs[blob.part.index], CRC32C.checksum(bytes) == blob.crc else {
        throw WireError(reading: "blob \(blob.part.index)", problem: "it is not there, or another")
      }
      return bytes
    }
    func readCommitted() -> CommittedState { fatalError("is not asked for") }
    func raise(_ generation: Generation) -> Bool { true }
    func want(_ wanted: WantedCores) -> Bool { true }
    func commit(previous: Epoch, _ epoch: Epoch, _ generation: Generation, crcs: [UInt32]) -> CommitResult {
      .committed
    }
    func renewLease() -> Bool { true }
    func releaseLease() {}
    func reconnect() {}
  }

  private func configuration() throws -> ServiceConfiguration {
    let text = "{tick: 5 min, sample: 5 min, clock: stream, services: {\"*\": {capacity: 25 requests/s per replica}}}"
    return try ServiceConfiguration.read(bytes: Array(text.utf8), file: "shop.yaml")
  }

  private func outputs(_ services: Int, at tick: Tick) -> [PartOutput] {
    let metrics = ["cpu", "latency", "memory", "requests"]
    var w = ByteWriter()
    w.writeVarint(UInt64(services * metrics.count))
    for n in 0..<services {
      for metric in metrics {
        let value = Double(100 + (n + Int(tick.index) * 7) % 50)
        let bands = [0.9, 0.92, 0.96, 1, 1.04, 1.08, 1.1].map { $0 * value }
        SeriesForecast(
          series: SeriesName(service: "service-\(n)", metric: metric),
          origin: tick,
          observed: value,
          expected: bands,
          surprise: 0.1,
          age: 5000,
          horizons: [1, 12, 288].map {
            .init(ticks: $0, quantiles: bands, level: value, cleanMedian: value, eventFactor: 1)
          }
        ).encode(into: &w)
      }
    }
    return [PartOutput(part: PartID(0), bytes: w.bytes)]
  }

  private func play(_ service: CapacityService, _ ticks: Ticks, services: Int, _ range: Range<Int>) throws {
    for t in range {
      ticks.tick = Tick(Int64(t))
      let epoch = Epoch(Int64((t + 1) * CapacityService.epochsPerTick))
      try service.gather(epoch, outputs(services, at: ticks.tick))
    }
  }

  private func saved(_ service: CapacityService, at epoch: Epoch) throws -> (Blobs, CommittedState) {
    let store = Blobs()
    let state = SlicedState(store: store, run: "shop", part: 64)
    var pauses = 0
    let crc = try state.write(service, at: epoch, Generation(3)) { pauses += 1 }
    #expect(pauses == service.sliceCount)
    let crcs = Array(repeating: 0 as UInt32, count: 64) + [crc]
    return (store, CommittedState(epoch: epoch, checkpoint: Generation(3), crcs: crcs, generation: Generation(3)))
  }

  @Test func `ten thousand services are saved in blobs of at most eight megabytes`() throws {
    let ticks = Ticks()
    let service = CapacityService(configuration: try configuration(), ticks: ticks, publisher: ticks)
    try play(service, ticks, services: 10_000, 0..<2)
    let (store, committed) = try saved(service, at: Epoch(4))
    let sizes = store.blobs.mapValues(\.count)
    #expect(store.blobs.count == 158, "157 slices and a head")
    #expect(try #require(sizes.values.max()) <= 8 << 20, "\(sizes.filter { $0.value > 4 << 20 })")
    #expect(store.order.last == 64, "the head comes last")
    let other = CapacityService(configuration: try configuration(), ticks: ticks, publisher: ticks)
    try SlicedState(store: store, run: "shop", part: 64).read(committed, into: other)
    #expect(other.view == service.view)
    let (again, _) = try saved(other, at: Epoch(4))
    #expect(again.blobs == store.blobs)
  }

  @Test func `a restored service goes on bit for bit`() throws {
    let ticks = Ticks()
    let service = CapacityService(configuration: try configuration(), ticks: ticks, publisher: ticks)
    try play(service, ticks, services: 150, 0..<40)
    let (store, committed) = try saved(service, at: Epoch(80))
    #expect(service.sliceCount == 3)
    let other = CapacityService(configuration: try configuration(), ticks: ticks, publisher: ticks)
    try play(other, ticks, services: 7, 0..<3)
    try SlicedState(store: store, run: "shop", part: 64).read(committed, into: other)
    try play(service, ticks, services: 150, 40..<60)
    try play(other, ticks, services: 150, 40..<60)
    #expect(other.published.digest == service.published.digest)
    #expect(other.view == service.view)
  }

  @Test func `a slice that is lost, or another one, is an error`() throws {
    let ticks = Ticks()
    let service = CapacityService(configuration: try configuration(), ticks: ticks, publisher: ticks)
    try play(service, ticks, services: 150, 0..<4)
    let (store, committed) = try saved(service, at: Epoch(8))
    let good = store.blobs
    for part in good.keys {
      store.blobs = good
      store.blobs[part] = nil
      #expect(throws: WireError.self) {
        try SlicedState(store: store, run: "shop", part: 64).read(committed, into: service)
      }
      store.blobs = good
      store.blobs[part]?[5] ^= 1
      #expect(throws: WireError.self) {
        try SlicedState(store: store, run: "shop", part: 64).read(committed, into: service)
      }
    }
  }
}
