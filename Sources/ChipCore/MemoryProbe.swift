internal import CIntrinsics
internal import Glibc

/// A block of memory that is read as a kernel reads it, to learn what the machine can give: the roof of a roofline.
///
/// It measures nothing by itself; whoever calls holds the clock.
@safe
public struct MemoryProbe: ~Copyable {
  /// Bytes that are read.
  public let byteCount: Int
  private let mapping: UnsafeMutableRawBufferPointer
  private let lines: UnsafeMutablePointer<SIMD8<UInt64>>

  private static var hugePage: Int { 2 << 20 }
  private static var lineBytes: Int { 64 }
  /// Lines between a prefetch and its use, as when synapses are delivered.
  private static var readAhead: Int { 32 }

  /// Maps and fills a block of cache lines of 64 bytes, a power of two of at least 64; nil when there is no memory for it.
  public init?(lineCount: Int, hugePages: Bool) {
    precondition(lineCount >= 64 && lineCount & (lineCount - 1) == 0, "lines must be a power of two")
    byteCount = lineCount * Self.lineBytes
    let mappedBytes = byteCount + Self.hugePage
    let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE
    let mapped = unsafe mmap(nil, mappedBytes, PROT_READ | PROT_WRITE, flags, -1, 0)
    guard unsafe mapped != MAP_FAILED, let mapped = unsafe mapped else { return nil }
    unsafe mapping = UnsafeMutableRawBufferPointer(start: mapped, count: mappedBytes)
    let start = unsafe mapped.alignedUp(toMultipleOf: Self.hugePage)
    _ = unsafe madvise(start, byteCount, hugePages ? MADV_HUGEPAGE : MADV_NOHUGEPAGE)
    unsafe lines = start.bindMemory(to: SIMD8<UInt64>.self, capacity: lineCount)
    for i in 0..<lineCount { unsafe lines[i] = SIMD8(repeating: UInt64(i)) }
  }

  deinit { unsafe _ = munmap(mapping.baseAddress, mapping.count) }

  /// Reads every line once, in order, and returns a sum of what is there.
  ///
  /// A number that is new in each call goes into the sum, so that no call can stand for another.
  @inline(never)
  public func readInOrder(_ call: UInt64) -> UInt64 {
    let lines = unsafe self.lines
    var (a, b, c, d) = (SIMD8(repeating: call), SIMD8<UInt64>(), SIMD8<UInt64>(), SIMD8<UInt64>())
    for i in stride(from: 0, to: byteCount / Self.lineBytes, by: 4) {
      unsafe a &+= lines[i]
      unsafe b &+= lines[i + 1]
      unsafe c &+= lines[i + 2]
      unsafe d &+= lines[i + 3]
    }
    return (a &+ b &+ c &+ d).wrappedSum()
  }

  /// Reads every line once, in prefetched pieces of some lines side by side whose order has no pattern.
  ///
  /// A piece has a power of two of lines; otherwise as `readInOrder`.
  @inline(never)
  public func readScattered(_ call: UInt64, pieceLines: Int) -> UInt64 {
    precondition(pieceLines > 0 && pieceLines & (pieceLines - 1) == 0, "lines of a piece must be a power of two")
    let lines = unsafe self.lines
    let count = byteCount / Self.lineBytes / pieceLines
    // A linear congruential generator of full period: multiplier 1 modulo 4, odd increment (Hull & Dobell, 1962).
    let (mask, multiplier, increment) = (count - 1, 0x5D58_8B65, 0x0026_9EC3)
    var (place, ahead, sum) = (0, 0, SIMD8(repeating: call))
    @inline(__always) func fetchNext() {
      let piece = unsafe lines + Self.scattered(ahead, mask) &* pieceLines
      for k in 0..<pieceLines { unsafe synfire_prefetch_once(piece + k) }
      ahead = (ahead &* multiplier &+ increment) & mask
    }
    for _ in 0..<max(1, Self.readAhead / pieceLines) { fetchNext() }
    for _ in 0..<count {
      fetchNext()
      let piece = unsafe lines + Self.scattered(place, mask) &* pieceLines
      for k in 0..<pieceLines { unsafe sum &+= piece[k] }
      place = (place &* multiplier &+ increment) & mask
    }
    return sum.wrappedSum()
  }

  /// Mixes the generator's good high bits into its patterned low ones; each line still comes once.
  @inline(__always)
  private static func scattered(_ x: Int, _ mask: Int) -> Int {
    let half = (mask + 1).trailingZeroBitCount / 2
    return (x ^ (x >> half)) & mask
  }
}
