import Testing
import Wire

struct ByteCodecTests {
  @Test func `what the writer wrote the reader reads`() throws {
    var w = ByteWriter(reserving: 16)
    w.write(0xAB as UInt8)
    w.write(-5 as Int64)
    w.write(0x0102_0304 as UInt32)
    w.write(-0.1)
    w.write(Float.infinity)
    w.write(true)
    w.write(false)
    w.writeBlob([1, 2, 3])
    w.writeString("Zürich")
    w.writeArray([1.5, -2.5] as [Double])
    w.writeArray([] as [UInt16])
    w.writeRaw([9, 9])
    var r = ByteReader(w.bytes, reading: "test")
    #expect(try r.read(UInt8.self) == 0xAB)
    #expect(try r.read(Int64.self) == -5)
    #expect(try r.read(UInt32.self) == 0x0102_0304)
    #expect(try r.readDouble() == -0.1)
    #expect(try r.readFloat() == .infinity)
    #expect(try r.readBool())
    #expect(try !r.readBool())
    #expect(try r.readBlob() == [1, 2, 3])
    #expect(try r.readString() == "Zürich")
    #expect(try r.readArray(of: Double.self) == [1.5, -2.5])
    #expect(try r.readArray(of: UInt16.self) == [])
    #expect(r.remaining == 2)
    #expect(throws: WireError.self) { try r.finish() }
    #expect(try r.read(UInt16.self) == 0x0909)
    try r.finish()
  }

  @Test(arguments: [0, 1, 127, 128, 70_000]) func `a blob written in place reads back as any other`(count: Int) throws {
    var w = ByteWriter()
    w.write(7 as UInt8)
    w.writeBlob { inner in for i in 0..<count { inner.write(UInt8(truncatingIfNeeded: i)) } }
    w.write(8 as UInt8)
    var r = ByteReader(w.bytes, reading: "test")
    #expect(try r.read(UInt8.self) == 7)
    #expect(try r.readBlob() == (0..<count).map { UInt8(truncatingIfNeeded: $0) })
    #expect(try r.read(UInt8.self) == 8)
    try r.finish()
  }

  @Test func `integers are little-endian`() {
    var w = ByteWriter()
    w.write(0x0102_0304 as UInt32)
    #expect(w.bytes == [4, 3, 2, 1])
  }

  @Test(arguments: [0, 1, 0x7F, 0x80, 0x3FFF, 0x4000, 0xFFFF_FFFF, UInt64.max - 1, .max])
  func `numbers in groups of seven bits read back`(value: UInt64) throws {
    var w = ByteWriter()
    w.writeVarint(value)
    #expect(w.bytes.count == max(1, (64 - value.leadingZeroBitCount + 6) / 7))
    var r = ByteReader(w.bytes, reading: "test")
    #expect(try r.readVarint() == value)
    try r.finish()
  }

  @Test func `a number of more than 64 bits or cut off is refused`() {
    let long = [UInt8](repeating: 0xFF, count: 9) + [0x02]
    #expect(throws: WireError(reading: "t", problem: "a number has more than 64 bits", offset: 10)) {
      var r = ByteReader(long, reading: "t")
      _ = try r.readVarint()
    }
    #expect(throws: WireError(reading: "t", problem: "a number is cut off", offset: 1)) {
      var r = ByteReader([0x80], reading: "t")
      _ = try r.readVarint()
    }
  }

  @Test func `reading past the end names what is missing`() {
    #expect(throws: WireError(reading: "t", problem: "4 bytes wanted, 3 left", offset: 0)) {
      var r = ByteReader([1, 2, 3], reading: "t")
      _ = try r.read(UInt32.self)
    }
  }

  @Test func `an announced count that cannot fit is refused before anything is reserved`() {
    var w = ByteWriter()
    w.writeVarint(1 << 60)
    w.writeRaw([1, 2, 3])
    let bytes = w.bytes
    #expect(throws: WireError.self) {
      var r = ByteReader(bytes, reading: "t")
      _ = try r.readBlob()
    }
    #expect(throws: WireError.self) {
      var r = ByteReader(bytes, reading: "t")
      _ = try r.readArray(of: UInt64.self)
    }
    #expect(throws: WireError.self) {
      var r = ByteReader(bytes, reading: "t")
      _ = try r.readString()
    }
    // The largest count whose size in bytes wraps around 64 bits.
    var wrapping = ByteWriter()
    wrapping.writeVarint(UInt64.max / 8 + 1)
    let wrapped = wrapping.bytes
    #expect(throws: WireError.self) {
      var r = ByteReader(wrapped, reading: "t")
      _ = try r.readArray(of: UInt64.self)
    }
  }

  @Test func `another version than the present one is refused with both`() throws {
    var r = ByteReader([4, 2], reading: "checkpoint")
    try r.readVersion(4)
    let sentence = "its format has version 2, this program reads 3; use the program that wrote it, or start anew"
    #expect(throws: WireError(reading: "checkpoint", problem: sentence, offset: 2)) { try r.readVersion(3) }
  }

  @Test func `a truth value of 2 and a string that is not UTF-8 are refused`() {
    #expect(throws: WireError.self) {
      var r = ByteReader([2], reading: "t")
      _ = try r.readBool()
    }
    #expect(throws: WireError(reading: "t", problem: "a string is not UTF-8", offset: 0)) {
      var r = ByteReader([2, 0xC3, 0x28], reading: "t")
      _ = try r.readString()
    }
  }
}

struct ChecksumTests {
  @Test func `the checksum has the values of RFC 3720`() {
    #expect(CRC32C.checksum(Array("123456789".utf8)) == 0xE306_9283)
    #expect(CRC32C.checksum([UInt8](repeating: 0, count: 32)) == 0x8A91_36AA)
    #expect(CRC32C.checksum([UInt8](repeating: 0xFF, count: 32)) == 0x62A8_AB43)
    #expect(CRC32C.checksum(Array(0..<32)) == 0x46DD_794E)
    #expect(CRC32C.checksum([]) == 0)
  }

  @Test func `the processor's instruction and the tables give one checksum`() {
    #expect(CRC32C.checksumByTables(Array("123456789".utf8)) == 0xE306_9283)
    for count in Array(0...70) + [4096, 100_003] {
      let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
      #expect(CRC32C.checksumByTables(bytes) == CRC32C.checksum(bytes), "\(count) bytes")
    }
  }

  @Test func `a checksum continues over any split`() {
    let bytes = (0..<100).map { UInt8($0 * 7 & 255) }
    let whole = CRC32C.checksum(bytes)
    for split in 0...100 {
      let first = CRC32C.checksum(bytes[..<split])
      #expect(CRC32C.checksum(bytes[split...], continuing: first) == whole)
    }
  }
}
