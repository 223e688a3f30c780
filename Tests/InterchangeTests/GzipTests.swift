import Documents
import Foundation
import Interchange
import Testing

struct GzipTests {
  /// 40 lines `a,20` under the header `series_id,origin`, packed by another gzip.
  static let packed: [UInt8] = Array(
    Data(base64Encoded: "H4sIAAAAAAACAytOLcpMLY7PTNHJL8pMz8zjStQxMhgOBABTLVBG2QAAAA==") ?? Data()
  )
  static let plain = Array("series_id,origin\n".utf8) + Array(String(repeating: "a,20\n", count: 40).utf8)

  @Test func `what another gzip packed is unpacked`() throws {
    #expect(try Gzip.unpack(Self.packed, file: "a.gz") == Self.plain)
  }

  @Test func `members one after another are joined`() throws {
    #expect(try Gzip.unpack(Self.packed + Self.packed, file: "a.gz") == Self.plain + Self.plain)
  }

  @Test func `every cut is noticed`() {
    for length in 0..<Self.packed.count {
      #expect(throws: DocumentError.self, "cut to \(length) bytes") {
        try Gzip.unpack(Array(Self.packed.prefix(length)), file: "a.gz")
      }
    }
  }

  @Test func `damage is noticed by the checksum`() {
    for place in 10..<Self.packed.count {
      var damaged = Self.packed
      damaged[place] ^= 0x10
      #expect(throws: DocumentError.self, "byte \(place)") { try Gzip.unpack(damaged, file: "a.gz") }
    }
  }

  @Test func `a bomb stops at the limit and text that is no gzip is named`() {
    #expect(throws: DocumentError(file: "a.gz", line: 0, message: "it unpacks to more than 100 bytes")) {
      try Gzip.unpack(Self.packed, file: "a.gz", limit: 100)
    }
    #expect(throws: DocumentError.self) { try Gzip.unpack(Self.plain, file: "a.gz") }
  }
}
