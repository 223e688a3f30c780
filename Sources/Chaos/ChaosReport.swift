/// What became of each fault, and the table of it.
public struct ChaosReport: Sendable {
  /// What one fault, or two at once, came to.
  public struct Entry: Sendable {
    /// The faults.
    public var faults: [Fault]
    /// How it ended.
    public var outcome: Outcome
  }

  /// How a fault ended.
  public enum Outcome: Equatable, Sendable {
    /// Ticks went on, so many seconds later.
    case survived(seconds: Double)
    /// The cluster refused to go on, in its own words, as it should.
    case refused(String)
    /// It could not be done here.
    case skipped(String)
    /// It was not survived, or not answered as it should be.
    case failed(String)
  }

  /// Every fault, in order.
  public private(set) var entries: [Entry] = []
  /// Histories whose output is not that of the fault-free run, or that did not end.
  public private(set) var failures: [String] = []
  /// Ticks and records that were compared.
  public private(set) var ticksCompared = 0, recordsCompared = 0

  /// Begins without anything.
  public init() {}

  /// Whether everything is as it should be.
  public var isGood: Bool {
    failures.isEmpty && !entries.contains { if case .failed = $0.outcome { true } else { false } }
  }

  mutating func add(_ faults: [Fault], _ outcome: Outcome) { entries.append(Entry(faults: faults, outcome: outcome)) }
  mutating func add(failure: String) { failures.append(failure) }
  mutating func count(ticks: Int = 0, records: Int = 0) {
    ticksCompared += ticks
    recordsCompared += records
  }

  /// The table: fault, how often, outcome, median and worst time to the next tick; then what went wrong.
  public var text: String {
    var rows = [["fault", "count", "outcome", "median s", "worst s"]]
    for fault in Fault.allCases {
      let own = entries.filter { $0.faults.first == fault && $0.faults.count == 1 }
      if !own.isEmpty { rows.append(Self.row(fault.rawValue, own)) }
    }
    let pairs = entries.filter { $0.faults.count > 1 }
    if !pairs.isEmpty { rows.append(Self.row("two at once", pairs)) }
    let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    var text = ""
    for row in rows {
      for (i, cell) in row.enumerated() {
        let blanks = String(repeating: " ", count: widths[i] - cell.count)
        text += (i == 0 ? "" : "  ") + (i == 1 || i > 2 ? blanks + cell : cell + blanks)
      }
      while text.last == " " { text.removeLast() }
      text += "\n"
    }
    let told =
      failures
      + entries.compactMap { entry in
        if case .failed(let why) = entry.outcome { Self.name(entry.faults) + ": " + why } else { nil }
      }
    for line in told { text += "FAILED \(line)\n" }
    text += "\(entries.reduce(0) { $0 + $1.faults.count }) faults; \(ticksCompared) published ticks and "
    return text + "\(recordsCompared) bytes of records compared, \(told.count) failures\n"
  }

  static func name(_ faults: [Fault]) -> String { faults.map(\.rawValue).joined(separator: " + ") }

  private static func row(_ name: String, _ entries: [Entry]) -> [String] {
    var (seconds, kinds, skipped) = ([Double](), [String: Int](), "")
    for entry in entries {
      switch entry.outcome {
      case .survived(let time):
        kinds["nothing lost", default: 0] += 1
        seconds.append(time)
      case .refused: kinds["refused", default: 0] += 1
      case .skipped(let why): skipped = "skipped: \(why)"
      case .failed: kinds["FAILED", default: 0] += 1
      }
    }
    let outcome = kinds.sorted { $0.key < $1.key }.map { $0.value == entries.count ? $0.key : "\($0.value) \($0.key)" }
    seconds.sort()
    let times = seconds.isEmpty ? ["", ""] : [text(seconds[seconds.count / 2]), text(seconds.last ?? 0)]
    let all = outcome + (skipped.isEmpty ? [] : [skipped])
    return [name, "\(entries.count)", all.joined(separator: ", ")] + times
  }

  private static func text(_ seconds: Double) -> String {
    let hundredths = Int((seconds * 100).rounded())
    let rest = hundredths % 100
    return "\(hundredths / 100).\(rest < 10 ? "0" : "")\(rest)"
  }
}
