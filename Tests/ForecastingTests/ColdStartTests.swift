import Basics
import Forecasting
import Foundation
import Interchange
import Testing
import Workloads

/// What a new series is promised: after an hour the next tick is forecast no worse than by the last value, after a day a day
/// ahead no worse than by the season before; and the band says how sure that is.
struct ColdStartTests {
  /// Errors over some series of one kind.
  private struct Errors {
    /// Sums of the absolute errors of the median, and of the naive forecast.
    var own = 0.0, naive = 0.0
    /// Targets, and those within the 80 % band.
    var count = 0.0, covered = 0.0
    /// The greatest ratio of one series, series that are more than 2 % worse, and series.
    var worst = 0.0, losers = 0.0, series = 0.0
    var ratio: Double { naive > 0 ? own / naive : 1 }

    /// Adds a series, each in units of its own naive errors, so that none outweighs the others.
    mutating func add(own: Double, naive: Double, count: Int, covered: Int) {
      guard naive > 0, count > 0 else { return }
      self.own += own / naive
      self.naive += 1
      self.count += Double(count)
      self.covered += Double(covered)
      worst = max(worst, own / naive)
      losers += own > 1.02 * naive ? 1 : 0
      series += 1
    }
  }

  /// What is asked of a series: the horizon (1 for the next tick, 0 for a day), and the ages in ticks of the origins.
  private struct Window: Sendable {
    var name: String
    var isDay: Bool
    var origins: @Sendable (_ ticksPerDay: Int) -> Range<Int>

    static let all = [
      Window(name: "1 to 4 hours", isDay: false) { $0 / 24..<$0 / 6 },
      Window(name: "1 hour to 1 day", isDay: false) { $0 / 24..<$0 },
      Window(name: "1 to 2 days", isDay: true) { $0..<2 * $0 },
      Window(name: "1 to 4 days", isDay: true) { $0..<4 * $0 },
    ]
  }

  private static func add(_ series: RecordedSeries, to errors: inout [String: [Errors]], kind: String) throws {
    let (m, values) = (series.ticksPerDay, series.values)
    let origins = Array(0..<min(4 * m, values.count - m - 1))
    let rows = try Backtest.forecasts(of: series, after: origins)
    var last = 0.0
    let filled = values.map { value -> Double in
      last = value ?? last
      return last
    }
    for (k, window) in Window.all.enumerated() {
      var (own, naive, count, covered) = (0.0, 0.0, 0, 0)
      for t in window.origins(m) where origins.indices.contains(t) {
        let row = rows[t][window.isDay ? 2 : 0]
        guard let target = values[t + row.horizon] else { continue }
        own += abs(target - row.quantiles[1])
        // A day before the target is the origin itself.
        naive += abs(target - filled[t])
        count += 1
        if row.quantiles[0]...row.quantiles[2] ~= target { covered += 1 }
      }
      errors[kind, default: Array(repeating: Errors(), count: 4)][k].add(
        own: own,
        naive: naive,
        count: count,
        covered: covered
      )
    }
  }

  private static func check(
    _ errors: [String: [Errors]],
    most: [Double],
    exceptions: [String: [Double]] = [:]
  ) {
    show(errors)
    for (kind, all) in errors.sorted(by: { $0.key < $1.key }) {
      for (k, window) in Window.all.enumerated() where all[k].count > 0 {
        let (e, limit) = (all[k], exceptions[kind]?[k] ?? most[k])
        #expect(e.ratio <= limit, "\(kind), \(window.name): \(e.ratio) of the naive error")
      }
    }
  }

  /// Prints the table where it is asked for.
  private static func show(_ errors: [String: [Errors]]) {
    if ProcessInfo.processInfo.environment["SYNFIRE_SHOW"] != nil {
      for (kind, all) in errors.sorted(by: { $0.key < $1.key }) {
        let cells = all.map { e in
          String(
            format: "%.3f (%.0f %% worse, worst %.2f, in band %.2f)",
            e.ratio,
            100 * e.losers / max(1, e.series),
            e.worst,
            e.covered / max(1, e.count)
          )
        }
        print(kind.padding(toLength: 16, withPad: " ", startingAt: 0), cells.joined(separator: "  "))
      }
    }
  }

  private static let start = Timestamp(milliseconds: 1_772_000_000_000 / 86_400_000 * 86_400_000)

  /// The first days of a made-up series, on its grid.
  private static func recorded(_ labelled: LabelledSeries) -> RecordedSeries {
    let cadence = zip(labelled.seconds, labelled.seconds.dropFirst()).map { $1 - $0 }.min() ?? 300
    let ticks = Int(6 * 86_400 / cadence)
    var values = [Double?](repeating: nil, count: ticks)
    for (second, value) in zip(labelled.seconds, labelled.values) where second < Double(ticks) * cadence {
      values[Int(second / cadence)] = value
    }
    return RecordedSeries(id: labelled.name, start: start, lengthMilliseconds: Int64(cadence * 1000), values: values)
  }

