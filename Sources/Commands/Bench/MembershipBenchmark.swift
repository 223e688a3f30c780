internal import Basics
internal import Documents
internal import Workloads

/// Many services report for the first time in one tick, beside ten that are known; then the cluster goes to another core.
///
/// The clock runs from the end of a tick, when the last of its samples is in the stream, until it is published.
struct MembershipBenchmark: Benchmark {
  static let name = "membership"
  static let question =
    "How long does a tick take in which a thousand services join, and a move to another core with all of them?"

  private static let metrics = ["cpu", "latency", "memory", "requests"]

  func measure(_ options: BenchmarkOptions) throws -> BenchmarkResult {
    let cores = max(1, options.cores ?? 2)
    let count = options.scaled(1000)
    var result = BenchmarkResult(scale: options.scale ?? 1, cores: cores)
    let cluster = try ShopCluster(options.context, cores: cores, days: 1)
    defer { cluster.stop() }
    try cluster.feed(ticks: 20)
    try cluster.wait(untilPublished: 20)
    func add(_ key: String, _ title: String, _ value: Double, _ compare: String? = nil) {
      result.figures.add(key, title: title, .figure(value, "s", compare: compare))
    }
    let before = try (0..<5).map { _ in try tick(cluster, services: 0) }
    let joining = try tick(cluster, services: count)
    let after = try (0..<5).map { _ in try tick(cluster, services: count) }
    add("tick_seconds_before", "a tick of 10 services", before.median ?? 0)
    add("tick_seconds_joining", "the tick in which \(count) join", joining, "aim: within a tick, at least 1 s")
    add("tick_seconds_after", "a tick of all of them", after.median ?? 0)
    let client = try QueryClient(cluster.context)
    let end = MonotonicClock.nowMilliseconds() + 60_000
    var state = JSONValue.null
    repeat {
      state = try client.ask("scale", [.init("cores", .integer(Int64(cores + 1)))]).result
      try cluster.look()
      guard MonotonicClock.nowMilliseconds() < end else {
        throw CommandFailure(.timedOut, "the cluster did not go to another core within a minute")
      }
      pauseMilliseconds(2)
    } while state["done"] != .bool(true)
    add(
      "move_pause_seconds",
      "pause of a move to \(cores + 1) cores",
      (state["pause_milliseconds"]?.double ?? 0) / 1000,
      "aim: at most two ticks of 1 s"
    )
    return result
  }

  /// Feeds a tick and returns the time until it is published, in s.
  private func tick(_ cluster: ShopCluster, services: Int) throws -> Double {
    try cluster.feed(ticks: 1) { tick in
      (0..<services).map { i in
        Sample(
          service: "joined-\(i)",
          instance: "i-1",
          time: tick,
          readings: Self.metrics.enumerated().map { .init($1, Double(1 + ($0 + i) % 17)) }
        )
      }
    }
    let start = MonotonicClock.nowNanoseconds()
    try cluster.wait(untilPublished: cluster.fedTicks)
    return Double(MonotonicClock.nowNanoseconds() - start) / 1e9
  }
}
