import Basics
import ChipCore
import Circuits
import Testing
import Wire

struct LayoutTests {
  @Test(arguments: [Precision.single, .double]) func `spikes and state are the same over any parts`(
    precision: Precision
  ) throws {
    let circuit = busyCircuit()
    let whole = try simulate(circuit, steps: 800, precision)
    #expect(whole.spikes.reduce(0) { $0 + $1.count } > 500)
    for parts in [2, 3, 5] {
      #expect(try simulate(circuit, steps: 800, over: PartLayout.roundRobin(circuit, parts: parts), precision) == whole)
      #expect(try simulate(circuit, steps: 800, over: unevenRuns(circuit, parts: parts), precision) == whole)
    }
  }

  @Test(arguments: [Precision.single, .double]) func `spikes and state do not depend on the length of an epoch`(
    precision: Precision
  ) throws {
    let circuit = busyCircuit()
    #expect(circuit.epochSteps() > 2)
    let long = try simulate(circuit, steps: 600, precision)
    #expect(try simulate(circuit, steps: 600, precision, epoch: 1) == long)
    #expect(try simulate(circuit, steps: 600, precision, epoch: 2) == long)
  }

  @Test func `another seed is another run`() throws {
    #expect(try simulate(busyCircuit(seed: 5), steps: 300) != simulate(busyCircuit(seed: 6), steps: 300))
  }

  @Test func `spikes come in ascending order where slices interleave`() throws {
    let circuit = Circuit(
      name: "two",
      populations: [population("N", .iafPscDelta, size: 200, ["I_e": 1e6, "t_ref": 0])]
    )
    let slices = [0, 1].map { Slice(population: 0, first: $0, stride: 2, count: 100) }
    let tile = try Tile(circuit: circuit, layout: PartLayout(part: PartID(0), slices: slices), precision: .single)
    tile.advance(from: Step(0), count: 2)
    #expect(Array(tile.fired.spikes(at: 0)) == Array(0..<200))
    #expect(tile.fired.stepEnds == [200, 400])
  }

  @Test func `encoders are the same over any parts`() throws {
    let circuit = encoderCircuit()
    let whole = try simulate(circuit, steps: 100)
    #expect(try simulate(circuit, steps: 100, over: unevenRuns(circuit, parts: 3)) == whole)
    #expect(try simulate(circuit, steps: 100, over: PartLayout.roundRobin(circuit, parts: 4), epoch: 7) == whole)
  }
}
