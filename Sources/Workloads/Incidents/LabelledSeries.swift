internal import Basics

/// A made-up series whose incidents are known, to measure detectors of anomalies on.
///
/// 14 backgrounds × 17 kinds of incident, five-minute and hourly cadence, some with rows left out, some without any
/// incident. The same seed gives the same series.
public struct LabelledSeries: Equatable, Sendable {
  /// Number, background and kind of the first incident.
  public var name: String
  /// What the series looks like without incidents.
  public var background: SeriesBackground
  /// Kind of the first incident; nil when there is none.
  public var incident: IncidentKind?
  /// Seconds since the first row.
  public var seconds: [Double]
  /// One value a row.
  public var values: [Double]
  /// Row on which each incident begins, in ascending order.
  public var onsets: [Int]
  /// Rows around each onset in which an alarm counts as found; together a tenth of the series.
  public var windows: [ClosedRange<Int>]

  /// How many series hold every background with every incident.
  public static let fullCount = SeriesBackground.allCases.count * IncidentKind.allCases.count

  /// Makes the series of a number; `fullCount` successive ones hold every background with every kind of incident.
  public init(number: Int, seed: UInt64) {
    precondition(number >= 0, "series are counted from 0")
    var draws = Draws(seed: seed, stream: UInt32(truncatingIfNeeded: number))
    let (backgrounds, kinds) = (SeriesBackground.allCases, IncidentKind.allCases)
    background = backgrounds[number % backgrounds.count]
    let kind = kinds[number / backgrounds.count % kinds.count]
    let isHourly = draws.uniform() < (background == .weekly ? 0.6 : 0.25)
    let cadence = isHourly ? 3600.0 : 300
    let rows = isHourly ? draws.integer(1400, 2600) : draws.integer(2500, 6000)
    values = background.values(rows: rows, cadenceSeconds: cadence, &draws)
    seconds = (0..<rows).map { Double($0) * cadence }

    let share = draws.uniform()
    let count = draws.uniform() < 0.08 ? 0 : share < 0.45 ? 1 : share < 0.8 ? 2 : 3
    let width = max(20, rows / 10 / max(1, count))
    onsets = []
    for _ in 0..<100 where onsets.count < count {
      let place = draws.integer(rows * 15 / 100 + width, rows - width / 2 - 5)
      if onsets.allSatisfy({ abs($0 - place) * 10 > 13 * width }) { onsets.append(place) }
    }
    onsets.sort()
    for (i, onset) in onsets.enumerated() {
      let kind = i == 0 ? kind : kinds[draws.integer(0, kinds.count)]
      kind.inject(into: &values, at: onset, cadenceSeconds: cadence, &draws)
    }
    incident = onsets.isEmpty ? nil : kind
    windows = []
    name = "\(number)-\(background)-\(incident.map { "\($0)" } ?? "none")"
    if draws.uniform() < 0.3 { loseRows(&draws) }
    let last = values.count - 1
    windows = onsets.map { max(0, $0 - width / 2)...min(last, $0 + width / 2) }
  }

  /// Leaves out one row in fifty, but no onset.
  private mutating func loseRows(_ draws: inout Draws) {
    let marked = Set(onsets)
    let kept = values.indices.filter { marked.contains($0) || draws.uniform() > 0.02 }
    onsets = onsets.compactMap { kept.firstIndex(of: $0) }
    seconds = kept.map { seconds[$0] }
    values = kept.map { values[$0] }
  }
}
