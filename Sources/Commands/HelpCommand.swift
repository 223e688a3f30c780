internal import Basics

/// Shows what commands there are, or what one of them takes.
struct HelpCommand: Command {
  static let name = "help"
  static let summary = "Shows what commands there are, or what one of them takes."
  static let fields: [Field<Self>] = [.rest("COMMAND", \.words, help: "The command to tell about.")]

  var words: [String] = []

  func run(in context: CommandContext) throws -> ExitCode {
    let width = context.console.outputColumns ?? 100
    let all = CommandRegistry.all
    let name = words.joined(separator: " ")
    if name.isEmpty {
      try context.write(HelpText.overview(all, width: width))
    } else if let command = all.first(where: { $0.name == name }) {
      try context.write(command.help(width: width))
    } else {
      let group = all.filter { $0.name.hasPrefix(name + " ") }
      guard !group.isEmpty else {
        let near = Spelling.nearest(to: name, among: all.map { $0.name }).map { "; did you mean '\($0)'?" } ?? ""
        throw UsageError("there is no command '\(name)'\(near)")
      }
      try context.write(group.map { $0.help(width: width) }.joined(separator: "\n"))
    }
    return .done
  }
}
