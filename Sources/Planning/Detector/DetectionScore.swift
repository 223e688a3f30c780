internal import Glibc

/// How well alarms meet the incidents of labelled series, by the rules of the Numenta Anomaly Benchmark.
///
/// The earliest alarm in a window counts up to 1, less the later it comes; an alarm elsewhere costs 0.11 at most, a window
/// without one costs 1. 100 is every incident found at the first row of its window and nothing else, 0 no alarm at all.
/// Source: Lavin and Ahmad, "Evaluating real-time anomaly detection algorithms", ICMLA 2015, standard profile.
public struct DetectionScore: Equatable, Sendable {
  /// The cost of a false alarm.
  public static let falseAlarmWeight = 0.11

  /// Incidents that could be found.
  public private(set) var incidents = 0
  /// Incidents with an alarm in their window.
  public private(set) var found = 0
  /// Alarms outside all windows.
  public private(set) var falseAlarms = 0
  private var sum = 0.0

  /// Starts without series.
  public init() {}

  /// The score; 100 when there was no incident and no alarm.
  public var value: Double {
    guard incidents > 0 else { return falseAlarms == 0 ? 100 : 0 }
    return 100 * (sum + Double(incidents)) / (2 * Double(incidents))
  }

  /// Takes a series: the rows with an alarm, and the windows, both in ascending order.
  ///
  /// The first 15 % of the rows, at most 750, are for learning and do not take part.
  public mutating func take(alarms: [Int], windows: [ClosedRange<Int>], rows count: Int) {
    let start = min(count * 15 / 100, 750)
    let windows = windows.filter { $0.upperBound >= start }
    incidents += windows.count
    var met = Set<Int>()
    for alarm in alarms where alarm >= start {
      if let window = windows.firstIndex(where: { $0.contains(alarm) }) {
        guard met.insert(window).inserted else { continue }
        let place = Double(windows[window].upperBound - alarm + 1) / Double(windows[window].count)
        sum += Self.worth(-place) / Self.worth(-1)
      } else {
        falseAlarms += 1
        let last = windows.last { $0.upperBound < alarm }
        sum += Self.falseAlarmWeight * (last.map { Self.worth(Self.distance(alarm, past: $0)) } ?? -1)
      }
    }
    found += met.count
    sum -= Double(windows.count - met.count)
  }

  private static func distance(_ row: Int, past window: ClosedRange<Int>) -> Double {
    Double(row - window.upperBound) / Double(max(1, window.count - 1))
  }

  private static func worth(_ place: Double) -> Double { place > 3 ? -1 : 2 / (1 + exp(5 * place)) - 1 }
}
