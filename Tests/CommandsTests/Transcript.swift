internal import Commands
internal import Synchronization

/// A console that keeps what a command wrote.
final class Transcript: Sendable {
  private let texts = Mutex<(output: String, error: String)>(("", ""))

  var output: String { texts.withLock { $0.output } }
  var error: String { texts.withLock { $0.error } }

  func console(columns: Int? = nil) -> Console {
    Console(
      output: { text in
        self.texts.withLock { $0.output += text }
        return true
      },
      error: { text in self.texts.withLock { $0.error += text } },
      outputColumns: columns,
      errorColumns: columns
    )
  }
}

/// Runs a command line over some commands and returns what came of it.
func run(
  _ commands: [any Command.Type],
  _ arguments: [String],
  environment: [String: String] = [:],
  columns: Int? = nil
) -> (code: ExitCode, output: String, error: String) {
  let transcript = Transcript()
  let tool = CommandLineTool(commands)
  let code = tool.run(arguments, environment: environment, console: transcript.console(columns: columns))
  return (code, transcript.output, transcript.error)
}
