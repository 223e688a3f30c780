/// Four lanes of unsigned words, the width in which kernels draw random numbers: one register of every 64-bit machine.
public typealias Words4 = SIMD4<UInt32>
/// Sixteen lanes of unsigned words.
public typealias Words16 = SIMD16<UInt32>

/// Counter-based random numbers: Threefry 4x32 with 12 rounds, a pure function of (key, counter).
///
/// The same (seed, stream, counter) gives the same bits on any core, thread, order of calls or instruction set.
/// Source: Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011. Twelve rounds pass BigCrush there.
public struct CounterRandom: Sendable, Equatable {
  /// Four words of key: two of the seed, one of the stream, one free.
  public let key: SIMD4<UInt32>

  /// Makes the generator of a stream; streams of one seed are independent.
  @inlinable public init(seed: UInt64, stream: UInt32) {
    key = SIMD4(UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32), stream, 0x53_59_4E_46)
  }

  /// Returns the block of four words for a counter.
  @inlinable @inline(__always)
  public func words(_ a: UInt32, _ b: UInt32 = 0, _ c: UInt32 = 0, _ d: UInt32 = 0) -> SIMD4<UInt32> {
    let r = threefry4x32(a, b, c, d, key: key)
    return SIMD4(r.0, r.1, r.2, r.3)
  }

  /// Returns a number in (0, 1) with 52 random bits, never 0 or 1, from the first two words of a block.
  @inlinable @inline(__always)
  public func uniform(_ a: UInt32, _ b: UInt32 = 0, _ c: UInt32 = 0, _ d: UInt32 = 0) -> Double {
    let w = words(a, b, c, d)
    return (Double(UInt64(w[0]) << 20 | UInt64(w[1] >> 12)) + 0.5) * 0x1p-52
  }
}

/// The operations that Threefry needs, for one word or for many lanes of words.
public protocol ThreefryWord {
  static func &+ (a: Self, b: Self) -> Self
  static func ^ (a: Self, b: Self) -> Self
  /// Rotates each word to the left and combines it with another by exclusive or.
  func rotated(left bits: UInt32, xor other: Self) -> Self
  /// Repeats one word over all lanes.
  init(repeating word: UInt32)
}

extension UInt32: ThreefryWord {
  /// Rotates to the left and combines with another word.
  @inlinable @inline(__always) public func rotated(left bits: UInt32, xor other: UInt32) -> UInt32 {
    (self &<< bits | self &>> (32 &- bits)) ^ other
  }
  /// Is the word itself.
  @inlinable @inline(__always) public init(repeating word: UInt32) { self = word }
}

// The right half meets the other word first: written as a rotation (shift | shift) the compiler takes these vectors
// apart where the machine has no vector rotation, which costs three times as much with SSE2.

extension SIMD4: ThreefryWord where Scalar == UInt32 {
  /// Rotates each lane to the left and combines it with another.
  @inlinable @inline(__always) public func rotated(left bits: UInt32, xor other: Self) -> Self {
    (self &<< Self(repeating: bits)) ^ ((self &>> Self(repeating: 32 &- bits)) ^ other)
  }
}

extension SIMD16: ThreefryWord where Scalar == UInt32 {
  /// Rotates each lane to the left and combines it with another.
  @inlinable @inline(__always) public func rotated(left bits: UInt32, xor other: Self) -> Self {
    (self &<< Self(repeating: bits)) ^ ((self &>> Self(repeating: 32 &- bits)) ^ other)
  }
}

/// Threefry 4x32 with 12 rounds over one word or over many lanes.
@inlinable @inline(__always)
public func threefry4x32<Word: ThreefryWord>(
  _ c0: Word,
  _ c1: Word,
  _ c2: Word,
  _ c3: Word,
  key: SIMD4<UInt32>
) -> (Word, Word, Word, Word) {
  let parity = 0x1BD1_1BDA ^ key[0] ^ key[1] ^ key[2] ^ key[3]
  var a = c0 &+ Word(repeating: key[0])
  var b = c1 &+ Word(repeating: key[1])
  var c = c2 &+ Word(repeating: key[2])
  var d = c3 &+ Word(repeating: key[3])
  @inline(__always) func even(_ r: UInt32, _ s: UInt32) {
    a = a &+ b
    b = b.rotated(left: r, xor: a)
    c = c &+ d
    d = d.rotated(left: s, xor: c)
  }
  @inline(__always) func odd(_ r: UInt32, _ s: UInt32) {
    a = a &+ d
    d = d.rotated(left: r, xor: a)
    c = c &+ b
    b = b.rotated(left: s, xor: c)
  }
  even(10, 26); odd(11, 21); even(13, 27); odd(23, 5)
  a = a &+ Word(repeating: key[1])
  b = b &+ Word(repeating: key[2])
  c = c &+ Word(repeating: key[3])
  d = d &+ Word(repeating: parity &+ 1)
  even(6, 20); odd(17, 11); even(25, 10); odd(18, 20)
  a = a &+ Word(repeating: key[2])
  b = b &+ Word(repeating: key[3])
  c = c &+ Word(repeating: parity)
  d = d &+ Word(repeating: key[0] &+ 2)
  even(10, 26); odd(11, 21); even(13, 27); odd(23, 5)
  a = a &+ Word(repeating: key[3])
  b = b &+ Word(repeating: parity)
  c = c &+ Word(repeating: key[0])
  d = d &+ Word(repeating: key[1] &+ 3)
  return (a, b, c, d)
}
