internal import Basics
internal import FoundationEssentials
internal import Synchronization
internal import Transport
internal import Wire

/// Frames from everyone to everyone over Unix sockets, as cores exchange them, with nothing to compute in between.
///
/// Every endpoint is a thread with a ZeroMQ context of its own, so a frame takes the way it takes between processes.
struct ExchangeBenchmark: Benchmark {
  static let name = "exchange"
  static let question = "How many epochs per second can 2 and 4 cores exchange, all to all over ipc with small frames?"

  private static let rounds = 3

  func measure(_ options: BenchmarkOptions) throws -> BenchmarkResult {
    let counts = options.cores.map { [max(2, $0)] } ?? [2, 4]
    var result = BenchmarkResult(scale: options.scale ?? 1, cores: counts[counts.count - 1])
    let epochs = options.scaled(4000, atLeast: 20)
    let folder = "/tmp/synfire-bench-\(CurrentProcess.pid)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    for n in counts {
      var rates: [Double] = []
      for round in 0..<Self.rounds {
        let ring = ExchangeRing(cores: n, epochs: epochs, folder: "\(folder)/\(n)-\(round)")
        rates.append(Double(epochs) / (try ring.run()))
      }
      result.figures.add(
        "epochs_per_second_\(n)",
        title: "\(n) cores, median of \(Self.rounds) rounds",
        .figure(rates.median ?? 0, "epochs/s", compare: "best \(NumberText.significant(rates.max() ?? 0, digits: 3))")
      )
    }
    result.figures.add("frame_bytes", title: "frame", .figure(Double(ExchangeRing.frameBytes), "B"))
    return result
  }
}

/// Some endpoints that exchange one frame each per epoch, and wait for all others before the next.
private final class ExchangeRing: Sendable {
  /// Unmeasured epochs in which connections come about.
  private static let warmUp = 100
  private static let patienceMilliseconds = 10_000
  /// 15 steps with a spike each, about what a small part of a circuit sends.
  private static let batch = SpikeBatch(stepEnds: Array(1...15), neurons: (0..<15).map { UInt32($0 * 37 + 100) })

  static var frameBytes: Int { SpikeFrame.encode(header(of: CoreID(0), Epoch(1)), batch).count }

  private let cores: Int
  private let epochs: Int
  private let folder: String
  private let finished = Atomic<Int>(0)
  private let outcomes = Mutex<[Result<Double, any Error>]>([])

  init(cores: Int, epochs: Int, folder: String) { (self.cores, self.epochs, self.folder) = (cores, epochs, folder) }

  /// Returns the time in s that the slowest endpoint took.
  func run() throws -> Double {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let threads = try (0..<cores).map { i in
      try NamedThread("exchange-\(i)") { [self] in
        let outcome = Result { try exchange(as: CoreID(UInt16(i))) }
        outcomes.withLock { $0.append(outcome) }
      }
    }
    for thread in threads { thread.join() }
    return try outcomes.withLock { try $0.map { try $0.get() } }.max() ?? 0
  }

  private func endpoint(_ core: CoreID) -> String { "ipc://\(folder)/\(core.index).sock" }

  private static func header(of core: CoreID, _ epoch: Epoch) -> SpikeFrame.Header {
    SpikeFrame.Header(
      run: 1,
      mapHash: 2,
      generation: Generation(1),
      incarnation: Incarnation(3),
      source: core,
      epoch: epoch
    )
  }

  private func exchange(as core: CoreID) throws -> Double {
    let exchange = try ZeroMQExchange(endpoint: endpoint(core), in: MessageContext())
    let peers = (0..<UInt16(cores)).map { CoreID($0) }.filter { $0 != core }
    try exchange.connect(Dictionary(uniqueKeysWithValues: peers.map { ($0, endpoint($0)) }))
    // A peer is at most one epoch ahead, since it waits for this one's frame.
    var arrived = [0, 0]
    var start = MonotonicClock.nowNanoseconds()
    for epoch in 0..<Self.warmUp + epochs {
      if epoch == Self.warmUp { start = MonotonicClock.nowNanoseconds() }
      let frame = SpikeFrame.encode(Self.header(of: core, Epoch(Int64(epoch))), Self.batch)
      for peer in peers { try exchange.send(frame, to: peer) }
      while arrived[epoch % 2] < peers.count {
        guard let bytes = try exchange.receive(timeoutMilliseconds: Self.patienceMilliseconds) else {
          throw CommandFailure(.timedOut, "a frame of epoch \(epoch) did not come over \(exchange.endpoint)")
        }
        arrived[Int(try SpikeFrame(decoding: bytes).header.epoch.index) % 2] += 1
      }
      arrived[epoch % 2] = 0
    }
    let seconds = Double(MonotonicClock.nowNanoseconds() - start) / 1e9
    // A socket that closes drops what a slower peer has not taken yet.
    finished.add(1, ordering: .releasing)
    let end = MonotonicClock.nowMilliseconds() + Int64(Self.patienceMilliseconds)
    while finished.load(ordering: .acquiring) < cores, MonotonicClock.nowMilliseconds() < end { pauseMilliseconds(1) }
    return seconds
  }
}
