internal import CLinux
internal import Synchronization

/// A process that this process started: told apart by its pid, reaped once, never signalled after that.
public final class ChildProcess: Sendable {
  /// How a process ended.
  public enum End: Equatable, Sendable, CustomStringConvertible {
    case exited(code: Int32)
    case signalled(number: Int32)

    /// A few words.
    public var description: String {
      switch self {
      case .exited(let code): "exited with code \(code)"
      case .signalled(let number): "was ended by signal \(number)"
      }
    }
  }

  /// Where standard output and standard error of a child go.
  public enum Output: Equatable, Sendable {
    /// To where this process writes.
    case inherited
    /// Nowhere.
    case discarded
    /// Appended to a file.
    case appended(path: String)
  }

  /// The system's number of the process.
  public let pid: Int32
  /// The command as it was started.
  public let command: String
  private let end = Mutex<End?>(nil)

  /// Starts a program in a process group of its own, so that a Ctrl-C of the terminal does not reach it directly.
  ///
  /// Standard input is empty, no other descriptor is inherited, and all signals have their default meaning.
  /// - Parameters:
  ///   - program: a path, or a name that is looked up in PATH.
  ///   - arguments: without the program itself.
  ///   - environment: variables that are added to those of this process or replace them.
  ///   - output: where both output streams go.
  ///   - folder: the folder to start in.
  /// - Throws: `SystemError` when the program is not there, cannot be run, or the log cannot be opened.
  public init(
    _ program: String,
    _ arguments: [String] = [],
    environment: [String: String] = [:],
    output: Output = .inherited,
    folder: String? = nil
  ) throws(SystemError) {
    command = ([program] + arguments).joined(separator: " ")
    var log: CInt = -1
    if case .appended(let path) = output {
      log = unsafe synfire_open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
      guard log >= 0 else { throw .current(during: "open of log \(path)") }
    }
    defer { if log >= 0 { close(log) } }
    var merged = Self.inheritedEnvironment
    merged.merge(environment) { $1 }
    let pairs = merged.map { "\($0.key)=\($0.value)" }.sorted()
    var pid: pid_t = 0
    let code = unsafe withCStrings([program] + arguments) { argv in
      unsafe withCStrings(pairs) { envp in
        unsafe Self.spawn(&pid, program, argv, envp, log: log, discards: output == .discarded, folder: folder)
      }
    }
    guard code == 0 else {
      throw SystemError(
        operation: "start of \(program)",
        code: code,
        advice: code == ENOENT ? "no such program; check its path and PATH" : ""
      )
    }
    self.pid = pid
  }

  /// The variables of this process's environment.
  public static var inheritedEnvironment: [String: String] {
    var found: [String: String] = [:]
    guard var next = unsafe synfire_environment() else { return found }
    while let pair = unsafe next.pointee {
      let text = unsafe String(cString: pair)
      if let split = text.firstIndex(of: "=") {
        found[String(text[..<split])] = String(text[text.index(after: split)...])
      }
      unsafe next += 1
    }
    return found
  }

  /// Returns how the process ended and reaps it, or nil while it still runs.
  public func poll() -> End? { reap(WNOHANG) }

  /// Waits until the process has ended and returns how.
  @discardableResult public func wait() -> End {
    while true { if let end = reap(0) { return end } }
  }

  /// Waits for the end of the process for a limited time; nil when it still runs.
  public func wait(timeoutMilliseconds: Int) -> End? {
    let limit = MonotonicClock.nowMilliseconds() + Int64(timeoutMilliseconds)
    while true {
      if let end = poll() { return end }
      guard MonotonicClock.nowMilliseconds() < limit else { return nil }
      pauseMilliseconds(2)
    }
  }

  /// Sends a signal; false when the process has ended already.
  @discardableResult public func send(_ signal: ProcessSignal) -> Bool {
    end.withLock { $0 == nil && kill(pid, signal.rawValue) == 0 }
  }

  /// Asks the process to end, and ends it by force when it has not within a time; returns how it ended.
  @discardableResult public func stop(withinMilliseconds limit: Int = 5000) -> End {
    send(.terminate)
    // A stopped process gets the request only once it runs again.
    send(.resume)
    if let end = wait(timeoutMilliseconds: limit) { return end }
    send(.kill)
    return wait()
  }

  private func reap(_ options: CInt) -> End? {
    if let known = end.withLock({ $0 }) { return known }
    // A blocking wait is done without the lock, so that others can send signals meanwhile; the pid stays taken
    // until it is reaped, and it is reaped under the lock.
    if options == 0 {
      var info = unsafe siginfo_t()
      _ = unsafe waitid(P_PID, id_t(pid), &info, WEXITED | WNOWAIT)
    }
    return end.withLock { end in
      if let end { return end }
      var status: CInt = 0
      let answer = unsafe waitpid(pid, &status, WNOHANG)
      if answer == 0 || (answer < 0 && synfire_errno() == EINTR) { return nil }
      // Somebody else reaped it (ECHILD): how it ended is not known, that it ended is.
      let low = status & 0x7F
      end = answer < 0 ? .exited(code: -1) : low == 0 ? .exited(code: status >> 8 & 0xFF) : .signalled(number: low)
      return end
    }
  }

  private static func spawn(
    _ pid: inout pid_t,
    _ program: String,
    _ argv: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>,
    _ envp: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>,
    log: CInt,
    discards: Bool,
    folder: String?
  ) -> CInt {
    var actions = unsafe posix_spawn_file_actions_t()
    unsafe posix_spawn_file_actions_init(&actions)
    defer { _ = unsafe posix_spawn_file_actions_destroy(&actions) }
    unsafe posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    for stream in [CInt(1), 2] {
      if log >= 0 { unsafe posix_spawn_file_actions_adddup2(&actions, log, stream) }
      if discards { unsafe posix_spawn_file_actions_addopen(&actions, stream, "/dev/null", O_WRONLY, 0) }
    }
    if let folder { unsafe posix_spawn_file_actions_addchdir_np(&actions, folder) }
    unsafe posix_spawn_file_actions_addclosefrom_np(&actions, 3)
    var attributes = posix_spawnattr_t()
    unsafe posix_spawnattr_init(&attributes)
    defer { _ = unsafe posix_spawnattr_destroy(&attributes) }
    var none = sigset_t()
    var all = sigset_t()
    unsafe sigemptyset(&none)
    unsafe sigfillset(&all)
    unsafe posix_spawnattr_setsigmask(&attributes, &none)
    unsafe posix_spawnattr_setsigdefault(&attributes, &all)
    unsafe posix_spawnattr_setpgroup(&attributes, 0)
    let flags = POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF
    unsafe posix_spawnattr_setflags(&attributes, Int16(flags))
    return unsafe posix_spawnp(&pid, program, &actions, &attributes, argv, envp)
  }
}

/// Calls a body with a zero-terminated array of C strings, which live until it returns.
private func withCStrings<Result>(
  _ texts: [String],
  _ body: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> Result
) -> Result {
  var pointers: [UnsafeMutablePointer<CChar>?] = unsafe texts.map { unsafe strdup($0) } + [nil]
  defer { unsafe pointers.forEach { unsafe free($0) } }
  return unsafe pointers.withUnsafeMutableBufferPointer { buffer in
    guard let base = buffer.baseAddress else { preconditionFailure("the array has at least its end") }
    return unsafe body(base)
  }
}
