internal import Basics
internal import Glibc
internal import Synchronization

/// Stands in front of cores' spike sockets, and does to what comes through whatever a bad network does.
///
/// It knows where messages begin and end, so that a frame can be lost while its connection lives.
final class SpikeProxy: Sendable {
  /// What happens to messages, and from whose side.
  struct Harm: Sendable {
    enum Kind: Sendable, Equatable { case drop, delay, double, reorder, half, flip, silence, cut }
    var kind: Kind
    /// Of so many messages one is harmed.
    var oneOf = 1
    /// Which core's socket it is in front of; nil for all.
    var receiver: Int?
    /// The process that sends; nil for any.
    var sender: Int32?
  }

  private struct Orders {
    var harms: [Harm] = []
    var isEnding = false
  }

  private let orders = Mutex(Orders())
  private let wakeup: Wakeup
  private let thread: Mutex<NamedThread?> = Mutex(nil)
  /// Messages that were harmed so far.
  let harmed = Atomic<Int>(0)

  /// Listens at the first path of each pair and connects to the second.
  init(_ paths: [(front: String, back: String)], seed: UInt64) throws {
    wakeup = try Wakeup()
    var listeners: [Int32] = []
    for (front, _) in paths {
      guard let made = UnixStream.listen(at: front) else { throw ChaosError("cannot listen at \(front)") }
      listeners.append(made)
    }
    let (backs, made) = (paths.map(\.back), listeners)
    let started = try NamedThread("proxy") { [self] in
      var run = ProxyRun(listeners: made, backs: backs, seed: seed)
      while !orders.withLock({ $0.isEnding }) {
        let harms = orders.withLock { orders in
          defer { orders.harms.removeAll { $0.kind == .cut } }
          return orders.harms
        }
        run.turn(harms, wakeup, harmed)
      }
      run.close()
    }
    thread.withLock { $0 = started }
  }

  /// Begins to do harm, or to do no more.
  func set(_ harms: [Harm]) {
    orders.withLock { $0.harms = harms }
    wakeup.signal()
  }

  /// Ends.
  func stop() {
    orders.withLock { $0.isEnding = true }
    wakeup.signal()
    thread.withLock { $0?.join() }
  }
}

/// The thread of a proxy: its connections.
private struct ProxyRun {
  private struct Pipe {
    var cutter = MessageCutter()
    /// What waits for its time.
    var held: [(due: Int64, bytes: [UInt8])] = []
    var out: [UInt8] = []
  }

  private struct Connection {
    var receiver: Int
    var sender: Int32
    var front: Int32
    var back: Int32
    /// From the sender's dealer to the receiver's router; messages go this way only.
    var forth = Pipe()
    var answers: [UInt8] = []
    var isEnding = false
  }

  private let listeners: [Int32]
  private let backs: [String]
  private var chance: Chance
  private var connections: [Connection] = []

  init(listeners: [Int32], backs: [String], seed: UInt64) {
    (self.listeners, self.backs, chance) = (listeners, backs, Chance(seed: seed))
  }

  mutating func turn(_ harms: [SpikeProxy.Harm], _ wakeup: Wakeup, _ harmed: borrowing Atomic<Int>) {
    var poller = Poller()
    poller.watch(wakeup.descriptor)
    for listener in listeners { poller.watch(Descriptor(listener)) }
    for c in connections {
      poller.watch(Descriptor(c.front), forWriting: !c.answers.isEmpty)
      poller.watch(Descriptor(c.back), forWriting: !c.forth.out.isEmpty)
    }
    let isHeld = connections.contains { !$0.forth.held.isEmpty }
    guard let ready = try? poller.wait(timeoutMilliseconds: isHeld ? 2 : 100) else { return }
    wakeup.clear()
    let readable = Set(ready.filter { $0.isReadable || $0.hasFailed }.map(\.descriptor.number))
    for (i, listener) in listeners.enumerated() where readable.contains(listener) { accept(listener, i) }
    for i in connections.indices {
      var connection = connections[i]
      carry(&connection, readable, harms, harmed)
      connections[i] = connection
    }
    for c in connections where c.isEnding {
      Glibc.close(c.front)
      Glibc.close(c.back)
    }
    connections.removeAll(where: \.isEnding)
  }

  func close() {
    for c in connections {
      Glibc.close(c.front)
      Glibc.close(c.back)
    }
    for listener in listeners { Glibc.close(listener) }
  }

  private mutating func accept(_ listener: Int32, _ receiver: Int) {
    guard let front = UnixStream.accept(listener) else { return }
    guard let back = UnixStream.connect(to: backs[receiver]) else {
      Glibc.close(front)
      return
    }
    let sender = UnixStream.peer(of: front)
    connections.append(Connection(receiver: receiver, sender: sender, front: front, back: back))
  }

  private mutating func carry(
    _ c: inout Connection,
    _ readable: Set<Int32>,
    _ harms: [SpikeProxy.Harm],
    _ harmed: borrowing Atomic<Int>
  ) {
    let mine = harms.filter { ($0.receiver ?? c.receiver) == c.receiver && ($0.sender ?? c.sender) == c.sender }
    if mine.contains(where: { $0.kind == .cut }) {
      harmed.add(1, ordering: .relaxed)
      c.isEnding = true
      return
    }
    if readable.contains(c.front) {
      guard let bytes = UnixStream.read(c.front) else {
        c.isEnding = true
        return
      }
      for piece in c.forth.cutter.take(bytes) {
        let now = MonotonicClock.nowMilliseconds()
        guard piece.isMessage, let harm = mine.first(where: { $0.oneOf == 1 || chance.next() % UInt64($0.oneOf) == 0 })
        else {
          c.forth.held.append((now, piece.bytes))
          continue
        }
        harmed.add(1, ordering: .relaxed)
        inflict(harm, piece.bytes, &c, now)
      }
    }
    if readable.contains(c.back) {
      guard let bytes = UnixStream.read(c.back) else {
        c.isEnding = true
        return
      }
      c.answers += bytes
    }
    let now = MonotonicClock.nowMilliseconds()
    for piece in c.forth.held where piece.due <= now { c.forth.out += piece.bytes }
    c.forth.held.removeAll { $0.due <= now }
    let isWhole = UnixStream.write(&c.forth.out, to: c.back) && UnixStream.write(&c.answers, to: c.front)
    if !isWhole { c.isEnding = true }
  }

  private mutating func inflict(_ harm: SpikeProxy.Harm, _ bytes: [UInt8], _ c: inout Connection, _ now: Int64) {
    switch harm.kind {
    case .drop, .silence, .cut: break
    case .delay: c.forth.held.append((now + 20, bytes))
    case .double: c.forth.held += [(now, bytes), (now, bytes)]
    case .reorder: c.forth.held.append((now + Int64(chance.next() % 30), bytes))
    case .half:
      c.forth.out += c.forth.held.flatMap(\.bytes) + bytes.prefix(bytes.count / 2)
      c.forth.held = []
      _ = UnixStream.write(&c.forth.out, to: c.back)
      c.isEnding = true
    case .flip:
      var broken = bytes
      // Everything behind the length may be hit; a wrong length would break the connection, which is another fault.
      let header = bytes[0] & 2 != 0 ? 9 : 2
      let place = header + Int(chance.next() % UInt64(max(1, bytes.count - header)))
      if place < broken.count { broken[place] ^= 1 << UInt8(chance.next() % 8) }
      c.forth.held.append((now, broken))
    }
  }
}

/// What keeps the harness itself from working, as opposed to what a fault did.
struct ChaosError: Error, CustomStringConvertible {
  var description: String
  init(_ description: String) { self.description = description }
}
