internal import Basics
internal import StateStore
internal import Workloads

/// Reports samples as a feed does: batch after batch, each again until it is taken.
final class SimulatedReporter {
  private static let startTick: Int64 = 1000
  private static let batchesPerTick = 4

  static let configuration: ServiceConfiguration = {
    var c = ServiceConfiguration()
    (c.tenant, c.sampleMilliseconds, c.tickMilliseconds) = ("toy", 2500, 10_000)
    (c.graceMilliseconds, c.clock) = (0, .stream)
    return c
  }()

  private unowned let cluster: SimulatedCluster
  private let seed: UInt64
  private let stream: RemoteTickStore
  private var sender: SampleSender
  private var next = 0

  init(_ cluster: SimulatedCluster, seed: UInt64) {
    (self.cluster, self.seed) = (cluster, seed)
    stream = RemoteTickStore(SimulatedConnection(cluster.server))
    sender = SampleSender(rules: cluster.plan.rules)
  }

  func start() { turn() }

  /// The process is started anew: it goes on after what was taken and knows nothing of before.
  func forget() {
    cluster.tell("the reporter forgets what it sent")
    sender = SampleSender(rules: cluster.plan.rules)
    cluster.watcher.loss.forgottenAt = cluster.world.now
  }

  private func turn() {
    var pause: Int64 = 25_000_000
    do {
      try sender.send(batch(next), to: stream, now: cluster.world.now / 1_000_000)
      next += 1
    } catch {
      pause = 30_000_000
    }
    cluster.world.after(pause) { [weak self] in self?.turn() }
  }

  /// Samples of a quarter of a tick, the last with the watermark; after the last tick time goes on without samples.
  private func batch(_ i: Int) -> [[StreamField]] {
    messages(i).map { message in message.fields.map { StreamField($0.0, $0.1) } }
  }

  private func messages(_ i: Int) -> [StreamMessage] {
    let tick = Self.startTick + Int64(i / Self.batchesPerTick)
    let quarter = Int64(i % Self.batchesPerTick)
    let time = Timestamp(milliseconds: tick * 10_000 + quarter * 2500)
    var messages: [StreamMessage] = []
    for service in i / Self.batchesPerTick < cluster.plan.ticks ? ["a", "b"] : [] {
      var digest = Digest64()
      digest.combine(seed)
      digest.combine(UInt64(i))
      digest.combine(service)
      let value = Double(digest.value >> 40)
      messages.append(.sample(Sample(service: service, instance: "1", time: time, readings: [.init("cpu", value)])))
    }
    if quarter == 3 { messages.append(.watermark(Timestamp(milliseconds: (tick + 1) * 10_000))) }
    return messages
  }

  /// The sealed ticks of a stream that nothing disturbs.
  func undisturbed() -> [[UInt8]] {
    var folder = TickFolder(configuration: Self.configuration)
    var ticks: [[UInt8]] = []
    for i in 0..<cluster.plan.ticks * Self.batchesPerTick {
      for (j, message) in messages(i).enumerated() {
        _ = folder.fold(StreamEntryID(milliseconds: UInt64(i + 1), sequence: UInt64(j)), message.fields)
      }
      ticks += folder.advance(clock: Timestamp(milliseconds: 0)).map { $0.sealed.encoded() }
    }
    return ticks
  }
}
