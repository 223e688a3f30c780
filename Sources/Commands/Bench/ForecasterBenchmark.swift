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
      Table.Column("copy_milliseconds", title: "COPY", unit: "ms"),
      Table.Column("encode_milliseconds", title: "ENCODE", unit: "ms"),
    ])
    for usual in [10, 100, 1000, 10_000, 40_000] {
      let count = options.scaled(usual)
      table.append(try row(series: count, ticks: min(200, max(10, 40_000 / count))))
    }
    result.figures.add("sizes", heading: "", table)
    result.figures.notes = [
      "CPU time of one thread, the best of three. A pause is what taking the state of all series takes; another thread makes bytes "
        + "of it while the simulation goes on, whose next tick takes longer by the copy where nothing is written yet."
    ]
    return result
  }

  private func row(series count: Int, ticks: Int) throws -> [Table.Cell] {
    let load = try ForecastLoad(series: count, tickMilliseconds: Self.tickMilliseconds)
    try load.warmUp(Self.warmUpTicks)
    try load.run(2)
    let time = try Stopwatch.processorNanoseconds { try load.run(ticks) } / Double(ticks)
    var bytes = 0
    let encode = try Stopwatch.least(ofRounds: 3) { bytes = load.snapshot().reduce(0) { $0 + $1.count } }
    var states: [[Int: ForecastPartState]] = []
    let pause = try Stopwatch.least(ofRounds: 3) { states = load.states() }
    // Nothing has become bytes yet, so all of it is copied in the next tick.
    let copy = try Stopwatch.least(ofRounds: 3) {
      try load.run(1)
      states = load.states()
    }
    withExtendedLifetime(states) {}
    return [
      .count(load.seriesCount), .number(time / Double(load.seriesCount) / 1000, digits: 3), .number(1e9 / time),
      .number(Double(load.byteCount) / Double(load.seriesCount), digits: 6), .count(bytes),
      .number(pause / 1e6, digits: 3), .number((copy - pause - time) / 1e6, digits: 3),
      .number(encode / 1e6, digits: 3),
    ]
  }
}

/// Forecasters of many series in parts of at most a thousand, and the ticks that are fed to them.
final class ForecastLoad {
  private let configuration: ForecastConfiguration
  private var parts: [ForecastPart]
  /// The series of each part.
  private let names: [SeriesName]
  private let partCount: Int
  private let random = CounterRandom(seed: 1, stream: 0)
  private var next = 0
  private static let firstMilliseconds: Int64 = 1_500_000_000_000
  private static let seriesPerPart = 1000

  /// Makes forecasters that have not learned yet; more than a thousand are rounded up to whole parts.
  init(series count: Int, tickMilliseconds: Int64) throws {
    configuration = try ForecastConfiguration(tickMilliseconds: tickMilliseconds)
    names = (0..<min(count, Self.seriesPerPart)).map {
      SeriesName(service: "service-\($0 + 100_000)", metric: "requests")
    }
    partCount = (count + names.count - 1) / names.count
    parts = [ForecastPart(configuration)]
    for (number, name) in names.enumerated() { parts[0].join(name, number: number, isHere: true) }
  }

  /// All series.
  var seriesCount: Int { partCount * names.count }
  /// The state of all series in bytes.
  var byteCount: Int { parts.reduce(0) { $0 + $1.byteCount } }

  /// Runs ticks on one part, from whose snapshot the others then go on.
  func warmUp(_ ticks: Int) throws {
    try run(ticks)
    guard parts.count < partCount, let warm = snapshot().first else { return }
    while parts.count < partCount {
      let part = ForecastPart(configuration)
      try part.restore(warm)
      parts.append(part)
    }
  }

  /// Runs whole ticks.
  func run(_ ticks: Int) throws {
    for _ in 0..<ticks {
      if Interruption.isRequested { throw CommandFailure(.interrupted, "interrupted") }
      let sealed = sealed(next)
      for part in parts { _ = try part.tick(sealed) }
      next += 1
    }
  }

  /// Takes the snapshot of each part.
  func snapshot() -> [[UInt8]] {
    let services = Set(names.map(\.service))
    return parts.map { $0.snapshot(of: services) }
  }

  /// Takes the state of each part in ten groups, without making bytes of it.
  func states() -> [[Int: ForecastPartState]] { parts.map { $0.states { $0.service.utf8.last.map { Int($0) } } } }

  /// A day's rhythm with a phase of its own for each series, and a tenth of noise.
  private func sealed(_ index: Int) -> SealedTick {
    let tickMilliseconds = configuration.tickMilliseconds
    let ticksPerDay = Double(86_400_000 / tickMilliseconds)
    let values = names.enumerated().map { i, name in
      let phase = 2 * Double.pi * (Double(index) / ticksPerDay + Double(i) / 37)
      let noise = 0.2 * (random.uniform(UInt32(index), UInt32(i)) - 0.5)
      return SeriesValue(series: name, value: 100 * (1 + 0.5 * sin(phase)) * (1 + noise))
    }
    return SealedTick(
      tick: Tick(Int64(index) + Self.firstMilliseconds / tickMilliseconds),
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
