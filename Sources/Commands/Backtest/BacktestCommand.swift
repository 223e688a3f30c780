internal import Basics
internal import FoundationEssentials
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
    origin gives the same rows up to there.
    """
  static let fields: [Field<Self>] = [
    .value("data", \.data, "DIR", isRequired: true, help: "The folder with the recorded series."),
    .value("cores", \.cores, "N", in: 1...256, help: "Threads; series are dealt to them."),
    .value("out", \.out, "FILE", isRequired: true, help: "The file for the forecasts (CSV)."),
  ]

  private static let requiredFiles = ["values.csv", "series.csv", "origins.csv"]

  var data = ""
  var cores = 1
  var out = ""

  func run(in context: CommandContext) throws -> ExitCode {
    try checkFolders()
    Interruption.letLoopsEnd()
    let folder = try BacktestFolder(path: data)
    let (wallStart, processorStart) = (MonotonicClock.nowMilliseconds(), ProcessClock.nowNanoseconds())
    var bar = context.progress(
      "forecasting \(folder.series.count) series",
      total: Double(folder.series.reduce(0) { $0 + $1.values.count }),
      unit: "values"
    )
    let workers = BacktestWorkers(folder)
    let forecasts = try workers.run(threads: cores) { bar.update(Double($0)) }
    bar.finish()
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
    report.add("out", .text(out))
    try context.show(report)
    return .done
  }

  /// What is missing is told before anything is computed.
  private func checkFolders() throws(CommandFailure) {
    let files = FileManager.default
    var isFolder = false
    guard files.fileExists(atPath: data, isDirectory: &isFolder) else {
      throw CommandFailure(.notFound, "there is no folder '\(data)'")
    }
    guard isFolder else { throw CommandFailure(.failed, "'\(data)' is a file; a folder with values.csv is wanted") }
    for name in Self.requiredFiles
    where !files.fileExists(atPath: "\(data)/\(name)") && !files.fileExists(atPath: "\(data)/\(name).gz") {
      throw CommandFailure(.notFound, "there is no \(name) in '\(data)', packed as \(name).gz or not")
    }
    let target = out.lastIndex(of: "/").map { $0 == out.startIndex ? "/" : String(out[..<$0]) } ?? "."
    guard files.fileExists(atPath: target, isDirectory: &isFolder), isFolder else {
      throw CommandFailure(.notFound, "--out: there is no folder '\(target)'; make it first")
    }
    guard !(files.fileExists(atPath: out, isDirectory: &isFolder) && isFolder) else {
      throw CommandFailure(.failed, "--out: '\(out)' is a folder; name a file in it")
    }
  }
}
