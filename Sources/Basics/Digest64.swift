/// A stable 64-bit digest of numbers and bytes: the same on every machine and in every run, unlike `Hasher`.
///
/// FNV-1a over eight-byte words with the finaliser of SplitMix64; it tells accidents apart, not attackers.
public struct Digest64: Sendable, Equatable {
  private var state: UInt64 = 0xCBF2_9CE4_8422_2325

  /// Makes the digest of nothing.
  public init() {}

  /// Adds a word.
  public mutating func combine(_ word: UInt64) {
    state = (state ^ word) &* 0x0000_0100_0000_01B3
    state ^= state >> 29
  }

  /// Adds bytes and their count; bytes that lie side by side are read eight at a time.
  public mutating func combine(bytes: some Collection<UInt8>) {
    combine(UInt64(bytes.count))
    let isDone: Void? = bytes.withContiguousStorageIfAvailable { buffer in
      let raw = UnsafeRawBufferPointer(buffer)
      let whole = raw.count & ~7
      for offset in stride(from: 0, to: whole, by: 8) {
        unsafe combine(UInt64(littleEndian: raw.loadUnaligned(fromByteOffset: offset, as: UInt64.self)))
      }
      unsafe combineRest(raw[whole...])
    }
    if isDone == nil { combineRest(bytes) }
  }

  private mutating func combineRest(_ bytes: some Collection<UInt8>) {
    var word: UInt64 = 0
    var filled: UInt64 = 0
    for byte in bytes {
      word |= UInt64(byte) << (8 * filled)
      filled += 1
      if filled == 8 {
        combine(word)
        (word, filled) = (0, 0)
      }
    }
    if filled > 0 { combine(word) }
  }

  /// Adds the UTF-8 bytes of a text.
  public mutating func combine(_ text: String) { combine(bytes: text.utf8) }

  /// Returns the digest of bytes.
  public static func of(_ bytes: some Collection<UInt8>) -> UInt64 {
    var digest = Digest64()
    digest.combine(bytes: bytes)
    return digest.value
  }

  /// The digest of everything added so far.
  public var value: UInt64 {
    var z = state
    z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
    return z ^ z >> 31
  }
}
