internal import Basics
internal import Documents

/// A core, then the coordinator, is ended with `kill -9` between two ticks; the clock runs until the next one is out.
///
/// Before a kill everything fed is published, and the next ticks are fed right after it: so the first tick that is
/// published afterwards comes from the recovered cluster, rolled back to its last checkpoint.
struct RecoveryBenchmark: Benchmark {
  static let name = "recovery"
  static let question = "How long from kill -9 of a core or of the coordinator to the next published tick?"

  private static let ticksBetween = 17

  func measure(_ options: BenchmarkOptions) throws -> BenchmarkResult {
    let cores = max(1, options.cores ?? 2)
    let rounds = options.scaled(5)
    var result = BenchmarkResult(scale: options.scale ?? 1, cores: cores)
    let cluster = try ShopCluster(options.context, cores: cores, days: 3)
    defer { cluster.stop() }
    try cluster.feed(ticks: 60)
    try cluster.wait(untilPublished: 60)
    for (process, key) in [("core-0", "core"), ("coordinator", "coordinator")] {
      var seconds: [Double] = []
      for _ in 0..<rounds { seconds.append(try recover(from: process, on: cluster)) }
      let sorted = seconds.sorted()
      result.figures.add(
        "\(key)_kill_seconds",
        title: "kill -9 of \(key == "core" ? "a core" : "the coordinator")",
        .figure(seconds.median ?? 0, "s", compare: "aim: at most 5 s")
      )
      result.figures.add(
        "\(key)_kill_seconds_all",
        title: "all \(rounds)",
        Table.Cell(
          .array(seconds.map { .number($0) }),
          text: sorted.map { NumberText.significant($0, digits: 3) }.joined(separator: ", ") + " s"
        )
      )
    }
    return result
  }

  private func recover(from process: String, on cluster: ShopCluster) throws -> Double {
    // 17 and 24 ticks between checkpoints have no common divisor: every kill has another distance to the last one.
    try cluster.feed(ticks: Self.ticksBetween)
    try cluster.wait(untilPublished: cluster.fedTicks)
    let before = try cluster.publishedTicks()
    let start = MonotonicClock.nowNanoseconds()
    try cluster.kill(process)
    try cluster.feed(ticks: 3)
    try cluster.wait(untilPublished: before + 1)
    let seconds = Double(MonotonicClock.nowNanoseconds() - start) / 1e9
    try cluster.wait(untilPublished: cluster.fedTicks)
    return seconds
  }
}
