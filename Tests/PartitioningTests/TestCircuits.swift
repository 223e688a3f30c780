import Basics
import Circuits
import Partitioning

/// Makes a circuit of `iaf_psc_exp` populations of given sizes, without projections.
func circuit(sizes: [Int]) -> Circuit {
  var first = 0
  var circuit = Circuit(name: "test")
  for (i, size) in sizes.enumerated() {
    circuit.populations.append(
      Population(
        name: "P\(i)",
        first: NeuronID(UInt32(first)),
        size: size,
        model: "iaf_psc_exp",
        parameters: NeuronModel.iafPscExp.defaults
      )
    )
    first += size
  }
  return circuit
}

/// Joins neurons i and j of one population by a list where `joins` says so.
func listed(_ size: Int, joins: (Int, Int) -> Bool) -> Circuit {
  var result = circuit(sizes: [size])
  var list: [ListedConnection] = []
  for i in 0..<size {
    for j in 0..<size where joins(i, j) {
      list.append(
        ListedConnection(source: NeuronID(UInt32(i)), target: NeuronID(UInt32(j)), weight: 1, delayMilliseconds: 1)
      )
    }
  }
  result.projections = [Projection(source: 0, target: 0, rule: .list(list))]
  return result
}

/// Circuits of many shapes, with a name for messages.
let manyCircuits: [(name: String, circuit: Circuit)] = {
  var clusters = circuit(sizes: Array(repeating: 500, count: 8))
  for a in 0..<8 {
    clusters.projections.append(Projection(source: a, target: a, rule: .fixedIndegree(50)))
    clusters.projections.append(Projection(source: a, target: (a + 1) % 8, rule: .fixedIndegree(2)))
  }
  var chain = circuit(sizes: Array(repeating: 100, count: 30))
  for a in 0..<29 { chain.projections.append(Projection(source: a, target: a + 1, rule: .allToAll)) }
  var pairs = circuit(sizes: [300, 300])
  pairs.projections = [Projection(source: 0, target: 1, rule: .oneToOne)]
  return [
    ("one neuron", circuit(sizes: [1])), ("no synapses", circuit(sizes: [70, 3, 64])), ("clusters", clusters),
    ("chain", chain), ("pairs", pairs), ("microcircuit", CircuitLibrary.microcircuit(scale: 0.1)),
    ("full microcircuit", CircuitLibrary.microcircuit()), ("brunel", CircuitLibrary.brunel(scale: 0.2)),
    ("ring", listed(600) { ($0 + 1) % 600 == $1 || ($0 + 7) % 600 == $1 }),
    ("interleaved cliques", listed(400) { $0 % 4 == $1 % 4 && $0 != $1 }),
    ("many small populations", circuit(sizes: Array(repeating: 3, count: 3000))),
    ("many small and one large", circuit(sizes: Array(repeating: 8, count: 1500) + [200_000])),
    ("large", circuit(sizes: [400_000, 17, 100_000])),
  ]
}()
