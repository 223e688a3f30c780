public import Basics

/// A line on a terminal that says how far work has come; it appears after two seconds and leaves nothing behind.
public struct ProgressBar {
  /// Work shorter than this shows nothing.
  private static let appearsAfterMilliseconds: Int64 = 2000
  private static let redrawsEveryMilliseconds: Int64 = 100

  private let title: String
  private let total: Double
  private let unit: String
  private let columns: Int?
  private let write: @Sendable (String) -> Void
  private let start: Int64
  private var drawn: Int64?

  /// Starts the clock at `now` (ms of the monotonic clock); without columns nothing is ever drawn.
  public init(
    _ title: String,
    total: Double,
    unit: String,
    columns: Int?,
    now: Int64 = MonotonicClock.nowMilliseconds(),
    write: @escaping @Sendable (String) -> Void
  ) {
    (self.title, self.total, self.unit, self.columns) = (title, total, unit, columns)
    (self.start, self.write) = (now, write)
  }

  /// Says how much is done, in the unit of the total.
  public mutating func update(_ done: Double) { update(done, now: MonotonicClock.nowMilliseconds()) }

  /// Says how much is done at a moment of the monotonic clock.
  public mutating func update(_ done: Double, now: Int64) {
    guard let columns, now - start >= Self.appearsAfterMilliseconds,
      now - (drawn ?? .min / 2) >= Self.redrawsEveryMilliseconds
    else { return }
    drawn = now
    write("\r" + Self.line(title, done, total, unit, elapsedMilliseconds: now - start, columns: columns) + "\u{1B}[K")
  }

  /// Takes the line away.
  public mutating func finish() {
    if drawn != nil { write("\r\u{1B}[K") }
    drawn = nil
  }

  /// Returns the text of the line: title, bar, share, rate and time left.
  private static func line(
    _ title: String,
    _ done: Double,
    _ total: Double,
    _ unit: String,
    elapsedMilliseconds: Int64,
    columns: Int
  ) -> String {
    let share = total > 0 ? min(1, max(0, done / total)) : 0
    let rate = elapsedMilliseconds > 0 ? done / Double(elapsedMilliseconds) * 1000 : 0
    let left = rate > 0 ? NumberText.duration(milliseconds: max(0, total - done) / rate * 1000, digits: 2) : "?"
    let percent = String(Int(share * 100))
    let tail =
      " \(String(repeating: " ", count: 3 - percent.count))\(percent) %  "
      + "\(NumberText.significant(rate, digits: 3)) \(unit)/s  \(left) left"
    let width = min(40, columns - TerminalText.width(title) - TerminalText.width(tail) - 2)
    guard width >= 5 else { return TerminalText.cut(title + tail, to: max(1, columns - 1)) }
    let eighths = Int(share * Double(width) * 8)
    let part = eighths % 8 == 0 ? "" : String(Array("▏▎▍▌▋▊▉")[eighths % 8 - 1])
    let bar = String(repeating: "█", count: eighths / 8) + part
    return "\(title) \(bar)\(String(repeating: "░", count: width - bar.count))\(tail)"
  }
}
