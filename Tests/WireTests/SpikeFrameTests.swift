import Basics
import Testing
import Wire

struct SpikeFrameTests {
  static let header = SpikeFrame.Header(
    run: 0x0123_4567_89AB_CDEF,
    mapHash: 0xFEDC_BA98_7654_3210,
    generation: Generation(7),
    incarnation: Incarnation(0xDEAD_BEEF),
    source: CoreID(3),
    epoch: Epoch(1_000_000_007)
  )

  /// Numbers of a stream that a seed names, so that a failing case can be replayed.
  struct Numbers: RandomNumberGenerator {
    let random: CounterRandom
    var counter: UInt32 = 0
    init(seed: UInt64) { random = CounterRandom(seed: seed, stream: 1) }
    mutating func next() -> UInt64 {
      counter += 1
      let words = random.words(counter)
      return UInt64(words[0]) << 32 | UInt64(words[1])
    }
  }

  static func batch(_ g: inout Numbers) -> SpikeBatch {
    let steps = Int.random(in: 0...20, using: &g)
    let highest = ([5, 1000, .max] as [UInt32]).randomElement(using: &g) ?? 5
    var ends: [Int] = []
    var neurons: [UInt32] = []
    for _ in 0..<steps {
      let count = Int.random(in: 0...12, using: &g)
      neurons += (0..<count).map { _ in UInt32.random(in: 0...highest, using: &g) }.sorted()
      ends.append(neurons.count)
    }
    return SpikeBatch(stepEnds: ends, neurons: neurons)
  }

  @Test func `a frame reads back as it was`() throws {
    for seed in 0..<300 as Range<UInt64> {
      var g = Numbers(seed: seed)
      let frame = SpikeFrame(header: Self.header, batch: Self.batch(&g))
      #expect(try SpikeFrame(decoding: frame.encoded()) == frame, "seed \(seed)")
    }
  }

  @Test func `an empty frame is a header, a byte a step and a checksum`() throws {
    let bytes = SpikeFrame.encode(Self.header, SpikeBatch(steps: 15))
    #expect(bytes.count == 53 + 15 + 4)
    #expect(Array(bytes[0..<4]) == Array("SYNF".utf8))
    #expect(try SpikeFrame(decoding: bytes).batch == SpikeBatch(steps: 15))
  }

  @Test func `neighbours cost a byte each`() {
    let batch = SpikeBatch(stepEnds: [1000], neurons: Array(50_000..<51_000))
    #expect(SpikeFrame.encode(Self.header, batch).count == 53 + 2 + 3 + 999 + 4)
  }

  @Test func `a request to send again reads back and is no frame`() throws {
    let request = ResendRequest(header: Self.header)
    #expect(try PeerMessage(decoding: request.encoded()) == .resend(request))
    #expect(try PeerMessage(decoding: request.encoded()).header == Self.header)
    #expect(throws: WireError.self) { try SpikeFrame(decoding: request.encoded()) }
  }

  @Test func `no flipped bit passes`() {
    var g = Numbers(seed: 5)
    for bytes in [SpikeFrame.encode(Self.header, Self.batch(&g)), ResendRequest(header: Self.header).encoded()] {
      for bit in 0..<bytes.count * 8 {
        var flipped = bytes
        flipped[bit / 8] ^= 1 << UInt8(bit % 8)
        #expect(throws: WireError.self, "bit \(bit)") { try PeerMessage(decoding: flipped) }
      }
    }
  }

  @Test func `no shortened, lengthened or random bytes pass`() {
    for seed in 0..<2000 as Range<UInt64> {
      var g = Numbers(seed: seed)
      let whole = SpikeFrame.encode(Self.header, Self.batch(&g))
      let cut = Array(whole.prefix(Int.random(in: 0..<whole.count, using: &g)))
      let noise = (0..<Int.random(in: 0...300, using: &g)).map { _ in UInt8.random(in: 0...255, using: &g) }
      for bytes in [cut, noise, whole + noise + [0], Array(whole.prefix(5)) + noise] {
        #expect(throws: WireError.self, "seed \(seed)") { try PeerMessage(decoding: bytes) }
      }
    }
  }

  /// A malicious peer can compute checksums: bounds have to hold without their help.
  @Test func `random payloads under a right checksum never crash and only canonical counts pass`() {
    var passed = 0
    for seed in 0..<5000 as Range<UInt64> {
      var g = Numbers(seed: seed)
      var bytes = Array(SpikeFrame.encode(Self.header, Self.batch(&g)).dropLast(4))
      for _ in 0..<Int.random(in: 1...6, using: &g) {
        bytes[Int.random(in: 5..<bytes.count, using: &g)] = UInt8.random(in: 0...255, using: &g)
      }
      if Bool.random(using: &g) { bytes.removeLast(Int.random(in: 0...min(20, bytes.count - 1), using: &g)) }
      var w = ByteWriter()
      w.writeRaw(bytes)
      w.write(CRC32C.checksum(bytes))
      guard case .spikes(let frame) = try? PeerMessage(decoding: w.bytes) else { continue }
      passed += 1
      #expect(frame.batch.stepEnds.last ?? 0 == frame.batch.neurons.count, "seed \(seed)")
      for offset in frame.batch.stepEnds.indices {
        let spikes = Array(frame.batch.spikes(at: offset))
        #expect(spikes == spikes.sorted(), "seed \(seed)")
      }
    }
    #expect(passed > 100)
  }

  @Test func `counts that cannot fit are refused before anything is reserved`() {
    var bytes = Array(SpikeFrame.encode(Self.header, SpikeBatch(steps: 2)).dropLast(4))
    for i in 45..<53 { bytes[i] = 0xFF }
    var w = ByteWriter()
    w.writeRaw(bytes)
    w.write(CRC32C.checksum(bytes))
    #expect {
      try PeerMessage(decoding: w.bytes)
    } throws: { error in
      (error as? WireError)?.problem == "4294967295 steps and 4294967295 spikes are announced, 2 bytes are left"
    }
  }

  @Test func `another wire version is named`() {
    var bytes = SpikeFrame.encode(Self.header, SpikeBatch(steps: 1))
    bytes[4] = 9
    #expect {
      try PeerMessage(decoding: bytes)
    } throws: { error in
      "\(error)"
        == "message between cores: wire version 9, this process speaks \(wireVersion); start both from one build (at byte 6)"
    }
  }
}
