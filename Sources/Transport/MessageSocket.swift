public import Basics
internal import CZeroMQ

/// The library's I/O thread and everything its sockets share; any thread may use it.
@safe public final class MessageContext: @unchecked Sendable {
  // Unchecked: a ZeroMQ context may be used from any thread (zmq_socket(3), "Thread safety"), and the handle is
  // never changed.
  fileprivate let handle: UnsafeMutableRawPointer

  /// Starts a context.
  public init() throws(TransportError) {
    guard let handle = unsafe zmq_ctx_new() else { throw .current(during: "zmq_ctx_new") }
    unsafe self.handle = handle
  }

  // Waits for the sockets, and each of them keeps its context alive: the last of them is closed before.
  deinit { unsafe _ = zmq_ctx_term(handle) }
}

/// A ZeroMQ socket that owns its handle: multipart messages in and out, never blocking.
///
/// A socket belongs to the thread that uses it: it is neither copyable nor `Sendable`.
@safe public struct MessageSocket: ~Copyable {
  /// What a socket does with messages.
  public enum Role: Sendable {
    /// Receives from all peers, each message with the sender's identity in front; sends to one by identity.
    case router
    /// Sends to its peers in turn and receives from all.
    case dealer
    /// Sends only; receives only.
    case push, pull
  }

  /// What can be done now without waiting.
  public struct Readiness: Equatable, Sendable {
    /// A message waits.
    public var canReceive: Bool
    /// A message would be taken.
    public var canSend: Bool
  }

  let handle: UnsafeMutableRawPointer
  private let context: MessageContext

  /// Opens a socket that drops what is unsent when it closes.
  public init(_ role: Role, in context: MessageContext, options: SocketOptions = .init()) throws(TransportError) {
    let kind =
      switch role {
      case .router: ZMQ_ROUTER
      case .dealer: ZMQ_DEALER
      case .push: ZMQ_PUSH
      case .pull: ZMQ_PULL
      }
    guard let handle = unsafe zmq_socket(context.handle, kind) else { throw .current(during: "zmq_socket") }
    do throws(TransportError) {
      try unsafe SocketOption.apply(options, to: handle, role)
    } catch {
      unsafe zmq_close(handle)
      throw error
    }
    unsafe (self.handle, self.context) = (handle, context)
  }

  deinit { unsafe _ = zmq_close(handle) }

