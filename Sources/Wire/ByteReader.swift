/// A malformed message, frame or blob: where and what.
public struct WireError: Error, Equatable, CustomStringConvertible {
  /// What was being read, for example "spike frame".
  public var reading: String
  /// What was wrong.
  public var problem: String
  /// Byte offset of the problem.
  public var offset: Int
  /// Describes a problem found while reading.
  public init(reading: String, problem: String, offset: Int = 0) {
    (self.reading, self.problem, self.offset) = (reading, problem, offset)
  }
  /// One sentence.
  public var description: String { "\(reading): \(problem) (at byte \(offset))" }
}

/// Reads what `ByteWriter` wrote, checking bounds before anything is allocated.
public struct ByteReader: Sendable {
  private let bytes: [UInt8]
  private let what: String
  /// Offset of the next byte.
  public private(set) var offset: Int

  /// Starts reading bytes; `what` names them in errors.
  public init(_ bytes: [UInt8], reading what: String, from offset: Int = 0) {
    (self.bytes, self.what, self.offset) = (bytes, what, offset)
  }

  /// The number of bytes not yet read.
  public var remaining: Int { bytes.count - offset }

  /// An error at the present offset.
  public func error(_ problem: String) -> WireError { WireError(reading: what, problem: problem, offset: offset) }

  /// Reads an integer of fixed width.
  public mutating func read<Value: FixedWidthInteger & BitwiseCopyable>(
    _: Value.Type = Value.self
  ) throws(WireError) -> Value {
    let size = MemoryLayout<Value>.size
    guard remaining >= size else { throw error("\(size) bytes wanted, \(remaining) left") }
    let raw = unsafe bytes.withUnsafeBytes { unsafe $0.loadUnaligned(fromByteOffset: offset, as: Value.self) }
    offset += size
    return Value(littleEndian: raw)
  }

  /// Reads the bits of a double.
  public mutating func readDouble() throws(WireError) -> Double { Double(bitPattern: try read(UInt64.self)) }

  /// Reads the bits of a float.
  public mutating func readFloat() throws(WireError) -> Float { Float(bitPattern: try read(UInt32.self)) }

  /// Reads a byte that must be 0 or 1.
  public mutating func readBool() throws(WireError) -> Bool {
    switch try read(UInt8.self) {
    case 0: return false
    case 1: return true
    case let other: throw error("a truth value is 0 or 1, found \(other)")
    }
  }

  /// Reads the version of a format, which has to be the one that this program writes.
  public mutating func readVersion(_ present: UInt8) throws(WireError) {
    let found = try read(UInt8.self)
    guard found == present else {
      throw error(
        "its format has version \(found), this program reads \(present); use the program that wrote it, or start anew"
      )
    }
  }

  /// Reads an unsigned integer written in groups of seven bits.
  public mutating func readVarint() throws(WireError) -> UInt64 {
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while true {
      guard offset < bytes.count else { throw error("a number is cut off") }
      let byte = bytes[offset]
      offset += 1
      guard shift < 63 || byte <= 1 else { throw error("a number has more than 64 bits") }
      value |= UInt64(byte & 0x7F) << shift
      if byte < 0x80 { return value }
      shift += 7
    }
  }

  /// Reads a count of elements, each at least `elementBytes` long, that can still fit into what is left.
  public mutating func readCount(elementBytes: Int) throws(WireError) -> Int {
    let count = try readVarint()
    guard count <= UInt64(remaining / max(1, elementBytes)) else {
      throw error("\(count) elements are announced, \(remaining) bytes are left")
    }
    return Int(count)
  }

  /// Reads a count and that many bytes.
  public mutating func readBlob() throws(WireError) -> [UInt8] {
    let count = try readCount(elementBytes: 1)
    defer { offset += count }
    return Array(bytes[offset..<offset + count])
  }

  /// Reads a blob that must be UTF-8.
  public mutating func readString() throws(WireError) -> String {
    let start = offset
    guard let text = String(validating: try readBlob(), as: UTF8.self) else {
      throw WireError(reading: what, problem: "a string is not UTF-8", offset: start)
    }
    return text
  }

  /// Reads numbers written by `writeArray`.
  public mutating func readArray<Value: BitwiseCopyable>(of _: Value.Type = Value.self) throws(WireError) -> [Value] {
    let stride = MemoryLayout<Value>.stride
    let count = try readCount(elementBytes: stride)
    defer { offset += count * stride }
    return unsafe Array(unsafeUninitializedCapacity: count) { target, filled in
      unsafe bytes.withUnsafeBytes { source in
        let range = unsafe UnsafeRawBufferPointer(rebasing: source[offset..<offset + count * stride])
        unsafe UnsafeMutableRawBufferPointer(target).copyMemory(from: range)
      }
      filled = count
    }
  }

  /// Reads as many bytes as the target has, as they are.
  public mutating func readRaw(into target: UnsafeMutableRawBufferPointer) throws(WireError) {
    guard target.count <= remaining else { throw error("\(remaining) bytes where \(target.count) are wanted") }
    unsafe bytes.withUnsafeBytes { source in
      unsafe target.copyMemory(from: UnsafeRawBufferPointer(rebasing: source[offset..<offset + target.count]))
    }
    offset += target.count
  }

  /// Throws unless everything was read.
  public func finish() throws(WireError) {
    guard remaining == 0 else { throw error("\(remaining) bytes too many") }
  }
}
