internal import Basics
internal import Circuits

/// Which core every neuron of a circuit lies on.
struct Placement {
  let circuit: Circuit
  let cores: Int
  /// Neurons of each core and population, core after core.
  private let counts: [Int]
  /// Local places of each core: slices are padded to 64.
  let places: [Int]
  /// The core of each neuron; empty where no rule asks for single neurons.
  private let coreOfNeuron: [UInt16]

  init(_ circuit: Circuit, _ layouts: [PartLayout], coreOfPart: [Int], cores: Int) {
    (self.circuit, self.cores) = (circuit, cores)
    var counts = Array(repeating: 0, count: cores * circuit.populations.count)
    var places = Array(repeating: 0, count: cores)
    let namesNeurons = circuit.projections.contains { $0.rule.namesNeurons }
    var coreOfNeuron = [UInt16](repeating: 0, count: namesNeurons ? circuit.neuronCount : 0)
    for (layout, core) in zip(layouts, coreOfPart) {
      places[core] += layout.width
      for slice in layout.slices {
        counts[core * circuit.populations.count + slice.population] += slice.count
        guard namesNeurons, core > 0 else { continue }
        for k in 0..<slice.count { coreOfNeuron[slice.first + k * slice.stride] = UInt16(core) }
      }
    }
    (self.counts, self.places, self.coreOfNeuron) = (counts, places, coreOfNeuron)
  }

  /// The number of neurons of a population on a core.
  func count(_ core: Int, _ population: Int) -> Int { counts[core * circuit.populations.count + population] }

  /// The core of a neuron; only where a rule of the circuit names neurons.
  func core(_ neuron: Int) -> Int { Int(coreOfNeuron[neuron]) }
}

extension ConnectionRule {
  /// Whether the rule says of every synapse which two neurons it joins.
  var namesNeurons: Bool {
    switch self {
    case .oneToOne, .list: true
    default: false
    }
  }
}

extension Projection {
  /// Calls back with source and target of every synapse of a rule that names neurons.
  func forEachPair(in circuit: Circuit, _ body: (_ source: Int, _ target: Int) -> Void) {
    switch rule {
    case .oneToOne:
      let (from, to) = (circuit.populations[source].neurons, circuit.populations[target].neurons)
      for (a, b) in zip(from, to) { body(a, b) }
    case .list(let connections):
      for connection in connections { body(Int(connection.source.index), Int(connection.target.index)) }
    default: break
    }
  }
}
