internal import Basics
internal import FoundationEssentials
internal import Glibc

/// A circuit on core processes (`synfire run` with checkpoints and records) to which a fault is done.
final class FaultyCircuit {
  private let program: String
  private let folder: ChaosFolder
  private let logs: String?
  private var process: ChildProcess
  private static let milliseconds = 100_000

  /// Where the records go.
  private var records: String { folder.hasOwnDisk ? "\(folder.disk)/records" : folder.file("records") }

  /// Starts the run; `cores` 1 and nothing done to it gives the records to compare with.
  init(program: String, cores: Int = 2, hasOwnDisk: Bool = false, logs: String? = nil) throws {
    (self.program, self.logs) = (program, logs)
    folder = try ChaosFolder(hasOwnDisk: hasOwnDisk)
    _ = try folder.write(Self.circuit, to: "circuit.yaml")
    let records = hasOwnDisk ? "\(folder.disk)/records" : folder.file("records")
    process = try Self.start(program, folder, records, cores: cores, resume: false)
  }

  private static func start(
    _ program: String,
    _ folder: ChaosFolder,
    _ records: String,
    cores: Int,
    resume: Bool
  ) throws -> ChildProcess {
    try ChildProcess(
      program,
      [
        "run", folder.file("circuit.yaml"), "--cores", "\(cores)", "--until", "\(milliseconds) ms",
        "--checkpoint-every",
        "500 ms", "--out", records, "--verbose",
      ] + (resume ? ["--resume"] : []),
      output: .appended(path: folder.file("run.log"))
    )
  }

  /// Goes on from the last checkpoint.
  private func resume() throws { process = try Self.start(program, folder, records, cores: 2, resume: true) }

  /// Waits for the end; how it ended, or nil.
  func finish(withinMilliseconds limit: Int) -> ChildProcess.End? { process.wait(timeoutMilliseconds: limit) }

  /// The records, by file.
  func recorded() throws -> [String: Data] {
    let names = try FileManager.default.contentsOfDirectory(atPath: records).filter { $0.hasSuffix(".csv") }
    return Dictionary(
      uniqueKeysWithValues: names.map { ($0, FileManager.default.contents(atPath: "\(records)/\($0)") ?? Data()) }
    )
  }

  /// Bytes of records so far.
  private var length: Int { Int(ChaosFolder.length(of: "\(records)/spikes.csv")) }

  /// Waits until the records have grown some times beyond a length, or the run is done; the longest wait between two
  /// of them, in s; nil when the run ends otherwise, or hangs.
  private func growth(beyond bytes: Int, times: Int, since began: Int64) -> Double? {
    var (longest, last, most) = (0.0, began, bytes)
    for _ in 0..<times {
      while length <= most {
        if let end = process.poll() { return end == .exited(code: 0) ? longest : nil }
        let isLate = MonotonicClock.nowNanoseconds() - last > 60_000_000_000
        guard !isLate, Interruption.wait(milliseconds: 2) else { return nil }
      }
      let now = MonotonicClock.nowNanoseconds()
      longest = max(longest, Double(now - last) / 1e9)
      (last, most) = (now, length)
    }
    return longest
  }

