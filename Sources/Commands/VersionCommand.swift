internal import Wire

/// What this program calls itself.
public enum SynfireVersion {
  /// The version of the program.
  public static let current = "0.1.0"
}

/// Tells the version of this program.
struct VersionCommand: Command {
  static let name = "version"
  static let summary = "Tells the version of this program."
  static let details = """
    Processes of different wire versions refuse each other. The commit is shown where SYNFIRE_COMMIT names it, as \
    the launch and benchmark scripts do.
    """
  static let fields: [Field<Self>] = []

  func run(in context: CommandContext) throws -> ExitCode {
    var report = Report()
    report.add("name", .text("synfire"))
    report.add("version", .text(SynfireVersion.current))
    report.add("wire_version", .count(Int(wireVersion)))
    if let commit = context.environment["SYNFIRE_COMMIT"], !commit.isEmpty { report.add("commit", .text(commit)) }
    try context.show(report)
    return .done
  }
}
