internal import Basics
internal import Synchronization
internal import Workloads

/// Questions to the coordinator over its query socket, one after another, while ticks are computed as fast as can be.
struct QueriesBenchmark: Benchmark {
  static let name = "queries"
  static let question = "How long does the coordinator take to answer while ticks run?"

  private static let questions: [(query: String, service: String?)] = [
    ("status", nil), ("forecast", "checkout"), ("recommend", "checkout"),
  ]

  func measure(_ options: BenchmarkOptions) throws -> BenchmarkResult {
    let cores = max(1, options.cores ?? 2)
    let count = options.scaled(300, atLeast: 10)
    var result = BenchmarkResult(scale: options.scale ?? 1, cores: cores)
    let cluster = try ShopCluster(options.context, cores: cores, days: 30)
    defer { cluster.stop() }
    try cluster.feed(ticks: 10)
    try cluster.wait(untilPublished: 10)
    let feeder = try Feeder(cluster.context, cluster.shop, from: cluster.fedTicks)
    defer { feeder.stop() }
    try cluster.wait(untilPublished: 20)

    let client = try QueryClient(cluster.context)
    var milliseconds = [[Double]](repeating: [], count: Self.questions.count)
    let (start, before) = (MonotonicClock.nowNanoseconds(), try cluster.publishedTicks())
    for _ in 0..<count {
      for (i, question) in Self.questions.enumerated() {
        let asked = MonotonicClock.nowNanoseconds()
        _ = try client.ask(question.query, service: question.service)
        milliseconds[i].append(Double(MonotonicClock.nowNanoseconds() - asked) / 1e6)
      }
      try cluster.look()
      guard Interruption.wait(milliseconds: 5) else { throw CommandFailure(.interrupted, "interrupted") }
    }
    let seconds = Double(MonotonicClock.nowNanoseconds() - start) / 1e9
    let ticks = try cluster.publishedTicks() - before
    try feeder.check()
    for (question, times) in zip(Self.questions, milliseconds) {
      for (label, share) in [("p50", 0.5), ("p99", 0.99)] {
        result.figures.add(
          "\(question.query)_\(label)_ms",
          title: "\(question.query), \(label) of \(count)",
          .figure(times.percentile(share) ?? 0, "ms", compare: label == "p99" ? "aim: under 50 ms" : nil)
        )
      }
    }
    result.figures.add(
      "ticks_per_second",
      title: "ticks published meanwhile",
      .figure(Double(ticks) / seconds, "per second")
    )
    return result
  }
}

/// Feeds a shop from a thread of its own, as fast as it is read.
private final class Feeder: Sendable {
  private struct State {
    var isStopping = false
    var failure: (any Error)?
  }
  private final class Shared: Sendable { let state = Mutex(State()) }

  private let shared = Shared()
  private let thread: NamedThread

  init(_ context: CommandContext, _ shop: Shop, from first: Int) throws {
    let shared = shared
    thread = try NamedThread("feed") {
      do {
        var feed = try StreamFeed(context, redis: nil, tenant: "shop", mostUnread: 20_000)
        for tick in shop.ticks.dropFirst(first) {
          if shared.state.withLock({ $0.isStopping }) || Interruption.isRequested { break }
          for sample in shop.samples(in: tick) { try feed.add(.sample(sample)) }
          try feed.add(.watermark(Timestamp(milliseconds: (tick.index + 1) * shop.tickMilliseconds)))
        }
        try feed.flush()
      } catch {
        shared.state.withLock { $0.failure = error }
      }
    }
  }

  /// Throws what the thread failed with, if it did.
  func check() throws { if let failure = shared.state.withLock({ $0.failure }) { throw failure } }

  /// Ends the thread and waits for it.
  func stop() {
    shared.state.withLock { $0.isStopping = true }
    thread.join()
  }
}