  /// Listens at an endpoint and returns it with what the system chose (`tcp://host:*` gets its port).
  ///
  /// - Throws: `TransportError` for a port taken, a path too long or already served, a missing interface or right.
  public borrowing func bind(_ endpoint: String) throws(TransportError) -> String {
    try Self.checkPort(of: endpoint, during: "bind")
    try resolveNames(of: endpoint)
    // A socket of this process that was just closed holds its endpoint for some milliseconds more.
    var triesLeft = 20
    while try !listen(at: endpoint) {
      guard triesLeft > 0 else { throw .of(EADDRINUSE, during: "bind", at: endpoint) }
      triesLeft -= 1
      pauseMilliseconds(10)
    }
    var buffer = [CChar](repeating: 0, count: 512)
    var size = buffer.count
    guard unsafe zmq_getsockopt(handle, ZMQ_LAST_ENDPOINT, &buffer, &size) == 0 else {
      throw .current(during: "bind", at: endpoint)
    }
    return String(decoding: buffer.prefix(max(0, size - 1)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// Listens at an endpoint; false when it is taken.
  private borrowing func listen(at endpoint: String) throws(TransportError) -> Bool {
    // The library removes a socket file before it binds, and so would take the path from a living process.
    if endpoint.hasPrefix("ipc://"), UnixSocket.isAnswered(at: String(endpoint.dropFirst(6))) { return false }
    if unsafe zmq_bind(handle, endpoint) == 0 { return true }
    guard zmq_errno() == EADDRINUSE else { throw .current(during: "bind", at: endpoint) }
    return false
  }

  /// Connects to an endpoint in the background, again and again until it answers.
  public borrowing func connect(_ endpoint: String) throws(TransportError) {
    try Self.checkPort(of: endpoint, during: "connect")
    try resolveNames(of: endpoint)
    guard unsafe zmq_connect(handle, endpoint) == 0 else { throw .current(during: "connect", at: endpoint) }
  }

  /// Refuses a port that does not exist: the library would take its lowest 16 bits for the port.
  private static func checkPort(of endpoint: String, during operation: String) throws(TransportError) {
    guard endpoint.hasPrefix("tcp://"), let colon = endpoint.lastIndex(of: ":"),
      let port = Int(endpoint[endpoint.index(after: colon)...]), port > 65535
    else { return }
    throw TransportError(operation: "\(operation) \(endpoint)", code: EINVAL, text: "a port is at most 65535")
  }

  /// Allows IPv6 unless the endpoint is plainly IPv4, which would be listed as `[::ffff:127.0.0.1]` otherwise.
  private borrowing func resolveNames(of endpoint: String) throws(TransportError) {
    let isPlain = endpoint.dropFirst("tcp://".count).allSatisfy { $0.isASCII && "0123456789.:*".contains($0) }
    try unsafe SocketOption.set(ZMQ_IPV6, (isPlain ? 0 : 1) as CInt, of: handle)
  }

  /// Ends a connection and drops what waits for it.
  public borrowing func disconnect(_ endpoint: String) throws(TransportError) {
    guard unsafe zmq_disconnect(handle, endpoint) == 0 else { throw .current(during: "disconnect", at: endpoint) }
  }

  /// Sends a message of several parts at once, without waiting.
  ///
  /// - Returns: false when the message was not taken: no such peer (router), nobody connected, or a full queue.
  public borrowing func send(_ parts: [[UInt8]]) throws(TransportError) -> Bool {
    var isTaken = true
    for (i, part) in parts.enumerated() where try !send(part, hasMore: i + 1 < parts.count) {
      if i == 0 { return false }
      // The connection broke inside the message, which the library takes back; it expects the rest nevertheless.
      isTaken = false
    }
    return isTaken
  }

  /// Sends one part; the message ends with the part that has no more behind it.
  borrowing func send(_ part: [UInt8], hasMore: Bool) throws(TransportError) -> Bool {
    let flags = ZMQ_DONTWAIT | (hasMore ? ZMQ_SNDMORE : 0)
    while true {
      let sent = unsafe part.withUnsafeBytes { unsafe zmq_send(handle, $0.baseAddress, $0.count, flags) }
      if sent == part.count { return true }
      switch zmq_errno() {
      case EAGAIN, EHOSTUNREACH: return false
      case EINTR: continue
      default: throw .current(during: "send of \(part.count) bytes")
      }
    }
  }

  /// Takes a message that waits, or returns nil at once; `message` is reused from call to call.
  ///
  /// - Returns: false when none waits.
  public borrowing func receive(into message: inout MessageParts) throws(TransportError) -> Bool {
    message.removeAll()
    var part = zmq_msg_t()
    unsafe zmq_msg_init(&part)
    defer { unsafe _ = zmq_msg_close(&part) }
    var hasMore = true
    while hasMore {
      let count = unsafe zmq_msg_recv(&part, handle, ZMQ_DONTWAIT)
      guard count >= 0 else {
        switch zmq_errno() {
        case EAGAIN: return false
        case EINTR: continue
        default: throw .current(during: "receive")
        }
      }
      hasMore = unsafe zmq_msg_more(&part) != 0
      unsafe message.append(UnsafeRawBufferPointer(start: zmq_msg_data(&part), count: Int(count)))
    }
    return true
  }

  /// Readable when `readiness` may have changed; edge-triggered: then receive until nothing waits.
  public borrowing func descriptor() throws(TransportError) -> Descriptor {
    Descriptor(try unsafe SocketOption.get(ZMQ_FD, of: handle))
  }

  /// What can be done now without waiting.
  public borrowing func readiness() throws(TransportError) -> Readiness {
    let events = try unsafe SocketOption.get(ZMQ_EVENTS, of: handle)
    return Readiness(canReceive: events & ZMQ_POLLIN != 0, canSend: events & ZMQ_POLLOUT != 0)
  }
}
