import Basics
import Foundation
import StateStore
import Testing
import Wire

/// Every rule of ticks and publications, on both forms of the store.
struct TickStoreTests {
  let redis: TestServer
  init() throws { redis = try TestServer() }

  func lease(nonce: UInt64 = 1) throws -> Lease {
    let store = try RedisCheckpointStore(try redis.connect(), run: "shop")
    if case .taken(let lease) = try store.takeLease(nonce: nonce, milliseconds: 60_000) { return lease }
    _ = try redis.connect().command(["DEL", "{shop}:lease"])
    return try lease(nonce: nonce)
  }

  func stores() throws -> [any TickStore] {
    [try RedisTickStore(try redis.connect(), tenant: "shop"), MemoryTickStore()]
  }

  @Test func `ticks are sealed in order, once, and read back`() throws {
    let lease = try lease()
    for store in try stores() {
      #expect(try store.lastSealed() == nil)
      #expect(try store.readTicks(from: 0, count: 10).isEmpty)
      #expect(try store.seal(lease, StoredTick(ordinal: 1, bytes: [1]), consuming: []) == .outOfOrder(last: nil))
      let ticks = (0..<12 as Range<Int64>).map { StoredTick(ordinal: $0, bytes: [0, 255, UInt8($0), 13, 10]) }
      for tick in ticks { #expect(try store.seal(lease, tick, consuming: []) == .sealed) }
      for tick in ticks { #expect(try store.seal(lease, tick, consuming: []) == .repeated) }
      #expect(try store.seal(lease, StoredTick(ordinal: 11, bytes: [9]), consuming: []) == .differs)
      #expect(try store.seal(lease, StoredTick(ordinal: 3, bytes: [9]), consuming: []) == .differs)
      #expect(try store.seal(lease, StoredTick(ordinal: 13, bytes: [9]), consuming: []) == .outOfOrder(last: 11))
      #expect(try store.lastSealed() == 11)
      #expect(try store.readTicks(from: 0, count: 100) == ticks)
      #expect(try store.readTicks(from: 10, count: 1) == [ticks[10]])
      #expect(try store.readTicks(from: 12, count: 1).isEmpty)
    }
  }

  @Test func `a publication is stored once, repeated without harm and never overwritten by another`() throws {
    let lease = try lease()
    for store in try stores() {
      #expect(try store.lastPublished() == nil)
      #expect(try store.plan() == nil)
      let first = Publication(
        ordinal: 100,
        digest: 0xFEDC_BA98_7654_3210,
        payload: [1, 0],
        forecasts: ["checkout": [1], "gate way": [2]],
        plan: [3, 13, 10],
        anomalies: [[.init("service", "checkout"), .init("score", "0.9")], [.init("service", "payment")]]
      )
      #expect(try store.publish(lease, first) == .published)
      var second = first
      (second.ordinal, second.digest, second.payload) = (101, 5, [2])
      (second.forecasts, second.plan, second.anomalies) = (["checkout": [9]], nil, [])
      #expect(try store.publish(lease, second) == .published)
      // A rerun of both.
      #expect(try store.publish(lease, first) == .repeated)
      #expect(try store.publish(lease, second) == .repeated)
      var other = first
      (other.digest, other.plan, other.forecasts) = (1, [66], ["checkout": [66]])
      #expect(try store.publish(lease, other) == .divergence(stored: 0xFEDC_BA98_7654_3210))
      other.ordinal = 103
      #expect(try store.publish(lease, other) == .outOfOrder(last: 101))
      other.ordinal = 99
      #expect(try store.publish(lease, other) == .forgotten)
      #expect(try store.forecast(of: "checkout") == [9])
      #expect(try store.forecast(of: "gate way") == [2])
      #expect(try store.forecast(of: "nobody") == nil)
      #expect(try store.plan() == [3, 13, 10])
      #expect(try store.lastPublished() == StoredPublication(ordinal: 101, digest: 5, payload: [2]))
      #expect(try store.readPublished(from: 0, count: 10).map(\.ordinal) == [100, 101])
      #expect(try store.readPublished(from: 100, count: 1).map(\.payload) == [[1, 0]])
      let anomalies = try store.anomalies(count: 10)
      #expect(anomalies.map { $0.value(of: "service") } == [Array("payment".utf8), Array("checkout".utf8)])
      #expect(anomalies.last?.value(of: "score") == Array("0.9".utf8))
    }
  }

  @Test func `a former coordinator can neither seal, publish, read nor reject`() throws {
    let former = try lease(nonce: 1)
    _ = try lease(nonce: 2)
    let ticks = try RedisTickStore(try redis.connect(), tenant: "shop")
    let stream = try MetricStream(try redis.connect(), tenant: "shop")
    try stream.createGroup()
    try stream.append([[.init("service", "a")]])
    let attempts: [() throws -> Void] = [
      { _ = try ticks.seal(former, StoredTick(ordinal: 0, bytes: [1]), consuming: []) },
      { _ = try ticks.publish(former, Publication(ordinal: 0, digest: 1, payload: [])) },
      { _ = try stream.readNew(former, after: nil, count: 1) },
      { _ = try stream.readPending(former, after: nil, count: 1) },
      { try stream.reject(former, [.init(entry: .init(id: .init(milliseconds: 1), fields: []), reason: "x")]) },
    ]
    for attempt in attempts {
      #expect {
        try attempt()
      } throws: { error in
        (error as? StoreError)?.kind == .fenceLost
      }
    }
    #expect(try ticks.lastSealed() == nil)
    #expect(try stream.backlog().pending == 0)
  }

  @Test func `ticks that were trimmed are forgotten, not taken for new`() throws {
    let lease = try lease()
    let store = try RedisTickStore(try redis.connect(), tenant: "shop", keptEntries: 10)
    for n in 0..<500 as Range<Int64> { _ = try store.seal(lease, StoredTick(ordinal: n, bytes: [1]), consuming: []) }
    let oldest = try #require(try store.readTicks(from: 0, count: 1).first)
    #expect(oldest.ordinal > 100)
    #expect(try store.seal(lease, StoredTick(ordinal: 5, bytes: [1]), consuming: []) == .forgotten)
    #expect(try store.lastSealed() == 499)
  }
}

struct MetricStreamTests {
  let redis: TestServer
  let lease: Lease
  init() throws {
    redis = try TestServer()
    let store = try RedisCheckpointStore(try redis.connect(), run: "shop")
    guard case .taken(let lease) = try store.takeLease(nonce: 1, milliseconds: 600_000) else { fatalError() }
    self.lease = lease
  }

