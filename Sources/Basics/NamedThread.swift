internal import CLinux
internal import Synchronization

/// A system thread with a name, for loops that block; never one of Swift's cooperative pool.
public final class NamedThread: Sendable {
  /// What the thread is called in `top -H` and in debuggers.
  public let name: String
  private let thread: pthread_t
  private let isJoined = Mutex(false)

  /// What travels to the new thread.
  private final class Start {
    let name: String
    let body: () -> Void
    init(name: String, body: sending @escaping () -> Void) { (self.name, self.body) = (name, body) }
  }

  /// Starts a thread that runs a closure once; the system shows the first 15 bytes of the name.
  public init(_ name: String, _ body: sending @escaping () -> Void) throws(SystemError) {
    let start = unsafe Unmanaged.passRetained(Start(name: name, body: body))
    var thread = pthread_t()
    let code = unsafe pthread_create(
      &thread,
      nil,
      { argument in
        guard let argument = unsafe argument else { return nil }
        let start = unsafe Unmanaged<Start>.fromOpaque(argument).takeRetainedValue()
        _ = unsafe start.name.withCString { unsafe synfire_name_thread($0) }
        start.body()
        return nil
      },
      start.toOpaque()
    )
    guard code == 0 else {
      unsafe start.release()
      throw SystemError(
        operation: "start of thread '\(name)'",
        code: code,
        advice: "raise the limit of processes (ulimit -u)"
      )
    }
    self.name = name
    self.thread = thread
  }

  deinit {
    if !isJoined.withLock({ $0 }) { pthread_detach(thread) }
  }

  /// Waits until the closure has returned; a second call returns at once.
  public func join() {
    isJoined.withLock { joined in
      guard !joined else { return }
      let code = pthread_join(thread, nil)
      precondition(code == 0, "a thread cannot wait for itself")
      joined = true
    }
  }
}
