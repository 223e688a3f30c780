internal import Basics
internal import Forecasting
internal import Glibc
internal import Workloads

/// Forecasters of many series on one core, without processes: neurons, learning, forecasts, snapshots.
struct ForecasterBenchmark: Benchmark {
  static let name = "forecaster"
  static let question = "What do a series and tick of five minutes cost on one core: time, memory, checkpoint?"

  /// Ticks before anything is measured: a day and a bit, so that all three horizons learn.
  private static let warmUpTicks = 320
  private static let seriesPerPart = 1000
  private static let tickMilliseconds: Int64 = 300_000

  func measure(_ options: BenchmarkOptions) throws -> BenchmarkResult {
    var result = BenchmarkResult(scale: options.scale ?? 1, cores: 1)
    var table = Table([
      Table.Column("series"), Table.Column("microseconds_per_series_and_tick", title: "TIME", unit: "µs/series/tick"),
      Table.Column("ticks_per_second", title: "TICKS", unit: "1/s"),
      Table.Column("state_bytes_per_series", title: "STATE", unit: "B/series"),
      Table.Column("checkpoint_bytes", title: "CHECKPOINT", unit: "B"),
      Table.Column("snapshot_milliseconds", title: "PAUSE", unit: "ms"),
    ])
    for usual in [10, 100, 1000, 10_000, 40_000] {
      let count = options.scaled(usual)
      table.append(try row(series: count, ticks: min(200, max(10, 40_000 / count))))
    }
    result.figures.add("sizes", heading: "", table)
    result.figures.notes = [
      "CPU time of one thread; a pause is what one snapshot of all series takes, the best of three."
    ]
    return result
  }

  private func row(series count: Int, ticks: Int) throws -> [Table.Cell] {
    let configuration = try ForecastConfiguration(tickMilliseconds: Self.tickMilliseconds)
    // Only one part is warmed up; the others go on from its snapshot.
    let names = (0..<min(count, Self.seriesPerPart)).map {
      SeriesName(service: "service-\($0 + 100_000)", metric: "requests")
    }
    var parts = [ForecastPart(configuration)]
    for (number, name) in names.enumerated() { parts[0].join(name, number: number, isHere: true) }
    let random = CounterRandom(seed: 1, stream: 0)
    var next = 0
    func run(_ ticks: Int) throws {
      for _ in 0..<ticks {
        if Interruption.isRequested { throw CommandFailure(.interrupted, "interrupted") }
        let sealed = Self.sealed(next, names, random)
        for part in parts { _ = try part.tick(sealed) }
        next += 1
      }
    }
    try run(Self.warmUpTicks)
    let services = Set(names.map(\.service))
    let warm = parts[0].snapshot(of: services)
    while parts.count * names.count < count {
      let part = ForecastPart(configuration)
      try part.restore(warm)
      parts.append(part)
    }
    let series = Double(parts.count * names.count)
    try run(2)
    let time = try Stopwatch.processorNanoseconds { try run(ticks) } / Double(ticks)
    var bytes = 0
    let pause = try Stopwatch.least(ofRounds: 3) { bytes = parts.reduce(0) { $0 + $1.snapshot(of: services).count } }
    return [
      .count(parts.count * names.count), .number(time / series / 1000, digits: 3), .number(1e9 / time),
      .number(Double(parts[0].byteCount) / Double(names.count), digits: 6), .count(bytes),
      .number(pause / 1e6, digits: 3),
    ]
  }

  /// A day's rhythm with a phase of its own for each series, and a tenth of noise.
  private static func sealed(_ index: Int, _ names: [SeriesName], _ random: CounterRandom) -> SealedTick {
    let values = names.enumerated().map { i, name in
      let phase = 2 * Double.pi * (Double(index) / 288 + Double(i) / 37)
      let noise = 0.2 * (random.uniform(UInt32(index), UInt32(i)) - 0.5)
      return SeriesValue(series: name, value: 100 * (1 + 0.5 * sin(phase)) * (1 + noise))
    }
    return SealedTick(
      tick: Tick(Int64(index) + 5_000_000),
      lengthMilliseconds: tickMilliseconds,
      values: values,
      calendar: []
    )
  }
}

extension ForecastPart {
  /// Runs a whole tick of a part that listens to no other.
  fileprivate func tick(_ sealed: SealedTick) throws -> [SeriesForecast] {
    try beginTick(sealed)
    _ = advance(half: 0)
    _ = advance(half: 1)
    return finishTick()
  }
}
