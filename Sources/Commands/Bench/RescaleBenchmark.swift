internal import Basics
internal import Documents

/// Ticks are fed without a pause while the cluster goes to other cores; what counts is how long nothing is simulated.
struct RescaleBenchmark: Benchmark {
  static let name = "rescale"
  static let question =
    "How long do ticks wait while a running cluster goes to more cores, to fewer, or loses one on purpose?"

  /// The shortest tick that a configuration may have.
  private static let shortestTickMilliseconds = 1000.0

  func measure(_ options: BenchmarkOptions) throws -> BenchmarkResult {
    let cores = max(2, options.cores ?? 2)
    let rounds = options.scaled(5)
    var result = BenchmarkResult(scale: options.scale ?? 1, cores: cores)
    let cluster = try ShopCluster(options.context, cores: cores, days: 3)
    defer { cluster.stop() }
    try cluster.feed(ticks: 60)
    try cluster.wait(untilPublished: 60)
    var pauses: [String: [Double]] = [:]
    for _ in 0..<rounds {
      pauses["grow", default: []].append(try move(cluster, "scale", .init("cores", .integer(Int64(cores + 1)))))
      pauses["shrink", default: []].append(try move(cluster, "scale", .init("cores", .integer(Int64(cores)))))
      pauses["drain", default: []].append(try move(cluster, "drain", .init("core", .string("0"))))
      _ = try move(cluster, "scale", .init("cores", .integer(Int64(cores))))
    }
    for (key, title) in [
      ("grow", "scale \(cores) → \(cores + 1)"), ("shrink", "scale \(cores + 1) → \(cores)"), ("drain", "drain a core"),
    ] {
      let worst = pauses[key]?.max() ?? 0
      result.figures.add(
        "\(key)_pause_ticks",
        title: title,
        .figure(
          worst / Self.shortestTickMilliseconds,
          "ticks of 1 s",
          compare: "aim: at most 2; the longest of \(rounds)"
        )
      )
      result.figures.add(
        "\(key)_pause_milliseconds_all",
        title: "all",
        Table.Cell(
          .array((pauses[key] ?? []).map { .number($0) }),
          text: (pauses[key] ?? []).sorted().map { NumberText.significant($0, digits: 3) }.joined(separator: ", ")
            + " ms"
        )
      )
    }
    return result
  }

  /// Changes the cluster while ticks are fed; returns the pause in ms.
  private func move(_ cluster: ShopCluster, _ query: String, _ what: JSONValue.Member) throws -> Double {
    try cluster.feed(ticks: 5)
    let client = try QueryClient(cluster.context)
    let end = MonotonicClock.nowMilliseconds() + 60_000
    var what = what
    while true {
      let state = try client.ask(query, [what]).result
      if state["done"] == .bool(true) {
        try cluster.wait(untilPublished: cluster.fedTicks)
        return state["pause_milliseconds"]?.double ?? 0
      }
      if let process = state["process"] { what = .init(what.name, process) }
      guard MonotonicClock.nowMilliseconds() < end else {
        throw CommandFailure(.timedOut, "the cluster did not go to other cores within a minute")
      }
      try cluster.look()
      pauseMilliseconds(2)
    }
  }
}
