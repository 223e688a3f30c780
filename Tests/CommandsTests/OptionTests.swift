internal import Basics
internal import Commands
internal import Foundation
import Testing

enum Partitioner: String, CaseIterable, OptionValue { case metis, roundRobin = "round-robin" }

/// A command with every kind of field; it writes what it was given.
struct PlantCommand: Command {
  static let name = "plant"
  static let summary = "Plants trees."
  static let fields: [Field<Self>] = [
    .argument("GARDEN", \.garden, help: "Where to plant."),
    .argument("CORNER", \.corner, help: "Which corner."),
    .value("cores", \.cores, "N", in: 1...64, help: "How many cores."),
    .value("seed", \.seed, "S", help: "Seed of everything random."),
    .value("partition", \.partition, "METHOD", help: "How neurons are placed."),
    .quantity("until", \.untilMilliseconds, .time, "TIME", help: "Model time."),
    .quantity("grace", \.graceMilliseconds, .time, "TIME", isPositive: false, help: "How long to wait."),
    .values("tree", \.trees, "NAME", help: "What to plant."),
    .value("start", \.start, "TIME", help: "When."),
    .flag("dry-run", \.isDry, help: "Only say what would be done."),
    .configuration(\.config, help: "Settings."),
  ]

  var garden = ""
  var corner: String?
  var cores = 4
  var seed: UInt64 = 1
  var partition = Partitioner.metis
  var untilMilliseconds = 90_000.0
  var graceMilliseconds: Double?
  var trees: [String] = []
  var start: Moment?
  var isDry = false
  var config: String?

  func run(in context: CommandContext) throws -> ExitCode {
    let facts: [String] = [
      garden, corner ?? "-", "\(cores)", "\(seed)", partition.rawValue, "\(untilMilliseconds)",
      graceMilliseconds.map { "\($0)" } ?? "-", trees.joined(separator: "+"), start?.typed ?? "-", "\(isDry)",
      context.tenant,
    ]
    try context.write(facts.joined(separator: " ") + "\n")
    return .done
  }
}

/// A command of a group that wants an option and words.
struct TreesFellCommand: Command {
  static let name = "trees fell"
  static let summary = "Fells trees."
  static let fields: [Field<Self>] = [
    .value("saw", \.saw, "NAME", isRequired: true, help: "The saw."),
    .rest("TREE", \.trees, atLeast: 1, help: "The trees."),
  ]
  var saw = ""
  var trees: [String] = []
  func run(in context: CommandContext) throws -> ExitCode {
    guard saw == "sharp" else { throw CommandFailure(.stale, "the saw '\(saw)' is blunt; sharpen it") }
    try context.write(trees.joined(separator: "|") + "\n")
    return .done
  }
}

/// Another command of the same group.
struct TreesCountCommand: Command {
  static let name = "trees count"
  static let summary = "Counts trees."
  static let fields: [Field<Self>] = []
  func run(in context: CommandContext) throws -> ExitCode { .differs }
}

private let commands: [any Command.Type] = [PlantCommand.self, TreesFellCommand.self, TreesCountCommand.self]

