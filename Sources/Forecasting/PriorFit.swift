internal import KernelTypes
public import Workloads

/// Fits the pooled prior to recorded series: what a new series starts from, and what pooled heads say of every series.
///
/// It goes on from a prior that is there. First the encoder's trained neurons and the pooled heads learn from all rows
/// (`PriorTraining`); then forecasters run over some of the series, and what their mixtures, offsets and fans end with becomes
/// the start of new ones. The same series give the same bytes.
public enum PriorFit {
  /// What a fit is about.
  public struct Options: Sendable {
    /// How often every row is learned from.
    public var passes = 3
    /// Rows at most; of more, one in so many is taken.
    public var mostRows = 400_000
    /// Rate of the encoder's weights.
    public var rate = 1e-3
    /// The usual ones.
    public init() {}
  }

  /// What came of it.
  public struct Outcome: Sendable {
    /// The prior as a file.
    public var json: [UInt8]
    /// Rows that were learned from.
    public var rows: Int
    /// Mean loss of each pass, as it was while learning.
    public var losses: [Double]
    /// Series that were long enough.
    public var series: Int
  }

  /// Days that a series must have to be learned from.
  public static let leastDays = 3
  /// Series at most whose mixtures are pooled.
  private static let mostPooled = 64

  /// Fits a prior.
  ///
  /// `onProgress` is told the stage and its share done, and says whether to go on.
  ///
  /// - Throws: `PriorError` when no series is long enough, `ShapeError` when a length of ticks is not possible.
  /// - Returns: nil when it was told not to go on.
  public static func fit(
    _ recorded: [RecordedSeries],
    from prior: Prior = .shipped,
    options: Options = Options(),
    onProgress: (_ stage: Stage, _ share: Double) -> Bool = { _, _ in true }
  ) throws -> Outcome? {
    let series = recorded.filter { one in
      one.values.count >= leastDays * one.ticksPerDay && one.values.contains { $0?.isFinite ?? false }
    }
    guard !series.isEmpty else {
      throw PriorFitError(days: leastDays, series: recorded.count)
    }
    var (goesOn, done) = (true, 0.0)
    func tell(_ stage: Stage, _ amount: Int, of total: Int) -> Bool {
      done += Double(amount)
      goesOn = goesOn && onProgress(stage, min(1, done / Double(max(1, total))))
      return goesOn
    }
    let values = series.reduce(0) { $0 + $1.values.count }
    let rows = try PriorRows(series, prior: prior, most: options.mostRows) { tell(.playing, $0, of: values * 21 / 10) }
    guard goesOn else { return nil }
    done = 0
    var training = PriorTraining(prior)
    let losses = training.learn(rows, passes: options.passes, rate: options.rate) {
      tell(.learning, $0, of: rows.count * options.passes)
    }
    guard goesOn else { return nil }
    done = 0
    let learned = try training.fitted(prior)
    let every = (series.count + mostPooled - 1) / mostPooled
    let pooled = series.indices.filter { $0 % every == 0 }.map { series[$0] }
    var ends: [SeriesReadout] = []
    for one in pooled {
      ends.append(try Backtest.end(of: one, prior: learned))
      guard tell(.pooling, 1, of: pooled.count) else { return nil }
    }
    let file = PriorPool(ends).file(learned, note: "fitted to \(series.count) series by synfire prior fit")
    return Outcome(json: try file.json(), rows: rows.count, losses: losses, series: series.count)
  }

  /// The stages of a fit, in their order.
  public enum Stage: String, Sendable {
    /// The forecaster runs over the series to collect rows.
    case playing
    /// Encoder and heads learn from the rows.
    case learning
    /// Forecasters with the new encoder run over some of the series.
    case pooling
  }
}

/// Series that a prior cannot be fitted to, and why.
public struct PriorFitError: Error, Equatable, CustomStringConvertible {
  /// Days that are wanted.
  public var days: Int
  /// Series that there were.
  public var series: Int
  /// Says what is missing.
  public init(days: Int, series: Int) { (self.days, self.series) = (days, series) }
  /// One sentence.
  public var description: String {
    series == 0
      ? "there is no series to fit to"
      : "none of the \(series) series has \(days) days of values before its first origin; give longer histories"
  }
}

/// What the readouts of some series ended with, pooled: means of mixtures, medians of offsets and fans.
private struct PriorPool {
  private let ends: [SeriesReadout]
  private let size = ReadoutConstants.experts * 8

  init(_ ends: [SeriesReadout]) { self.ends = ends }

  func file(_ prior: Prior, note: String) -> PriorFile {
    var mixture: [Float] = []
    var (offsets, fans): ([Float], [Float]) = ([], [])
    for j in 0..<3 {
      // A horizon that none has seen a target of keeps its start.
      let known = ends.filter { $0.targets[j] > 0 }
      let all = (known.isEmpty ? ends : known).map { $0.horizon(j) }
      for i in 0..<2 * size {
        mixture.append(all.reduce(0) { $0 + $1[HorizonColumns.mixture + i] } / Float(all.count))
      }
      for i in 0..<size {
        offsets.append(Self.median(all.map { $0[HorizonColumns.offsets + i] }))
        fans.append(Self.median(all.map { $0[HorizonColumns.fanLogs + i] }))
      }
    }
    return PriorFile(prior, note: note, mixture: mixture, offsets: offsets, fanLogs: fans)
  }

  private static func median(_ values: [Float]) -> Float {
    let sorted = values.sorted()
    return 0.5 * (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2])
  }
}
