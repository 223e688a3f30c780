import Basics
import Foundation
import StateStore
import Testing
import Wire

/// Every rule of checkpoints, on both forms of the store.
struct CheckpointStoreTests {
  enum Form: CaseIterable { case redis, memory }
  let redis: TestServer
  init() throws { redis = try TestServer() }

  func store(_ form: Form) throws -> any CheckpointStore {
    switch form {
    case .redis: try RedisCheckpointStore(try redis.connect(), run: "r")
    case .memory: MemoryCheckpointStore()
    }
  }

  func lease(_ store: any CheckpointStore, nonce: UInt64 = 0xABC, milliseconds: Int64 = 60_000) throws -> Lease {
    let answer = try store.takeLease(nonce: nonce, milliseconds: milliseconds)
    guard case .taken(let lease) = answer else { throw Unexpected(what: "\(answer)") }
    return lease
  }
  struct Unexpected: Error { var what: String }

  let record = RunRecord(
    programDigest: "d1",
    createdMilliseconds: 1_700_000_000_123,
    fence: Fence(1),
    manifest: [0, 255, 13, 10]
  )

  /// A store with a run in generation 1 and blobs of two parts at epoch 10.
  func ready(_ form: Form) throws -> (store: any CheckpointStore, lease: Lease, request: CommitRequest) {
    let store = try store(form)
    let lease = try lease(store)
    _ = try store.createRun(lease, record)
    #expect(try store.raiseGeneration(lease, to: Generation(1)) == .raised)
    return (store, lease, try request(store, previous: 0, epoch: 10, generation: 1))
  }

  func request(
    _ store: any CheckpointStore,
    previous: Int64,
    epoch: Int64,
    generation: UInt32
  ) throws -> CommitRequest {
    let blobs = try (0..<2 as Range<UInt16>).map { part in
      let place = BlobPlace(epoch: Epoch(epoch), generation: Generation(generation), part: PartID(part))
      return PartBlob(
        part: PartID(part),
        crc: try store.writeBlob(pattern(1000, seed: Int(epoch) + Int(part)), at: place)
      )
    }
    return CommitRequest(
      previousEpoch: Epoch(previous),
      epoch: Epoch(epoch),
      generation: Generation(generation),
      blobs: blobs
    )
  }

  @Test(arguments: Form.allCases) func `one holds the lease, the other learns who and for how long`(form: Form) throws {
    let store = try store(form)
    let first = try lease(store, nonce: .max)
    #expect(first.fence == Fence(1))
    guard case .held(let nonce, let left) = try store.takeLease(nonce: 2, milliseconds: 1000) else {
      Issue.record("the lease was given twice")
      return
    }
    #expect(nonce == .max)
    #expect((1...60_000).contains(left))
    // Asking again after a lost answer changes nothing.
    #expect(try lease(store, nonce: .max) == first)
    #expect(try store.renewLease(first, milliseconds: 1000))
    try store.releaseLease(first)
    let second = try lease(store, nonce: 2)
    #expect(second.fence == Fence(2))
    #expect(try !store.renewLease(first, milliseconds: 1000))
    try store.releaseLease(first)
    #expect(try store.takeLease(nonce: 3, milliseconds: 1000) != .taken(Lease(fence: Fence(3), nonce: 3)))
  }

  @Test(arguments: Form.allCases) func `a lease that ran out may be prolonged until another takes it`(form: Form) throws
  {
    let store = try store(form)
    let first = try lease(store, nonce: 1, milliseconds: 20)
    func wait() {
      if let memory = store as? MemoryCheckpointStore {
        memory.setNow(milliseconds: 1000)
      } else {
        pauseMilliseconds(60)
      }
    }
    wait()
    #expect(try store.renewLease(first, milliseconds: 20))
    if let memory = store as? MemoryCheckpointStore { memory.setNow(milliseconds: 2000) } else { pauseMilliseconds(60) }
    #expect(try lease(store, nonce: 2).fence == Fence(2))
    #expect(try !store.renewLease(first, milliseconds: 20))
  }