struct OptionTests {
  @Test(arguments: [
    ("plant g", "g - 4 1 metis 90000.0 -  - false default"),
    ("plant g north --cores 8 --seed=7", "g north 8 7 metis 90000.0 -  - false default"),
    ("plant --cores=8 g --partition round-robin", "g - 8 1 round-robin 90000.0 -  - false default"),
    ("plant g --until 2h --grace 0", "g - 4 1 metis 7200000.0 0.0  - false default"),
    ("plant g --until=1.5ms --grace=-3s", "g - 4 1 metis 1.5 -3000.0  - false default"),
    ("plant g --grace -3s", "g - 4 1 metis 90000.0 -3000.0  - false default"),
    ("plant g --tree oak --tree elm", "g - 4 1 metis 90000.0 - oak+elm - false default"),
    ("plant g --dry-run --tenant shop", "g - 4 1 metis 90000.0 -  - true shop"),
    ("--tenant shop plant g --dry-run=false", "g - 4 1 metis 90000.0 -  - false shop"),
    ("plant -- --cores -x", "--cores -x 4 1 metis 90000.0 -  - false default"),
    ("plant - -5", "- -5 4 1 metis 90000.0 -  - false default"),
    ("plant g --start 2026-11-27", "g - 4 1 metis 90000.0 -  2026-11-27T00:00:00Z false default"),
    ("plant g --start 90min", "g - 4 1 metis 90000.0 -  90 min false default"),
    ("trees fell --saw sharp a -1 b", "a|-1|b"),
  ])
  func `what is typed reaches the command`(line: String, written: String) {
    let result = run(commands, line.split(separator: " ").map(String.init))
    #expect(result.error == "")
    #expect(result.output == written + "\n")
    #expect(result.code == .done)
  }

  @Test(arguments: [
    ("plant g --coers 8", "synfire plant: unknown option '--coers'; did you mean '--cores'?"),
    ("plant g --zzzzzz", "synfire plant: unknown option '--zzzzzz'"),
    ("plant g -x", "synfire plant: unknown option '-x'"),
    ("plant g --cores 8 --cores 9", "synfire plant: --cores is given twice ('8', then '9')"),
    ("plant g --dry-run --dry-run", "synfire plant: --dry-run is given twice"),
    ("plant g --cores", "synfire plant: --cores wants a value: --cores N"),
    ("plant g --cores --dry-run", "synfire plant: --cores wants a value: --cores N"),
    ("plant g --cores eight", "synfire plant: --cores: 'eight' is not a whole number"),
    ("plant g --cores 0", "synfire plant: --cores: 0 is out of range; 1 to 64 are allowed"),
    ("plant g --seed -1", "synfire plant: --seed: '-1' is not a whole number from 0"),
    (
      "plant g --partition metsi",
      "synfire plant: --partition: 'metsi' is not one of metis, round-robin; did you mean 'metis'?"
    ),
    ("plant g --until 1e300d", "synfire plant: --until: '1e300d' is beyond anything that can be meant"),
    ("plant g --until 0", "synfire plant: --until: '0' is not more than 0"),
    ("plant g --dry-run=maybe", "synfire plant: --dry-run: 'maybe' is neither true nor false"),
    ("plant g north south", "synfire plant: 'south' is one argument too many"),
    ("plant", "synfire plant: GARDEN is missing: Where to plant."),
    ("trees fell oak", "synfire trees fell: --saw NAME is missing: The saw."),
    ("trees fell --saw sharp", "synfire trees fell: TREE is missing: The trees."),
    ("trees", "synfire trees: one of these must follow: fell, count"),
    ("trees fel", "synfire trees: unknown command 'trees fel'; did you mean 'fell'?"),
    ("plnat g", "synfire: unknown command 'plnat'; did you mean 'plant'?"),
    ("", "synfire: a command is missing; known are: plant, trees fell, trees count"),
  ])
  func `a mistake is named with what would be right, and ends with 2`(line: String, message: String) {
    let result = run(commands, line.split(separator: " ").map(String.init))
    #expect(result.code == .usage)
    #expect(result.error.split(separator: "\n").first.map(String.init) == message)
    #expect(result.error.contains("--help'."))
    #expect(result.output == "")
  }

  @Test func `a quantity without a unit is refused with an example`() {
    let result = run(commands, ["plant", "g", "--until", "90"])
    #expect(result.code == .usage)
    #expect(result.error.contains("--until: '90' has no unit; write for example '1.5 ms'"))
  }

