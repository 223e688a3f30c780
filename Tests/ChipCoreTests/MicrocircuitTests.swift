import Basics
import ChipCore
import Circuits
import Testing

struct MicrocircuitTests {
  @Test func `a fiftieth of the cortical microcircuit fires at the rates known from scaled runs`() throws {
    let circuit = CircuitLibrary.microcircuit(scale: 0.02)
    #expect(circuit.neuronCount == 1544)
    let outcome = try simulate(circuit, steps: 10_000, over: PartLayout.roundRobin(circuit, parts: 2))
    let spikes = outcome.spikes.dropFirst(2000).reduce(0) { $0 + $1.count }
    let rate = Double(spikes) / 1544 / 0.8
    #expect((0.5...1.2).contains(rate), "mean rate \(rate) Hz")
  }

  @Test func `the full size is that of the publication`() {
    let circuit = CircuitLibrary.microcircuit()
    #expect(circuit.neuronCount == 77_169)
    let synapses = circuit.projections.reduce(0) { sum, projection in
      if case .fixedTotalNumber(let total) = projection.rule { sum + total } else { sum }
    }
    #expect(synapses == 298_880_968)
  }

  @Test func `a tenth of Brunel's network fires irregularly at its rate`() throws {
    let circuit = CircuitLibrary.brunel(scale: 0.1)
    let outcome = try simulate(circuit, steps: 4000)
    let rate = Double(outcome.spikes.dropFirst(1000).reduce(0) { $0 + $1.count }) / 1250 / 0.3
    #expect((15...35).contains(rate), "mean rate \(rate) Hz")
  }
}
