/// The usual value at each time of the day, and the cadence that the series itself tells.
struct DayProfile: Equatable, Sendable {
  /// The least rate of learning.
  static let rate = 0.2
  /// Gaps of which the median is the cadence.
  static let gaps = 20
  private static let daySeconds = 86_400.0

  private struct Entry: Equatable, Sendable {
    var value: Double
    var count: Double
  }

  private var first: Double?
  private var stamps: [Double] = []
  private var cadenceSeconds: Double?
  private var entries: [Int: Entry] = [:]
  private var phase: Int?

  /// Moves to a moment and returns the usual value there; nil when this time of the day was never seen.
  mutating func move(to seconds: Double) -> Double? {
    let first = self.first ?? seconds
    self.first = first
    if cadenceSeconds == nil {
      stamps.append(seconds)
      if stamps.count > Self.gaps {
        let gaps = zip(stamps.dropFirst(), stamps).map { $0 - $1 }.sorted()
        cadenceSeconds = max(1, (gaps[Self.gaps / 2 - 1] + gaps[Self.gaps / 2]) / 2)
        stamps = []
      }
    }
    phase = cadenceSeconds.map { cadence in
      let offset = (seconds - first).truncatingRemainder(dividingBy: Self.daySeconds)
      return Int(((offset < 0 ? offset + Self.daySeconds : offset) / cadence).rounded(.down))
    }
    return phase.flatMap { entries[$0]?.value }
  }

  /// Learns the value at the present moment.
  mutating func learn(_ value: Double) {
    guard let phase else { return }
    var entry = entries[phase] ?? Entry(value: value, count: 0)
    entry.count += 1
    entry.value += max(Self.rate, 1 / entry.count) * (value - entry.value)
    entries[phase] = entry
  }
}
