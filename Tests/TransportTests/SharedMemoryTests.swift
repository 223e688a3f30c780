import Basics
import Foundation
import Synchronization
import Testing
import Transport

/// Processes that share memory, as threads or one after the other in this process: the memory does not know.
struct SharedMemoryTests {
  let folder = Folder()

  /// Exchanges in a folder of their own, all connected to all.
  private func exchanges(_ count: Int, ringBytes: Int = 4096) throws -> [SharedMemoryExchange] {
    let context = try MessageContext()
    let list = try (0..<count).map {
      try SharedMemoryExchange(endpoint: folder.ipc("\($0)"), in: context, folder: folder.path, ringBytes: ringBytes)
    }
    try connect(list)
    return list
  }

  private func connect(_ list: [any SpikeExchange]) throws {
    for (i, exchange) in list.enumerated() {
      let others = list.enumerated().filter { $0.offset != i }
      try exchange.connect(Dictionary(uniqueKeysWithValues: others.map { (CoreID(UInt16($0)), $1.endpoint) }))
    }
  }

  private func doorbell(_ exchange: SharedMemoryExchange) throws -> String {
    try #require(SharedMemoryExchange.parts(of: exchange.endpoint).doorbell)
  }

  /// The file of the ring between two exchanges.
  private func ring(from source: SharedMemoryExchange, to target: SharedMemoryExchange) throws -> String {
    "\(try doorbell(target)).\(try #require(try doorbell(source).split(separator: "-").last))"
  }

