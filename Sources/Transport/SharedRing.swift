internal import Basics
internal import Synchronization

/// Frames from one process to one other in memory that both have: a ring with one writer and one reader.
///
/// The reader makes the file; either end may die at any moment. A record becomes visible by moving `head` behind it after
/// its last byte is written, so a writer that is killed in the middle leaves nothing behind, and one that comes back goes
/// on at `head`. Positions count bytes since the beginning and never go back.
///
/// Layout: one page with magic (byte 0), head (64), tail (128) and the reader's farewell (192), each on a cache line of its
/// own; then the records, each at a multiple of 8: length (4 bytes), kind (4), bytes.
@safe final class SharedRing {
  /// What a record is.
  enum Kind: UInt32 {
    case frame = 1
    /// A frame that is too large for the ring comes another way.
    case elsewhere
    /// Nothing; the next record is at the beginning of the ring.
    case skip
  }

  /// What became of a record to write.
  enum Written { case done, full, tooLarge }
  /// What was read.
  enum Read { case nothing, frame, elsewhere, broken }

  static let headerBytes = 4096
  private static let magic: UInt64 = 0x3147_4E49_524E_5953  // "SYNRING1"

  let mapping: SharedMapping
  private let head: UnsafeMutablePointer<Atomic<UInt64>>
  private let tail: UnsafeMutablePointer<Atomic<UInt64>>
  private let farewell: UnsafeMutablePointer<Atomic<UInt32>>
  private let data: UnsafeMutableRawPointer
  private let capacity: Int
  /// Where this end is, and what it last knew of the other.
  private var position: UInt64
  private var known: UInt64

  private init(_ mapping: SharedMapping, reads: Bool) {
    let base = unsafe mapping.base
    self.mapping = mapping
    unsafe head = (base + 64).assumingMemoryBound(to: Atomic<UInt64>.self)
    unsafe tail = (base + 128).assumingMemoryBound(to: Atomic<UInt64>.self)
    unsafe farewell = (base + 192).assumingMemoryBound(to: Atomic<UInt32>.self)
    unsafe data = base + Self.headerBytes
    capacity = mapping.count - Self.headerBytes
    let (written, read) = unsafe (head.pointee.load(ordering: .acquiring), tail.pointee.load(ordering: .acquiring))
    (position, known) = reads ? (read, written) : (written, read)
  }

  /// The room that a ring can have, in bytes: a power of two.
  static let capacities = 4096...1 << 30

  /// Makes a ring to read from, with room for a number of bytes that is a power of two.
  static func create(path: String, capacity: Int) throws(SystemError) -> SharedRing {
    precondition(capacities.contains(capacity) && capacity & (capacity - 1) == 0)
    let mapping = try SharedMapping.create(path: path, count: headerBytes + capacity)
    let ring = SharedRing(mapping, reads: true)
    unsafe mapping.base.assumingMemoryBound(to: Atomic<UInt64>.self).pointee.store(magic, ordering: .releasing)
    return ring
  }

  /// Opens the ring of another process to write to; nil when there is none, or none yet.
  static func open(path: String) -> SharedRing? {
    let counts = headerBytes + capacities.lowerBound...headerBytes + capacities.upperBound
    guard let mapping = try? SharedMapping.open(path: path, counts: counts) else { return nil }
    let capacity = mapping.count - headerBytes
    let found = unsafe mapping.base.assumingMemoryBound(to: Atomic<UInt64>.self).pointee.load(ordering: .acquiring)
    guard found == magic, capacity & (capacity - 1) == 0 else { return nil }
    let ring = SharedRing(mapping, reads: false)
    // A position that no writer leaves would write outside of the records.
    guard ring.position % 8 == 0, ring.position &- ring.known <= UInt64(capacity) else { return nil }
    return ring
  }

  /// Whether the reader has let go.
  var isClosed: Bool { unsafe farewell.pointee.load(ordering: .relaxed) != 0 }

