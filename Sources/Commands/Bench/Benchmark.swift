internal import Basics
internal import Circuits
internal import Documents
internal import Transport

/// A benchmark: a question about this build on this machine, and how its answer is measured.
protocol Benchmark: Sendable {
  /// The name on the command line.
  static var name: String { get }
  /// What the figures answer.
  static var question: String { get }
  /// Whether it runs where no name is given; one that takes minutes, or serves a script, does not.
  static var isPartOfAll: Bool { get }
  /// Makes the benchmark.
  init()
  /// Measures.
  ///
  /// - Throws: any error whose description says what to do next.
  func measure(_ options: BenchmarkOptions) throws -> BenchmarkResult
}

extension Benchmark {
  static var isPartOfAll: Bool { true }
}

/// What the command line asks of every benchmark.
struct BenchmarkOptions: Sendable {
  /// How large the network is, or how much is done, as a multiple of the usual; nil for the benchmark's own default.
  var scale: Double?
  /// Cores or processes; nil for the benchmark's own default.
  var cores: Int?
  /// How spikes travel between cores; nil for the benchmark's own default.
  var exchange: ExchangeKind?
  /// Number format of the state, where a network is simulated.
  var precision = Precision.single
  /// Seed of a network instead of its own.
  var seed: UInt64?
  /// Model time to measure in ms, where a network is simulated; nil for the benchmark's own default.
  var milliseconds: Double?
  /// Log, environment and output around it.
  var context: CommandContext

  /// Rounds a size at the scale, from a least one on.
  func scaled(_ usual: Int, atLeast least: Int = 1) -> Int {
    max(least, Int((Double(usual) * (scale ?? 1)).rounded()))
  }
}

/// What a benchmark found.
struct BenchmarkResult {
  /// The scale it ran at.
  var scale: Double
  /// The cores it ran on.
  var cores: Int
  /// Its figures by key; titles and texts are for people.
  var figures = Report()
  /// Its curves, by the name of the file that shows them.
  var pictures: [(name: String, plot: SVGPlot)] = []
}

extension Table.Cell {
  /// A measured number with its unit and, for people, what it is to be compared with.
  static func figure(_ value: Double, _ unit: String, digits: Int = 3, compare: String? = nil) -> Table.Cell {
    let text = NumberText.significant(value, digits: digits) + (unit.isEmpty ? "" : " \(unit)")
    return Table.Cell(.number(value), text: text + (compare.map { "   (\($0))" } ?? ""), isNumber: true)
  }
}

extension [Double] {
  /// The middle value, or the mean of the two in the middle; nil for none.
  var median: Double? {
    let sorted = sorted()
    guard let last = sorted.indices.last else { return nil }
    return (sorted[last / 2] + sorted[(last + 1) / 2]) / 2
  }

  /// The least value that a share of the values does not exceed (nearest rank); nil for none.
  func percentile(_ share: Double) -> Double? {
    let sorted = sorted()
    guard !sorted.isEmpty else { return nil }
    return sorted[Swift.min(sorted.count - 1, Swift.max(0, Int((share * Double(sorted.count)).rounded(.up)) - 1))]
  }
}

/// CPU time of this process, so that what else the machine does disturbs a measurement less than wall time would.
enum Stopwatch {
  /// Returns the CPU time in ns that a body took.
  static func processorNanoseconds(_ body: () throws -> Void) rethrows -> Double {
    let start = ProcessClock.nowNanoseconds()
    try body()
    return Double(ProcessClock.nowNanoseconds() - start)
  }

  /// Returns the least CPU time of some rounds in ns: the one that was disturbed least.
  static func least(ofRounds rounds: Int, _ body: () throws -> Void) throws -> Double {
    var least = Double.infinity
    for _ in 0..<rounds {
      guard !Interruption.isRequested else { throw CommandFailure(.interrupted, "interrupted") }
      least = min(least, try processorNanoseconds(body))
    }
    return least
  }
}