  @Test(arguments: Form.allCases) func `a run is created once and read back`(form: Form) throws {
    let store = try store(form)
    #expect(try store.readRun() == nil)
    let lease = try lease(store)
    #expect(try store.createRun(lease, record) == record)
    #expect(try store.readRun() == record)
    var other = record
    other.programDigest = "d2"
    #expect(try store.createRun(lease, other) == record)
  }

  @Test(arguments: Form.allCases) func `generations only rise, and repeating is harmless`(form: Form) throws {
    let (store, lease, _) = try ready(form)
    #expect(try store.raiseGeneration(lease, to: Generation(1)) == .raised)
    #expect(try store.raiseGeneration(lease, to: Generation(5)) == .raised)
    #expect(try store.raiseGeneration(lease, to: Generation(4)) == .stale(Generation(5)))
    #expect(try store.readRun()?.generation == Generation(5))
    try store.releaseLease(lease)
    let next = try self.lease(store, nonce: 2)
    // Equal, but given out by another.
    #expect(try store.raiseGeneration(next, to: Generation(5)) == .stale(Generation(5)))
    #expect {
      _ = try store.raiseGeneration(lease, to: Generation(6))
    } throws: { error in
      (error as? StoreError)?.kind == .fenceLost
    }
  }

  @Test(arguments: Form.allCases) func `a commit moves the record, and repeating it is harmless`(form: Form) throws {
    var (store, lease, request) = try ready(form)
    request.manifest = [1, 0, 2]
    #expect(try store.commit(lease, request) == .committed)
    let committed = try #require(try store.readRun())
    #expect(committed.committedEpoch == Epoch(10))
    #expect(committed.checkpoint == Generation(1))
    #expect(committed.blobs == request.blobs)
    #expect(committed.manifest == [1, 0, 2])
    #expect(committed.fence == lease.fence)
    #expect(try store.commit(lease, request) == .committed)
    #expect(try store.readRun() == committed)
    let next = try self.request(store, previous: 10, epoch: 20, generation: 1)
    #expect(try store.commit(lease, next) == .committed)
    #expect(try store.readRun()?.manifest == [1, 0, 2])
    #expect(try store.commit(lease, request) == .refused(.epochMoved(Epoch(20))))
  }

  @Test(arguments: Form.allCases) func `a commit is refused for every reason, and changes nothing`(form: Form) throws {
    let (store, lease, request) = try ready(form)
    let before = try store.readRun()
    var wrong = request
    wrong.previousEpoch = Epoch(5)
    #expect(try store.commit(lease, wrong) == .refused(.epochMoved(Epoch(0))))
    wrong = request
    wrong.blobs[1].crc ^= 1
    #expect(try store.commit(lease, wrong) == .refused(.crcDiffers(PartID(1))))
    wrong = request
    wrong.blobs.append(PartBlob(part: PartID(7), crc: 1))
    #expect(try store.commit(lease, wrong) == .refused(.blobMissing(PartID(7))))
    #expect(
      try store.commit(Lease(fence: lease.fence, nonce: lease.nonce + 1), request) == .refused(.fenceLost)
    )
    #expect(
      try store.commit(Lease(fence: Fence(lease.fence.number + 1), nonce: lease.nonce), request)
        == .refused(.fenceLost)
    )
    #expect(try store.readRun() == before)
    #expect(try store.raiseGeneration(lease, to: Generation(2)) == .raised)
    #expect(try store.commit(lease, request) == .refused(.generationMoved(Generation(2))))
    try store.releaseLease(lease)
    let successor = try self.lease(store, nonce: 2)
    #expect(try store.commit(lease, request) == .refused(.fenceLost))
    let good = try self.request(store, previous: 0, epoch: 10, generation: 2)
    #expect(try store.commit(successor, good) == .committed)
  }

  /// Found by history 7488 of the simulated cluster: a store that lost its tail gave a generation out again, and a core
  /// that had slept through it wrote over the committed checkpoint.
  @Test(arguments: Form.allCases)
  func `a committed blob stays as it is, even for a core of the same generation`(form: Form) throws {
    let (store, lease, request) = try ready(form)
    #expect(try store.commit(lease, request) == .committed)
    let place = BlobPlace(epoch: request.epoch, generation: request.generation, part: request.blobs[0].part)
    let kept = try store.readBlob(at: place, crc: nil)
    let error = #expect(throws: StoreError.self) { _ = try store.writeBlob(kept + [1], at: place) }
    #expect(error?.isTransient == false)
    #expect(try store.readBlob(at: place, crc: request.blobs[0].crc) == kept)
    #expect(try store.writeBlob(kept, at: place) == request.blobs[0].crc)
  }

  @Test(arguments: Form.allCases) func `without a run nothing is committed or raised`(form: Form) throws {
    let store = try store(form)
    let lease = try lease(store)
    let request = try request(store, previous: 0, epoch: 1, generation: 1)
    #expect(try store.commit(lease, request) == .refused(.runMissing))
    #expect(throws: StoreError.self) { try store.raiseGeneration(lease, to: Generation(1)) }
    #expect(try store.collectGarbage(lease) == 0)
  }

  @Test(arguments: Form.allCases, [0, 1, 2_097_152, 2_097_153, 5_000_000])
  func `a blob of any size reads back`(form: Form, count: Int) throws {
    let store = try store(form)
    let place = BlobPlace(epoch: Epoch(1 << 50), generation: Generation(.max), part: PartID(.max))
    let bytes = pattern(count)
    let crc = try store.writeBlob(bytes, at: place)
    #expect(crc == CRC32C.checksum(bytes))
    #expect(try store.readBlob(at: place, crc: crc) == bytes)
    #expect(try store.readBlob(at: place, crc: nil) == bytes)
    #expect(try store.writeBlob(bytes, at: place) == crc)
    #expect {
      _ = try store.readBlob(at: place, crc: crc ^ 1)
    } throws: { error in
      (error as? StoreError)?.kind == .corrupt
    }
    // Shorter than before: no old chunk may show.
    let shorter = pattern(count / 3, seed: 9)
    let crcShorter = try store.writeBlob(shorter, at: place)
    #expect(try store.readBlob(at: place, crc: crcShorter) == shorter)
  }

  @Test(arguments: Form.allCases) func `a blob that is not there is an error that names it`(form: Form) throws {
    let store = try store(form)
    #expect {
      _ = try store.readBlob(at: BlobPlace(epoch: Epoch(3), generation: Generation(2), part: PartID(1)), crc: nil)
    } throws: { error in
      (error as? StoreError)?.kind == .missing && (error as? StoreError)?.operation == "read of 3:g2:1"
    }
  }

  @Test(arguments: Form.allCases) func `garbage is what lies below the committed epoch or in dead generations`(
    form: Form
  ) throws {
    let (store, lease, first) = try ready(form)
    #expect(try store.collectGarbage(lease) == 0)
    #expect(try store.commit(lease, first) == .committed)
    let second = try request(store, previous: 10, epoch: 20, generation: 1)
    #expect(try store.commit(lease, second) == .committed)
    // In flight, of the present generation.
    _ = try request(store, previous: 20, epoch: 30, generation: 1)
    #expect(try store.collectGarbage(lease) == 2)
    #expect(try store.collectGarbage(lease) == 0)
    // A rollback: what was in flight is dead, the committed checkpoint of the former generation is not.
    #expect(try store.raiseGeneration(lease, to: Generation(2)) == .raised)
    _ = try request(store, previous: 20, epoch: 30, generation: 2)
    // A zombie writes on.
    _ = try request(store, previous: 20, epoch: 40, generation: 1)
    #expect(try store.collectGarbage(lease) == 4)
    for blob in second.blobs {
      let place = BlobPlace(epoch: second.epoch, generation: second.generation, part: blob.part)
      _ = try store.readBlob(at: place, crc: blob.crc)
      _ = try store.readBlob(at: BlobPlace(epoch: Epoch(30), generation: Generation(2), part: blob.part), crc: nil)
    }
    try store.releaseLease(lease)
    _ = try self.lease(store, nonce: 2)
    #expect {
      _ = try store.collectGarbage(lease)
    } throws: { error in
      (error as? StoreError)?.kind == .fenceLost
    }
  }

  @Test func `two coordinators that got the same fence from a store that lost its tail are told apart`() throws {
    let store = MemoryCheckpointStore()
    store.makeDurable()
    let first = try lease(store, nonce: 1)
    store.loseTail()
    let second = try lease(store, nonce: 2)
    #expect(first.fence == second.fence)
    #expect(throws: StoreError.self) { try store.createRun(first, record) }
    _ = try store.createRun(second, record)
  }

  @Test func `a store that lost its tail goes back as a whole`() throws {
    let (any, lease, first) = try ready(.memory)
    let store = try #require(any as? MemoryCheckpointStore)
    #expect(store.commit(lease, first) == .committed)
    store.makeDurable()
    let second = try request(store, previous: 10, epoch: 20, generation: 1)
    #expect(store.commit(lease, second) == .committed)
    #expect(try store.collectGarbage(lease) == 2)
    store.loseTail()
    #expect(store.readRun()?.committedEpoch == Epoch(10))
    #expect(store.places.map(\.epoch) == [Epoch(10), Epoch(10)])
    #expect(store.commit(lease, second) == .refused(.blobMissing(PartID(0))))
  }
}

