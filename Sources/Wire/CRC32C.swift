internal import CIntrinsics

/// CRC-32C (Castagnoli), as in iSCSI (RFC 3720, section 12.1): by the processor's instruction for it, or by tables.
public enum CRC32C {
  // Eight tables of 256 words in memory that is never given back: frames are checked millions of times a second, and an
  // array would check each index.
  @safe private struct Tables: @unchecked Sendable {
    // Unchecked: nothing is written after the start.
    let words: UnsafePointer<UInt32>

    init() {
      let t = UnsafeMutablePointer<UInt32>.allocate(capacity: 8 * 256)
      for i in 0..<256 {
        var c = UInt32(i)
        for _ in 0..<8 { c = c & 1 == 1 ? c >> 1 ^ 0x82F6_3B78 : c >> 1 }
        unsafe t[i] = c
      }
      for i in 0..<256 {
        for k in 1..<8 { unsafe t[k * 256 + i] = t[(k - 1) * 256 + i] >> 8 ^ t[Int(t[(k - 1) * 256 + i] & 255)] }
      }
      unsafe words = UnsafePointer(t)
    }
  }
  private static let tables = Tables()
  private static let hasInstruction = synfire_has_crc32c() != 0

  /// Returns the checksum of bytes, continuing from the checksum of what came before them.
  public static func checksum(_ bytes: [UInt8], continuing previous: UInt32 = 0) -> UInt32 {
    unsafe bytes.withUnsafeBytes { unsafe checksum($0, continuing: previous) }
  }

  /// Returns the checksum of a slice of bytes.
  public static func checksum(_ bytes: ArraySlice<UInt8>, continuing previous: UInt32 = 0) -> UInt32 {
    unsafe bytes.withUnsafeBytes { unsafe checksum($0, continuing: previous) }
  }

  /// Returns the checksum of bytes in memory.
  @unsafe static func checksum(_ raw: UnsafeRawBufferPointer, continuing previous: UInt32 = 0) -> UInt32 {
    guard hasInstruction, let base = raw.baseAddress else {
      return unsafe checksumByTables(raw, continuing: previous)
    }
    return ~(unsafe synfire_crc32c(~previous, base, UInt(raw.count)))
  }

  /// Returns the checksum of bytes without the instruction, as on processors that have none.
  public static func checksumByTables(_ bytes: [UInt8]) -> UInt32 {
    unsafe bytes.withUnsafeBytes { unsafe checksumByTables($0, continuing: 0) }
  }

  /// Eight bytes a turn.
  @unsafe private static func checksumByTables(
    _ raw: UnsafeRawBufferPointer,
    continuing previous: UInt32
  ) -> UInt32 {
    let t = unsafe tables.words
    var crc = ~previous
    var i = 0
    while i &+ 8 <= raw.count {
      let w = unsafe UInt64(littleEndian: raw.loadUnaligned(fromByteOffset: i, as: UInt64.self)) ^ UInt64(crc)
      let low = unsafe t[1792 &+ Int(w & 255)] ^ t[1536 &+ Int(w >> 8 & 255)] ^ t[1280 &+ Int(w >> 16 & 255)]
      let middle = unsafe t[1024 &+ Int(w >> 24 & 255)] ^ t[768 &+ Int(w >> 32 & 255)] ^ t[512 &+ Int(w >> 40 & 255)]
      let high = unsafe t[256 &+ Int(w >> 48 & 255)] ^ t[Int(w >> 56)]
      crc = low ^ middle ^ high
      i &+= 8
    }
    while i < raw.count {
      crc = unsafe crc >> 8 ^ t[Int((crc ^ UInt32(raw[i])) & 255)]
      i &+= 1
    }
    return ~crc
  }
}
