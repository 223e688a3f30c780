public import Basics

/// Spike exchange over ZeroMQ: one router bound for what comes in, one dealer connected to each peer.
///
/// A dealer queues frames until its peer answers, so the order in which cores start does not matter; frames that were
/// under way when a connection broke are lost, and the frame protocol asks for them again.
public final class ZeroMQExchange: SpikeExchange {
  /// A connection to one peer.
  private final class Peer {
    let endpoint: String
    let socket: MessageSocket
    init(_ endpoint: String, in context: MessageContext, _ options: SocketOptions) throws(TransportError) {
      self.endpoint = endpoint
      socket = try MessageSocket(.dealer, in: context, options: options)
      try socket.connect(endpoint)
    }
  }

  /// Where peers reach this core; a wildcard port is resolved.
  public let endpoint: String
  /// Ends a wait in `receive` from any thread.
  public let wakeup: Wakeup
  /// Messages that were dropped because they had not exactly one part.
  public private(set) var malformedCount = 0

  private let context: MessageContext
  private let options: SocketOptions
  private let router: MessageSocket
  private var peers: [CoreID: Peer] = [:]
  private var message = MessageParts()
  private var poller: MessagePoller?
  private var spin = AdaptiveSpin()

  /// Binds an endpoint: `ipc:///run/…/core-0.ipc` or `tcp://host:port`, with `*` as port to let the system choose.
  public init(endpoint: String, in context: MessageContext, options: SocketOptions = .init()) throws(TransportError) {
    (self.context, self.options) = (context, options)
    do {
      wakeup = try Wakeup()
    } catch {
      throw TransportError(operation: error.operation, code: error.code, text: SystemError.text(of: error.code))
    }
    router = try MessageSocket(.router, in: context, options: options)
    self.endpoint = try router.bind(endpoint)
  }

  /// What to wait for to wait for frames together with other things.
  public var waitSource: WaitSource { WaitSource(router, owner: self) }

  /// Makes these the peers: connects to those that are new or moved, lets go of those that are not named.
  public func connect(_ wanted: [CoreID: String]) throws(TransportError) {
    peers = peers.filter { wanted[$0.key] == $0.value.endpoint }
    for (core, endpoint) in wanted where peers[core] == nil { try reconnect(core, at: endpoint) }
  }

  /// Connects anew to a peer that was replaced, and drops what waits for the former one.
  public func reconnect(_ peer: CoreID, at endpoint: String) throws(TransportError) {
    peers[peer] = nil
    peers[peer] = try Peer(endpoint, in: context, options)
  }

  /// Queues a frame for a peer without waiting; it is lost when the peer is gone.
  public func send(_ frame: [UInt8], to peer: CoreID) throws(TransportError) {
    guard let connection = peers[peer] else { throw .unknownPeer(peer) }
    // False means that a queue limit was set and reached: lost like any other frame, and asked for again.
    _ = try connection.socket.send(frame, hasMore: false)
  }

  /// Returns the next frame, or nil when time is up or the wake-up was signalled (0 looks once).
  ///
  /// Looks again for some microseconds before it sleeps, for as long as that has been worth it lately.
  public func receive(timeoutMilliseconds: Int) throws(TransportError) -> [UInt8]? {
    if let frame = try take() { return frame }
    guard timeoutMilliseconds > 0 else {
      wakeup.clear()
      return nil
    }
    if let frame = try spin.look({ () throws(TransportError) in try take() }) { return frame }
    let end = MonotonicClock.nowMilliseconds() + Int64(timeoutMilliseconds)
    var poller = poller ?? MessagePoller([WaitSource(router, owner: context), WaitSource(wakeup.descriptor)])
    defer { self.poller = poller }
    while true {
      let left = Int(end - MonotonicClock.nowMilliseconds())
      try poller.waitWithoutAnswer(timeoutMilliseconds: max(0, left))
      if let frame = try take() { return frame }
      if poller[1] {
        wakeup.clear()
        return nil
      }
      if left <= 0 { return nil }
    }
  }

  /// Takes a frame that waits; a message with other than one part is dropped, its loss is noticed by the frame missing.
  private func take() throws(TransportError) -> [UInt8]? {
    while try router.receive(into: &message) {
      if message.count == 2 { return Array(message[1]) }
      malformedCount += 1
    }
    return nil
  }
}

/// Looks for something for a short time before the caller sleeps, and learns how long that pays.
struct AdaptiveSpin {
  /// The longest time to look, in ns: about what a sleep and a wake-up cost.
  static let longestNanoseconds: Int64 = 40_000
  private var budgetNanoseconds = Self.longestNanoseconds

  /// Calls `find` until it finds something or time is up.
  mutating func look<Found, Failure>(_ find: () throws(Failure) -> Found?) throws(Failure) -> Found? {
    let start = MonotonicClock.nowNanoseconds()
    while true {
      let found = try find()
      if let found {
        budgetNanoseconds = min(Self.longestNanoseconds, budgetNanoseconds * 2)
        return found
      }
      if MonotonicClock.nowNanoseconds() - start >= budgetNanoseconds { break }
    }
    // Never quite 0, so that better times are noticed.
    budgetNanoseconds = max(1000, budgetNanoseconds / 2)
    return nil
  }
}
