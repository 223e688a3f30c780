import Circuits
import Testing

struct JoinedColumnsTests {
  @Test func `joined columns keep every in-degree of the microcircuit`() {
    let column = CircuitLibrary.microcircuit(scale: 0.1)
    let circuit = CircuitLibrary.columns(count: 6, columnScale: 0.1)
    #expect(circuit.neuronCount == 6 * column.neuronCount)
    #expect(
      circuit.populations.enumerated().allSatisfy {
        $1.neurons.lowerBound == $0 / 8 * column.neuronCount + column.populations[$0 % 8].neurons.lowerBound
      }
    )
    func total(_ circuit: Circuit, _ isWanted: (Projection) -> Bool) -> Int {
      circuit.projections.filter(isWanted).reduce(0) { sum, projection in
        if case .fixedTotalNumber(let total) = projection.rule { sum + total } else { sum }
      }
    }
    for target in 0..<8 {
      for source in 0..<8 {
        let one = total(column) { $0.source == source && $0.target == target }
        for c in 0..<6 {
          #expect(total(circuit) { $0.source % 8 == source && $0.target == 8 * c + target } == one)
          let far = total(circuit) { $0.source % 8 == source && $0.target == 8 * c + target && $0.source / 8 != c }
          #expect(abs(Double(far) - (source % 2 == 0 ? 0.05 * Double(one) : 0)) <= 0.5)
        }
      }
    }
    #expect(circuit.projections.allSatisfy { $0.problem(in: circuit) == nil })
  }

  @Test func `the full size is a million neurons and four billion synapses`() {
    let circuit = CircuitLibrary.columns()
    #expect(circuit.neuronCount == 1_003_197)
    #expect(abs(circuit.expectedSynapses - 3.885e9) < 1e6)
    #expect(CircuitLibrary.columns(scale: 0.15).neuronCount == 2 * 77_169)
    #expect((11_000...13_000).contains(CircuitLibrary.columns(scale: 0.012).neuronCount))
  }

  @Test func `far columns are reached later`() {
    let circuit = CircuitLibrary.columns(count: 7, columnScale: 0.1)
    for projection in circuit.projections where projection.source / 8 != projection.target / 8 {
      let apart = abs(projection.source / 8 - projection.target / 8)
      let distance = min(apart, 7 - apart)
      #expect((1...2).contains(distance))
      #expect(projection.delay == Distribution(.constant(1.5 + Double(distance))))
    }
  }
}
