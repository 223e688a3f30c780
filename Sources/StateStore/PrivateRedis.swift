public import Basics

/// A Redis server of one's own: on a Unix socket in a folder, nothing on the network, data kept in that folder.
///
/// Belongs to one thread.
public final class PrivateRedis {
  /// When what is written reaches the disk.
  public enum Sync: String, Sendable {
    /// Before the answer: losing the power of the machine loses nothing that was answered for.
    case always
    /// Once a second: a loss of power, or on a slow disk the end of the process, loses up to two seconds.
    case everySecond = "everysec"
  }

  /// Where data, log and lock are.
  public let folder: String
  /// The socket.
  public let socketPath: String
  /// Where the server logs.
  public var logPath: String { "\(folder)/redis.log" }
  /// The address for connections.
  public var address: RedisAddress { RedisAddress(path: socketPath) }
  /// The server's process; nil before it is started, after it is stopped, and when it was taken over.
  public private(set) var process: ChildProcess?
  private let sync: Sync
  private let lock: FileLock

  /// Claims a folder, which has to exist; the socket lies in it unless another path is given.
  ///
  /// - Throws: `StoreError` when the path is too long for a socket or another process uses the folder.
  public init(folder: String, socketPath: String? = nil, sync: Sync = .everySecond) throws(StoreError) {
    (self.folder, self.sync) = (folder, sync)
    self.socketPath = socketPath ?? "\(folder)/redis.sock"
    let length = self.socketPath.utf8.count
    guard length <= UnixSocket.longestPathBytes else {
      throw StoreError(
        .server,
        during: "start of redis-server at \(self.socketPath)",
        answer: "the path has \(length) bytes, a Unix socket's has at most \(UnixSocket.longestPathBytes)",
        advice: "choose a shorter folder"
      )
    }
    let lock: FileLock?
    do {
      lock = try FileLock(path: "\(folder)/redis.lock")
    } catch {
      throw StoreError(
        .server,
        during: error.operation,
        answer: SystemError.text(of: error.code),
        advice: "make the folder, or make it writable"
      )
    }
    guard let lock else {
      throw StoreError(
        .server,
        during: "start of redis-server in \(folder)",
        answer: "another process uses this folder",
        advice: "end it or choose another folder"
      )
    }
    self.lock = lock
  }

  deinit { process?.stop() }

  /// Starts the server and waits until it answers; one that a killed owner of this folder left running is taken over.
  ///
  /// `launcher` stands before the server's own command line, for a program that prepares the process and becomes it.
  /// - Throws: `StoreError` when it is not installed, ends at once (with the end of its log), or does not answer in
  ///   time; reading its data from disk extends the time.
  public func start(
    withinMilliseconds limit: Int = 10_000,
    program: String = "redis-server",
    launcher: [String] = []
  ) throws(StoreError) {
    // The lock is ours, so whoever answers here has lost its owner.
    if UnixSocket.isAnswered(at: socketPath), (try? ping()) == true { return }
    let words =
      launcher + [
        program, "--port", "0", "--unixsocket", socketPath, "--unixsocketperm", "700", "--dir", folder, "--daemonize",
        "no",
        "--appendonly", "yes", "--appendfsync", sync.rawValue, "--save", "", "--maxmemory-policy", "noeviction",
      ]
    let started: ChildProcess
    do {
      started = try ChildProcess(words[0], Array(words.dropFirst()), output: .appended(path: logPath))
    } catch {
      throw StoreError(
        .server,
        during: "start of \(program)",
        answer: SystemError.text(of: error.code),
        advice: "install it (Debian, Ubuntu: apt install redis-server) or give the address of a server (--redis)"
      )
    }
    process = started
    var end = MonotonicClock.nowMilliseconds() + Int64(limit)
    while true {
      if let end = started.poll() {
        process = nil
        throw StoreError(
          .server,
          during: "start of \(program) in \(folder)",
          answer: "it \(end)",
          advice: "read the end of \(folder)/redis.log"
        )
      }
      do {
        if UnixSocket.isAnswered(at: socketPath), try ping() { return }
      } catch  where error.kind == .loading {
        end = MonotonicClock.nowMilliseconds() + Int64(limit)
      } catch {}
      guard MonotonicClock.nowMilliseconds() < end else {
        stop()
        throw StoreError(
          .server,
          during: "start of \(program) in \(folder)",
          answer: "it does not answer within \(limit) ms",
          advice: "read the end of \(folder)/redis.log"
        )
      }
      pauseMilliseconds(5)
    }
  }

  /// Whether the server no longer runs; one that was taken over is looked for at its socket.
  public func hasEnded() -> Bool {
    if let process { return process.poll() != nil }
    return !UnixSocket.isAnswered(at: socketPath)
  }

  /// Ends the server after it has written everything to disk.
  public func stop() {
    if let process {
      process.stop(withinMilliseconds: 20_000)
    } else if UnixSocket.isAnswered(at: socketPath), let connection = try? RedisConnection(address) {
      // It ends without an answer.
      _ = try? connection.command(["SHUTDOWN"])
      let end = MonotonicClock.nowMilliseconds() + 20_000
      while UnixSocket.isAnswered(at: socketPath), MonotonicClock.nowMilliseconds() < end { pauseMilliseconds(5) }
    }
    process = nil
  }

  private func ping() throws(StoreError) -> Bool {
    let connection = try RedisConnection(address, connectMilliseconds: 500, commandMilliseconds: 2000)
    return try connection.command(["PING"]) == .status("PONG")
  }
}