  @Test func `samples of any bytes come in order, first as new, then as pending until a tick takes them`() throws {
    let stream = try MetricStream(try redis.connect(), tenant: "shop")
    let ticks = try RedisTickStore(stream.connection, tenant: "shop")
    let odd = StreamField([0, 255, 13, 10], [36, 0, 42])
    let places = try stream.append([[.init("service", "a"), odd], [.init("cpu", "0.5")], [], [.init("", "")]])
    #expect(places == places.sorted())
    // Its clock is the one that stamps arrivals.
    let time = UInt64(try stream.time())
    #expect(places.allSatisfy { $0.milliseconds <= time && time - $0.milliseconds < 60_000 })
    // Before the group exists, and from the oldest on.
    let new = try #require(try stream.readNew(lease, after: nil, count: 2))
    #expect(new.map(\.id) == Array(places.prefix(2)))
    #expect(new[0].fields == [.init("service", "a"), odd])
    #expect(try stream.readNew(lease, after: nil, count: 10)?.map(\.id) == [places[2]])
    #expect(try stream.readNew(lease, after: nil, count: 10) == [])
    try stream.createGroup()
    #expect(try stream.readPending(lease, after: nil, count: 2).map(\.id) == Array(places.prefix(2)))
    #expect(try stream.readPending(lease, after: places[1], count: 2).map(\.id) == [places[2]])
    #expect(try stream.backlog() == .init(entries: 3, pending: 3, undelivered: 0, rejected: 0))
    #expect(
      try ticks.seal(lease, StoredTick(ordinal: 0, bytes: [1]), consuming: Array(places.prefix(2))) == .sealed
    )
    #expect(try stream.readPending(lease, after: nil, count: 10).map(\.id) == [places[2]])
    // A refused tick acknowledges nothing, a repeated one does.
    #expect(try ticks.seal(lease, StoredTick(ordinal: 0, bytes: [2]), consuming: [places[2]]) == .differs)
    #expect(try stream.readPending(lease, after: nil, count: 10).map(\.id) == [places[2]])
    #expect(try ticks.seal(lease, StoredTick(ordinal: 0, bytes: [1]), consuming: [places[2]]) == .repeated)
    #expect(try stream.readPending(lease, after: nil, count: 10).isEmpty)
  }

