internal import Basics
internal import StateStore

/// Finds the command that a command line names and runs it.
public struct CommandLineTool: Sendable {
  /// The commands to choose from.
  public var commands: [any Command.Type]

  /// Makes a tool of some commands, by default all of `synfire`.
  public init(_ commands: [any Command.Type] = CommandRegistry.all) { self.commands = commands }

  /// Runs the command line of this process: as `run`, and Ctrl-C ends it with exit code 130.
  public static func runProcess() -> ExitCode {
    Interruption.endProcessOnInterrupt()
    ProcessSignal.ignoreBrokenPipes()
    return CommandLineTool().run(
      Array(CommandLine.arguments.dropFirst()),
      environment: ChildProcess.inheritedEnvironment
    )
  }

  /// Runs a command line (without the program's own name) and returns the exit code; never throws.
  public func run(_ arguments: [String], environment: [String: String], console: Console = .process) -> ExitCode {
    var spoken = "synfire"
    do {
      let (command, rest) = try find(arguments, &spoken)
      guard let command else {
        let context = CommandContext(globals: GlobalOptions(), environment: environment, console: console)
        try context.write(HelpText.overview(commands, width: console.outputColumns ?? 100))
        return .done
      }
      return try command.start(rest, environment: environment, console: console)
    } catch let error as UsageError {
      console.error("\(spoken): \(TerminalText.visibleLines(error.description))\nTry '\(spoken) --help'.\n")
      return .usage
    } catch {
      console.error("\(spoken): \(TerminalText.visibleLines("\(error)"))\n")
      return Self.code(for: error)
    }
  }

  private static func code(for error: any Error) -> ExitCode {
    switch error {
    case let failure as CommandFailure: failure.code
    case let failure as StoreError:
      switch failure.kind {
      case .timedOut: .timedOut
      case .missing: .notFound
      case .lost: .stale
      default: .failed
      }
    default: .failed
    }
  }

  /// The command that is named (nil for the overview) and its arguments.
  private func find(
    _ arguments: [String],
    _ spoken: inout String
  ) throws(UsageError) -> (command: (any Command.Type)?, rest: [String]) {
    let (leading, words) = try Self.leadingOptions(arguments)
    guard let first = words.first else {
      if leading.contains("-h") || leading.contains("--help") { return (nil, []) }
      throw UsageError("a command is missing; known are: \(commands.map { $0.name }.joined(separator: ", "))")
    }
    let members = commands.filter { $0.name.hasPrefix(first + " ") }
    if let command = commands.first(where: { $0.name == first }) {
      spoken += " \(first)"
      return (command, leading + words.dropFirst())
    }
    guard !members.isEmpty else {
      let names = commands.map { String($0.name.prefix { $0 != " " }) }
      let hint = Spelling.nearest(to: first, among: names).map { "; did you mean '\($0)'?" } ?? ""
      throw UsageError("unknown command '\(first)'\(hint)")
    }
    spoken += " \(first)"
    let seconds = members.map { String($0.name.dropFirst(first.count + 1)) }
    guard let second = words.dropFirst().first, second != "-h", second != "--help" else {
      if words.count > 1 || leading.contains("-h") || leading.contains("--help") {
        return (HelpCommand.self, ["--", first])
      }
      throw UsageError("one of these must follow: \(seconds.joined(separator: ", "))")
    }
    guard let i = seconds.firstIndex(of: second) else {
      throw UsageError("unknown command '\(first) \(second)'\(Spelling.hint(for: second, among: seconds))")
    }
    spoken += " \(second)"
    return (members[i], leading + words.dropFirst(2))
  }

  /// Splits the global options before the command from the rest.
  private static func leadingOptions(_ arguments: [String]) throws(UsageError) -> (leading: [String], words: [String]) {
    var leading: [String] = []
    var rest = arguments[...]
    while let option = rest.first, option.hasPrefix("-"), option.count > 1 {
      leading.append(rest.removeFirst())
      let outline = GlobalOptions.fields.map(\.outline).first {
        option == "--\($0.name)" || option == $0.letter.map { "-\($0)" }
      }
      if outline?.takesValue ?? false, let value = rest.popFirst() { leading.append(value) }
      if option == "--version" { return ([], ["version"] + rest) }
    }
    return (leading, Array(rest))
  }
}
