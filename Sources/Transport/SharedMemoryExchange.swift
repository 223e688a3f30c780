public import Basics

/// Spike exchange over shared memory between the processes of one machine, and over ZeroMQ with those elsewhere.
///
/// Whoever is reached by memory is found out, not configured: a core announces the path of its doorbell before its
/// ZeroMQ endpoint (`shm:///dev/shm/synfire-0-1b2c;tcp://…`), and a peer that can open the path on the same host uses it.
/// For every peer there is a ring to read from, which the reader makes. What is too large for a ring goes over ZeroMQ, with
/// a note in the ring; a full ring means that its reader stands still, and the frame is dropped like any other that is
/// lost: the protocol asks for it again. Memory: at most 4 MiB a core on top of a page per peer.
///
/// A wait begins with a look at the rings for some microseconds where that pays (`AdaptiveSpin`), then it sleeps: on a
/// futex when all peers write to rings, otherwise in a poll of the sockets.
public final class SharedMemoryExchange: SpikeExchange {
  /// Where doorbells and rings are looked for.
  public static let usualFolder = "/dev/shm"

  /// The way to one peer.
  private final class Peer {
    let core: CoreID
    /// What it announced.
    let endpoint: String
    /// Its doorbell, when it runs on this machine.
    let bell: Doorbell?
    /// The ring that it writes to and this process reads.
    var inbox: SharedRing?
    /// Whether something came through the inbox, so that nothing comes otherwise without a note there.
    var isLive = false
    /// The ring that it reads; nil until it has made it.
    var outbox: SharedRing?
    /// Frames to let pass before the outbox is looked for again.
    var patience = 0, nextPatience = 1

    init(_ core: CoreID, _ endpoint: String, bell: Doorbell?) {
      (self.core, self.endpoint, self.bell) = (core, endpoint, bell)
    }
    deinit { inbox?.close() }
  }

  /// Where peers reach this core.
  public let endpoint: String
  /// Ends a wait in `receive` from any thread.
  public let wakeup: Wakeup
  /// Frames that were dropped because the ring to their receiver was full.
  public private(set) var droppedCount = 0

  private let folder: SharedFolder
  private let wide: ZeroMQExchange
  private let isRequired: Bool
  private let ringBytes: Int?
  /// Room in a new ring.
  private var capacity = 0
  private var peers: [Peer] = []
  /// Position among the peers of each core.
  private var positions: [Int] = []
  /// Those with a ring to read, and what tells whether it holds something.
  private var readers: [Peer] = []
  private var watches: [SharedRing.Watch] = []
  private var nextToRead = 0
  /// Whether frames may come over ZeroMQ without a note in a ring.
  private var looksAtSockets = true
  private var spin = AdaptiveSpin()
  /// Frames that were announced in a ring and come over ZeroMQ.
  private var awaited = 0
  private var looks = 0
  private var brokenRings = 0
  private var poller: MessagePoller?
  private var relay: DoorbellRelay?

  /// Shares memory in a folder of this machine, and binds a ZeroMQ endpoint for everybody else.
  ///
  /// A ring has room for `ringBytes`, a power of two from 4096, or without it for two frames of 60,000 spikes and less
  /// where peers are many.
  /// With `isRequired`, peers that memory does not reach are refused.
  /// - Throws: `TransportError` when the folder cannot hold shared files, or the endpoint cannot be bound.
  public convenience init(
    endpoint: String,
    in context: MessageContext,
    options: SocketOptions = .init(),
    folder: String = SharedMemoryExchange.usualFolder,
    ringBytes: Int? = nil,
    isRequired: Bool = false
  ) throws(TransportError) {
    let shared: SharedFolder
    do { shared = try SharedFolder(folder) } catch { throw TransportError(error) }
    try self.init(
      shared,
      endpoint: endpoint,
      in: context,
      options: options,
      ringBytes: ringBytes,
      isRequired: isRequired
    )
  }

  init(
    _ folder: SharedFolder,
    endpoint: String,
    in context: MessageContext,
    options: SocketOptions = .init(),
    ringBytes: Int? = nil,
    isRequired: Bool
  ) throws(TransportError) {
    (self.folder, self.ringBytes) = (folder, ringBytes)
    let bell = folder.bell
    do { wakeup = try Wakeup { bell.ring() } } catch { throw TransportError(error) }
    wide = try ZeroMQExchange(endpoint: endpoint, in: context, options: options)
    self.endpoint = "\(Self.scheme)\(bell.path);\(wide.endpoint)"
    self.isRequired = isRequired
  }

  private static let scheme = "shm://"

  /// Removes what processes of this user left in memory that are no longer there.
  public static func removeLeftovers(in folder: String = usualFolder) { SharedFolder.removeLeftovers(in: folder) }