  /// Where the promise is missed, and by how much: jobs and rare peaks of random length within the first day; a walk that
  /// is drawn back, a day ahead.
  private static let missed = [
    "batch": [1.02, 1.09, 1.02, 1.02],
    "idle": [1.05, 1.21, 1.02, 1.02],
    "walk": [1.02, 1.02, 1.06, 1.09],
  ]

  @Test func `a made-up series of nearly any background is never forecast worse than naively`() throws {
    var errors: [String: [Errors]] = [:]
    for number in 0..<4 * SeriesBackground.allCases.count {
      let labelled = LabelledSeries(number: number, seed: 5)
      try Self.add(Self.recorded(labelled), to: &errors, kind: "\(labelled.background)")
    }
    Self.check(errors, most: [1.02, 1.02, 1.02, 1.02], exceptions: Self.missed)
  }

  /// Five-minute series in which the last value is all that can be known, or nearly.
  private static let hard: [(name: String, next: @Sendable (_ last: Double, inout Noise) -> Double)] = [
    ("random walk", { last, noise in last * exp(0.02 * noise.normal()) }),
    ("steps", { last, noise in noise.uniform() < 0.03 ? 50 + 100 * noise.uniform() : last }),
    ("slow wander", { last, noise in last + 0.01 * (100 - last) + noise.normal() }),
    ("drift", { last, noise in last + 0.1 + 0.3 * noise.normal() }),
  ]

  @Test func `a series that only wanders is forecast no worse than by its last value`() throws {
    var errors: [String: [Errors]] = [:]
    for (name, next) in Self.hard {
      for seed in 1...6 as ClosedRange<UInt64> {
        var noise = Noise(seed: seed)
        var value = 100.0
        let values = (0..<6 * 288).map { _ -> Double? in
          value = next(value, &noise)
          return value
        }
        let series = RecordedSeries(id: name, start: Self.start, lengthMilliseconds: 300_000, values: values)
        try Self.add(series, to: &errors, kind: name)
      }
    }
    Self.check(errors, most: [1.02, 1.02, 1.05, 1.05])
  }

  @Test func `the metrics of a shop's services are never forecast worse than naively`() throws {
    let shop = Shop(seed: 3, start: Self.start, days: 6)
    var columns: [SeriesName: [Double?]] = [:]
    for (t, tick) in shop.ticks.enumerated() {
      var sums: [SeriesName: (sum: Double, count: Double)] = [:]
      for sample in shop.samples(in: tick) {
        for reading in sample.readings {
          sums[SeriesName(service: sample.service, metric: reading.metric), default: (0, 0)].sum += reading.value
          sums[SeriesName(service: sample.service, metric: reading.metric), default: (0, 0)].count += 1
        }
      }
      for (name, sum) in sums {
        columns[name, default: Array(repeating: nil, count: shop.ticks.count)][t] = sum.sum / sum.count
      }
    }
    var errors: [String: [Errors]] = [:]
    for (name, values) in columns.sorted(by: { $0.key < $1.key }) {
      let series = RecordedSeries(id: "\(name)", start: shop.start, lengthMilliseconds: 300_000, values: values)
      try Self.add(series, to: &errors, kind: name.metric)
    }
    Self.check(errors, most: [1.002, 1.002, 1.002, 1.002])
  }

  @Test(.enabled(if: Shared.folder != nil, "the folder of shared reference material is not there"))
  func `recorded series that begin anywhere are forecast no worse than naively, but for a few`() throws {
    let folder = try BacktestFolder(path: try #require(Shared.folder).appending(path: "data").path)
    var errors: [String: [Errors]] = [:]
    for series in folder.series.enumerated().filter({ $0.offset % 2 == 0 }).map(\.element) {
      for share in [0.12, 0.33, 0.55, 0.7] {
        let first = Int(share * Double(series.values.count))
        var young = series
        young.values = Array(series.values[first...].prefix(6 * series.ticksPerDay))
        young.start = Timestamp(milliseconds: series.start.milliseconds + Int64(first) * series.lengthMilliseconds)
        young.events = []
        try Self.add(young, to: &errors, kind: "recorded")
      }
    }
    Self.check(errors, most: [0.9, 0.8, 1.06, 1])
    let all = try #require(errors["recorded"])
    for (k, most) in [0.12, 0.1, 0.15, 0.15].enumerated() {
      #expect(all[k].losers <= most * all[k].series, "\(Window.all[k].name): \(all[k].losers) of \(all[k].series)")
    }
  }
}
