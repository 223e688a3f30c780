import Basics
import ChipCore
import Circuits
import Testing
import Wire

struct ReplayTests {
  private func circuit() -> Circuit {
    var circuit = Circuit(name: "replay", populations: [population("R", .replay, size: 5)])
    circuit.populations[0].replayed = [(0, 1), (0, 3), (7, 0), (8, 0), (99, 4)].map {
      ReplayedSpike(step: $0.0, neuron: NeuronID(UInt32($0.1)))
    }
    return circuit
  }

  @Test(arguments: [Precision.single, .double], [1, 2, 3]) func `a population replays its spikes`(
    precision: Precision,
    parts: Int
  ) throws {
    let circuit = circuit()
    let outcome = try simulate(circuit, steps: 120, over: PartLayout.roundRobin(circuit, parts: parts), precision)
    var want = [[UInt32]](repeating: [], count: 120)
    (want[0], want[7], want[8], want[99]) = ([1, 3], [0], [0], [4])
    #expect(outcome.spikes == want)
  }

  @Test func `a restored population goes on where it was`() throws {
    let circuit = circuit()
    let before = try Tile(circuit: circuit, layout: .whole(circuit), precision: .single)
    before.advance(from: Step(0), count: 8)
    let after = try Tile(circuit: circuit, layout: .whole(circuit), precision: .single)
    after.advance(from: Step(0), count: 110)
    try after.restore(from: [before.snapshot])
    after.advance(from: Step(8), count: 92)
    #expect(after.fired.spikes(at: 0) == [0])
    #expect(after.fired.spikes(at: 91) == [4])
    #expect(after.fired.neurons.count == 2)
  }
}
