internal import Basics
internal import Documents
internal import Planning
internal import Workloads

/// Made-up series with known incidents, judged as `synfire detect` does; the figures are the same on every machine.
struct IncidentsBenchmark: Benchmark {
  static let name = "incidents"
  static let question = "Which incidents does the detector of anomalies find, how soon, and how many alarms are false?"
  /// Of the series that the constants were not chosen on.
  static let defaultSeed: UInt64 = 2

  private struct Row {
    var score = DetectionScore()
    /// Rows from the onset of an incident to the first alarm at or after it.
    var delays: [Double] = []
  }

  func measure(_ options: BenchmarkOptions) throws -> BenchmarkResult {
    var result = BenchmarkResult(scale: options.scale ?? 1, cores: 1)
    let count = options.scaled(LabelledSeries.fullCount)
    var bar = options.context.progress("judging \(count) series", total: Double(count), unit: "series")
    var (all, rows, weeks, nanoseconds, judged) = (Row(), [IncidentKind?: Row](), 0.0, UInt64(0), 0)
    for number in 0..<count {
      guard !Interruption.isRequested else { throw CommandFailure(.interrupted, "interrupted; nothing was measured") }
      let series = LabelledSeries(number: number, seed: options.seed ?? Self.defaultSeed)
      let start = ProcessClock.nowNanoseconds()
      var detector = SeriesDetector()
      let alarms = series.values.indices.filter {
        detector.take(series.values[$0], atSeconds: series.seconds[$0]).isAlarm
      }
      nanoseconds += UInt64(ProcessClock.nowNanoseconds() - start)
      let delays = zip(series.onsets, series.windows).compactMap { onset, window in
        alarms.first { $0 >= onset && window.contains($0) }.map { Double($0 - onset) }
      }
      let kind = series.incident
      rows[kind, default: Row()].score.take(alarms: alarms, windows: series.windows, rows: series.values.count)
      rows[kind, default: Row()].delays += delays
      all.score.take(alarms: alarms, windows: series.windows, rows: series.values.count)
      all.delays += delays
      let first = min(series.values.count * 15 / 100, 750)
      judged += series.values.count
      weeks += ((series.seconds.last ?? 0) - series.seconds[first]) / 604_800
      bar.update(Double(number + 1))
    }
    bar.finish()
    add(all, weeks, &result.figures)
    let perRow = Double(nanoseconds) / 1000 / Double(max(1, judged))
    result.figures.add("microseconds_per_row", title: "CPU per row", .figure(perRow, "µs"))
    result.figures.add("kinds", heading: "By kind of the first incident of a series", table(rows))
    return result
  }

  private func add(_ all: Row, _ weeks: Double, _ figures: inout Report) {
    let score = all.score
    figures.add("score", .figure(score.value, "", digits: 4, compare: "100 is perfect, 0 no alarm"))
    figures.add("incidents", .count(score.incidents))
    figures.add("found", .count(score.found))
    figures.add("median_delay_rows", title: "median delay", .figure(all.delays.median ?? 0, "rows"))
    figures.add("false_alarms", title: "false alarms", .count(score.falseAlarms))
    let rate = weeks > 0 ? Double(score.falseAlarms) / weeks : 0
    figures.add("false_alarms_per_week", title: "false alarms per series and week", .figure(rate, ""))
  }

  private func table(_ rows: [IncidentKind?: Row]) -> Table {
    var table = Table([
      .init("incident"), .init("incidents"), .init("found"), .init("score"),
      .init("median_delay", unit: "rows"), .init("false_alarms"),
    ])
    for kind in IncidentKind.allCases.map(Optional.some) + [nil] {
      guard let row = rows[kind] else { continue }
      table.append([
        .text(kind?.rawValue ?? "none"), .count(row.score.incidents), .count(row.score.found),
        row.score.incidents > 0 ? .fixed(row.score.value, places: 1) : .none,
        row.delays.median.map { .fixed($0, places: 1) } ?? .none,
        .count(row.score.falseAlarms),
      ])
    }
    return table
  }
}
