internal import Commands
internal import Documents
internal import Foundation
import Testing

/// The `synfire` that was built together with this test.
let synfire: URL = {
  let test = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
  return test.deletingLastPathComponent().appending(path: "synfire")
}()

/// Runs `synfire` as a process and waits for it.
func synfire(_ arguments: String..., input: String = "") throws -> (code: Int32, output: String, error: String) {
  let process = Process()
  process.executableURL = synfire
  process.arguments = arguments
  let (output, error, given) = (Pipe(), Pipe(), Pipe())
  (process.standardOutput, process.standardError, process.standardInput) = (output, error, given)
  try process.run()
  try given.fileHandleForWriting.write(contentsOf: Data(input.utf8))
  try given.fileHandleForWriting.close()
  let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
  let complaint = String(decoding: error.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
  process.waitUntilExit()
  return (process.terminationStatus, text, complaint)
}

@Suite(.enabled(if: FileManager.default.isExecutableFile(atPath: synfire.path), "synfire is not built"))
struct BinaryTests {
  @Test func `version tells name and version and ends with 0`() throws {
    let result = try synfire("version", "-o", "json")
    #expect(result.code == 0)
    let value = try JSONValue(parsing: result.output)
    #expect(value.members.map(\.name).prefix(3) == ["name", "version", "wire_version"])
    #expect(value["version"]?.text == SynfireVersion.current)
    #expect(result.error == "")
    #expect(try synfire("--version").output.contains(SynfireVersion.current))
  }

  @Test func `every command has help`() throws {
    let overview = try synfire("help")
    #expect(overview.code == 0)
    for command in CommandRegistry.all {
      let words = command.name.split(separator: " ").map(String.init)
      #expect(overview.output.contains("  \(command.name) "))
      let help = run(CommandRegistry.all, words + ["--help"])
      #expect(help.code == .done)
      #expect(help.output.hasPrefix(command.summary))
      #expect(run(CommandRegistry.all, ["help"] + words).output == help.output)
    }
  }

  @Test func `a mistake ends with 2 and writes nothing to standard output`() throws {
    let result = try synfire("versoin")
    #expect(result.code == 2)
    #expect(result.output == "")
    #expect(result.error == "synfire: unknown command 'versoin'; did you mean 'version'?\nTry 'synfire --help'.\n")
  }

  @Test func `completion offers commands, options and values`() throws {
    func words(_ words: String...) -> String { run(CommandRegistry.all, ["completion", "words", "--"] + words).output }
    #expect(words("vers") == "version\n")
    #expect(words("version", "--no-c") == "--no-color\n")
    #expect(words("version", "--output", "j") == "json\n")
    #expect(words("version", "-o", "y") == "yaml\n")
    #expect(words("completion", "z") == "zsh\n")
    for shell in ["bash", "zsh", "fish"] {
      #expect(try synfire("completion", shell).output.contains("completion words"))
    }
  }
}
