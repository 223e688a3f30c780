internal import Basics
internal import Synchronization
internal import Workloads

/// Questions to the coordinator over its query socket, one after another, while ticks come.
///
/// Once at a pace far above that of any real stream, once as fast as ticks can be computed: then the coordinator never
/// rests, and an answer waits for what it is doing.
struct QueriesBenchmark: Benchmark {
  static let name = "queries"
  static let question = "How long does the coordinator take to answer while ticks run?"

  private static let questions: [(query: String, service: String?)] = [
    ("status", nil), ("forecast", "checkout"), ("recommend", "checkout"),
  ]
  private static let ticksPerSecond = 10.0

  func measure(_ options: BenchmarkOptions) throws -> BenchmarkResult {
    let cores = max(1, options.cores ?? 2)
    let count = options.scaled(300, atLeast: 10)
    var result = BenchmarkResult(scale: options.scale ?? 1, cores: cores)
    let cluster = try ShopCluster(options.context, cores: cores, days: 30)
    defer { cluster.stop() }
    try cluster.feed(ticks: 10)
    try cluster.wait(untilPublished: 10)
    var table = Table([
      Table.Column("ticks"), Table.Column("query"), Table.Column("ticks_per_second", title: "TICKS", unit: "1/s"),
      Table.Column("p50_ms", title: "P50", unit: "ms"), Table.Column("p99_ms", title: "P99", unit: "ms"),
    ])
    var fed = cluster.fedTicks
    for (name, pace) in [("paced", Self.ticksPerSecond), ("flat out", nil)] {
      let feeder = try Feeder(cluster.context, cluster.shop, from: fed, ticksPerSecond: pace)
      defer { feeder.stop() }
      try cluster.wait(untilPublished: fed + 2)
      let (milliseconds, ticks) = try ask(cluster, count)
      fed = try feeder.finish()
      for (question, times) in zip(Self.questions, milliseconds) {
        table.append([
          .text(name), .text(question.query), .number(ticks, digits: 3),
          .number(times.percentile(0.5) ?? 0, digits: 3), .number(times.percentile(0.99) ?? 0, digits: 3),
        ])
      }
    }
    result.figures.add("queries", heading: "", table)
    result.figures.notes = ["\(count) of each, 5 ms apart; the aim is under 50 ms."]
    return result
  }

  /// Returns the times of the answers in ms by question, and the ticks published meanwhile, per second.
  private func ask(_ cluster: ShopCluster, _ count: Int) throws -> (milliseconds: [[Double]], ticksPerSecond: Double) {
    let client = try QueryClient(cluster.context)
    var milliseconds = [[Double]](repeating: [], count: Self.questions.count)
    let (start, before) = (MonotonicClock.nowNanoseconds(), try cluster.publishedTicks())
    for _ in 0..<count {
      for (i, question) in Self.questions.enumerated() {
        let asked = MonotonicClock.nowNanoseconds()
        _ = try client.ask(question.query, service: question.service)
        milliseconds[i].append(Double(MonotonicClock.nowNanoseconds() - asked) / 1e6)
        guard Interruption.wait(milliseconds: 5) else { throw CommandFailure(.interrupted, "interrupted") }
      }
      try cluster.look()
    }
    let seconds = Double(MonotonicClock.nowNanoseconds() - start) / 1e9
    return (milliseconds, Double(try cluster.publishedTicks() - before) / seconds)
  }
}

/// Feeds a shop from a thread of its own: at a pace, or as fast as it is read.
private final class Feeder: Sendable {
  private struct State {
    var isStopping = false
    var next: Int
    var failure: (any Error)?
  }

  /// What the thread and its owner share.
  private final class Shared: Sendable {
    let state: Mutex<State>
    init(_ state: State) { self.state = Mutex(state) }
  }

  private let shared: Shared
  private let thread: NamedThread

  init(_ context: CommandContext, _ shop: Shop, from first: Int, ticksPerSecond: Double?) throws {
    let shared = Shared(State(next: first))
    self.shared = shared
    thread = try NamedThread("feed") {
      do {
        var feed = try StreamFeed(context, redis: nil, tenant: "shop", mostUnread: 20_000)
        for tick in shop.ticks.dropFirst(first) {
          if shared.state.withLock({ $0.isStopping }) || Interruption.isRequested { break }
          for sample in shop.samples(in: tick) { try feed.add(.sample(sample)) }
          try feed.add(.watermark(Timestamp(milliseconds: (tick.index + 1) * shop.tickMilliseconds)))
          shared.state.withLock { $0.next += 1 }
          guard let ticksPerSecond else { continue }
          try feed.flush()
          pauseMilliseconds(Int(1000 / ticksPerSecond))
        }
        try feed.flush()
      } catch {
        shared.state.withLock { $0.failure = error }
      }
    }
  }

  /// Ends the thread and waits for it.
  func stop() {
    shared.state.withLock { $0.isStopping = true }
    thread.join()
  }

  /// Ends the thread and returns the position of the tick that comes next.
  ///
  /// - Throws: what the thread failed with.
  func finish() throws -> Int {
    stop()
    let (next, failure) = shared.state.withLock { ($0.next, $0.failure) }
    if let failure { throw failure }
    return next
  }
}
