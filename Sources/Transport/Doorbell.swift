internal import Basics
internal import Synchronization

/// What a process sleeps on until any other puts a frame into one of its rings: a page that all of them have.
///
/// No ring is missed: the sleeper says that it will sleep, then looks once more; a writer writes, then looks whether
/// somebody sleeps. Between the two steps of either stands a fence, so at least one of them sees the other.
///
/// Layout: magic (byte 0), digest of the host (8); on the next cache line a count of rings (64) and whether somebody
/// sleeps (68).
@safe final class Doorbell: @unchecked Sendable {
  // Unchecked: what can be changed are atomic words in memory that lasts as long as the object.
  static let bytes = 4096
  private static let magic: UInt64 = 0x314C_4C45_424E_5953  // "SYNBELL1"

  let path: String
  private let mapping: SharedMapping
  private let word: SharedWord
  private let sequence: UnsafeMutablePointer<Atomic<UInt32>>
  private let sleeper: UnsafeMutablePointer<Atomic<UInt32>>

  private init(_ mapping: SharedMapping) {
    self.mapping = mapping
    path = mapping.path
    word = SharedWord(mapping, at: 64)
    unsafe sequence = (mapping.base + 64).assumingMemoryBound(to: Atomic<UInt32>.self)
    unsafe sleeper = (mapping.base + 68).assumingMemoryBound(to: Atomic<UInt32>.self)
  }

  /// Makes the page of a process.
  static func create(path: String) throws(SystemError) -> Doorbell {
    let mapping = try SharedMapping.create(path: path, count: bytes)
    let words = unsafe mapping.base.assumingMemoryBound(to: Atomic<UInt64>.self)
    unsafe words[1].store(HostIdentity.digest, ordering: .relaxed)
    unsafe words[0].store(magic, ordering: .releasing)
    return Doorbell(mapping)
  }

  /// Opens the page of another process; nil when it does not run on this machine, or no longer.
  static func open(path: String) -> Doorbell? {
    guard let mapping = try? SharedMapping.open(path: path, counts: bytes...bytes) else { return nil }
    let words = unsafe mapping.base.assumingMemoryBound(to: Atomic<UInt64>.self)
    guard unsafe words[0].load(ordering: .acquiring) == magic,
      unsafe words[1].load(ordering: .relaxed) == HostIdentity.digest
    else { return nil }
    return Doorbell(mapping)
  }

  /// Takes the page's name away.
  func remove() { mapping.remove() }

  /// Wakes the owner if it sleeps; call it after what it is to find was written.
  func ring() {
    atomicMemoryFence(ordering: .sequentiallyConsistent)
    guard unsafe sleeper.pointee.load(ordering: .relaxed) != 0 else { return }
    ringAlways()
  }

  /// Rings whether somebody sleeps or not.
  func ringAlways() {
    unsafe sequence.pointee.wrappingAdd(1, ordering: .sequentiallyConsistent)
    word.wake()
  }

  /// The count of rings; two equal ones say that nobody rang in between.
  var count: UInt32 { unsafe sequence.pointee.load(ordering: .sequentiallyConsistent) }

  /// Announces a sleep; afterwards look once more, and call `awake` in any case.
  func announceSleep() {
    unsafe sleeper.pointee.store(1, ordering: .relaxed)
    atomicMemoryFence(ordering: .sequentiallyConsistent)
  }

  /// Ends an announced sleep.
  func awake() { unsafe sleeper.pointee.store(0, ordering: .relaxed) }

  /// Sleeps while nobody has rung since the count was read, at most a time.
  func sleep(since count: UInt32, nanoseconds: Int64) { word.wait(while: count, nanoseconds: nanoseconds) }
}

/// Turns rings of a doorbell into a readable descriptor, for a thread that waits for sockets at the same time.
final class DoorbellRelay {
  /// Signalled after a ring.
  let wakeup: Wakeup
  private let bell: Doorbell
  private let thread: NamedThread
  private let isEnded: Ended

  private final class Ended: Sendable { let flag = Atomic<Bool>(false) }

  init(_ bell: Doorbell) throws(SystemError) {
    let wakeup = try Wakeup()
    let isEnded = Ended()
    (self.wakeup, self.bell, self.isEnded) = (wakeup, bell, isEnded)
    thread = try NamedThread("doorbell") { [bell] in
      var seen = bell.count
      while !isEnded.flag.load(ordering: .acquiring) {
        let count = bell.count
        if count != seen {
          seen = count
          wakeup.signal()
        }
        bell.sleep(since: count, nanoseconds: 1_000_000_000)
      }
    }
  }

  deinit {
    isEnded.flag.store(true, ordering: .releasing)
    bell.ringAlways()
    thread.join()
  }
}
