import Basics
import ChipCore
import Circuits
import TestKit
import Testing

struct SlowReferenceTests {
  @Test(arguments: [5, 6] as [UInt64]) func `tiles in double precision do what the slow simulator does`(
    seed: UInt64
  ) throws {
    var circuit = busyCircuit(seed: seed)
    let ids = circuit.populations[0].neurons.map { NeuronID(UInt32($0)) }
    circuit.recorders = [.state(population: 0, neurons: ids, variables: ["V_m"], everySteps: 1, file: "v.csv")]
    var slow = SlowSimulator(circuit)
    let outcome = try simulate(circuit, steps: 1000, over: PartLayout.roundRobin(circuit, parts: 2), .double)
    var spikes = 0
    for step in 0..<1000 {
      let fired = slow.advance()
      spikes += fired.count
      #expect(fired == outcome.spikes[step], "step \(step), seed \(seed)")
      if fired != outcome.spikes[step] { return }
      for neuron in circuit.populations[0].neurons {
        let apart = abs(slow.value("V_m", of: neuron) - outcome.samples[step][neuron])
        #expect(apart < 1e-7)
      }
    }
    #expect(spikes > 500)
  }

  @Test func `encoders do what the slow simulator does`() throws {
    let circuit = encoderCircuit()
    var slow = SlowSimulator(circuit)
    let outcome = try simulate(circuit, steps: 200)
    // Sums of sixteenths are exact in single precision as well.
    for step in 0..<200 { #expect(slow.advance() == outcome.spikes[step]) }
    #expect(outcome.spikes.reduce(0) { $0 + $1.count } > 500)
  }
}

/// Two populations of encoders, the first of which drives the second; all numbers are short in binary.
func encoderCircuit() -> Circuit {
  var first = population("A", .rateEncoder, size: 100, ["alpha": 1])
  first.perNeuron["drive"] = (0..<100).map { Double($0 % 16) / 16 - 0.25 }
  let second = population("B", .rateEncoder, first: 100, size: 50, ["alpha": 1, "drive": -0.5])
  return Circuit(
    name: "encoders",
    populations: [first, second],
    projections: [
      Projection(
        source: 0,
        target: 1,
        rule: .fixedIndegree(10),
        weight: Distribution(.constant(0.25)),
        delay: Distribution(.constant(2.5))
      )
    ],
    recorders: [.spikes(populations: [0, 1], file: "spikes.csv")]
  )
}
