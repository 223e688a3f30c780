internal import Basics
internal import Cluster
internal import StateStore

/// Looks again and again what is published, and when it came.
final class PublicationWatch {
  private let address: RedisAddress
  private var connection: RedisConnection?
  private var nextLook: Int64 = 0
  /// Number of the last tick that is known to be public; -1 before the first.
  private(set) var last: Int64 = -1
  /// When it was seen first, in ns.
  private(set) var lastNanoseconds = MonotonicClock.nowNanoseconds()
  /// The longest time without a new tick since `mark`, in s.
  private(set) var longestSilence = 0.0

  init(address: RedisAddress) { self.address = address }

  /// Begins to measure silence anew.
  func mark() {
    lastNanoseconds = MonotonicClock.nowNanoseconds()
    longestSilence = 0
  }

  /// Looks once, at most every few ms; a store that is away has nothing to say.
  func look() {
    let now = MonotonicClock.nowNanoseconds()
    guard now >= nextLook else { return }
    nextLook = now + 8_000_000
    let silence = { Double(MonotonicClock.nowNanoseconds() - self.lastNanoseconds) / 1e9 }
    do {
      let open = try connection ?? RedisConnection(address, connectMilliseconds: 200, commandMilliseconds: 200)
      connection = open
      if !open.isOpen { try open.reconnect() }
      if let found = try RedisTickStore(open, tenant: "shop").lastPublished()?.ordinal, found > last {
        longestSilence = max(longestSilence, silence())
        (last, lastNanoseconds) = (found, MonotonicClock.nowNanoseconds())
      }
    } catch {
      // A server that hangs must not hold up who looks after the processes.
      nextLook = MonotonicClock.nowNanoseconds() + 100_000_000
    }
    longestSilence = max(longestSilence, silence())
  }
}

/// Everything that was published, by number of the tick.
struct Published {
  var ticks: [StoredPublication] = []

  /// Reads it.
  init(from address: RedisAddress) throws {
    let store = try RedisTickStore(RedisConnection(address), tenant: "shop")
    while true {
      let batch = try store.readPublished(from: ticks.last.map { $0.ordinal + 1 } ?? 0, count: 200)
      if batch.isEmpty { return }
      ticks += batch
    }
  }

  /// How it differs from what was published of the same ticks without faults: the first difference, or nil.
  func difference(from reference: Published) -> String? {
    for (i, tick) in ticks.enumerated() {
      guard tick.ordinal == Int64(i) else { return "tick \(i) is missing, \(tick.ordinal) stands in its place" }
      guard i < reference.ticks.count else { return "tick \(i) is beyond the fault-free run" }
      let wanted = reference.ticks[i]
      guard tick != wanted else { continue }
      return "tick \(i) has digest \(String(tick.digest, radix: 16)) instead of "
        + "\(String(wanted.digest, radix: 16)); first difference: \(Self.place(tick, wanted))"
    }
    return nil
  }

  private static func place(_ a: StoredPublication, _ b: StoredPublication) -> String {
    do {
      let former = try CapacityService.View(decoding: b.payload)
      return try CapacityService.View(decoding: a.payload).firstDifference(from: former)
    } catch { return "it cannot be read (\(error))" }
  }
}
