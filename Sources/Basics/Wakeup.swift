internal import CLinux
internal import Synchronization

/// Wakes a thread that waits in a poll: an eventfd.
///
/// Any thread may signal; signals before the next `clear` count as one.
public final class Wakeup: Sendable {
  /// Readable while a signal has not been cleared.
  public let descriptor: Descriptor
  private let pending = Atomic<Bool>(false)
  private let ring: (@Sendable () -> Void)?

  /// Opens the descriptor; `ring` is called after each signal, to wake a thread that does not wait in a poll.
  public init(ringing ring: (@Sendable () -> Void)? = nil) throws(SystemError) {
    self.ring = ring
    let number = eventfd(0, CInt(EFD_CLOEXEC | EFD_NONBLOCK))
    guard number >= 0 else { throw .current(during: "eventfd", advice: "raise the limit of open files (ulimit -n)") }
    descriptor = Descriptor(number)
  }

  deinit { close(descriptor.number) }

  /// Whether a signal may not have been cleared; costs no system call.
  ///
  /// True from the moment `signal` begins, which may be before the descriptor is readable.
  public var isSignalled: Bool { pending.load(ordering: .sequentiallyConsistent) }

  /// Makes the descriptor readable.
  public func signal() {
    pending.store(true, ordering: .sequentiallyConsistent)
    // The one way to fail is a full counter, and then the descriptor is readable already.
    var one: UInt64 = 1
    _ = unsafe write(descriptor.number, &one, 8)
    ring?()
  }

  /// Takes all signals so far and returns whether there were any.
  @discardableResult public func clear() -> Bool {
    pending.store(false, ordering: .sequentiallyConsistent)
    var count: UInt64 = 0
    return unsafe read(descriptor.number, &count, 8) == 8
  }
}

/// The signals that Synfire sends or reacts to.
public enum ProcessSignal: Int32, Sendable, CaseIterable {
  case hangup = 1, interrupt = 2, kill = 9, user1 = 10, user2 = 12, terminate = 15, child = 17, resume = 18, stop = 19

  /// From now on a write to a peer that went away fails with an error instead of ending this process.
  public static func ignoreBrokenPipes() { synfire_ignore_broken_pipes() }

  /// Has the system send a signal to this process when the thread that started it ends.
  public static func whenParentEnds(_ signal: ProcessSignal = .terminate) throws(SystemError) {
    guard synfire_die_with_parent(signal.rawValue) == 0 else { throw .current(during: "prctl(PR_SET_PDEATHSIG)") }
  }
}

/// Signals as readable events: a signalfd.
///
/// Make it on the first thread before others start, so that every thread has the signals blocked.
public final class SignalWatch: Sendable {
  /// Readable while a signal waits.
  public let descriptor: Descriptor

  /// Blocks signals in the calling thread and those it starts later, and opens the descriptor.
  public init(_ signals: [ProcessSignal]) throws(SystemError) {
    var set = sigset_t()
    unsafe sigemptyset(&set)
    for signal in signals { unsafe sigaddset(&set, signal.rawValue) }
    let code = unsafe pthread_sigmask(SIG_BLOCK, &set, nil)
    guard code == 0 else { throw SystemError(operation: "pthread_sigmask", code: code) }
    let number = unsafe signalfd(-1, &set, CInt(SFD_CLOEXEC | SFD_NONBLOCK))
    guard number >= 0 else { throw .current(during: "signalfd", advice: "raise the limit of open files (ulimit -n)") }
    descriptor = Descriptor(number)
  }

  deinit { close(descriptor.number) }

  /// Takes the signals that arrived, in their order; equal ones may have been merged by the system.
  public func take() -> [ProcessSignal] {
    var found: [ProcessSignal] = []
    var info = signalfd_siginfo()
    let size = MemoryLayout<signalfd_siginfo>.size
    while unsafe read(descriptor.number, &info, size) == size {
      if let signal = ProcessSignal(rawValue: Int32(info.ssi_signo)) { found.append(signal) }
    }
    return found
  }
}