  /// Does a fault; returns the longest time without new records after it, in s.
  func survive(_ fault: Fault, _ chance: inout Chance) throws -> ChaosReport.Outcome {
    guard growth(beyond: 20_000, times: 1, since: MonotonicClock.nowNanoseconds()) != nil else {
      return .failed("the run did not begin: \(lastWords)")
    }
    guard Interruption.wait(milliseconds: .random(in: 50...500, using: &chance)) else {
      throw ChaosError("interrupted")
    }
    var before = length
    var since = MonotonicClock.nowNanoseconds()
    switch fault {
    case .runCore:
      guard let core = processes.filter({ $0.words.dropFirst().first == "core" }).randomElement(using: &chance) else {
        return .failed("no core runs: \(lastWords)")
      }
      kill(core.pid, SIGKILL)
    case .runKill:
      // The whole process group, as a job system does it; the store and cores end with it.
      kill(-process.pid, SIGKILL)
      process.wait()
      guard waitForEndOfAll() else { return .failed("processes outlived the run") }
      try resume()
    case .runPause:
      process.send(.stop)
      _ = Interruption.wait(milliseconds: .random(in: 3500...5000, using: &chance))
      process.send(.resume)
      since = MonotonicClock.nowNanoseconds()
    case .runStore:
      guard let store = processes.first(where: { $0.words.first?.contains("redis-server") == true }) else {
        return .failed("no redis-server runs: \(lastWords)")
      }
      kill(store.pid, SIGKILL)
    default:
      guard folder.hasOwnDisk else { return .skipped("only root can mount a small disk") }
      try folder.fill()
      _ = Interruption.wait(milliseconds: 500)
      before = length
      _ = Interruption.wait(milliseconds: 2000)
      guard length == before else { return .failed("records grow on a full disk") }
      folder.makeRoom()
      since = MonotonicClock.nowNanoseconds()
      // It waits for room, or it has ended with a sentence; then it goes on when it is asked to.
      if let end = process.wait(timeoutMilliseconds: 500) {
        guard end != .exited(code: 0), lastWords.contains("No space left") else {
          return .failed("the run \(end) on a full disk: \(lastWords)")
        }
        guard waitForEndOfAll() else { return .failed("processes outlived the run") }
        try resume()
      }
    }
    guard let seconds = growth(beyond: before, times: 10, since: since) else {
      return .failed("records do not grow any more: \(lastWords)")
    }
    return .survived(seconds: seconds)
  }

  private func waitForEndOfAll() -> Bool {
    let end = MonotonicClock.nowMilliseconds() + 10_000
    while !processes.isEmpty {
      guard MonotonicClock.nowMilliseconds() < end, Interruption.wait(milliseconds: 20) else { return false }
    }
    return true
  }

  /// The cores and the store of the run.
  private var processes: [(pid: Int32, words: [String])] {
    let names = ["/tmp/synfire-run-\(process.pid)/", records]
    return ((try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []).compactMap(Int32.init)
      .compactMap { pid in
        guard pid != process.pid, let line = FileManager.default.contents(atPath: "/proc/\(pid)/cmdline") else {
          return nil
        }
        let words = line.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
        return words.contains { word in names.contains { word.contains($0) } } ? (pid, words) : nil
      }
  }

  /// The end of what the run said.
  var lastWords: String {
    let bytes = FileManager.default.contents(atPath: folder.file("run.log")) ?? Data()
    return String(decoding: bytes.suffix(20_000), as: UTF8.self).split(separator: "\n").suffix(4)
      .joined(separator: " | ")
  }

  /// Ends everything and removes the folder.
  func stop() {
    process.stop(withinMilliseconds: 5000)
    for left in processes { kill(left.pid, SIGKILL) }
    folder.remove(keepingLogsIn: logs)
  }

  private static let circuit = """
    circuit: chaos
    step: 0.1 ms
    seed: 7
    populations:
      E: {size: 160, model: iaf_psc_exp, parameters: {C_m: 250 pF, tau_m: 12 ms, V_th: -50 mV},
          initial: {V_m: {normal: [-60 mV, 5 mV]}}}
      I: {size: 40, like: E, parameters: {tau_m: 9 ms}}
    stimuli:
      noise: {poisson: {rate: 8 kHz}, to: [E, I], weight: 45 pA, delay: 1.5 ms}
    projections:
      - {from: E, to: E, rule: {fixed_indegree: 10}, weight: 40 pA, delay: {normal: [2 ms, 0.8 ms], at_least: 0.5 ms},
         plasticity: {stdp: {lambda: 0.02, Wmax: 60 pA}}}
      - {from: E, to: I, rule: {fixed_indegree: 10}, weight: 40 pA, delay: 1.5 ms}
      - {from: I, to: E, rule: {fixed_outdegree: 8}, weight: -150 pA, delay: 0.8 ms}
    record:
      - {spikes: [E, I], file: spikes.csv}
      - {state: E, ids: [1, 7], variables: [V_m], every: 5 ms, file: e.csv}
      - {weights: E>E, file: weights.csv}

    """
}
