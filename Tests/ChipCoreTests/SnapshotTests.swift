import Basics
import ChipCore
import Circuits
import Testing
import Wire

struct SnapshotTests {
  /// Bytes of a tile's snapshot.
  private func bytes(_ tile: Tile) -> [UInt8] {
    var writer = ByteWriter()
    tile.snapshot(into: &writer)
    return writer.bytes
  }

  private func tiles(_ circuit: Circuit, _ layouts: [PartLayout], _ precision: Precision) throws -> [Tile] {
    try layouts.map { try Tile(circuit: circuit, layout: $0, precision: precision) }
  }

  @Test(arguments: [Precision.single, .double], [3, 300, 451] as [Int64])
  func `a restored tile goes on as if it had never stopped`(precision: Precision, stop: Int64) throws {
    let circuit = busyCircuit()
    let layouts = PartLayout.roundRobin(circuit, parts: 2)
    let whole = try simulate(circuit, steps: 800, over: layouts, precision)
    var outcome = Outcome()
    let before = try tiles(circuit, layouts, precision)
    run(before, until: stop, epoch: 3, into: &outcome)
    let saved = before.map { bytes($0) }
    let after = try tiles(circuit, layouts, precision)
    // The new tiles have a past of their own, which must not shine through.
    var other = Outcome()
    run(after, until: 120, epoch: 4, into: &other)
    for (tile, blob) in zip(after, saved) {
      var reader = ByteReader(blob, reading: "snapshot")
      try tile.restore(from: &reader)
      try reader.finish()
      #expect(tile.now == Step(stop))
    }
    #expect(after.reduce(0) { $0 &+ $1.digest } == before.reduce(0) { $0 &+ $1.digest })
    #expect(after.map { bytes($0) } == saved)
    run(after, until: 800, epoch: circuit.epochSteps(), into: &outcome)
    #expect(outcome.spikes == whole.spikes)
    #expect(outcome.digest == whole.digest)
  }

  @Test(arguments: [Precision.single, .double])
  func `getting ahead while spikes are on their way changes neither results nor snapshots`(precision: Precision) throws
  {
    let circuit = busyCircuit()
    let layouts = unevenRuns(circuit, parts: 3)
    var (plain, ahead, resumed) = (Outcome(), Outcome(), Outcome())
    let waiting = try tiles(circuit, layouts, precision)
    let preparing = try tiles(circuit, layouts, precision)
    run(waiting, until: 301, epoch: 3, into: &plain)
    run(preparing, until: 301, epoch: 3, preparing: true, into: &ahead)
    #expect(preparing.map { bytes($0) } == waiting.map { bytes($0) })
    // What a tile had summed of the step to come does not survive a restore.
    let others = try tiles(circuit, layouts, precision)
    run(others, until: 301, epoch: 3, preparing: true, into: &resumed)
    resumed.spikes = ahead.spikes
    for (tile, blob) in zip(others, waiting.map { bytes($0) }) {
      var reader = ByteReader(blob, reading: "snapshot")
      try tile.restore(from: &reader)
    }
    run(waiting, until: 600, epoch: 4, into: &plain)
    run(preparing, until: 600, epoch: 4, preparing: true, into: &ahead)
    run(others, until: 600, epoch: 1, preparing: true, into: &resumed)
    #expect(ahead.spikes == plain.spikes)
    #expect(ahead.digest == plain.digest)
    #expect(resumed.spikes == plain.spikes)
    #expect(resumed.digest == plain.digest)
  }

  @Test(arguments: [Precision.single, .double]) func `a snapshot fits any layout`(precision: Precision) throws {
    let circuit = busyCircuit()
    let whole = try simulate(circuit, steps: 700, precision)
    for (from, to) in [(3, 1), (1, 4), (2, 5)] {
      var outcome = Outcome()
      let before = try tiles(circuit, unevenRuns(circuit, parts: from), precision)
      run(before, until: 333, epoch: 4, into: &outcome)
      let snapshots = before.map(\.snapshot)
      let after = try tiles(circuit, PartLayout.roundRobin(circuit, parts: to), precision)
      for tile in after { try tile.restore(from: snapshots) }
      run(after, until: 700, epoch: circuit.epochSteps(), into: &outcome)
      #expect(outcome.spikes == whole.spikes, "from \(from) to \(to) parts")
      #expect(outcome.digest == whole.digest)
    }
  }

  @Test func `encoders are restored with their counts and drives`() throws {
    let circuit = encoderCircuit()
    let whole = try simulate(circuit, steps: 90)
    var outcome = Outcome()
    let before = try tiles(circuit, [.whole(circuit)], .single)
    run(before, until: 41, epoch: 10, into: &outcome)
    let after = try tiles(circuit, PartLayout.roundRobin(circuit, parts: 3), .single)
    for tile in after { try tile.restore(from: [before[0].snapshot]) }
    run(after, until: 90, epoch: 10, into: &outcome)
    #expect(outcome == whole)
  }

  @Test func `a snapshot of something else is refused and changes nothing`() throws {
    let circuit = busyCircuit()
    let tile = try Tile(circuit: circuit, layout: .whole(circuit), precision: .single)
    tile.advance(from: Step(0), count: 5)
    let (digest, snapshot) = (tile.digest, tile.snapshot)
    #expect(throws: TileError.badSnapshot("there is none")) { try tile.restore(from: []) }
    let part = try Tile(circuit: circuit, layout: PartLayout.roundRobin(circuit, parts: 2)[0], precision: .single)
    #expect(throws: TileError.badSnapshot("it lacks neuron 2")) { try tile.restore(from: [part.snapshot]) }
    let double = try Tile(circuit: circuit, layout: .whole(circuit), precision: .double)
    #expect(throws: TileError.self) { try tile.restore(from: [double.snapshot]) }
    let mixed = [snapshot, part.snapshot]
    #expect(throws: TileError.badSnapshot("the parts stopped at different steps, 5 and 0")) {
      try tile.restore(from: mixed)
    }
    #expect(tile.now == Step(5))
    #expect(tile.digest == digest)
  }

  @Test func `cut off or damaged bytes are refused`() throws {
    let circuit = encoderCircuit()
    let tile = try Tile(circuit: circuit, layout: .whole(circuit), precision: .single)
    tile.advance(from: Step(0), count: 20)
    tile.receive(tile.fired, from: Step(0))
    let whole = bytes(tile)
    for length in stride(from: 0, to: whole.count, by: 7) {
      var reader = ByteReader(Array(whole.prefix(length)), reading: "snapshot")
      #expect(throws: WireError.self) { try tile.restore(from: &reader) }
    }
    var random = SplitMix64(seed: 4)
    for _ in 0..<500 {
      var damaged = whole
      damaged[Int.random(in: 0..<whole.count, using: &random)] ^= UInt8(1 << Int.random(in: 0..<8, using: &random))
      var reader = ByteReader(damaged, reading: "snapshot")
      // Bits of a potential may change unseen, a checksum around the blob finds those; nothing may crash.
      try? tile.restore(from: &reader)
    }
  }
}
