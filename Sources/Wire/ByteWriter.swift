/// Appends numbers and strings to bytes, little-endian, in the one codec that frames, messages and checkpoints share.
public struct ByteWriter: Sendable {
  /// What was written so far.
  public private(set) var bytes: [UInt8] = []

  /// Makes an empty writer with room for a number of bytes.
  public init(reserving capacity: Int = 0) { bytes.reserveCapacity(capacity) }

  /// Appends an integer of fixed width.
  public mutating func write<Value: FixedWidthInteger>(_ value: Value) {
    let little = value.littleEndian
    unsafe withUnsafeBytes(of: little) { unsafe bytes.append(contentsOf: $0) }
  }

  /// Appends the bits of a double.
  public mutating func write(_ value: Double) { write(value.bitPattern) }

  /// Appends the bits of a float.
  public mutating func write(_ value: Float) { write(value.bitPattern) }

  /// Appends one byte, 1 for true.
  public mutating func write(_ value: Bool) { write(value ? 1 as UInt8 : 0) }

  /// Appends an unsigned integer in groups of seven bits, low group first (LEB128).
  public mutating func writeVarint(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(truncatingIfNeeded: rest))
  }

  /// Appends a count and that many bytes.
  public mutating func writeBlob(_ blob: some Collection<UInt8>) {
    writeVarint(UInt64(blob.count))
    bytes.append(contentsOf: blob)
  }

  /// Appends a blob that is written in place; its count is filled in afterwards, so that it takes five bytes.
  public mutating func writeBlob(_ write: (inout ByteWriter) -> Void) {
    let start = bytes.count
    bytes.append(contentsOf: repeatElement(0, count: 5))
    write(&self)
    let count = bytes.count - start - 5
    precondition(count < 1 << 35, "a count of five groups")
    for i in 0..<5 { bytes[start + i] = UInt8(count >> (7 * i) & 0x7F) | (i < 4 ? 0x80 : 0) }
  }

  /// Appends a string as a blob of UTF-8.
  public mutating func writeString(_ text: String) { writeBlob(Array(text.utf8)) }

  /// Appends a count and the bit patterns of many numbers at once.
  public mutating func writeArray<Value: BitwiseCopyable>(_ values: [Value]) {
    writeVarint(UInt64(values.count))
    unsafe values.withUnsafeBytes { unsafe bytes.append(contentsOf: $0) }
  }

  /// Appends bytes as they are.
  public mutating func writeRaw(_ raw: some Collection<UInt8>) { bytes.append(contentsOf: raw) }
}
