internal import Forecasting
internal import Glibc
internal import Interchange
internal import Workloads

/// How good the forecasts of a backtest were, series by series.
///
/// Errors are relative to the seasonal naive forecast, the value one day before the target, over the same origins.
struct BacktestScore {
  /// One series at one horizon.
  struct Part {
    /// Sums over origins: absolute error of the median and of the naive forecast, quantile loss at 10, 50 and 90 %.
    var error = 0.0, naive = 0.0, loss = 0.0
    /// Targets, and those within the 80 % band.
    var count = 0, covered = 0
  }

  /// By series, then by horizon: the next tick, twelve ticks, a day.
  private(set) var parts: [[Part]]

  /// Scores the forecasts of all origins of a folder.
  init(_ folder: BacktestFolder, _ forecasts: [[Backtest.Row]]) {
    parts = Array(repeating: Array(repeating: Part(), count: 3), count: folder.series.count)
    let filled = folder.series.map { one -> [Double] in
      var last = 0.0
      return one.values.map { value in
        last = value ?? last
        return last
      }
    }
    for (origin, rows) in zip(folder.origins, forecasts) {
      let (values, season) = (folder.series[origin.series].values, folder.series[origin.series].ticksPerDay)
      for (j, row) in rows.enumerated() {
        let at = origin.tick + row.horizon
        guard at < values.count, let target = values[at] else { continue }
        let (low, median, high) = (row.quantiles[0], row.quantiles[1], row.quantiles[2])
        var part = parts[origin.series][j]
        part.error += abs(target - median)
        part.naive += abs(target - filled[origin.series][max(0, at - season)])
        for (level, quantile) in zip(Backtest.levels, row.quantiles.prefix(3)) {
          part.loss += max(level * (target - quantile), (level - 1) * (target - quantile))
        }
        part.count += 1
        part.covered += low <= target && target <= high ? 1 : 0
        parts[origin.series][j] = part
      }
    }
  }

  /// The geometric mean over series of the error at a horizon relative to the naive one; nil where there is none.
  func error(_ horizon: Int) -> Double? {
    Self.geometricMean(parts.map { ($0[horizon].error, $0[horizon].naive) })
  }

  /// The share of targets within the 80 % band.
  func coverage(_ horizon: Int) -> Double? {
    let (count, covered) = parts.reduce((0, 0)) { ($0.0 + $1[horizon].count, $0.1 + $1[horizon].covered) }
    return count > 0 ? Double(covered) / Double(count) : nil
  }

  /// The geometric mean over series of the quantile loss at a horizon relative to another score's, and the series that it is
  /// less for.
  func loss(_ horizon: Int, relativeTo other: Self) -> (ratio: Double?, better: Int, series: Int) {
    let pairs = zip(parts, other.parts).map { ($0[horizon].loss, $1[horizon].loss) }.filter { $0.1 > 0 }
    return (Self.geometricMean(pairs), pairs.count { $0.0 < $0.1 }, pairs.count)
  }

  /// Pairs whose second number is 0 say nothing; a ratio counts as a thousandth at least.
  private static func geometricMean(_ pairs: [(own: Double, other: Double)]) -> Double? {
    let logs = pairs.filter { $0.other > 0 }.map { log(max(1e-3, $0.own / $0.other)) }
    return logs.isEmpty ? nil : exp(logs.reduce(0, +) / Double(logs.count))
  }
}
