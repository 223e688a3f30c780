internal import Cluster
internal import Documents
internal import FoundationEssentials

/// Finds the first difference of two records and of their last checkpoints.
struct CompareCommand: Command {
  static let name = "compare"
  static let summary = "Finds the first difference of two records and checkpoints: time, neuron and variable."
  static let details = """
    A record is a folder that 'synfire run' wrote, or one of its files. Of folders all CSV files are compared and, where \
    both have them, the last checkpoints, whatever the numbers of cores were; the difference that comes first in model \
    time is told. Numbers are equal when they read to the same value. \
    Exit code 0: equal, 5: they differ, 3: a record is not there.
    """
  static let fields: [Field<Self>] = [
    .argument("RUN_A", \.a, help: "The one record: a folder or a file."),
    .argument("RUN_B", \.b, help: "The other record."),
  ]

  var a = ""
  var b = ""

  func run(in context: CommandContext) throws -> ExitCode {
    let pairs = try Self.pairs(a, b)
    var first: RecordDifference?
    for (name, pathA, pathB) in pairs {
      guard let found = try Self.difference(name, pathA, pathB) else { continue }
      if first == nil || found.time < first?.time ?? .infinity { first = found }
    }
    let checkpoints = try Self.checkpoints(a, b)
    for (left, right) in checkpoints {
      guard let found = RecordComparison.firstDifference(of: "checkpoint.csv", left.csv, right.csv) else { continue }
      var named = found
      named.file = left.name
      if first == nil || named.time < first?.time ?? .infinity { first = named }
    }
    var report = Report()
    report.add("equal", .flag(first == nil))
    report.add("files", .count(pairs.count))
    report.add("tables_of_checkpoints", .count(checkpoints.count))
    if let first { Self.add(first, to: &report) }
    try context.show(report)
    return first == nil ? .done : .differs
  }

  /// The tables of both checkpoints, where both folders have one; tables that only one has are compared with nothing.
  private static func checkpoints(
    _ a: String,
    _ b: String
  ) throws -> [(CircuitCheckpoint.Table, CircuitCheckpoint.Table)] {
    guard try isFolder(a), let left = try CircuitCheckpoint(ofRunIn: a), let right = try CircuitCheckpoint(ofRunIn: b)
    else { return [] }
    let names =
      left.tables.map(\.name)
      + right.tables.map(\.name).filter { name in
        !left.tables.contains { $0.name == name }
      }
    func table(_ name: String, of checkpoint: CircuitCheckpoint) -> CircuitCheckpoint.Table {
      checkpoint.tables.first { $0.name == name } ?? CircuitCheckpoint.Table(name: name, csv: [])
    }
    return names.map { (table($0, of: left), table($0, of: right)) }
  }

  private static func add(_ difference: RecordDifference, to report: inout Report) {
    report.add("file", .text(difference.file))
    if let line = difference.lineA { report.add("line_a", .count(line)) }
    if let line = difference.lineB { report.add("line_b", .count(line)) }
    for member in difference.place { report.add(member.name, Table.Cell(member.value, text: text(member.value))) }
    report.add("variable", .text(difference.variable))
    report.add("a", difference.a.map { .text($0) } ?? .none)
    report.add("b", difference.b.map { .text($0) } ?? .none)
  }

  private static func text(_ value: JSONValue) -> String { value.text ?? value.json() }

  /// The files to compare: name, path in A, path in B; a path is nil where that record lacks the file.
  private static func pairs(_ a: String, _ b: String) throws -> [(String, String?, String?)] {
    let (isFolderA, isFolderB) = (try isFolder(a), try isFolder(b))
    guard isFolderA == isFolderB else {
      throw CommandFailure(.failed, "'\(isFolderA ? a : b)' is a folder and '\(isFolderA ? b : a)' a file")
    }
    guard isFolderA else { return [(a, a, b)] }
    let (inA, inB) = (try tables(in: a), try tables(in: b))
    return Set(inA + inB).sorted().map { name in
      (name, inA.contains(name) ? "\(a)/\(name)" : nil, inB.contains(name) ? "\(b)/\(name)" : nil)
    }
  }

  private static func isFolder(_ path: String) throws -> Bool {
    var isFolder = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
      throw CommandFailure(.notFound, "there is no record '\(path)'")
    }
    return isFolder
  }

  private static func tables(in folder: String) throws -> [String] {
    let found = try FileManager.default.subpathsOfDirectory(atPath: folder).filter { $0.hasSuffix(".csv") }
    guard !found.isEmpty else { throw CommandFailure(.notFound, "there is no CSV file in the folder '\(folder)'") }
    return found.sorted()
  }

  private static func difference(_ name: String, _ a: String?, _ b: String?) throws -> RecordDifference? {
    guard let a, let b else {
      return RecordDifference(file: name, variable: "file", a: a, b: b)
    }
    return RecordComparison.firstDifference(of: a, try FileText.bytes(of: a), try FileText.bytes(of: b)).map {
      var found = $0
      found.file = name
      return found
    }
  }
}
