internal import Basics
internal import Forecasting
internal import FoundationEssentials
internal import Interchange
internal import Workloads

/// Fits the prior that new series start from to recorded series.
struct PriorFitCommand: Command {
  static let name = "prior fit"
  static let summary = "Fits what new series start from to your own history."
  static let details = """
    The folder is one that 'backtest' takes: values.csv and series.csv, and events.csv where events were announced. Where \
    it has an origins.csv, only the values up to the first origin of each series are learned from, so that a backtest over \
    the same folder stays honest; without one, all are. The file is what 'backtest --prior FILE' and the key 'prior' of the \
    configuration take. It goes on from the prior inside the program, or from that of --from; the same folder gives the \
    same bytes. 'backtest --prior FILE' says whether it helps.
    """
  static let fields: [Field<Self>] = [
    .value("data", \.data, "DIR", isRequired: true, help: "The folder with the recorded series."),
    .value("out", \.out, "FILE", isRequired: true, help: "The file for the prior (JSON)."),
    .value("from", \.from, "FILE", help: "The prior to go on from."),
    .value("passes", \.passes, "N", in: 1...100, help: "How often every value is learned from."),
  ]

  var data = ""
  var out = ""
  var from: String?
  var passes = PriorFit.Options().passes

  func run(in context: CommandContext) throws -> ExitCode {
    try BacktestFiles.check(data: data, files: ["values.csv", "series.csv"], out: out)
    let prior = try from.map { try PriorText.read($0).prior } ?? .shipped
    Interruption.letLoopsEnd()
    let folder = try BacktestFolder(path: data, needsOrigins: false)
    let start = MonotonicClock.nowMilliseconds()
    var options = PriorFit.Options()
    options.passes = passes
    var bar: ProgressBar?
    var stage: PriorFit.Stage?
    let outcome = try PriorFit.fit(folder.histories, from: prior, options: options) { present, share in
      if stage != present {
        bar?.finish()
        bar = context.progress(Self.title(present), total: 1, unit: "")
        stage = present
      }
      bar?.update(share)
      return !Interruption.isRequested
    }
    bar?.finish()
    guard let outcome else { throw CommandFailure(.interrupted, "interrupted; nothing was written") }
    try FileText.write(String(decoding: outcome.json, as: UTF8.self) + "\n", to: out)
    guard !context.globals.quiet else { return .done }

    var report = Report()
    report.add("data", .text(data))
    report.add("series", .count(outcome.series))
    report.add("rows", title: "ticks learned from", .count(outcome.rows))
    report.add("first_loss", title: "loss, first pass", .number(outcome.losses.first ?? 0))
    report.add("last_loss", title: "loss, last pass", .number(outcome.losses.last ?? 0))
    report.add("wall_ms", title: "wall time", .duration(milliseconds: Double(MonotonicClock.nowMilliseconds() - start)))
    report.add("out", .text(out))
    report.notes = ["whether it helps: synfire backtest --data \(data) --prior \(out) --out FILE"]
    try context.show(report)
    return .done
  }

  private static func title(_ stage: PriorFit.Stage) -> String {
    switch stage {
    case .playing: "playing the series"
    case .learning: "learning"
    case .pooling: "pooling what mixtures end with"
    }
  }
}

/// A file with a prior.
enum PriorText {
  /// Reads a file.
  ///
  /// - Throws: `CommandFailure` when it is not there, or is not a prior.
  static func read(_ path: String) throws(CommandFailure) -> (bytes: [UInt8], prior: Prior) {
    let bytes = try FileText.bytes(of: path)
    do {
      return (bytes, try Prior(json: bytes))
    } catch {
      throw CommandFailure(.failed, "\(path): \(error)")
    }
  }
}

/// What a command over recorded series needs to be there.
enum BacktestFiles {
  /// Tells what is missing before anything is computed.
  static func check(data: String, files wanted: [String], out: String) throws(CommandFailure) {
    let files = FileManager.default
    var isFolder = false
    guard files.fileExists(atPath: data, isDirectory: &isFolder) else {
      throw CommandFailure(.notFound, "there is no folder '\(data)'")
    }
    guard isFolder else { throw CommandFailure(.failed, "'\(data)' is a file; a folder with values.csv is wanted") }
    for name in wanted
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
