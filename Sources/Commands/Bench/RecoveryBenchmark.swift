internal import Basics
internal import Cluster
internal import Documents

/// What failures cost: time without ticks, without cores that stand by and with them.
///
/// Before a kill everything fed is published, and the next ticks are fed right after it: so the first tick that is
/// published afterwards comes from the recovered cluster, rolled back to its last checkpoint.
struct RecoveryBenchmark: Benchmark {
  static let name = "recovery"
  static let question =
    "What does kill -9 of a core, the coordinator or Redis cost, and of a core where others stand by?"

  private static let ticksBetween = 17
  private static let fleetServices = 1000

  /// Who is killed, under which key, and the most it may take in s.
  private struct Victim {
    var process: String
    var key: String
    var title: String
    var limit: Double
  }

  private static let victims = [
    Victim(process: "core-0", key: "core", title: "kill -9 of a core", limit: 2),
    Victim(process: "coordinator", key: "coordinator", title: "kill -9 of the coordinator", limit: 3),
    Victim(process: "redis", key: "store", title: "kill -9 of Redis, from when it answers again", limit: 5),
  ]

  func measure(_ options: BenchmarkOptions) throws -> BenchmarkResult {
    let cores = max(1, options.cores ?? 2)
    let rounds = options.scaled(5)
    var result = BenchmarkResult(scale: options.scale ?? 1, cores: cores)
    let shop = try ShopCluster(options.context, cores: cores, days: 3)
    do {
      defer { shop.stop() }
      try shop.feed(ticks: 60)
      try shop.wait(untilPublished: 60)
      for victim in Self.victims {
        var seconds: [Double] = []
        for _ in 0..<rounds { seconds.append(try recover(victim, on: shop)) }
        Self.add(seconds, of: victim, to: &result.figures)
      }
    }
    try measureStandby(options, cores, rounds: rounds, into: &result.figures)
    try measureFleet(options, cores, rounds: min(rounds, 3), into: &result.figures)
    return result
  }

  private static func add(_ seconds: [Double], of victim: Victim, to figures: inout Report) {
    figures.add(
      "\(victim.key)_kill_seconds",
      title: victim.title,
      .figure(seconds.median ?? 0, "s", compare: "aim: at most \(NumberText.significant(victim.limit)) s")
    )
    figures.add(
      "\(victim.key)_kill_seconds_all",
      title: "all \(seconds.count)",
      Table.Cell(
        .array(seconds.map { .number($0) }),
        text: seconds.sorted().map { NumberText.significant($0, digits: 3) }.joined(separator: ", ") + " s"
      )
    )
  }

  private func recover(_ victim: Victim, on cluster: ShopCluster, ticksBetween: Int = ticksBetween) throws -> Double {
    // 17 and 24 ticks between checkpoints have no common divisor: every kill has another distance to the last one.
    try cluster.feed(ticks: ticksBetween)
    try cluster.wait(untilPublished: cluster.fedTicks)
    let before = try cluster.publishedTicks()
    var start = MonotonicClock.nowNanoseconds()
    try cluster.kill(victim.process)
    if victim.process == "redis" {
      // Which one answers shows only when the former one has ended and `look` has started the next.
      repeat { try cluster.look() } while !cluster.storeAnswers
      start = MonotonicClock.nowNanoseconds()
    }
    try cluster.feed(ticks: 3)
    try cluster.wait(untilPublished: before + 1)
    let seconds = Double(MonotonicClock.nowNanoseconds() - start) / 1e9
    try cluster.wait(untilPublished: cluster.fedTicks)
    return seconds
  }

  /// The same where every part is on two cores, so that nothing is rolled back: the others go on at the next boundary.
  private func measureStandby(
    _ options: BenchmarkOptions,
    _ cores: Int,
    rounds: Int,
    into figures: inout Report
  ) throws {
    let shop = try ShopCluster(options.context, cores: cores, days: 3, redundancy: .standby)
    defer { shop.stop() }
    try shop.feed(ticks: 60)
    try shop.wait(untilPublished: 60)
    let victim = Victim(process: "core-0", key: "standby", title: "kill -9 of a core where others stand by", limit: 2)
    var seconds: [Double] = []
    for _ in 0..<rounds {
      try shop.waitUntilSettled()
      seconds.append(try recover(victim, on: shop))
    }
    Self.add(seconds, of: victim, to: &figures)
    let status = try QueryClient(shop.context).ask("status").result
    for (key, title) in [("promotions", "sets that went on alone"), ("recoveries", "rollbacks")] {
      figures.add("standby_\(key)", title: title, .count(status[key]?.int ?? 0))
    }
  }

  /// The same with many services: what a core loads and simulates again is a hundred times as much.
  private func measureFleet(
    _ options: BenchmarkOptions,
    _ cores: Int,
    rounds: Int,
    into figures: inout Report
  ) throws {
    let services = Self.fleetServices
    let cluster = try ShopCluster(options.context, cores: cores, load: .fleet(services: services))
    defer { cluster.stop() }
    try cluster.feed(ticks: 26)
    try cluster.wait(untilPublished: 26)
    let victim = Victim(
      process: "core-0",
      key: "fleet_core",
      title: "the same of a core with \(services) services × 4 metrics",
      limit: 10
    )
    var seconds: [Double] = []
    for _ in 0..<rounds { seconds.append(try recover(victim, on: cluster, ticksBetween: 7)) }
    Self.add(seconds, of: victim, to: &figures)
    // A core tells of checkpoints since its last start only: one more.
    try cluster.feed(ticks: 24)
    try cluster.wait(untilPublished: cluster.fedTicks)
    let (pause, bytes) = try cluster.largestCheckpoint()
    figures.add("fleet_checkpoint_megabytes", title: "checkpoint of its largest core", .figure(bytes / 1e6, "MB"))
    figures.add("fleet_pause_milliseconds", title: "pause of that core for it", .figure(pause, "ms"))
  }
}