struct RedisCheckpointStoreTests {
  let redis: TestServer
  init() throws { redis = try TestServer() }

  struct Run {
    var store: RedisCheckpointStore
    var lease: Lease
  }

  func run() throws -> Run {
    let store = try RedisCheckpointStore(try redis.connect(), run: "r")
    guard case .taken(let lease) = try store.takeLease(nonce: 7, milliseconds: 60_000) else { fatalError() }
    _ = try store.createRun(lease, RunRecord(programDigest: "d", createdMilliseconds: 1, fence: lease.fence))
    return Run(store: store, lease: lease)
  }

  func write(_ run: Run, epoch: Int64, previous: Int64) throws -> CommitRequest {
    let place = BlobPlace(epoch: Epoch(epoch), generation: Generation(1), part: PartID(0))
    let crc = try run.store.writeBlob(pattern(3_000_000, seed: Int(epoch)), at: place)
    return CommitRequest(
      previousEpoch: Epoch(previous),
      epoch: Epoch(epoch),
      generation: Generation(1),
      blobs: [PartBlob(part: PartID(0), crc: crc)]
    )
  }

  @Test func `a blob whose writer died half way is no blob, and writing it again completes it`() throws {
    let run = try run()
    let connection = try redis.connect()
    let request = try write(run, epoch: 1, previous: 0)
    // As after a death before the last write: chunks, but neither size nor checksum.
    _ = try connection.command(["HDEL", "{r}:ckpt:1:g1:0", "crc"])
    #expect(try run.store.commit(run.lease, request) == .refused(.blobMissing(PartID(0))))
    let place = BlobPlace(epoch: Epoch(1), generation: Generation(1), part: PartID(0))
    #expect(throws: StoreError.self) { try run.store.readBlob(at: place, crc: nil) }
    _ = try write(run, epoch: 1, previous: 0)
    #expect(try run.store.commit(run.lease, request) == .committed)
  }

