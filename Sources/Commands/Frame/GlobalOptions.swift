/// How results are written.
public enum OutputFormat: String, CaseIterable, OptionValue { case table, wide, json, yaml, csv }

/// The options that every command has.
public struct GlobalOptions: Sendable, Equatable {
  /// How results are written.
  public var output = OutputFormat.table
  /// Whether the answer is asked for again and again.
  public var watch = false
  /// Whether tables and CSV come without their first line.
  public var noHeaders = false
  /// Where the coordinator listens; nil for the one of this machine's state folder.
  public var server: String?
  /// Whose data is meant; nil where nothing was said.
  public var tenant: String?
  /// Whether only errors are logged and no progress is drawn.
  public var quiet = false
  /// Whether debugging lines are logged.
  public var verbose = false
  /// Whether colours are off even on a terminal.
  public var noColor = false

  /// Makes the defaults.
  public init() {}

  static let fields: [Field<Self>] = [
    .value("output", \.output, "FORMAT", letter: "o", help: "How results are written."),
    .flag("watch", \.watch, help: "Repeat the answer every two seconds."),
    .flag("no-headers", \.noHeaders, help: "Leave out the header line."),
    .value("server", \.server, "ENDPOINT", help: "Where the coordinator listens, such as tcp://host:7700."),
    .value("tenant", \.tenant, "NAME", help: "Whose services, forecasts and events are meant."),
    .flag("quiet", \.quiet, help: "Log errors only and draw no progress."),
    .flag("verbose", \.verbose, help: "Log details."),
    .flag("no-color", \.noColor, help: "Write without colours."),
  ]
}
