import Basics
import Documents
import Foundation
import Testing

/// The `synfire` that was built together with this test.
let program: String = {
  let test = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
  return test.deletingLastPathComponent().appending(path: "synfire").path
}()

/// Whole processes: one test at a time, because each has several processes of its own.
@Suite(.serialized, .enabled(if: FileManager.default.isExecutableFile(atPath: program), "synfire is not built"))
enum ProcessTests {}

/// A fresh folder with a path short enough for sockets; removed with the object.
final class TestFolder {
  let path: String

  init() throws {
    path = "/tmp/syn-\(String(UInt32.random(in: .min ... .max), radix: 36))"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func file(_ name: String) -> String { "\(path)/\(name)" }

  func write(_ text: String, to name: String) throws -> String {
    try text.write(toFile: file(name), atomically: true, encoding: .utf8)
    return file(name)
  }

  func read(_ name: String) -> String {
    (FileManager.default.contents(atPath: file(name))).map { String(decoding: $0, as: UTF8.self) } ?? ""
  }

  /// The ends of the logs, for a test that fails.
  var lastWords: String {
    let logs = (try? FileManager.default.subpathsOfDirectory(atPath: path)) ?? []
    return logs.filter { $0.hasSuffix(".log") || $0.hasSuffix(".err") }.sorted()
      .map { ($0, read($0).split(separator: "\n").suffix(12)) }.filter { !$1.isEmpty }
      .map { "--- \($0)\n" + $1.joined(separator: "\n") }.joined(separator: "\n")
  }
}

/// How a process ended and what it wrote; `code` is nil when it had to be ended.
struct Ran {
  var code: Int32?
  var output: String
  var error: String

  var json: JSONValue { (try? JSONValue(parsing: output)) ?? .null }
}

/// A process of `synfire` with files for what it writes.
final class Started {
  let process: ChildProcess
  private let folder: TestFolder
  private let name: String

  /// Starts a command line; the state folder is the test's folder.
  init(
    _ words: [String],
    in folder: TestFolder,
    environment: [String: String] = [:],
    executable: String = program
  ) throws {
    (self.folder, name) = (folder, "run-\(UInt32.random(in: .min ... .max))")
    // The shell becomes the program, so the pid is the program's.
    let script = #"out=$1; err=$2; shift 2; exec "$@" >"$out" 2>"$err""#
    process = try ChildProcess(
      "/bin/sh",
      ["-c", script, "sh", folder.file("\(name).out"), folder.file("\(name).err"), executable] + words,
      environment: ["SYNFIRE_STATE": folder.path].merging(environment) { $1 }
    )
  }

  deinit { if process.poll() == nil { process.stop(withinMilliseconds: 8000) } }

  var pid: Int32 { process.pid }
  var isRunning: Bool { process.poll() == nil }

  /// Waits for the end, and ends the process when that takes too long.
  func finish(within seconds: Double = 30) -> Ran {
    var code: Int32?
    if case .exited(let number) = process.wait(timeoutMilliseconds: Int(seconds * 1000)) { code = number }
    if process.poll() == nil { process.stop(withinMilliseconds: 2000) }
    defer { for end in ["out", "err"] { try? FileManager.default.removeItem(atPath: folder.file("\(name).\(end)")) } }
    return Ran(code: code, output: folder.read("\(name).out"), error: folder.read("\(name).err"))
  }
}

/// Runs a command line to its end.
@discardableResult func synfire(
  _ words: String...,
  in folder: TestFolder,
  environment: [String: String] = [:],
  within seconds: Double = 30
) throws -> Ran {
  try Started(words, in: folder, environment: environment).finish(within: seconds)
}

/// Looks again and again until something holds; fails with the logs when it does not in time.
func eventually(
  _ what: String,
  within seconds: Double = 30,
  in folder: TestFolder,
  location: SourceLocation = #_sourceLocation,
  until holds: () throws -> Bool
) throws {
  let end = MonotonicClock.nowMilliseconds() + Int64(seconds * 1000)
  while try !holds() {
    try #require(
      MonotonicClock.nowMilliseconds() < end,
      "\(what) did not happen within \(seconds) s\n\(folder.lastWords)",
      sourceLocation: location
    )
    pauseMilliseconds(20)
  }
}

/// A process of this machine.
struct RunningProcess {
  var pid: Int32
  var parent: Int32
  var words: [String]

  /// All processes that can be read; one that ended meanwhile is left out.
  static var all: [RunningProcess] {
    ((try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []).compactMap(Int32.init).compactMap { pid in
      guard let line = FileManager.default.contents(atPath: "/proc/\(pid)/cmdline"), !line.isEmpty,
        let stat = FileManager.default.contents(atPath: "/proc/\(pid)/stat")
      else { return nil }
      // The name in parentheses may hold anything; state and parent follow the last one.
      let rest = String(decoding: stat, as: UTF8.self).split(separator: ")").last?.split(separator: " ") ?? []
      guard rest.count > 1, rest[0] != "Z", let parent = Int32(rest[1]) else { return nil }
      let words = line.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
      return RunningProcess(pid: pid, parent: parent, words: words)
    }
  }

  /// Those that name a path in their command line.
  static func naming(_ path: String) -> [RunningProcess] {
    all.filter { process in process.words.contains { $0.contains(path) } }
  }

  /// Sends a signal; false when the process has ended.
  @discardableResult func send(_ signal: ProcessSignal) -> Bool { kill(pid, signal.rawValue) == 0 }
}

/// A seeded generator: the same moments in every run, others with SYNFIRE_SEED=….
struct Chance: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// The seed from the environment, or 1.
  static func seed() -> UInt64 {
    ProcessInfo.processInfo.environment["SYNFIRE_SEED"].flatMap { UInt64($0) } ?? 1
  }
}

/// What cores of this machine share.
enum SharedMemory {
  /// Doorbells and rings of this user that belong to no process that runs.
  static var leftovers: [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: "/dev/shm")) ?? []
    return names.filter { name in
      guard name.hasPrefix("synfire-\(CurrentProcess.userID)-") else { return false }
      let bell = "/dev/shm/" + (name.split(separator: ".").first ?? "")
      guard FileManager.default.fileExists(atPath: bell) else { return true }
      return (try? FileLock(path: bell)) != nil
    }
  }
}
