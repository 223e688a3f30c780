internal import Glibc
internal import Synchronization

/// Hands out blocks of floats, on boundaries of 64 bytes, from pieces of memory that the system may back with huge pages.
///
/// A block given back is kept for the next of its size.
final class BlockPool: Sendable {
  /// The pool of the process.
  static let shared = BlockPool()

  private static let pieceBytes = 8 << 20
  private static let hugePage = 2 << 20

  private struct State {
    /// Free blocks by size, as addresses.
    var free: [Int: [UInt]] = [:]
    /// What is left of the present piece.
    var next: UInt = 0
    var end: UInt = 0
  }

  private let state = Mutex(State())

  /// Returns memory for a number of floats, with any contents.
  func take(_ floats: Int) -> UnsafeMutableRawPointer {
    let bytes = Self.bytes(floats)
    let address = state.withLock { state -> UInt in
      if let address = state.free[bytes]?.popLast() { return address }
      if state.end - state.next < UInt(bytes) {
        let size = max(Self.pieceBytes, (bytes + Self.hugePage - 1) / Self.hugePage * Self.hugePage)
        (state.next, state.end) = Self.piece(size)
      }
      defer { state.next += UInt(bytes) }
      return state.next
    }
    // A piece never begins at address 0, so this cannot happen.
    guard let block = unsafe UnsafeMutableRawPointer(bitPattern: address) else { fatalError("a block at address 0") }
    return unsafe block
  }

  /// Takes back what `take` returned for as many floats.
  func giveBack(_ block: UnsafeMutablePointer<Float>, _ floats: Int) {
    let address = UInt(bitPattern: block)
    state.withLock { $0.free[Self.bytes(floats), default: []].append(address) }
  }

  private static func bytes(_ floats: Int) -> Int { max(64, (4 * floats + 63) / 64 * 64) }

  /// Maps a piece from the boundary of a huge page on.
  private static func piece(_ size: Int) -> (start: UInt, end: UInt) {
    var block: UnsafeMutableRawPointer?
    let result = unsafe posix_memalign(&block, hugePage, size)
    // Without memory there is nothing to go on with: the process ends, and the cluster goes on from its checkpoint elsewhere.
    guard result == 0, let block = unsafe block else { fatalError("no memory for a block of \(size) bytes") }
    _ = unsafe madvise(block, size, MADV_HUGEPAGE)
    let start = UInt(bitPattern: block)
    return (start, start + UInt(size))
  }
}