  /// The path of the doorbell in an endpoint, if it has one, and the ZeroMQ endpoint.
  public static func parts(of endpoint: String) -> (doorbell: String?, wide: String) {
    guard endpoint.hasPrefix(scheme), let end = endpoint.firstIndex(of: ";") else { return (nil, endpoint) }
    return (String(endpoint[..<end].dropFirst(scheme.count)), String(endpoint[endpoint.index(after: end)...]))
  }

  /// Messages that were dropped because they were no frames by their outer form, and rings that held something else.
  public var malformedCount: Int { wide.malformedCount + brokenRings }

  /// The peers that are reached by memory.
  public var sharingPeers: [CoreID] { peers.filter { $0.bell != nil }.map(\.core) }

  // MARK: peers

  /// Makes these the peers: connects to those that are new or moved, lets go of those that are not named.
  public func connect(_ wanted: [CoreID: String]) throws(TransportError) {
    try wide.connect(wanted.mapValues { Self.parts(of: $0).wide })
    peers.removeAll { wanted[$0.core] != $0.endpoint }
    capacity = ringBytes ?? Self.ringBytes(peers: wanted.count)
    for (core, endpoint) in wanted where !peers.contains(where: { $0.core == core }) {
      peers.append(try meet(core, endpoint))
    }
    try settle()
  }

  /// Connects anew to a peer that was replaced, and drops what waits for the former one.
  public func reconnect(_ peer: CoreID, at endpoint: String) throws(TransportError) {
    try wide.reconnect(peer, at: Self.parts(of: endpoint).wide)
    peers.removeAll { $0.core == peer }
    capacity = ringBytes ?? Self.ringBytes(peers: peers.count + 1)
    peers.append(try meet(peer, endpoint))
    try settle()
  }

  private func meet(_ core: CoreID, _ endpoint: String) throws(TransportError) -> Peer {
    let path = Self.parts(of: endpoint).doorbell
    let peer = Peer(core, endpoint, bell: path.flatMap { Doorbell.open(path: $0) })
    if peer.bell != nil { peer.inbox = makeInbox(of: peer) }
    if isRequired, peer.inbox == nil {
      throw TransportError(
        operation: "connect to core \(core.index) at \(endpoint)",
        code: 0,
        text: "it shares no memory with this process",
        hint: "run all cores on one machine, or use --exchange auto"
      )
    }
    return peer
  }

  /// The ring of a peer; without one, for want of room, the peer finds none and uses ZeroMQ.
  private func makeInbox(of peer: Peer) -> SharedRing? {
    guard let number = Self.parts(of: peer.endpoint).doorbell.flatMap(SharedFolder.number) else { return nil }
    let path = SharedFolder.ringPath(to: folder.bell.path, from: number)
    return try? SharedRing.create(path: path, capacity: capacity)
  }

  /// The greatest power of two that keeps the rings of a core below 4 MiB, between 4 and 128 KiB.
  private static func ringBytes(peers: Int) -> Int {
    var bytes = 128 << 10
    while bytes > 4096, bytes * peers > 4 << 20 { bytes /= 2 }
    return bytes
  }

  /// Puts everything in order after the peers have changed.
  private func settle() throws(TransportError) {
    peers.sort { $0.core < $1.core }
    positions = Array(repeating: -1, count: (peers.last.map { Int($0.core.index) } ?? -1) + 1)
    for (i, peer) in peers.enumerated() { positions[Int(peer.core.index)] = i }
    (awaited, poller) = (0, nil)
    watchRings()
    let near = peers.count { $0.inbox != nil }
    spin = AdaptiveSpin()
    spin.isAllowed = near + 1 <= Processors.usable
    // Sockets and doorbell together: a thread sleeps on the doorbell and makes it readable.
    relay = nil
    if near > 0, near < peers.count {
      do { relay = try DoorbellRelay(folder.bell) } catch { throw TransportError(error) }
    }
  }

  // MARK: sending

  /// Queues a frame for a peer without waiting; it is lost when the peer is gone or stands still.
  public func send(_ frame: [UInt8], to core: CoreID) throws(TransportError) {
    let index = Int(core.index)
    guard index < positions.count, positions[index] >= 0 else { throw .unknownPeer(core) }
    let peer = peers[positions[index]]
    if let bell = peer.bell, let ring = outbox(of: peer, bell) {
      switch unsafe frame.withUnsafeBytes({ unsafe ring.write(.frame, $0) }) {
      case .done: return bell.ring()
      case .full:
        droppedCount += 1
        return
      case .tooLarge:
        try wide.send(frame, to: core)
        _ = unsafe ring.write(.elsewhere, UnsafeRawBufferPointer(start: nil, count: 0))
        return bell.ring()
      }
    }
    try wide.send(frame, to: core)
  }

