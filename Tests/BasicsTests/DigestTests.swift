import Basics
import Testing

struct DigestTests {
  @Test func `bytes that lie side by side or do not give the same digest`() {
    for count in [0, 1, 7, 8, 9, 16, 1003] {
      let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ 11) }
      // A reversed collection offers no contiguous storage.
      #expect(Digest64.of(bytes) == Digest64.of(Array(bytes.reversed()).reversed()), "\(count) bytes")
      #expect(Digest64.of(bytes) == Digest64.of(([0, 1, 2] + bytes)[3...]), "\(count) bytes at an odd place")
    }
  }

  @Test func `digests never change`() {
    #expect(Digest64.of([]) == 0xC385_FB0A_5B69_8A7D)
    #expect(Digest64.of(Array("synfire and more".utf8)) == 0x80DF_C0E5_99D6_7F3D)
  }
}
