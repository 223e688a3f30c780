import Circuits
import Testing

@Suite struct CircuitSizeTests {
  @Test func `synapses are counted as the rules say`() throws {
    let circuit = try readCircuit(
      pair
        + """
        projections:
          - {from: E, to: E, rule: one_to_one}
          - {from: E, to: I}
          - {from: I, to: I, autapses: false}
          - {from: E, to: I, rule: {fixed_indegree: 7}}
          - {from: E, to: I, rule: {fixed_outdegree: 7}}
          - {from: E, to: I, rule: {fixed_total_number: 7}}
          - {from: I, to: I, rule: {pairwise_bernoulli: 0.5}, autapses: false}
          - {from: E, to: E, list: l.csv}
        """,
      ["l.csv": "source_id,target_id\n1,2\n1,2\n"]
    )
    let wanted: [Double] = [80, 1600, 380, 140, 560, 7, 190, 2]
    #expect(circuit.projections.map { $0.expectedSynapses(in: circuit) } == wanted)
    #expect(circuit.expectedSynapses == wanted.reduce(0, +))
    #expect(circuit.expectedSize().synapses == wanted.reduce(0, +))
    #expect(circuit.expectedSize().neurons == 100)
  }

  /// The prototype measured 4.9 bytes a synapse in 2 parts, 5.5 in 4, 6.9 in 8 with blocks of 16 (5.0 with blocks of 4).
  @Test(arguments: [(2, 4.4...5.1), (4, 4.6...5.6), (8, 4.6...6.9)])
  func `the estimate for the cortical microcircuit is near the measured bytes`(
    parts: Int,
    bounds: ClosedRange<Double>
  ) {
    let circuit = CircuitLibrary.microcircuit()
    let size = circuit.expectedSize(parts: parts)
    #expect(abs(size.synapses - 298.9e6) < 0.1e6)
    #expect(bounds.contains(size.bytesPerSynapse), "\(size.bytesPerSynapse)")
    #expect(size.bytes > size.synapseBytes)
    let double = circuit.expectedSize(precision: .double, parts: parts)
    #expect(double.synapseBytes > 1.9 * size.synapseBytes)
    #expect(double.synapseBytes < 2 * size.synapseBytes)
    #expect(double.stateBytes == 2 * size.stateBytes)
  }

  @Test func `more parts and more delays make synapses larger`() throws {
    func bytes(_ delay: String, _ parts: Int) throws -> Double {
      try readCircuit(pair + "projections: [{from: E, to: E, delay: \(delay)}]").expectedSize(parts: parts)
        .bytesPerSynapse
    }
    #expect(try bytes("1 ms", 1) < bytes("1 ms", 8))
    #expect(try bytes("1 ms", 1) < bytes("{uniform: [1 ms, 5 ms]}", 1))
    #expect(try readCircuit(pair).expectedSize().bytesPerSynapse == 0)
  }

  @Test func `notes name what is allowed and odd`() throws {
    let circuit = try readCircuit(
      pair
        + """
        projections:
          - {from: E, to: E, weight: {normal: [1 pA, 1 pA]}, delay: 1.26 ms}
          - {from: E, to: E, weight: {normal: [1 pA, 1 pA], at_least: 0 pA}, delay: 1.2 ms}
        """
    )
    #expect(
      circuit.notes == [
        "weights of E>E can have either sign; bound them with at_least or at_most if that is not meant",
        "the delay of E>E, 1.26 ms, is no whole number of steps and becomes 1.3 ms",
        "nothing drives population I, and no projection reaches it",
      ]
    )
    #expect(CircuitLibrary.microcircuit(scale: 0.1).notes.isEmpty)
    #expect(CircuitLibrary.brunel().notes.isEmpty)
  }
}