  private func outbox(of peer: Peer, _ bell: Doorbell) -> SharedRing? {
    if let ring = peer.outbox {
      if !ring.isClosed { return ring }
      // It let go of this process; if it comes back, it makes another ring.
      (peer.outbox, peer.patience, peer.nextPatience) = (nil, 0, 1)
    }
    guard peer.patience == 0 else {
      peer.patience -= 1
      return nil
    }
    peer.outbox = SharedRing.open(path: SharedFolder.ringPath(to: bell.path, from: folder.number))
    if peer.outbox == nil {
      peer.patience = peer.nextPatience
      peer.nextPatience = min(1024, peer.nextPatience * 2)
    }
    return peer.outbox
  }

  // MARK: receiving

  /// Takes the next frame, or returns false when time is up or the wake-up was signalled (0 looks once).
  public func receive(into frame: inout [UInt8], timeoutMilliseconds: Int) throws(TransportError) -> Bool {
    // Strangers may write to the socket; what they say must not pile up.
    looks &+= 1
    if try take(into: &frame, looksAtSockets: looksAtSockets || looks % 64 == 0) { return true }
    guard timeoutMilliseconds > 0 else {
      if wakeup.isSignalled { wakeup.clear() }
      return false
    }
    let start = MonotonicClock.nowNanoseconds()
    let looks = spin.shouldLook
    if looks {
      let (isThere, now) = spin.look(from: start, hasSomething)
      if isThere, try take(into: &frame, looksAtSockets: looksAtSockets) {
        spin.learn(waitedNanoseconds: now - start, lookedInVain: false)
        return true
      }
    }
    defer { spin.learn(waitedNanoseconds: MonotonicClock.nowNanoseconds() - start, lookedInVain: looks) }
    let end = start + Int64(timeoutMilliseconds) * 1_000_000
    while true {
      let left = end - MonotonicClock.nowNanoseconds()
      if left > 0 { try sleep(nanoseconds: left) }
      if try take(into: &frame, looksAtSockets: true) { return true }
      if wakeup.isSignalled {
        wakeup.clear()
        return false
      }
      if left <= 0 { return false }
    }
  }

  /// Whether a ring holds something; where sockets may, too, the caller has to look.
  private func hasSomething() -> Bool {
    for i in watches.indices where watches[i].seesRecord { return true }
    return false
  }

  /// Takes a frame that waits.
  private func take(into frame: inout [UInt8], looksAtSockets: Bool) throws(TransportError) -> Bool {
    for _ in watches.indices {
      let i = nextToRead
      nextToRead = i + 1 == watches.count ? 0 : i + 1
      if watches[i].seesRecord, read(readers[i], i, into: &frame) { return true }
    }
    guard looksAtSockets, try wide.take(into: &frame) else { return false }
    if awaited > 0 {
      awaited -= 1
      updateLooks()
    }
    return true
  }

  /// Reads the ring of a peer, the i-th of those that have one.
  private func read(_ peer: Peer, _ i: Int, into frame: inout [UInt8]) -> Bool {
    guard let ring = peer.inbox else { return false }
    let found = ring.read(into: &frame)
    watches[i] = ring.watch
    if !peer.isLive {
      peer.isLive = true
      updateLooks()
    }
    switch found {
    case .frame: return true
    case .elsewhere:
      awaited += 1
      updateLooks()
    case .nothing: break
    case .broken:
      brokenRings += 1
      ring.close()
      peer.inbox = makeInbox(of: peer)
      peer.isLive = false
      watchRings()
    }
    return false
  }

  /// Lists the rings to read, after one was added or taken away.
  private func watchRings() {
    readers = peers.filter { $0.inbox != nil }
    watches = readers.compactMap { $0.inbox?.watch }
    nextToRead = 0
    updateLooks()
  }

  private func updateLooks() { looksAtSockets = awaited > 0 || peers.isEmpty || peers.contains { !$0.isLive } }

  /// Sleeps until there may be something to take, or the wake-up is signalled, or time is up.
  private func sleep(nanoseconds: Int64) throws(TransportError) {
    let bell = folder.bell
    let count = bell.count
    bell.announceSleep()
    defer { bell.awake() }
    if wakeup.isSignalled || hasSomething() { return }
    guard looksAtSockets else { return bell.sleep(since: count, nanoseconds: nanoseconds) }
    var poller =
      poller
      ?? MessagePoller(
        [wide.waitSource, WaitSource(wakeup.descriptor)] + (relay.map { [WaitSource($0.wakeup.descriptor)] } ?? [])
      )
    defer { self.poller = poller }
    // Without the relay rings are not heard meanwhile: for moments only, until all peers write to rings.
    let hearsRings = relay != nil || readers.isEmpty
    let left = hearsRings ? nanoseconds : min(nanoseconds, 1_000_000)
    try poller.waitWithoutAnswer(timeoutMilliseconds: Int((left + 999_999) / 1_000_000))
    relay?.wakeup.clear()
  }
}
