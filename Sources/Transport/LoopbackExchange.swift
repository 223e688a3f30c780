public import Basics
internal import Synchronization

/// The memory in which loopback endpoints of one process meet; any thread may use it.
public final class LoopbackNetwork: Sendable {
  private struct Port {
    var frames: [[UInt8]] = []
    var read = 0
    let wakeup: Wakeup
  }
  private let ports = Mutex<[String: Port]>([:])

  /// Makes a network without endpoints.
  public init() {}

  func open(_ endpoint: String, _ wakeup: Wakeup) { ports.withLock { $0[endpoint] = Port(wakeup: wakeup) } }
  func close(_ endpoint: String) { ports.withLock { _ = $0.removeValue(forKey: endpoint) } }

  /// Queues a frame; nobody at the endpoint loses it, as a dead peer does.
  func deliver(_ frame: [UInt8], to endpoint: String) {
    ports.withLock { ports in
      ports[endpoint]?.frames.append(frame)
      ports[endpoint]?.wakeup.signal()
    }
  }

  func take(from endpoint: String) -> [UInt8]? {
    ports.withLock { ports in
      guard let port = ports[endpoint], port.read < port.frames.count else { return nil }
      let frame = port.frames[port.read]
      ports[endpoint]?.read += 1
      if port.read + 1 == port.frames.count {
        ports[endpoint]?.frames.removeAll(keepingCapacity: true)
        ports[endpoint]?.read = 0
      }
      return frame
    }
  }
}

/// Spike exchange inside one process: frames arrive in the order in which they were sent, none is lost.
public final class LoopbackExchange: SpikeExchange {
  /// Name of this endpoint in the network.
  public let endpoint: String
  /// Ends a wait in `receive` from any thread.
  public let wakeup: Wakeup
  private let network: LoopbackNetwork
  private let arrivals: Wakeup
  private var peers: [CoreID: String] = [:]
  private var poller = Poller()

  /// Opens the endpoint of a core, `loopback://N`; a former one of the same name no longer gets frames.
  public init(core: CoreID, in network: LoopbackNetwork) throws(SystemError) {
    endpoint = "loopback://\(core.index)"
    wakeup = try Wakeup()
    arrivals = try Wakeup()
    self.network = network
    network.open(endpoint, arrivals)
    poller.watch(arrivals.descriptor)
    poller.watch(wakeup.descriptor)
  }

  /// Makes these the peers.
  public func connect(_ peers: [CoreID: String]) { self.peers = peers }

  /// Sends to a peer at another endpoint from now on.
  public func reconnect(_ peer: CoreID, at endpoint: String) { peers[peer] = endpoint }

  /// Queues a frame for a peer.
  public func send(_ frame: [UInt8], to peer: CoreID) throws(TransportError) {
    guard let endpoint = peers[peer] else { throw .unknownPeer(peer) }
    network.deliver(frame, to: endpoint)
  }

  /// Takes the next frame, or returns false when time is up or the wake-up was signalled.
  public func receive(into frame: inout [UInt8], timeoutMilliseconds: Int) throws(TransportError) -> Bool {
    let end = MonotonicClock.nowMilliseconds() + Int64(timeoutMilliseconds)
    while true {
      arrivals.clear()
      if let found = network.take(from: endpoint) {
        frame = found
        return true
      }
      let left = end - MonotonicClock.nowMilliseconds()
      if wakeup.clear() || left <= 0 { return false }
      do { _ = try poller.wait(timeoutMilliseconds: Int(left)) } catch { throw TransportError(error) }
    }
  }
}
