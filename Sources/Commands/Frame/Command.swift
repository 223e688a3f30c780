/// A subcommand of `synfire`: a value with defaults, a table of fields that fill it, and what it does.
///
/// One file and one line in `CommandRegistry` make a command:
/// ```swift
/// struct GreetCommand: Command {
///   static let name = "greet"
///   static let summary = "Says hello."
///   static let fields: [Field<Self>] = [.argument("NAME", \.who, help: "Whom to greet.")]
///   var who = ""
///   func run(in context: CommandContext) throws -> ExitCode {
///     try context.write("hello, \(who)\n")
///     return .done
///   }
/// }
/// ```
public protocol Command: Sendable {
  /// Makes the command with its defaults.
  init()
  /// One word, or two for a member of a group: `events list`.
  static var name: String { get }
  /// What it does, in one sentence.
  static var summary: String { get }
  /// More for `--help`: what the table of fields cannot say.
  static var details: String { get }
  /// Its options and arguments; global options come by themselves.
  static var fields: [Field<Self>] { get }
  /// Does the work and returns the exit code.
  ///
  /// - Throws: `UsageError`, `CommandFailure`, or any error whose description says what to do next.
  func run(in context: CommandContext) throws -> ExitCode
}

extension Command {
  /// Nothing more.
  public static var details: String { "" }

  /// What is said about its options and arguments.
  static var outlines: [FieldOutline] { fields.map(\.outline) }

  /// The help text of this command.
  static func help(width: Int) -> String {
    let plain = Invocation<Self>()
    let rows = fields.map { ($0.outline, $0.standing(plain.command)) }
    return HelpText.command(name: name, summary: summary, details: details, rows: rows, width: width)
  }

  /// Parses the arguments and runs.
  static func start(_ arguments: [String], environment: [String: String], console: Console) throws -> ExitCode {
    if arguments.prefix(while: { $0 != "--" }).contains(where: { $0 == "-h" || $0 == "--help" }) {
      let context = CommandContext(globals: GlobalOptions(), environment: environment, console: console)
      try context.write(help(width: console.outputColumns ?? 100))
      return .done
    }
    var invocation = Invocation<Self>()
    let fields = self.fields.map { $0.lifted(\Invocation.command) }
    let all = fields + GlobalOptions.fields.map { $0.lifted(\Invocation<Self>.globals) }
    let parser = OptionParser(fields: all)
    try parser.parse(arguments, environment: environment, into: &invocation, settings: SettingsFile.read)
    let context = CommandContext(globals: invocation.globals, environment: environment, console: console)
    return try invocation.command.run(in: context)
  }
}

/// A command together with the options that every command has.
struct Invocation<C: Command> {
  var command = C()
  var globals = GlobalOptions()
}
