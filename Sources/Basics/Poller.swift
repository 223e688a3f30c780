internal import CLinux

/// Waits on several descriptors at once: poll(2) with typed events.
///
/// Level-triggered: a descriptor is reported as long as it is ready. A poller belongs to one thread.
public struct Poller {
  /// One descriptor that is ready, and for what.
  public struct Event: Equatable, Sendable {
    /// Which descriptor.
    public var descriptor: Descriptor
    /// Reading does not block (bytes, a connection to accept, or the end of the stream).
    public var isReadable: Bool
    /// Writing does not block.
    public var isWritable: Bool
    /// The other end went away or the descriptor is not open.
    public var hasFailed: Bool
    /// Describes readiness.
    public init(descriptor: Descriptor, isReadable: Bool, isWritable: Bool, hasFailed: Bool) {
      self.descriptor = descriptor
      (self.isReadable, self.isWritable, self.hasFailed) = (isReadable, isWritable, hasFailed)
    }
  }

  private var entries: [pollfd] = []

  /// Makes a poller that watches nothing.
  public init() {}

  /// The number of descriptors watched.
  public var count: Int { entries.count }

  /// Watches a descriptor for reading, and for writing if asked; a second call replaces what was asked before.
  public mutating func watch(_ descriptor: Descriptor, forReading: Bool = true, forWriting: Bool = false) {
    forget(descriptor)
    let events = (forReading ? POLLIN : 0) | (forWriting ? POLLOUT : 0)
    entries.append(pollfd(fd: descriptor.number, events: Int16(events), revents: 0))
  }

  /// No longer watches a descriptor; one that was not watched is not an error.
  public mutating func forget(_ descriptor: Descriptor) { entries.removeAll { $0.fd == descriptor.number } }

  /// Waits until a descriptor is ready or time is up, and returns the ready ones in the order they were added.
  ///
  /// A time of 0 looks once, nil waits without limit.
  /// - Throws: `SystemError` when there are more descriptors than the process may have open.
  public mutating func wait(timeoutMilliseconds: Int?) throws(SystemError) -> [Event] {
    let end = timeoutMilliseconds.map { MonotonicClock.nowMilliseconds() + Int64($0) }
    while true {
      let left = end.map { CInt(clamping: max(0, $0 - MonotonicClock.nowMilliseconds())) } ?? -1
      let ready = unsafe poll(&entries, nfds_t(entries.count), left)
      if ready < 0 {
        // A stop and a continue interrupt the call; the time left is counted from the start.
        guard synfire_errno() == EINTR else { throw .current(during: "poll of \(entries.count) descriptors") }
        continue
      }
      if ready == 0 { return [] }
      return entries.filter { $0.revents != 0 }.map { entry in
        let happened = CInt(entry.revents)
        return Event(
          descriptor: Descriptor(entry.fd),
          isReadable: happened & (POLLIN | POLLHUP) != 0,
          isWritable: happened & POLLOUT != 0,
          hasFailed: happened & (POLLERR | POLLHUP | POLLNVAL) != 0
        )
      }
    }
  }
}