  @Test func `a flag wins over the environment, which wins over the file, which wins over the default`() throws {
    let file = FileManager.default.temporaryDirectory.appending(path: "synfire-\(UUID().uuidString).yaml")
    defer { try? FileManager.default.removeItem(at: file) }
    try "cores: 2\nseed: 2\nuntil: 2 s\ntenant: file\ncalls: [[a, b]]\n".write(
      to: file,
      atomically: true,
      encoding: .utf8
    )
    let environment = [
      "SYNFIRE_CORES": "3", "SYNFIRE_SEED": "3", "SYNFIRE_CONFIG": file.path, "SYNFIRE_TREE": "oak, elm",
    ]
    let result = run(commands, ["plant", "g", "--seed", "4"], environment: environment)
    #expect(result.error == "")
    #expect(result.output == "g - 3 4 metis 2000.0 - oak+elm - false file\n")
  }

  @Test func `a mistake in the environment or the file names the place`() throws {
    let environment = run(commands, ["plant", "g"], environment: ["SYNFIRE_DRY_RUN": "perhaps"])
    #expect(environment.code == .usage)
    #expect(environment.error.hasPrefix("synfire plant: environment variable SYNFIRE_DRY_RUN: 'perhaps' is neither"))

    let file = FileManager.default.temporaryDirectory.appending(path: "synfire-\(UUID().uuidString).yaml")
    defer { try? FileManager.default.removeItem(at: file) }
    try "\ncores: many\n".write(to: file, atomically: true, encoding: .utf8)
    let given = run(commands, ["plant", "g", "--config", file.path])
    #expect(given.code == .usage)
    #expect(given.error.hasPrefix("synfire plant: \(file.path):2: cores: 'many' is not a whole number"))

    let absent = run(commands, ["plant", "g", "--config", "/nowhere.yaml"])
    #expect(absent.code == .notFound)
    #expect(absent.error == "synfire plant: there is no file '/nowhere.yaml'\n")
  }

  @Test func `an empty environment variable is none`() {
    #expect(run(commands, ["plant", "g"], environment: ["SYNFIRE_CORES": ""]).code == .done)
  }

  @Test func `a failure ends with its own exit code and its sentence`() {
    let result = run(commands, ["trees", "fell", "--saw", "old", "oak"])
    #expect(result.code == .stale)
    #expect(result.error == "synfire trees fell: the saw 'old' is blunt; sharpen it\n")
    #expect(run(commands, ["trees", "count"]).code == .differs)
  }

  @Test func `what a user typed cannot steer the terminal`() {
    let result = run(commands, ["plant", "g", "\u{1B}[2J", "more\u{7}"])
    #expect(result.error.hasPrefix("synfire plant: 'more\\u{7}' is one argument too many"))
  }

  @Test func `help is made from the table`() {
    let result = run(commands, ["plant", "--until", "--help"])
    #expect(result.code == .done)
    #expect(
      result.output.hasPrefix(
        """
        Plants trees.

        usage: synfire plant GARDEN [CORNER] [options]

        arguments
          GARDEN  Where to plant.
          CORNER  Which corner.

        options
          --cores N           How many cores. (default 4)
          --seed S            Seed of everything random. (default 1)
          --partition METHOD  How neurons are placed. (one of metis, round-robin; default metis)
          --until TIME        Model time. (default 90 s)
          --grace TIME        How long to wait.
          --tree NAME         What to plant. (may be given many times)
          --start TIME        When.
          --dry-run           Only say what would be done.
          --config FILE       Settings.

        every command
          -o, --output FORMAT

        """.dropLast()
      )
    )
    #expect(
      run(commands, ["trees", "fell", "-h"]).output.contains("usage: synfire trees fell --saw NAME TREE… [options]")
    )
  }

  @Test func `help wraps at the width of the terminal`() {
    let lines = run(commands, ["plant", "-h"], columns: 60).output.split(separator: "\n")
    #expect(lines.allSatisfy { $0.count <= 60 })
    #expect(run(commands, ["--help"]).output.contains("  trees fell   Fells trees."))
  }
}
