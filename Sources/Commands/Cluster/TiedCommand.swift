internal import Basics

/// A process that ends with the one that started it, for programs that cannot be told to.
struct TiedCommand: Command {
  static let name = "tied"
  static let summary = "Becomes another program that is killed when the process that started it ends."
  static let fields: [Field<Self>] = [
    .rest("WORD", \.words, atLeast: 1, help: "After '--', the program and its arguments.")
  ]

  var words: [String] = []

  func run(in context: CommandContext) throws -> ExitCode {
    try ProcessSignal.whenParentEnds(.kill)
    throw CurrentProcess.become(words)
  }

  /// What stands before a command line to tie it; `program` is this program.
  static func words(_ program: String) -> [String] { [program, name, "--"] }
}