  private func names() throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasPrefix("synfire-") }.sorted()
  }

  @Test func `frames of any size come in order over many turns of the ring`() throws {
    let e = try exchanges(2)
    let random = CounterRandom(seed: 3, stream: 1)
    for n in 0..<5000 as Range<UInt32> {
      let frames = (0..<random.words(n)[0] % 3 + 1).map { k in
        [UInt8](repeating: UInt8(truncatingIfNeeded: n + k), count: Int(random.words(n, k)[1] % 1000))
      }
      for frame in frames { try e[0].send(frame, to: CoreID(1)) }
      for frame in frames { #expect(try e[1].receive(timeoutMilliseconds: 5000) == frame, "turn \(n)") }
    }
    #expect(e[0].droppedCount == 0 && e[0].sharingPeers == [CoreID(1)])
  }

  @Test func `a reader that stands still costs frames, not memory or time, and hears the next ones when it goes on`()
    throws
  {
    let e = try exchanges(2)
    for n in 0..<100 as Range<UInt8> { try e[0].send([UInt8](repeating: n, count: 500), to: CoreID(1)) }
    #expect(e[0].droppedCount == 92)
    for n in 0..<8 as Range<UInt8> { #expect(try e[1].receive(timeoutMilliseconds: 0)?.first == n) }
    #expect(try e[1].receive(timeoutMilliseconds: 0) == nil)
    try e[0].send([42], to: CoreID(1))
    #expect(try e[1].receive(timeoutMilliseconds: 5000) == [42])
  }

  @Test func `a frame that is larger than the ring arrives, and those after it`() throws {
    let e = try exchanges(2)
    let large = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 / 7) }
    for n in 0..<20 as Range<UInt8> {
      try e[0].send(large, to: CoreID(1))
      try e[0].send([n], to: CoreID(1))
      let found = try (0..<2).map { _ in try e[1].receive(timeoutMilliseconds: 5000) }
      #expect(found.contains(large) && found.contains([n]), "turn \(n)")
    }
  }

  @Test func `what a killed writer left half-written is not seen, and its successor writes over it`() throws {
    let e = try exchanges(2)
    try e[0].send([1, 2, 3], to: CoreID(1))
    let file = try #require(FileHandle(forUpdatingAtPath: try ring(from: e[0], to: e[1])))
    // Behind the first record: a length, a kind and no end, and `head` not moved.
    try file.seek(toOffset: 4096 + 16)
    try file.write(contentsOf: Data([200, 0, 0, 0, 1, 0, 0, 0] + [UInt8](repeating: 9, count: 50)))
    #expect(try e[1].receive(timeoutMilliseconds: 5000) == [1, 2, 3])
    #expect(try e[1].receive(timeoutMilliseconds: 5) == nil)
    try e[0].reconnect(CoreID(1), at: e[1].endpoint)
    try e[0].send([4], to: CoreID(1))
    #expect(try e[1].receive(timeoutMilliseconds: 5000) == [4])
    #expect(e[1].malformedCount == 0)
  }

  @Test(arguments: [
    // Longer than what was written; of no known kind; longer than the ring; skipping beyond what was written.
    [200, 0, 0, 0, 1, 0, 0, 0], [8, 0, 0, 0, 77, 0, 0, 0], [255, 255, 255, 255, 1, 0, 0, 0], [0, 0, 0, 0, 3, 0, 0, 0],
  ])
  func `nonsense in a ring is counted and the ring replaced`(record: [UInt8]) throws {
    let e = try exchanges(2)
    try e[0].send([1], to: CoreID(1))
    #expect(try e[1].receive(timeoutMilliseconds: 5000) == [1])
    let file = try #require(FileHandle(forUpdatingAtPath: try ring(from: e[0], to: e[1])))
    try file.seek(toOffset: 4096 + 16)
    try file.write(contentsOf: Data(record))
    try file.seek(toOffset: 64)
    try file.write(contentsOf: Data([32, 0, 0, 0, 0, 0, 0, 0]))
    #expect(try e[1].receive(timeoutMilliseconds: 5) == nil)
    #expect(e[1].malformedCount == 1)
    for n in 0..<20 as Range<UInt8> {
      try e[0].send([n], to: CoreID(1))
      #expect(try e[1].receive(timeoutMilliseconds: 5000) == [n])
    }
  }

  @Test func `positions beyond all sense are counted and the ring replaced`() throws {
    let e = try exchanges(2)
    try e[0].send([1], to: CoreID(1))
    #expect(try e[1].receive(timeoutMilliseconds: 5000) == [1])
    let file = try #require(FileHandle(forUpdatingAtPath: try ring(from: e[0], to: e[1])))
    try file.seek(toOffset: 64)
    try file.write(contentsOf: Data([3, 1, 2, 3, 4, 5, 6, 7]))
    #expect(try e[1].receive(timeoutMilliseconds: 5) == nil)
    #expect(e[1].malformedCount == 1)
    try e[0].send([2], to: CoreID(1))
    #expect(try e[1].receive(timeoutMilliseconds: 5000) == [2])
  }

  @Test func `what dead processes left is removed, what living ones use stays, and nothing is left at the end`() throws
  {
    let user = CurrentProcess.userID
    for name in ["synfire-\(user)-dead", "synfire-\(user)-dead.other", "synfire-\(user)-gone.other"] {
      try Data(count: 4096).write(to: URL(filePath: "\(folder.path)/\(name)"))
    }
    do {
      let e = try exchanges(2)
      #expect(try !names().contains { $0.contains("dead") || $0.contains("gone") })
      #expect(try names().count == 4)
      SharedMemoryExchange.removeLeftovers(in: folder.path)
      #expect(try names().count == 4)
      try e[0].connect([:])
      #expect(try names().count == 3, "a ring that nobody reads is removed")
      withExtendedLifetime(e) {}
    }
    #expect(try names().isEmpty)
  }

  @Test func `a peer that let go and came back is heard again`() throws {
    let e = try exchanges(2)
    for n in 0..<5 as Range<UInt8> {
      try e[0].send([n], to: CoreID(1))
      try e[1].send([n], to: CoreID(0))
      #expect(try e[1].receive(timeoutMilliseconds: 5000) == [n])
      #expect(try e[0].receive(timeoutMilliseconds: 5000) == [n])
      try e[Int(n % 2)].connect([:])
      try connect(e)
    }
  }

  @Test func `a peer in a new life gets new rings, and frames of its former life are gone`() throws {
    let context = try MessageContext()
    func start(_ name: String) throws -> SharedMemoryExchange {
      try SharedMemoryExchange(endpoint: folder.ipc(name), in: context, folder: folder.path)
    }
    let survivor = try start("0")
    var peer: SharedMemoryExchange? = try start("1")
    try survivor.connect([CoreID(1): try #require(peer).endpoint])
    try peer?.connect([CoreID(0): survivor.endpoint])
    try peer?.send([1], to: CoreID(0))
    try survivor.send([1], to: CoreID(1))
    peer = nil
    let next = try start("1b")
    try survivor.connect([CoreID(1): next.endpoint])
    try next.connect([CoreID(0): survivor.endpoint])
    try survivor.send([2], to: CoreID(1))
    try next.send([2], to: CoreID(0))
    #expect(try next.receive(timeoutMilliseconds: 5000) == [2])
    #expect(try survivor.receive(timeoutMilliseconds: 5000) == [2])
    #expect(try survivor.receive(timeoutMilliseconds: 5) == nil)
  }

  @Test func `memory and sockets go together, also for a core that sleeps`() throws {
    let context = try MessageContext()
    var list: [any SpikeExchange] = try (0..<2).map {
      try SharedMemoryExchange(endpoint: folder.ipc("\($0)"), in: context, folder: folder.path)
    }
    list.append(try ZeroMQExchange(endpoint: folder.ipc("2"), in: context))
    try connect(list)
    #expect((list[0] as? SharedMemoryExchange)?.sharingPeers == [CoreID(1)])
    for source in 0..<3 as Range<UInt8> {
      for target in 0..<3 where target != source {
        nonisolated(unsafe) let sender = list[Int(source)]
        let thread = try NamedThread("sender") {
          usleep(20_000)
          try? unsafe sender.send([source], to: CoreID(UInt16(target)))
        }
        let start = MonotonicClock.nowMilliseconds()
        #expect(try list[target].receive(timeoutMilliseconds: 10_000) == [source], "\(source) to \(target)")
        #expect(MonotonicClock.nowMilliseconds() - start < 5000)
        thread.join()
      }
    }
  }

  @Test func `a wake-up ends the sleep of a core whose peers share memory`() throws {
    let e = try exchanges(2)
    try e[1].send([1], to: CoreID(0))
    #expect(try e[0].receive(timeoutMilliseconds: 5000) == [1])
    let before = threadNanoseconds()
    #expect(try e[0].receive(timeoutMilliseconds: 200) == nil)
    #expect(threadNanoseconds() - before < 20_000_000)
    let wakeup = e[0].wakeup
    for _ in 0..<200 {
      let thread = try NamedThread("waker") { wakeup.signal() }
      let start = MonotonicClock.nowMilliseconds()
      #expect(try e[0].receive(timeoutMilliseconds: 60_000) == nil)
      #expect(MonotonicClock.nowMilliseconds() - start < 10_000)
      thread.join()
    }
  }

  @Test(arguments: [2, 5]) func `no frame is slept over, whoever is ahead`(count: Int) throws {
    let context = try MessageContext()
    let list = try (0..<count).map {
      try SharedMemoryExchange(endpoint: folder.ipc("\($0)"), in: context, folder: folder.path, ringBytes: 4096)
    }
    try connect(list)
    let failures = Mutex<[String]>([])
    let threads = try list.indices.map { me in
      nonisolated(unsafe) let core = list[me]
      let peers = list.indices.filter { $0 != me }
      return try NamedThread("core-\(me)") { @Sendable in
        let random = CounterRandom(seed: 9, stream: UInt32(me))
        var seen = [0, 0]
        var frame: [UInt8] = []
        for epoch in 0..<3000 as Range<UInt32> {
          // Now and then a pause, so that the others sleep.
          let draw = random.words(epoch)[0] % 64
          if draw == 0 { usleep(300) }
          if draw < 4 { for _ in 0..<draw * 1000 { Processors.pause() } }
          for peer in peers { try? unsafe core.send([UInt8(epoch & 1)], to: CoreID(UInt16(peer))) }
          while seen[Int(epoch & 1)] < peers.count {
            guard (try? unsafe core.receive(into: &frame, timeoutMilliseconds: 20_000)) == true else {
              failures.withLock { $0.append("core \(me) waits in epoch \(epoch)") }
              return
            }
            seen[Int(frame[0])] += 1
          }
          seen[Int(epoch & 1)] = 0
        }
      }
    }
    for thread in threads { thread.join() }
    #expect(failures.withLock { $0 } == [])
  }

  @Test func `no frame is slept over where every wait is a sleep`() throws {
    // With more cores than processors nobody looks before it sleeps; all but two only make up the number.
    let list = try exchanges(2 + Processors.usable)
    for i in 2..<list.count {
      for target in 0..<2 as Range<UInt16> { try list[i].send([9], to: CoreID(target)) }
    }
    for target in 0..<2 {
      for _ in 2..<list.count { #expect(try list[target].receive(timeoutMilliseconds: 5000) == [9]) }
      try list[target].send([9], to: CoreID(UInt16(1 - target)))
    }
    for target in 0..<2 { #expect(try list[target].receive(timeoutMilliseconds: 5000) == [9]) }
    let failures = Mutex<[String]>([])
    let threads = try (0..<2).map { me in
      nonisolated(unsafe) let core = list[me]
      return try NamedThread("core-\(me)") { @Sendable in
        var frame: [UInt8] = []
        for turn in 0..<60_000 {
          try? unsafe core.send([1], to: CoreID(UInt16(1 - me)))
          // So that neither always comes first.
          for _ in 0..<(turn &* 7 &+ me * 13) % 32 { Processors.pause() }
          guard (try? unsafe core.receive(into: &frame, timeoutMilliseconds: 3000)) == true else {
            failures.withLock { $0.append("core \(me) waits in turn \(turn)") }
            return
          }
        }
      }
    }
    for thread in threads { thread.join() }
    #expect(failures.withLock { $0 } == [])
  }

  @Test func `where memory is required a peer without it is refused, and a folder that cannot hold it is named`() throws
  {
    let context = try MessageContext()
    let strict = try SharedMemoryExchange(
      endpoint: folder.ipc("0"),
      in: context,
      folder: folder.path,
      isRequired: true
    )
    let error = #expect(throws: TransportError.self) { try strict.connect([CoreID(1): "tcp://127.0.0.1:1"]) }
    #expect(error?.description.hasSuffix("use --exchange auto") == true)
    let missing = #expect(throws: TransportError.self) {
      try SharedMemoryExchange(endpoint: folder.ipc("1"), in: context, folder: "\(folder.path)/none")
    }
    #expect(missing?.code == ENOENT)
  }
}