  /// Lets go as the reader: whoever writes sees it, and the name is free.
  func close() {
    unsafe farewell.pointee.store(1, ordering: .releasing)
    mapping.remove()
  }

  /// The longest frame that goes through: two of them have room at any position.
  static func longestFrame(capacity: Int) -> Int { capacity / 2 - 16 }

  /// Writes a record, all or nothing.
  func write(_ kind: Kind, _ bytes: UnsafeRawBufferPointer) -> Written {
    guard bytes.count <= Self.longestFrame(capacity: capacity) else { return .tooLarge }
    let size = (8 + bytes.count + 7) & ~7
    var offset = Int(truncatingIfNeeded: position) & (capacity - 1)
    // A record is never broken in two: what is left at the end is skipped.
    let skipped = offset + size > capacity ? capacity - offset : 0
    if capacity - Int(truncatingIfNeeded: position &- known) < skipped + size {
      let read = unsafe tail.pointee.load(ordering: .acquiring)
      let used = position &- read
      guard used <= UInt64(capacity), capacity - Int(used) >= skipped + size else { return .full }
      known = read
    }
    if skipped > 0 {
      unsafe data.storeBytes(of: UInt64(Kind.skip.rawValue) << 32, toByteOffset: offset, as: UInt64.self)
      position &+= UInt64(skipped)
      offset = 0
    }
    let start = UInt64(kind.rawValue) << 32 | UInt64(bytes.count)
    unsafe data.storeBytes(of: start, toByteOffset: offset, as: UInt64.self)
    if let source = bytes.baseAddress {
      unsafe (data + offset + 8).copyMemory(from: source, byteCount: bytes.count)
    }
    position &+= UInt64(size)
    unsafe head.pointee.store(position, ordering: .releasing)
    return .done
  }

  /// What tells without a reference to the ring whether there is something to read.
  var watch: Watch { Watch(self) }

  /// Looks at the end of the records; valid as long as the ring.
  @safe struct Watch {
    private let head: UnsafeMutablePointer<Atomic<UInt64>>
    private let position: UInt64

    init(_ ring: SharedRing) {
      unsafe head = ring.head
      position = ring.position
    }

    /// Whether there is something beyond where the reader was when the watch was made.
    var seesRecord: Bool { unsafe head.pointee.load(ordering: .relaxed) != position }
  }

  /// Whether there is something to read.
  var hasRecord: Bool {
    if known != position { return true }
    known = unsafe head.pointee.load(ordering: .acquiring)
    return known != position
  }

  /// Reads the next record; a frame's bytes replace those of `frame`, whose memory is reused.
  func read(into frame: inout [UInt8]) -> Read {
    while hasRecord {
      let left = known &- position
      let offset = Int(truncatingIfNeeded: position) & (capacity - 1)
      let start = unsafe data.load(fromByteOffset: offset, as: UInt64.self)
      let count = Int(start & 0xFFFF_FFFF)
      let size = (8 + count + 7) & ~7
      // What stands here was written by another process: nothing of it is believed.
      guard left <= UInt64(capacity), left % 8 == 0, let kind = Kind(rawValue: UInt32(start >> 32)) else {
        return broken()
      }
      if kind == .skip {
        guard UInt64(capacity - offset) <= left else { return broken() }
        advance(capacity - offset)
        continue
      }
      guard UInt64(size) <= left, offset + size <= capacity else { return broken() }
      if kind == .frame {
        frame.removeAll(keepingCapacity: true)
        unsafe frame.append(contentsOf: UnsafeRawBufferPointer(start: data + offset + 8, count: count))
      }
      advance(size)
      return kind == .frame ? .frame : .elsewhere
    }
    return .nothing
  }

  private func advance(_ bytes: Int) {
    position &+= UInt64(bytes)
    unsafe tail.pointee.store(position, ordering: .releasing)
  }

  /// Drops all that was written so far: where a record is wrong nobody knows where the next one begins.
  private func broken() -> Read {
    position = known & ~7
    known = position
    unsafe tail.pointee.store(position, ordering: .releasing)
    return .broken
  }
}
