internal import Basics
internal import Documents
internal import FoundationEssentials
internal import Planning

/// Scores recorded series for anomalies, row by row.
struct DetectCommand: Command {
  static let name = "detect"
  static let summary = "Scores each row of recorded series for anomalies, never seeing what comes later."
  static let details = """
    A file has the columns timestamp (RFC 3339, UTC where no zone is given) and value; an empty value, nan and inf are \
    missing ones. DIR gets a file of the same name with timestamp,value,anomaly_score: 0 to 1, and from 0.5 on an \
    alarm, which the first row of an episode gets. A file that is cut off after a row gives the same scores up to there.
    """
  static let fields: [Field<Self>] = [
    .rest("FILE", \.files, atLeast: 1, help: "The files with a series each (CSV)."),
    .value("out", \.out, "DIR", isRequired: true, help: "The folder for the scored files; made if it is not there."),
  ]

  var files: [String] = []
  var out = ""

  func run(in context: CommandContext) throws -> ExitCode {
    let targets = try self.targets()
    Interruption.letLoopsEnd()
    let series = try files.map { try DetectInput(FileText.bytes(of: $0), file: $0) }
    do {
      try FileManager.default.createDirectory(atPath: out, withIntermediateDirectories: true)
    } catch {
      throw CommandFailure(.failed, "--out: the folder '\(out)' cannot be made: \(error)")
    }
    let total = series.reduce(0) { $0 + $1.rows.count }
    var bar = context.progress("scoring \(series.count) series", total: Double(total), unit: "rows")
    var table = Table([
      .init("file"), .init("rows"), .init("missing"), .init("alarms"), .init("out"),
    ])
    var done = 0
    for (input, target) in zip(series, targets) {
      let (text, alarms) = try Self.scored(input) { bar.update(Double(done + $0)) }
      done += input.rows.count
      try FileText.write(text, to: target)
      let missing = input.rows.count { !$0.value.isFinite }
      table.append([.text(input.file), .count(input.rows.count), .count(missing), .count(alarms), .text(target)])
    }
    bar.finish()
    if !context.globals.quiet { try context.show(table) }
    return .done
  }

  /// Where the scored files go; told before anything is computed when two would be the same, or an input overwritten.
  private func targets() throws(CommandFailure) -> [String] {
    let paths = files.map { URL(filePath: out).appending(path: URL(filePath: $0).lastPathComponent).path }
    for (i, path) in paths.enumerated() {
      if let other = paths[..<i].firstIndex(of: path) {
        throw CommandFailure(.usage, "'\(files[other])' and '\(files[i])' would both be written to '\(path)'")
      }
      let target = URL(filePath: path).standardizedFileURL.resolvingSymlinksInPath()
      if files.contains(where: { URL(filePath: $0).standardizedFileURL.resolvingSymlinksInPath() == target }) {
        throw CommandFailure(.usage, "--out: '\(path)' is an input and would be overwritten; name another folder")
      }
    }
    return paths
  }

  private static func scored(
    _ input: DetectInput,
    onProgress: (Int) -> Void
  ) throws(CommandFailure) -> (text: String, alarms: Int) {
    var detector = SeriesDetector()
    var text = "timestamp,value,anomaly_score\n"
    text.reserveCapacity(input.rows.count * 48)
    var alarms = 0
    for (i, row) in input.rows.enumerated() {
      if i % 1024 == 0 {
        if Interruption.isRequested {
          throw CommandFailure(.interrupted, "interrupted in '\(input.file)'; files before it are written")
        }
        onProgress(i)
      }
      let judgement = detector.take(row.value, atSeconds: row.seconds)
      if judgement.isAlarm { alarms += 1 }
      text += "\(row.time),\(row.text),\(NumberText.fixed(judgement.score, places: 6))\n"
    }
    return (text, alarms)
  }
}
