internal import Basics

/// The name under which a control server knows one of its clients.
public struct PeerIdentity: Hashable, Sendable {
  /// Bytes chosen by the client or, without a choice, by the library.
  public var bytes: [UInt8]
  /// Wraps bytes.
  public init(_ bytes: [UInt8]) { self.bytes = bytes }
}

extension SocketOptions {
  /// The options of control sockets: smaller messages, and a limit for peers that do not read.
  public static var control: SocketOptions {
    var options = SocketOptions()
    options.largestMessageBytes = 16 << 20
    // More than the inputs that a core is given again at once.
    options.queueLimit = 2500
    return options
  }
  /// For the socket of a program that answers questions: a question is short.
  public static var questions: SocketOptions {
    var options = SocketOptions()
    options.largestMessageBytes = 1 << 20
    options.queueLimit = 1000
    return options
  }
}

/// The side of a control connection that many clients come to: the coordinator.
///
/// A client that goes away and comes back without an identity of its own is a new client.
public final class ControlServer {
  /// Where clients connect; a wildcard port is resolved.
  public let endpoint: String
  /// Messages that were dropped because they had not exactly one part.
  public private(set) var malformedCount = 0
  private let socket: MessageSocket
  private var message = MessageParts()

  /// Binds an endpoint.
  public init(endpoint: String, in context: MessageContext, options: SocketOptions = .control) throws(TransportError) {
    socket = try MessageSocket(.router, in: context, options: options)
    self.endpoint = try socket.bind(endpoint)
  }

  /// What to wait for; afterwards receive until nothing waits.
  public var waitSource: WaitSource { WaitSource(socket, owner: self) }

  /// Returns the next message that waits with its sender, or nil at once.
  public func receive() throws(TransportError) -> (peer: PeerIdentity, bytes: [UInt8])? {
    while try socket.receive(into: &message) {
      if message.count == 2 { return (PeerIdentity(Array(message[0])), Array(message[1])) }
      malformedCount += 1
    }
    return nil
  }

  /// Sends a message without waiting; false when the client is gone or does not read.
  public func send(_ bytes: [UInt8], to peer: PeerIdentity) throws(TransportError) -> Bool {
    try socket.send([peer.bytes, bytes])
  }
}

/// The side of a control connection that goes to one server.
///
/// Messages are queued until the server answers; those under way when a connection breaks are lost.
public final class ControlClient {
  /// Where the server is.
  public let endpoint: String
  /// Messages that were dropped because they had not exactly one part.
  public private(set) var malformedCount = 0
  private let socket: MessageSocket
  private var message = MessageParts()

  /// Connects in the background.
  public init(endpoint: String, in context: MessageContext, options: SocketOptions = .control) throws(TransportError) {
    socket = try MessageSocket(.dealer, in: context, options: options)
    try socket.connect(endpoint)
    self.endpoint = endpoint
  }

  /// What to wait for; afterwards receive until nothing waits.
  public var waitSource: WaitSource { WaitSource(socket, owner: self) }

  /// Returns the next message that waits, or nil at once.
  public func receive() throws(TransportError) -> [UInt8]? {
    while try socket.receive(into: &message) {
      if message.count == 1 { return Array(message[0]) }
      malformedCount += 1
    }
    return nil
  }

  /// Queues a message without waiting; false when the queue is full.
  public func send(_ bytes: [UInt8]) throws(TransportError) -> Bool { try socket.send([bytes]) }
}
