public import Basics
internal import FoundationEssentials

/// Keeps the processes of one machine's cluster alive: starts them, starts again what dies, ends them all.
///
/// A process that dies soon after its start is started again after a growing pause; one that never stays up is
/// given up with the end of its log. One that is killed is always started again: that says nothing about its next life.
public final class Supervisor {
  /// One process to keep alive.
  public struct Member: Sendable {
    /// Name in logs and of its log file.
    public var name: String
    /// Arguments of the synfire binary, for each start.
    public var arguments: [String]
    /// Exit codes that mean "done" rather than "died".
    public var finalCodes: Set<Int32>
    /// Describes a member.
    public init(name: String, arguments: [String], finalCodes: Set<Int32>) {
      (self.name, self.arguments, self.finalCodes) = (name, arguments, finalCodes)
    }
  }

  /// A member that ended for good.
  public struct Ended: Error, Sendable, CustomStringConvertible {
    /// Its name.
    public var name: String
    /// How it ended.
    public var end: ChildProcess.End
    /// The file with its last words.
    public var logPath: String
    /// The last line of it.
    public var lastWords: String
    /// One sentence.
    public var description: String {
      "\(name) \(end) again and again; the end of its log \(logPath) is: "
        + (lastWords.isEmpty ? "nothing" : lastWords)
    }
  }

  private struct Slot {
    var member: Member
    var process: ChildProcess?
    var startedMilliseconds: Int64 = 0
    var nextStartMilliseconds: Int64 = 0
    /// Lives in a row that were short, and those of them that ended by themselves.
    var shortLives = 0, failures = 0
    var restarts = 0
    var isDone = false
    /// When it is ended by force; nil unless it was asked to end.
    var endMilliseconds: Int64?
    var finalCode: Int32?
  }

  private let program: String
  private let logFolder: String
  private let log: Log
  private let pauseMilliseconds: Int64
  private var slots: [Slot] = []
  private let mostLogBytes: Int
  private var otherLogs: [String] = []
  private var nextTrim: Int64 = 0

  /// Makes a supervisor; logs of the members go to files in a folder, which are cut at a bound (`LogFile`).
  ///
  /// The pause before the next start after a short life begins with twice `pauseMilliseconds` and doubles to 40 times it.
  public init(
    program: String,
    logFolder: String,
    pauseMilliseconds: Int64 = 50,
    mostLogBytes: Int = LogFile.mostBytes,
    log: Log
  ) {
    (self.program, self.logFolder, self.pauseMilliseconds, self.log) = (program, logFolder, pauseMilliseconds, log)
    self.mostLogBytes = mostLogBytes
  }

  /// Keeps the log of another process bounded as well.
  public func keepBounded(log path: String) { otherLogs.append(path) }

  private func trimLogs(_ now: Int64) {
    guard now >= nextTrim else { return }
    nextTrim = now + 10_000
    for path in slots.map({ logPath($0.member) }) + otherLogs {
      do { try LogFile.trim(path, most: mostLogBytes) } catch {
        log.warning("a log cannot be cut", ("error", "\(error)"))
      }
    }
  }

  /// Starts a member.
  public func start(_ member: Member) throws(SystemError) {
    var slot = Slot(member: member)
    try launch(&slot)
    slots.append(slot)
  }

  /// Asks a member to end and forgets it; `look` ends it by force when it has not within five seconds.
  public func end(_ name: String) {
    guard let i = slots.firstIndex(where: { $0.member.name == name && $0.endMilliseconds == nil }) else { return }
    slots[i].endMilliseconds = MonotonicClock.nowMilliseconds() + 5000
    slots[i].process?.send(.terminate)
    // A stopped process gets the request only once it runs again.
    slots[i].process?.send(.resume)
  }

  /// The names of all members that are kept alive.
  public var names: [String] { slots.filter { $0.endMilliseconds == nil && !$0.isDone }.map(\.member.name) }

  /// The running processes by name.
  public var processes: [(name: String, pid: Int32)] {
    slots.compactMap { slot in slot.process.map { (slot.member.name, $0.pid) } }
  }

  /// Starts since the first, of all members.
  public var restarts: Int { slots.reduce(0) { $0 + $1.restarts } }

  /// Whether a member has ended for good.
  public func isDone(_ name: String) -> Bool { slots.first { $0.member.name == name }?.isDone ?? true }

  /// The code with which a member ended for good, or nil.
  public func finalCode(of name: String) -> Int32? { slots.first { $0.member.name == name }?.finalCode }

  private func logPath(_ member: Member) -> String { "\(logFolder)/\(member.name).log" }

  private func launch(_ slot: inout Slot) throws(SystemError) {
    slot.process = try ChildProcess(program, slot.member.arguments, output: .appended(path: logPath(slot.member)))
    slot.startedMilliseconds = MonotonicClock.nowMilliseconds()
  }

  /// Looks after the members once; call it every few ms, or when a child ended.
  ///
  /// - Throws: `Ended` when a member does not stay up.
  public func look() throws {
    let now = MonotonicClock.nowMilliseconds()
    trimLogs(now)
    slots.removeAll { slot in
      guard let limit = slot.endMilliseconds else { return false }
      guard let process = slot.process, process.poll() == nil else { return true }
      if now >= limit { process.send(.kill) }
      return false
    }
    for i in slots.indices where !slots[i].isDone && slots[i].endMilliseconds == nil {
      if let process = slots[i].process {
        guard let end = process.poll() else { continue }
        slots[i].process = nil
        if case .exited(let code) = end, slots[i].member.finalCodes.contains(code) {
          (slots[i].isDone, slots[i].finalCode) = (true, code)
          continue
        }
        let isShort = now - slots[i].startedMilliseconds < 2000
        let isKilled = end == .signalled(number: ProcessSignal.kill.rawValue)
        slots[i].shortLives = isShort ? slots[i].shortLives + 1 : 0
        slots[i].failures = isShort ? slots[i].failures + (isKilled ? 0 : 1) : 0
        let pause = slots[i].shortLives == 0 ? 0 : pauseMilliseconds * min(40, 1 << min(slots[i].shortLives, 6))
        slots[i].nextStartMilliseconds = now + pause
        log.warning("a process ended and is started again", ("process", slots[i].member.name), ("end", "\(end)"))
        if slots[i].failures >= 8 { throw given(up: slots[i].member, after: end) }
      }
      if now >= slots[i].nextStartMilliseconds {
        slots[i].restarts += 1
        try launch(&slots[i])
      }
    }
  }

  private func given(up member: Member, after end: ChildProcess.End) -> Ended {
    let log = FileManager.default.contents(atPath: logPath(member)).map { String(decoding: $0, as: UTF8.self) }
    let last = log?.split(separator: "\n").last.map(String.init)
    return Ended(name: member.name, end: end, logPath: logPath(member), lastWords: last ?? "")
  }

  /// Ends all members, the last one started first, and waits for them.
  public func stopAll(withinMilliseconds limit: Int = 5000) {
    for slot in slots.reversed() { slot.process?.send(.terminate) }
    for i in slots.indices.reversed() {
      slots[i].process?.stop(withinMilliseconds: limit)
      slots[i].process = nil
      slots[i].isDone = true
    }
  }
}
