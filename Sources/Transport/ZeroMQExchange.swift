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
      // What a peer announces may begin with the memory that it shares with others.
      try socket.connect(SharedMemoryExchange.parts(of: endpoint).wide)
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
    do { wakeup = try Wakeup() } catch { throw TransportError(error) }
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

  /// Takes the next frame, or returns false when time is up or the wake-up was signalled (0 looks once).
  ///
  /// Looks again for some microseconds before it sleeps, for as long as that has been worth it lately.
  public func receive(into frame: inout [UInt8], timeoutMilliseconds: Int) throws(TransportError) -> Bool {
    if try take(into: &frame) { return true }
    guard timeoutMilliseconds > 0 else {
      wakeup.clear()
      return false
    }
    let start = MonotonicClock.nowNanoseconds()
    let looks = spin.shouldLook
    if looks {
      let (isThere, now) = try spin.look(from: start) { () throws(TransportError) in try take(into: &frame) }
      if isThere {
        spin.learn(waitedNanoseconds: now - start, lookedInVain: false)
        return true
      }
    }
    defer { spin.learn(waitedNanoseconds: MonotonicClock.nowNanoseconds() - start, lookedInVain: looks) }
    let end = start / 1_000_000 + Int64(timeoutMilliseconds)
    var poller = poller ?? MessagePoller([WaitSource(router, owner: context), WaitSource(wakeup.descriptor)])
    defer { self.poller = poller }
    while true {
      let left = Int(end - MonotonicClock.nowMilliseconds())
      try poller.waitWithoutAnswer(timeoutMilliseconds: max(0, left))
      if try take(into: &frame) { return true }
      if poller[1] {
        wakeup.clear()
        return false
      }
      if left <= 0 { return false }
    }
  }

  /// Takes a frame that waits; a message with other than one part is dropped, its loss is noticed by the frame missing.
  func take(into frame: inout [UInt8]) throws(TransportError) -> Bool {
    while try router.receive(into: &message) {
      if message.count == 2 {
        frame.removeAll(keepingCapacity: true)
        frame.append(contentsOf: message[1])
        return true
      }
      malformedCount += 1
    }
    return false
  }
}
