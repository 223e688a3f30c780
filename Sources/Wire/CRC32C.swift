/// CRC-32C (Castagnoli), as in iSCSI (RFC 3720, section 12.1), eight bytes a turn by tables.
public enum CRC32C {
  private static let tables: [UInt32] = {
    var t = [UInt32](repeating: 0, count: 8 * 256)
    for i in 0..<256 {
      var c = UInt32(i)
      for _ in 0..<8 { c = c & 1 == 1 ? c >> 1 ^ 0x82F6_3B78 : c >> 1 }
      t[i] = c
    }
    for i in 0..<256 {
      for k in 1..<8 { t[k * 256 + i] = t[(k - 1) * 256 + i] >> 8 ^ t[Int(t[(k - 1) * 256 + i] & 255)] }
    }
    return t
  }()

  /// Returns the checksum of bytes, continuing from the checksum of what came before them.
  public static func checksum(_ bytes: [UInt8], continuing previous: UInt32 = 0) -> UInt32 {
    checksum(bytes[...], continuing: previous)
  }

  /// Returns the checksum of a slice of bytes.
  public static func checksum(_ bytes: ArraySlice<UInt8>, continuing previous: UInt32 = 0) -> UInt32 {
    let t = tables
    var crc = ~previous
    return unsafe bytes.withUnsafeBytes { raw in
      var i = 0
      while i + 8 <= raw.count {
        let w = unsafe UInt64(littleEndian: raw.loadUnaligned(fromByteOffset: i, as: UInt64.self)) ^ UInt64(crc)
        var next: UInt32 = 0
        for k in 0..<8 { next ^= t[(7 - k) * 256 + Int(w >> UInt64(8 * k) & 255)] }
        crc = next
        i += 8
      }
      while i < raw.count {
        crc = unsafe crc >> 8 ^ t[Int((crc ^ UInt32(raw[i])) & 255)]
        i += 1
      }
      return ~crc
    }
  }
}
