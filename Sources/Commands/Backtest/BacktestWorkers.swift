internal import Basics
internal import Forecasting
internal import Interchange
internal import Workloads
internal import Synchronization

/// Threads that forecast the series of a folder, one entity at a time each; what comes out does not depend on them.
final class BacktestWorkers: Sendable {
  private struct Progress {
    var next = 0
    var doneValues = 0
    /// Threads that have nothing left to do.
    var finished = 0
    /// By series, in the order in which its origins stand in the file.
    var forecasts: [[[Backtest.Row]]]
    var failures: [Int: any Error] = [:]
  }

  private let folder: BacktestFolder
  private let prior: Prior
  /// By series, the positions of its origins in the file.
  private let positions: [[Int]]
  /// Series that are played together.
  private let groups: [[Int]]
  private let progress: Mutex<Progress>

  /// Prepares the series of a folder; each starts from a prior.
  init(_ folder: BacktestFolder, prior: Prior) {
    (self.folder, self.prior) = (folder, prior)
    var positions = [[Int]](repeating: [], count: folder.series.count)
    for (position, origin) in folder.origins.enumerated() { positions[origin.series].append(position) }
    self.positions = positions
    groups = Backtest.groups(of: folder.series)
    progress = Mutex(Progress(forecasts: Array(repeating: [], count: folder.series.count)))
  }

  /// Forecasts everything and returns the rows of every origin, in file order.
  ///
  /// - Throws: what the first series that failed threw; `CommandFailure` when somebody asked the process to end.
  func run(threads: Int, onProgress: (_ doneValues: Int) -> Void) throws -> [[Backtest.Row]] {
    let count = max(1, min(threads, groups.count))
    let workers = try (0..<count).map { i in try NamedThread("backtest-\(i)") { self.work() } }
    while progress.withLock({ $0.finished }) < count {
      // Not `Interruption.wait`: on an interruption the threads still finish their series.
      pauseMilliseconds(20)
      onProgress(progress.withLock { $0.doneValues })
    }
    for worker in workers { worker.join() }
    let (forecasts, failures) = progress.withLock { ($0.forecasts, $0.failures) }
    if let first = failures.min(by: { $0.key < $1.key }) { throw first.value }
    if Interruption.isRequested { throw CommandFailure(.interrupted, "interrupted; nothing was written") }
    var rows = [[Backtest.Row]](repeating: [], count: folder.origins.count)
    for (positions, forecasts) in zip(positions, forecasts) {
      for (position, forecast) in zip(positions, forecasts) { rows[position] = forecast }
    }
    return rows
  }

  private func work() {
    while let index = take() {
      let group = groups[index]
      let origins = group.map { positions[$0].map { folder.origins[$0].tick } }
      do {
        let rows = try Backtest.forecasts(of: group.map { folder.series[$0] }, after: origins, prior: prior)
        progress.withLock { for (series, rows) in zip(group, rows) { $0.forecasts[series] = rows } }
      } catch {
        progress.withLock { $0.failures[index] = error }
      }
      progress.withLock { for series in group { $0.doneValues += folder.series[series].values.count } }
    }
    progress.withLock { $0.finished += 1 }
  }

  private func take() -> Int? {
    progress.withLock { progress in
      guard progress.next < groups.count, !Interruption.isRequested else { return nil }
      defer { progress.next += 1 }
      return progress.next
    }
  }
}