  @Test func `a draft becomes a blob as a whole or not at all, and does not outlive the next commit`() throws {
    let run = try run()
    let place = BlobPlace(epoch: Epoch(2), generation: Generation(1), part: PartID(0))
    #expect(try run.store.commit(run.lease, write(run, epoch: 1, previous: 0)) == .committed)
    // Of two writers that have one name the last to end counts; no mixture of both ever stands there.
    let first = try run.store.writeBlob(pattern(5_000_000, seed: 1), at: place)
    let admin = try redis.connect()
    _ = try admin.command(["HSET", "{r}:ckpt:2:g1:0:dead", "0", "half"])
    _ = try admin.command(["SADD", "{r}:blobs", "2:g1:0:dead"])
    #expect(try run.store.readBlob(at: place, crc: first) == pattern(5_000_000, seed: 1))
    let second = try run.store.writeBlob(pattern(3_000_000, seed: 2), at: place)
    #expect(try run.store.readBlob(at: place, crc: second) == pattern(3_000_000, seed: 2))
    #expect(try run.store.commit(run.lease, write(run, epoch: 3, previous: 1)) == .committed)
    #expect(try run.store.collectGarbage(run.lease) == 3)
    #expect(try admin.command(["KEYS", "{r}:ckpt:*"]).elements?.compactMap(\.text) == ["{r}:ckpt:3:g1:0"])
  }

