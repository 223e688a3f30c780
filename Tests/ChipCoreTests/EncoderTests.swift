import Basics
import ChipCore
import Circuits
import Testing
import Wire

struct EncoderTests {
  /// The operations of the description, one neuron at a time.
  private static func counts(alpha: Float, drive: Float, v0: Float, steps: Int) -> (v: Float, count: UInt32) {
    var (v, count) = (v0, 0 as UInt32)
    for _ in 0..<steps {
      v = max(v * alpha + drive, -1)
      if v >= 1 {
        v -= 1
        count += 1
      }
    }
    return (v, count)
  }

  @Test(arguments: [false, true]) func `counts and potentials are those of a plain loop over floats`(
    isHeard: Bool
  ) throws {
    let size = 150
    var circuit = Circuit(name: "encoders", populations: [population("A", .rateEncoder, size: size)])
    if isHeard { circuit.recorders = [.spikes(populations: [0], file: "spikes.csv")] }
    let tile = try Tile(circuit: circuit, layout: .whole(circuit), precision: .single)
    var random = SplitMix64(seed: 11)
    let alpha = (0..<size).map { _ in Float.random(in: 0.9...0.98, using: &random) }
    let v0 = (0..<size).map { _ in Float.random(in: -0.9...0.9, using: &random) }
    tile.withEncoders(.alpha, ofSlice: 0) { column in for i in 0..<size { column[i] = alpha[i] } }
    tile.withEncoders(.v0, ofSlice: 0) { column in for i in 0..<size { column[i] = v0[i] } }
    for tick in 0..<20 {
      let drive = (0..<size).map { _ in Float.random(in: -0.2...0.6, using: &random) }
      tile.restartEncoders()
      tile.withEncoders(.drive, ofSlice: 0) { column in for i in 0..<size { column[i] = drive[i] } }
      tile.advance(from: Step(Int64(50 * tick)), count: 50)
      let counts = tile.withEncoderCounts(ofSlice: 0) { column in (0..<size).map { column[$0] } }
      let v = tile.withEncoders(.v, ofSlice: 0) { column in (0..<size).map { column[$0] } }
      for i in 0..<size {
        let want = Self.counts(alpha: alpha[i], drive: drive[i], v0: v0[i], steps: 50)
        #expect(counts[i] == want.count)
        #expect(v[i].bitPattern == want.v.bitPattern)
      }
      #expect(tile.fired.neurons.count == (isHeard ? Int(counts.reduce(0, +)) : 0))
    }
  }

  @Test func `encoders take no noise and run in single precision only`() throws {
    var circuit = encoderCircuit()
    #expect(throws: TileError.self) {
      try Tile(circuit: circuit, layout: .whole(circuit), precision: .double)
    }
    circuit.stimuli = [.poisson(name: "noise", rateHertz: 1, targets: [0], weight: 1, delayMilliseconds: 1)]
    #expect(throws: TileError.badStimulus(name: "noise", problem: "rate_encoder of population 'A' takes spikes only")) {
      try Tile(circuit: circuit, layout: .whole(circuit), precision: .single)
    }
  }
}

/// A small generator for tests.
struct SplitMix64: RandomNumberGenerator {
  private var state: UInt64
  init(seed: UInt64) { state = seed }
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