  @Test func `a read that was given up and is carried out late takes no sample away from its reader`() throws {
    let stream = try MetricStream(try redis.connect(), tenant: "shop")
    #expect(try stream.lastDelivered() == EntryID(milliseconds: 0))
    try stream.createGroup()
    let places = try stream.append((0..<6).map { [.init("n", "\($0)")] })
    let first = try stream.readNew(lease, after: try stream.lastDelivered(), count: 2)
    #expect(first?.map(\.id) == Array(places[0..<2]))
    #expect(try stream.lastDelivered() == places[1])
    // The call that timed out: its answer never came.
    _ = try stream.readNew(lease, after: places[1], count: 2)
    #expect(try stream.readNew(lease, after: places[1], count: 2) == nil)
    #expect(try stream.readPending(lease, after: places[1], count: 9).map(\.id) == Array(places[2..<4]))
    #expect(try stream.readNew(lease, after: places[3], count: 9)?.map(\.id) == Array(places[4..<6]))
  }

  @Test func `a rejected sample is kept with its reason, once, and counted`() throws {
    let stream = try MetricStream(try redis.connect(), tenant: "shop")
    let many = (0..<5000).map { StreamField("f\($0)", "1") }
    try stream.append([[.init("service", "a"), .init("cpu", "nan")], many, [.init("ok", "1")]])
    let entries = try #require(try stream.readNew(lease, after: nil, count: 10))
    let rejections = entries.prefix(2).map { MetricStream.Rejection(entry: $0, reason: "cpu is not a number") }
    try stream.reject(lease, rejections)
    try stream.reject(lease, rejections)
    try stream.reject(lease, [])
    let kept = try stream.readRejected(count: 10)
    #expect(kept.count == 2)
    #expect(kept[1].value(of: "reason") == Array("cpu is not a number".utf8))
    #expect(kept[1].value(of: "id") == Array(entries[0].id.description.utf8))
    #expect(kept[1].value(of: "cpu") == Array("nan".utf8))
    #expect(kept[0].fields.count == 66)
    #expect(try stream.backlog().rejected == 2)
    #expect(try stream.readPending(lease, after: nil, count: 10).map(\.id) == [entries[2].id])
  }

  @Test func `a sample that was trimmed after it was delivered comes back empty and can be put aside`() throws {
    let stream = try MetricStream(try redis.connect(), tenant: "shop")
    let places = try stream.append([[.init("a", "1")], [.init("b", "2")]])
    _ = try stream.readNew(lease, after: nil, count: 10)
    _ = try stream.connection.command(["XDEL", .init(stream.key), .init(places[0].description)])
    let pending = try stream.readPending(lease, after: nil, count: 10)
    #expect(pending.map(\.id) == places)
    #expect(pending[0].fields.isEmpty)
    try stream.reject(lease, [.init(entry: pending[0], reason: "trimmed before it was used")])
    #expect(try stream.readPending(lease, after: nil, count: 10).map(\.id) == [places[1]])
  }

