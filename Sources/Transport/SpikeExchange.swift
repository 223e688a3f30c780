public import Basics

/// Moves frames between the cores of a cluster: bytes in, bytes out, no opinion of what they mean.
///
/// Nothing promises delivery: a frame may be lost, late or come twice, and a peer of a former generation may still
/// send. What to do about it is decided by the state machine that reads the frames. An exchange belongs to one thread;
/// others may only signal its wake-up.
public protocol SpikeExchange: AnyObject {
  /// Where peers reach this core.
  var endpoint: String { get }
  /// Ends a wait in `receive` from any thread.
  var wakeup: Wakeup { get }
  /// Messages that were dropped because they were no frames by their outer form.
  var malformedCount: Int { get }
  /// Makes these the peers: connects to those that are new or moved, lets go of those that are not named.
  func connect(_ peers: [CoreID: String]) throws(TransportError)
  /// Connects anew to a peer that was replaced, and drops what waits for the former one.
  func reconnect(_ peer: CoreID, at endpoint: String) throws(TransportError)
  /// Queues a frame for a peer without waiting.
  func send(_ frame: [UInt8], to peer: CoreID) throws(TransportError)
  /// Takes the next frame, or returns false when time is up or the wake-up was signalled (0 looks once).
  ///
  /// The bytes of the frame replace those of `frame`, whose memory is reused.
  func receive(into frame: inout [UInt8], timeoutMilliseconds: Int) throws(TransportError) -> Bool
}

extension SpikeExchange {
  /// Nothing but frames can arrive.
  public var malformedCount: Int { 0 }

  /// Returns the next frame, or nil when time is up or the wake-up was signalled (0 looks once).
  public func receive(timeoutMilliseconds: Int) throws(TransportError) -> [UInt8]? {
    var frame: [UInt8] = []
    return try receive(into: &frame, timeoutMilliseconds: timeoutMilliseconds) ? frame : nil
  }
}

extension TransportError {
  /// A frame for a core that is no peer.
  static func unknownPeer(_ peer: CoreID) -> TransportError {
    TransportError(
      operation: "send to core \(peer.index)",
      code: 0,
      text: "it is not among the connected peers",
      hint: "connect it first"
    )
  }

  /// A failure of the system around the messages.
  init(_ error: SystemError) {
    self.init(operation: error.operation, code: error.code, text: SystemError.text(of: error.code), hint: error.advice)
  }
}