  @Test func `a draft that lost a chunk on the way is no blob, and writing it again is worth a try`() throws {
    let run = try run()
    let admin = try redis.connect()
    // The script sees a draft of fewer fields than were written, as after a server that lost its tail in between.
    let reply = try admin.evaluate(
      RedisCheckpointStore.nameScript,
      keys: ["{r}:run", "{r}:ckpt:2:g1:0:a", "{r}:ckpt:2:g1:0", "{r}:blobs"],
      ["2", "1", "3", "2:g1:0:a"]
    )
    #expect(reply.text == "lost")
    let place = BlobPlace(epoch: Epoch(2), generation: Generation(1), part: PartID(0))
    #expect(throws: StoreError.self) { try run.store.readBlob(at: place, crc: nil) }
  }

  @Test func `a chunk that was changed or lost is noticed`() throws {
    let run = try run()
    let connection = try redis.connect()
    _ = try write(run, epoch: 1, previous: 0)
    let place = BlobPlace(epoch: Epoch(1), generation: Generation(1), part: PartID(0))
    _ = try connection.command(["HSET", "{r}:ckpt:1:g1:0", "1", "x"])
    #expect {
      _ = try run.store.readBlob(at: place, crc: nil)
    } throws: { error in
      (error as? StoreError)?.kind == .corrupt
    }
    _ = try connection.command(["HDEL", "{r}:ckpt:1:g1:0", "1"])
    #expect {
      _ = try run.store.readBlob(at: place, crc: nil)
    } throws: { error in
      (error as? StoreError)?.kind == .missing
    }
  }

  @Test func `all keys of a run carry its name in braces and nothing is left of removed blobs`() throws {
    let run = try run()
    #expect(try run.store.commit(run.lease, write(run, epoch: 1, previous: 0)) == .committed)
    #expect(try run.store.commit(run.lease, write(run, epoch: 2, previous: 1)) == .committed)
    #expect(try run.store.collectGarbage(run.lease) == 1)
    let keys = try redis.connect().command(["KEYS", "*"]).elements?.compactMap(\.text).sorted()
    #expect(keys == ["{r}:blobs", "{r}:ckpt:2:g1:0", "{r}:fence", "{r}:lease", "{r}:run"])
  }

  @Test func `commits survive a killed server, and the connection says what happened`() throws {
    var run = try run()
    // Once a second is not enough here: while its disk is slow a server writes up to two seconds later than it answers.
    _ = try redis.connect().command(["CONFIG", "SET", "appendfsync", "always"])
    #expect(try run.store.commit(run.lease, write(run, epoch: 1, previous: 0)) == .committed)
    let next = try write(run, epoch: 2, previous: 1)
    redis.server.process?.send(.kill)
    _ = redis.server.process?.wait()
    #expect {
      _ = try run.store.commit(run.lease, next)
    } throws: { error in
      (error as? StoreError)?.kind == .closed
    }
    try redis.server.start()
    run.store = try RedisCheckpointStore(try redis.connect(), run: "r")
    #expect(try run.store.readRun()?.committedEpoch == Epoch(1))
    // The commit is repeated, as its answer was not known.
    #expect(try run.store.commit(run.lease, next) == .committed)
    #expect(try run.store.commit(run.lease, next) == .committed)
  }

  @Test func `a server that lost its tail shows the older commit, and what was built on the newer one is refused`()
    throws
  {
    let run = try run()
    #expect(try run.store.commit(run.lease, write(run, epoch: 1, previous: 0)) == .committed)
    let file = redis.folder + "/appendonlydir"
    let log = try #require(
      try FileManager.default.contentsOfDirectory(atPath: file).first { $0.hasSuffix(".incr.aof") }
    )
    let path = "\(file)/\(log)"
    let durable = try #require(
      try FileManager.default.attributesOfItem(atPath: path)[.size] as? NSNumber
    )
    let second = try write(run, epoch: 2, previous: 1)
    #expect(try run.store.commit(run.lease, second) == .committed)
    redis.server.process?.send(.kill)
    _ = redis.server.process?.wait()
    // What the disk had not yet got, ending in the middle of a command.
    let handle = try #require(FileHandle(forWritingAtPath: path))
    try handle.truncate(atOffset: durable.uint64Value + 5)
    try handle.close()
    try redis.server.start()
    try run.store.connection.reconnect()
    let record = try #require(try run.store.readRun())
    #expect(record.committedEpoch == Epoch(1))
    let third = CommitRequest(
      previousEpoch: Epoch(2),
      epoch: Epoch(3),
      generation: Generation(1),
      blobs: second.blobs
    )
    #expect(try run.store.commit(run.lease, third) == .refused(.epochMoved(Epoch(1))))
    let place = BlobPlace(epoch: Epoch(1), generation: Generation(1), part: PartID(0))
    #expect(try run.store.readBlob(at: place, crc: record.blobs[0].crc) == pattern(3_000_000, seed: 1))
    #expect(try run.store.commit(run.lease, second) == .refused(.blobMissing(PartID(0))))
  }

  @Test func `full memory refuses a blob with its own kind and drops nothing`() throws {
    let run = try run()
    let first = try write(run, epoch: 1, previous: 0)
    #expect(try run.store.commit(run.lease, first) == .committed)
    let admin = try redis.connect()
    _ = try admin.command(["CONFIG", "SET", "maxmemory", "1"])
    #expect {
      _ = try write(run, epoch: 2, previous: 1)
    } throws: { error in
      (error as? StoreError)?.kind == .outOfMemory && (error as? StoreError)?.isTransient == true
    }
    let place = BlobPlace(epoch: Epoch(1), generation: Generation(1), part: PartID(0))
    _ = try run.store.readBlob(at: place, crc: first.blobs[0].crc)
    _ = try admin.command(["CONFIG", "SET", "maxmemory", "0"])
    #expect(try run.store.commit(run.lease, write(run, epoch: 2, previous: 1)) == .committed)
  }

  @Test func `the holder of a lease is told by its nonce, and only its own lease is ended`() throws {
    let run = try run()
    #expect(try run.store.holder(nonce: 7) == nil)
    try run.store.noteHolder(run.lease, "a process 1 2")
    #expect(try run.store.holder(nonce: 7) == "a process 1 2")
    #expect(try run.store.holder(nonce: 8) == nil)
    try run.store.endLease(nonce: 8)
    guard case .held(7, _) = try run.store.takeLease(nonce: 9, milliseconds: 1000) else {
      Issue.record("another's lease was ended")
      return
    }
    try run.store.endLease(nonce: 7)
    guard case .taken(let next) = try run.store.takeLease(nonce: 9, milliseconds: 1000) else {
      Issue.record("the lease was not ended")
      return
    }
    // The fence is raised: what the dead one may still have under way is refused.
    #expect(next.fence.number == run.lease.fence.number + 1)
    try run.store.noteHolder(run.lease, "too late")
    #expect(try run.store.holder(nonce: 9) == nil)
    #expect(try run.store.holder(nonce: 7) == "a process 1 2")
  }

  @Test func `a record of another format or of no sense is an error`() throws {
    let run = try run()
    let admin = try redis.connect()
    _ = try admin.command(["HSET", "{r}:run", "parts", "nonsense"])
    #expect {
      _ = try run.store.readRun()
    } throws: { error in
      (error as? StoreError)?.kind == .unexpected
    }
    _ = try admin.command(["HSET", "{r}:run", "format", "2"])
    #expect {
      _ = try run.store.readRun()
    } throws: { error in
      (error as? StoreError)?.answer == "its format is 2, this program reads 1"
    }
    _ = try admin.command(["DEL", "{r}:run"])
    _ = try admin.command(["SET", "{r}:run", "a string"])
    #expect(throws: StoreError.self) { try run.store.readRun() }
  }
}
