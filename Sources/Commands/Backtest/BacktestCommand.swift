internal import Basics
internal import Forecasting
internal import Glibc
internal import Interchange
internal import Workloads

/// Runs the forecaster over a folder of recorded series.
struct BacktestCommand: Command {
  static let name = "backtest"
  static let summary = "Runs the forecaster over recorded series as in production, never seeing what comes later."
  static let details = """
    The folder holds values.csv, series.csv and origins.csv, and events.csv where events were announced; each may be \
    packed as .csv.gz. The file gets the columns series_id,origin,h,q10,q50,q90,q99,q995: origins in the order of origins.csv, \
    horizons of 1 tick, 12 ticks and a day. Its bytes do not depend on --cores, and a folder that is cut off after an \
    origin gives the same rows up to there. Errors are told relative to the seasonal naive forecast, the value a day before \
    the target. With --prior the forecaster runs twice, and a table says whether that prior helps.
    """
  static let fields: [Field<Self>] = [
    .value("data", \.data, "DIR", isRequired: true, help: "The folder with the recorded series."),
    .value("cores", \.cores, "N", in: 1...256, help: "Threads; series are dealt to them."),
    .value("prior", \.prior, "FILE", help: "What series start from instead of the prior inside the program."),
    .value("out", \.out, "FILE", isRequired: true, help: "The file for the forecasts (CSV)."),
  ]

  private static let requiredFiles = ["values.csv", "series.csv", "origins.csv"]

  var data = ""
  var cores = 1
  var prior: String?
  var out = ""

  func run(in context: CommandContext) throws -> ExitCode {
    try BacktestFiles.check(data: data, files: Self.requiredFiles, out: out)
    let chosen = try prior.map { try PriorText.read($0).prior } ?? .shipped
    Interruption.letLoopsEnd()
    let folder = try BacktestFolder(path: data)
    let (wallStart, processorStart) = (MonotonicClock.nowMilliseconds(), ProcessClock.nowNanoseconds())
    let forecasts = try run(folder, chosen, in: context)
    let wall = MonotonicClock.nowMilliseconds() - wallStart
    let processorSeconds = Double(ProcessClock.nowNanoseconds() - processorStart) / 1e9
    try FileText.write(String(decoding: folder.forecastFile(forecasts), as: UTF8.self), to: out)
    guard !context.globals.quiet else { return .done }

    let count = forecasts.reduce(0) { $0 + $1.count }
    var report = Report()
    report.add("data", .text(data))
    report.add("series", .count(folder.series.count))
    report.add("origins", .count(folder.origins.count))
    report.add("forecasts", .count(count))
    report.add("wall_ms", title: "wall time", .duration(milliseconds: Double(wall)))
    report.add("cpu_seconds", title: "CPU seconds", .number(processorSeconds))
    report.add(
      "cpu_seconds_per_1000_forecasts",
      title: "CPU seconds per 1,000 forecasts",
      .number(count > 0 ? processorSeconds / Double(count) * 1000 : 0)
    )
    let score = BacktestScore(folder, forecasts)
    for (j, horizon) in Self.horizons.enumerated() {
      report.add("error_\(horizon.key)", title: "error, \(horizon.title)", Self.cell(score.error(j)))
    }
    for (j, horizon) in Self.horizons.enumerated() {
      report.add("band_\(horizon.key)", title: "in the 80 % band, \(horizon.title)", Self.cell(score.coverage(j)))
    }
    report.add("out", .text(out))
    if prior != nil {
      let other = BacktestScore(folder, try run(folder, .shipped, in: context))
      compare(score, with: other, in: &report)
    }
    try context.show(report)
    return .done
  }

  private static let horizons = [
    (key: "next", title: "next tick"), (key: "near", title: "12 ticks"), (key: "day", title: "a day"),
  ]

  private static func cell(_ number: Double?) -> Table.Cell {
    number.map { .number($0, digits: 3) } ?? .none
  }

  private func run(_ folder: BacktestFolder, _ prior: Prior, in context: CommandContext) throws -> [[Backtest.Row]] {
    var bar = context.progress(
      "forecasting \(folder.series.count) series",
      total: Double(folder.series.reduce(0) { $0 + $1.values.count }),
      unit: "values"
    )
    let forecasts = try BacktestWorkers(folder, prior: prior).run(threads: cores) { bar.update(Double($0)) }
    bar.finish()
    return forecasts
  }

  /// Says at every horizon what the given prior changes.
  private func compare(_ score: BacktestScore, with other: BacktestScore, in report: inout Report) {
    var table = Table([
      Table.Column("horizon"), Table.Column("error"), Table.Column("error_without", title: "ERROR WITHOUT"),
      Table.Column("loss_ratio", title: "QUANTILE LOSS"), Table.Column("better", title: "BETTER FOR"),
      Table.Column("series"),
    ])
    var logs = 0.0
    for (j, horizon) in Self.horizons.enumerated() {
      let loss = score.loss(j, relativeTo: other)
      table.append([
        .text(horizon.title), Self.cell(score.error(j)), Self.cell(other.error(j)), Self.cell(loss.ratio),
        .count(loss.better), .count(loss.series),
      ])
      logs += log(loss.ratio ?? 1)
    }
    report.add("prior", heading: "With this prior and with the one inside the program", table)
    let mean = exp(logs / Double(Self.horizons.count))
    let change = NumberText.significant(abs(100 * (mean - 1)), digits: 2)
    report.notes = [
      mean < 0.998
        ? "this prior helps: the quantile loss is \(change) % less over the three horizons"
        : mean > 1.002
          ? "this prior does harm: the quantile loss is \(change) % more over the three horizons; leave it out"
          : "this prior makes no difference to speak of (\(change) %)"
    ]
  }
}
