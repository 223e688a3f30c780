public import Basics
internal import Documents

/// What a running command has around it: global options, environment, streams.
public struct CommandContext: Sendable {
  /// The options that every command has.
  public var globals: GlobalOptions
  /// The environment variables.
  public var environment: [String: String]
  /// Where text goes.
  public var console: Console
  /// Lines on standard error, of the level that `--quiet` and `--verbose` ask for.
  public var log: Log

  /// Puts a context together.
  public init(globals: GlobalOptions, environment: [String: String], console: Console) {
    (self.globals, self.environment, self.console) = (globals, environment, console)
    log = Log(least: globals.quiet ? .error : globals.verbose ? .debug : .info)
  }

  /// The folder of this machine's private sockets.
  public var state: StateFolder { StateFolder(environment: environment) }

  /// Whose data is meant.
  public var tenant: String { globals.tenant ?? "default" }

  /// Whether results are painted.
  public var usesColour: Bool {
    console.outputColumns != nil && !globals.noColor && (environment["NO_COLOR"] ?? "").isEmpty
      && environment["TERM"] != "dumb"
  }

  /// Writes results as they are.
  ///
  /// - Throws: `CommandFailure` when standard output does not take them.
  public func write(_ text: String) throws(CommandFailure) {
    guard console.output(text) else {
      throw CommandFailure(.failed, "standard output does not take the result (closed, or the disk is full)")
    }
  }

  /// Writes a table in the format of `-o`.
  public func show(_ table: Table) throws(CommandFailure) { try show(Report(table)) }

  /// Writes a report in the format of `-o`.
  public func show(_ report: Report) throws(CommandFailure) { try write(rendered(report, header: !globals.noHeaders)) }

  /// Writes a report once or, with `--watch`, again and again until Ctrl-C.
  public func watch(everyMilliseconds: Int64 = 2000, _ make: () throws -> Report) throws -> ExitCode {
    guard globals.watch else {
      try show(try make())
      return .done
    }
    Interruption.letLoopsEnd()
    var isFirst = true
    repeat {
      let report = try make()
      switch globals.output {
      case .table where console.outputColumns != nil, .wide where console.outputColumns != nil:
        try write("\u{1B}[H\u{1B}[2J" + rendered(report, header: !globals.noHeaders))
      case .json: try write(report.json.json() + "\n")
      case .yaml: try write("---\n" + YAMLText.write(report.json))
      default: try write(rendered(report, header: isFirst && !globals.noHeaders))
      }
      isFirst = false
    } while Interruption.wait(milliseconds: everyMilliseconds)
    return .interrupted
  }

  private func rendered(_ report: Report, header: Bool) -> String {
    switch globals.output {
    case .table, .wide:
      report.text(
        Table.TextLayout(
          header: header,
          wide: globals.output == .wide,
          colour: usesColour,
          width: console.outputColumns
        )
      )
    case .json: report.json.json(.pretty) + "\n"
    case .yaml: YAMLText.write(report.json)
    case .csv: report.csv(header: header)
    }
  }

  /// A progress bar for work of a known size, on standard error.
  public func progress(_ title: String, total: Double, unit: String) -> ProgressBar {
    ProgressBar(
      title,
      total: total,
      unit: unit,
      columns: globals.quiet ? nil : console.errorColumns,
      write: console.error
    )
  }
}