  /// The server is killed and the coordinator replaced at many points; every sample must end in exactly one tick.
  @Test func `ten thousand samples over killed servers and coordinators are neither lost nor doubled`() throws {
    let count = 10_000
    let numbers = CounterRandom(seed: 3, stream: 1)
    var producer = try MetricStream(try redis.connect(), tenant: "shop")
    var produced = 0
    var draws: UInt32 = 0
    func draw(_ n: Int) -> Int {
      draws += 1
      return Int(numbers.words(draws)[0]) % n
    }
    var coordinators = 0
    var restarts = 0
    while true {
      coordinators += 1
      let stream = try MetricStream(try redis.connect(), tenant: "shop")
      let ticks = try RedisTickStore(stream.connection, tenant: "shop")
      var ordinal = (try ticks.lastSealed() ?? -1) + 1
      var waiting: [StreamEntry] = []
      // What a former one had read and not sealed comes first.
      var delivered = try stream.lastDelivered()
      while true {
        let more = try stream.readPending(lease, after: waiting.last?.id, count: 300)
        if more.isEmpty { break }
        waiting += more
      }
      for _ in 0..<(3 + draw(8)) {
        if produced < count {
          let more = min(count - produced, 150 + draw(500))
          try producer.append((produced..<produced + more).map { [.init("n", "\($0)")] })
          produced += more
        }
        let new = try #require(try stream.readNew(lease, after: delivered, count: 50 + draw(800)))
        delivered = new.last?.id ?? delivered
        waiting += new
        if draw(3) == 0 || waiting.isEmpty { continue }
        var w = ByteWriter()
        w.writeArray(waiting.map { UInt32(String(decoding: $0.fields[0].value, as: UTF8.self)) ?? .max })
        let answer = try ticks.seal(lease, StoredTick(ordinal: ordinal, bytes: w.bytes), consuming: waiting.map(\.id))
        #expect(answer == .sealed)
        ordinal += 1
        waiting = []
      }
      if waiting.isEmpty, produced == count, try stream.backlog().undelivered == 0 { break }
      if draw(2) == 0 {
        restarts += 1
        try redis.restart(by: restarts.isMultiple(of: 2) ? .kill : .terminate)
        producer = try MetricStream(try redis.connect(), tenant: "shop")
      }
    }
    let ticks = try RedisTickStore(try redis.connect(), tenant: "shop")
    var seen: [UInt32] = []
    for tick in try ticks.readTicks(from: 0, count: 100_000) {
      var r = ByteReader(tick.bytes, reading: "tick")
      seen += try r.readArray(of: UInt32.self)
    }
    #expect(seen.sorted() == Array(0..<UInt32(count)))
    #expect(
      coordinators > 2 && restarts > 0,
      "the case tests nothing: \(coordinators) coordinators, \(restarts) restarts"
    )
  }

  @Test func `a server that lost the group gets it again and gives what it still has`() throws {
    let stream = try MetricStream(try redis.connect(), tenant: "shop")
    try stream.createGroup()
    try stream.append([[.init("a", "1")]])
    _ = try stream.connection.command(["XGROUP", "DESTROY", .init(stream.key), .init(MetricStream.group)])
    #expect(try stream.readNew(lease, after: nil, count: 10)?.count == 1)
  }

  @Test func `the stream is trimmed to about what is kept`() throws {
    let stream = try MetricStream(try redis.connect(), tenant: "shop", keptEntries: 100)
    try stream.append((0..<2000).map { [.init("n", "\($0)")] })
    #expect(try stream.backlog().entries < 400)
  }

  @Test func `what is put aside is trimmed to about what is kept`() throws {
    let stream = try MetricStream(try redis.connect(), tenant: "shop", keptEntries: 100)
    for _ in 0..<20 {
      try stream.append((0..<100).map { [.init("n", "\($0)")] })
      let new = try #require(try stream.readNew(lease, after: nil, count: 100))
      try stream.reject(lease, new.map { .init(entry: $0, reason: "none") })
    }
    #expect(try stream.readRejected(count: 10_000).count < 400)
    #expect(try stream.backlog().rejected == 2000)
  }

  @Test func `publications and what was found in them are trimmed to about what is kept`() throws {
    let store = try RedisTickStore(try redis.connect(), tenant: "shop", keptEntries: 100)
    for ordinal in Int64(0)..<1000 {
      let found = [[StreamField("incident", "\(ordinal)")]]
      let publication = Publication(ordinal: ordinal, digest: 1, payload: [], anomalies: found)
      #expect(try store.publish(lease, publication) == .published)
    }
    #expect(try store.readPublished(from: 0, count: 10_000).count < 400)
    #expect(try store.anomalies(count: 10_000).count < 400)
  }

  @Test(arguments: ["", "1", "1-", "-1", "a-1", "1-2-3", "99999999999999999999-0"])
  func `a place that is none is refused`(text: String) {
    #expect(EntryID(text) == nil)
  }

  @Test func `places order as the stream does`() {
    let places = ["2-0", "1-10", "1-9"].compactMap { EntryID($0) }
    #expect(places.sorted().map(\.description) == ["1-9", "1-10", "2-0"])
  }
}

struct EventStoreTests {
  let redis: TestServer
  init() throws { redis = try TestServer() }

  @Test func `a full calendar takes no further event, but changes of those it has`() throws {
    let store = try EventStore(try redis.connect(), tenant: "shop", mostItems: 2)
    for id in ["a", "b"] { try store.put(.init(id: id, json: [1])) }
    let error = #expect(throws: StoreError.self) { try store.put(.init(id: "c", json: [1])) }
    #expect(error?.answer == "the calendar has 2 events already, 'c' was not added")
    #expect(try store.put(.init(id: "a", json: [2])) == 3)
    #expect(try store.all().items.map(\.json) == [[2], [1]])
    try store.remove("b")
    try store.put(.init(id: "c", json: [1]))
    #expect(try store.all().items.map(\.id) == ["a", "c"])
  }

  @Test func `every change of the calendar raises its version, and equal writes do not`() throws {
    let store = try EventStore(try redis.connect(), tenant: "shop")
    #expect(try store.version() == 0)
    #expect(try store.all().items.isEmpty)
    let sale = EventStore.Item(id: "sale", json: Array("{\"kind\":\"campaign\"}".utf8))
    #expect(try store.put(sale) == 1)
    #expect(try store.put(sale) == 1)
    #expect(try store.put(.init(id: "audit", json: [0, 255])) == 2)
    #expect(try store.all().version == 2)
    #expect(try store.all().items.map(\.id) == ["audit", "sale"])
    #expect(try store.all().items[0].json == [0, 255])
    #expect(try store.remove("sale") == 3)
    #expect(try store.remove("sale") == nil)
    #expect(try store.version() == 3)
  }
}
