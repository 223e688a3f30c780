import Basics
import Documents
import StateStore
import Testing

/// `synfire up` in a folder of its own.
class Service {
  let folder: TestFolder
  private let words: [String]
  private(set) var up: Started

  /// Starts `up` and waits until the coordinator answers.
  init(in folder: TestFolder, configuration: String, cores: Int = 1, also: [String] = []) throws {
    self.folder = folder
    words = ["up", "--config", configuration, "--cores", "\(cores)"] + also
    up = try Started(words, in: folder)
    try waitUntilItAnswers()
  }

  /// Starts `up` again on the same state folder.
  func startAgain() throws {
    up = try Started(words, in: folder)
    try waitUntilItAnswers()
  }

  private func waitUntilItAnswers() throws {
    try eventually("an answer of the coordinator", in: folder) { status() != nil || !up.isRunning }
    try #require(up.isRunning, "\(up.finish().error)")
  }

  /// What `status` says, or nil when nobody answers.
  func status() -> JSONValue? {
    guard let ran = try? synfire("status", "-o", "json", in: folder), ran.code == 0 else { return nil }
    return ran.json
  }

  var phase: String { status()?["phase"]?.text ?? "" }

  /// The children of `up` that play a role: coordinator, core, redis.
  func processes(_ role: String) -> [RunningProcess] {
    RunningProcess.all.filter { $0.parent == up.pid && $0.words.prefix(2).contains { $0.contains(role) } }
  }

  /// A connection to the private store.
  func connect() throws -> RedisConnection { try RedisConnection(RedisAddress(path: folder.file("redis.sock"))) }

  /// Ends `up` and expects that nothing is left of it.
  func stop() throws {
    up.process.send(.terminate)
    let ran = up.finish(within: 20)
    #expect(ran.code == 130, "\(ran.error)")
    expectNothingLeft()
  }

  /// Expects that no process names the folder, soon.
  func expectNothingLeft(location: SourceLocation = #_sourceLocation) {
    try? eventually("the end of all processes", within: 5, in: folder, location: location) {
      RunningProcess.naming(folder.path).isEmpty
    }
  }

  deinit {
    if up.isRunning { _ = up.process.stop(withinMilliseconds: 10_000) }
    for process in RunningProcess.naming(folder.path) { process.send(.kill) }
  }
}
