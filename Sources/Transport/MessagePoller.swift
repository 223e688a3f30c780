public import Basics
internal import CZeroMQ

/// Something that `MessagePoller` waits for: a message at one of this module's sockets, or a readable descriptor.
@safe public struct WaitSource {
  fileprivate let item: zmq_pollitem_t
  // Keeps the socket open while it is waited for.
  private let owner: AnyObject?

  init(_ socket: borrowing MessageSocket, owner: AnyObject) {
    unsafe item = zmq_pollitem_t(socket: socket.handle, fd: 0, events: Int16(ZMQ_POLLIN), revents: 0)
    self.owner = owner
  }

  /// Waits for a descriptor to become readable.
  public init(_ descriptor: Descriptor) {
    unsafe item = zmq_pollitem_t(socket: nil, fd: descriptor.number, events: Int16(ZMQ_POLLIN), revents: 0)
    owner = nil
  }
}

/// Waits for messages and descriptors together, without the edge-trigger trap of a socket's own descriptor.
///
/// Belongs to the thread that owns the sockets.
@safe public struct MessagePoller {
  private var items: [zmq_pollitem_t]
  // Held so that the sockets outlive the poller.
  private let sources: [WaitSource]

  /// Makes a poller of sources; their positions are the positions of the answers.
  public init(_ sources: [WaitSource]) {
    self.sources = sources
    unsafe items = sources.map { unsafe $0.item }
  }

  /// Waits until a source is ready or time is up (0 looks once, nil waits without limit) and returns which are ready.
  public mutating func wait(timeoutMilliseconds: Int?) throws(TransportError) -> [Bool] {
    try waitWithoutAnswer(timeoutMilliseconds: timeoutMilliseconds)
    return unsafe items.map { unsafe $0.revents != 0 }
  }

  /// Waits as `wait` does, without an array for the answer.
  mutating func waitWithoutAnswer(timeoutMilliseconds: Int?) throws(TransportError) {
    let end = timeoutMilliseconds.map { MonotonicClock.nowMilliseconds() + Int64($0) }
    var left = timeoutMilliseconds ?? -1
    while true {
      if unsafe zmq_poll(&items, CInt(items.count), left) >= 0 { return }
      // A stop and a continue interrupt the call; the time left is counted from the start.
      guard zmq_errno() == EINTR else { throw .current(during: "zmq_poll of \(sources.count) sources") }
      if let end { left = Int(max(0, end - MonotonicClock.nowMilliseconds())) }
    }
  }

  /// Whether a source was ready at the end of the last wait.
  subscript(source: Int) -> Bool { unsafe items[source].revents != 0 }
}
