import Basics
import ChipCore
import Circuits
import FoundationEssentials
import Testing
import Wire

/// The circuits in `examples/` do what their comments say.
@Suite struct ExampleCircuitsTests {
  private func example(_ name: String) throws -> Circuit {
    let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../examples")
    let file = folder.appending(path: name).path
    return try CircuitFile.read(bytes: Array(try Data(contentsOf: URL(filePath: file))), file: file) { path in
      Array(try Data(contentsOf: URL(filePath: path)))
    }
  }

  /// Runs a circuit as one part and returns, for each population, the times of its spikes in ms.
  private func spikes(of circuit: Circuit, untilMilliseconds end: Int64) throws -> [[Double]] {
    let tile = try Tile(circuit: circuit, layout: .whole(circuit), precision: .single)
    let stamps = TimeStamps(stepMilliseconds: circuit.stepMilliseconds)
    let steps = circuit.epochSteps()
    var times = Array(repeating: [Double](), count: circuit.populations.count)
    while tile.now.index < end * 10 {
      let first = tile.now
      tile.advance(from: first, count: steps)
      for offset in 0..<steps {
        for neuron in tile.fired.spikes(at: offset) {
          let p = circuit.populations.firstIndex { $0.neurons.contains(Int(neuron)) }
          times[try #require(p)].append(stamps.milliseconds(atEndOf: Step(first.index + Int64(offset))))
        }
      }
      tile.receive(tile.fired, from: first)
    }
    return times
  }

  private func mean(_ times: [Double]) -> Double { times.reduce(0, +) / Double(times.count) }

  @Test func `the volley runs along the synfire chain`() throws {
    let times = try spikes(of: example("synfire-chain.yaml"), untilMilliseconds: 150)
    #expect(times.map(\.count) == Array(repeating: 100, count: 10))
    for group in times { #expect((group.max() ?? 0) - (group.min() ?? 0) <= 0.5) }
    for (a, b) in zip(times, times.dropFirst()) { #expect(abs(mean(b) - mean(a) - 6.03) < 0.05) }
    #expect(abs(mean(times[0]) - 51.7) < 0.15)
    #expect(abs(mean(times[9]) - 106.1) < 0.15)
  }

  @Test func `the volley dies where weights are too small`() throws {
    var chain = try example("synfire-chain.yaml")
    for p in chain.projections.indices { chain.projections[p].weight = Distribution(.constant(15)) }
    let weak = try spikes(of: chain, untilMilliseconds: 150)
    #expect(weak.map(\.count) == [100] + Array(repeating: 0, count: 9))
    for p in chain.projections.indices { chain.projections[p].weight = Distribution(.constant(30)) }
    let slow = try spikes(of: chain, untilMilliseconds: 150)
    #expect(slow.map(\.count) == Array(repeating: 100, count: 10))
    #expect(mean(slow[9]) - mean(slow[0]) > 56)
  }

  @Test func `the sparse random network fires at its rate`() throws {
    let circuit = try example("brunel.yaml")
    let times = try spikes(of: circuit, untilMilliseconds: 1000)
    for (population, times) in zip(circuit.populations, times) {
      let rate = Double(times.count) / Double(population.size)
      #expect((30...34.5).contains(rate), "\(population.name): \(rate) Hz")
    }
  }

  @Test func `the cortical microcircuit fires as in NEST`() throws {
    let circuit = try example("microcircuit.yaml")
    let times = try spikes(of: circuit, untilMilliseconds: 2000)
    let wanted = [0.459, 2.093, 3.944, 5.006, 6.716, 7.767, 0.866, 6.975]
    for (p, population) in circuit.populations.enumerated() {
      let rate = Double(times[p].count) / Double(population.size) / 2
      #expect(abs(rate - wanted[p]) < 0.12 * wanted[p] + 0.05, "\(population.name): \(rate) Hz, not \(wanted[p])")
    }
  }
}
