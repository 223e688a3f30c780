internal import CZeroMQ

/// How a socket is set up before it binds or connects.
public struct SocketOptions: Sendable {
  /// The largest message part that is taken; a peer that sends a larger one is disconnected before it is stored.
  public var largestMessageBytes = 64 << 20
  /// Messages that may wait for a peer, on each side; 0 for no limit.
  ///
  /// One more is not taken, which whoever sends is told. Between cores the barrier of the epochs keeps it to a few; the limit is for what strangers send.
  public var queueLimit = 128
  /// The name under which a router knows this socket; empty lets the router choose one.
  public var identity: [UInt8] = []
  /// The first and the longest pause before a lost connection is tried again, in ms.
  public var reconnectMilliseconds = (first: 10, longest: 500)

  /// The usual options.
  public init() {}
}

/// Options of an open socket by their number.
enum SocketOption {
  /// Sets everything that has to be set before a socket binds or connects.
  static func apply(
    _ options: SocketOptions,
    to handle: UnsafeMutableRawPointer,
    _ role: MessageSocket.Role
  ) throws(TransportError) {
    func set(_ option: CInt, _ value: Int) throws(TransportError) {
      try unsafe Self.set(option, CInt(clamping: value), of: handle)
    }
    try set(ZMQ_LINGER, 0)
    try set(ZMQ_SNDHWM, options.queueLimit)
    try set(ZMQ_RCVHWM, options.queueLimit)
    try set(ZMQ_RECONNECT_IVL, options.reconnectMilliseconds.first)
    try set(ZMQ_RECONNECT_IVL_MAX, options.reconnectMilliseconds.longest)
    // A peer whose machine is gone is noticed after 30 s + 3 × 10 s instead of two hours.
    try set(ZMQ_TCP_KEEPALIVE, 1)
    try set(ZMQ_TCP_KEEPALIVE_IDLE, 30)
    try set(ZMQ_TCP_KEEPALIVE_INTVL, 10)
    try set(ZMQ_TCP_KEEPALIVE_CNT, 3)
    try unsafe Self.set(ZMQ_MAXMSGSIZE, Int64(options.largestMessageBytes), of: handle)
    if role == .router {
      // A message to nobody is an answer instead of silence, and a peer that comes back keeps its name.
      try set(ZMQ_ROUTER_MANDATORY, 1)
      try set(ZMQ_ROUTER_HANDOVER, 1)
    } else if !options.identity.isEmpty {
      let identity = options.identity
      guard unsafe zmq_setsockopt(handle, ZMQ_ROUTING_ID, identity, identity.count) == 0 else {
        throw .current(during: "setting of an identity of \(identity.count) bytes")
      }
    }
  }

  /// Sets one number.
  static func set(
    _ option: CInt,
    _ value: some FixedWidthInteger & BitwiseCopyable,
    of handle: UnsafeMutableRawPointer
  ) throws(TransportError) {
    var copy = value
    guard unsafe zmq_setsockopt(handle, option, &copy, MemoryLayout.size(ofValue: copy)) == 0 else {
      throw .current(during: "setting of socket option \(option) to \(value)")
    }
  }

  /// Reads one number.
  static func get(_ option: CInt, of handle: UnsafeMutableRawPointer) throws(TransportError) -> CInt {
    var value: CInt = 0
    var size = MemoryLayout<CInt>.size
    guard unsafe zmq_getsockopt(handle, option, &value, &size) == 0 else {
      throw .current(during: "reading of socket option \(option)")
    }
    return value
  }
}
