internal import Basics
internal import CIntrinsics

/// Sixteen words for Threefry, rotated by the instruction set's own means.
struct LaneWords: ThreefryWord {
  let words: Words

  @inline(__always) init(_ words: Words) { self.words = words }
  @inline(__always) init(repeating word: UInt32) { words = Words(repeating: word) }

  @inline(__always) static func &+ (a: Self, b: Self) -> Self { Self(a.words &+ b.words) }
  @inline(__always) static func ^ (a: Self, b: Self) -> Self { Self(a.words ^ b.words) }

  @inline(__always) func rotated(left bits: UInt32, xor other: Self) -> Self {
    Self(synfire_rotated_xor(words, bits, other.words))
  }
}
