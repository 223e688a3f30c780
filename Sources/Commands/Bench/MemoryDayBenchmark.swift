internal import Basics
internal import Cluster
internal import FoundationEssentials
internal import Glibc
internal import Workloads

/// A day of the demonstration's ticks as fast as they are computed, after a week of them: what grows in a day would show.
///
/// The week before fills what has a length of its own: a week of half-hours, a day of five-minute ticks, the tails of errors,
/// and the histories in Redis, which are bounded to what that week reaches: the usual bounds lie months away at this cadence.
struct MemoryDayBenchmark: Benchmark {
  static let name = "memory-day"
  static let question = "Does the memory of any process grow over a day of ticks?"
  static let isPartOfAll = false

  private static let hours = 24
  /// So little that the least number of entries is kept, and fewer samples than come in three days.
  private static let (historyMebibytes, keptSamples) = (1, 60_000)

  func measure(_ options: BenchmarkOptions) throws -> BenchmarkResult {
    let cores = max(1, options.cores ?? 2)
    let weekDays = options.scaled(7)
    var result = BenchmarkResult(scale: options.scale ?? 1, cores: cores)
    let cluster = try ShopCluster(
      options.context,
      cores: cores,
      days: weekDays + 1,
      history: HistoryBound(mebibytes: Self.historyMebibytes),
      keptSamples: Self.keptSamples
    )
    defer { cluster.stop() }
    let ticksPerHour = Int(3_600_000 / cluster.shop.tickMilliseconds)
    func play(_ hours: Int) throws {
      for _ in 0..<hours {
        try cluster.feed(ticks: ticksPerHour)
        try cluster.wait(untilPublished: cluster.fedTicks)
      }
    }
    try play(24 * weekDays)
    let processes = cluster.processes.sorted { $0.name < $1.name }
    var columns = [Table.Column("hour", title: "HOUR")]
    columns += processes.map { Table.Column("\($0.name)_mebibytes", title: $0.name.uppercased(), unit: "MiB") }
    var table = Table(columns)
    var rows: [[Double]] = []
    for hour in 0...Self.hours {
      if hour > 0 { try play(1) }
      let now = Dictionary(uniqueKeysWithValues: cluster.processes.map { ($0.name, $0.pid) })
      guard processes.allSatisfy({ now[$0.name] == $0.pid }) else {
        throw CommandFailure(.failed, "a process ended and was started again; its memory says nothing any more")
      }
      rows.append(try processes.map { try Self.residentMebibytes(of: $0.pid) })
      table.append([.count(hour)] + (rows.last ?? []).map { .number($0, digits: 4) })
    }
    result.figures.add("resident", heading: "", table)
    for (i, process) in processes.enumerated() {
      let growth = rows[Self.hours][i] - rows[0][i]
      result.figures.add("\(process.name)_growth", title: "\(process.name), in the day", .figure(growth, "MiB"))
    }
    result.figures.notes = [
      "Resident memory after each hour, in all \(Self.hours * ticksPerHour) ticks, after \(weekDays) days of them. Redis keeps "
        + "\(HistoryBound.least) ticks and publications and \(Self.keptSamples) samples, fewer than came in those days."
    ]
    return result
  }

  /// Resident memory of a process, from proc(5) `statm`.
  private static func residentMebibytes(of pid: Int32) throws -> Double {
    let text = FileManager.default.contents(atPath: "/proc/\(pid)/statm").map { String(decoding: $0, as: UTF8.self) }
    guard let pages = text?.split(separator: " ").dropFirst().first.flatMap({ Double($0) }) else {
      throw CommandFailure(.failed, "the memory of process \(pid) cannot be read; did it end?")
    }
    return pages * Double(sysconf(Int32(_SC_PAGESIZE))) / 1_048_576
  }
}
