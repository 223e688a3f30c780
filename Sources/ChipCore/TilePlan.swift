internal import Basics
internal import Circuits
internal import KernelTypes

/// A slice of a part, with what the circuit says about its population.
struct SlicePlan {
  /// The neurons.
  let slice: Slice
  /// Local place of its first neuron, a multiple of 64.
  let start: Int
  /// Index of the model in `ModelRegistry.all`.
  let model: Int
  /// Unit of the 16-bit weights on these neurons, a power of two.
  let quantum: Double
  /// Whether negative weights are summed in a row of their own.
  let twoRows: Bool
  /// Whether spikes must be listed.
  let listsSpikes: Bool
  /// Whether many steps can be taken at once, since nothing arrives and nobody looks.
  let runsFree: Bool

  /// The number of groups of 64 places.
  var groups: Int { (slice.count + 63) / 64 }
  /// The circuit index of the neuron at a place of the slice.
  func id(_ place: Int) -> Int { slice.first + place * slice.stride }
}

/// What a tile is to hold: the circuit and layout, checked, with the slices in local order.
struct TilePlan {
  let circuit: Circuit
  let layout: PartLayout
  let precision: Precision
  let kernels: KernelTable
  let slices: [SlicePlan]
  /// Local places, a multiple of 64.
  let width: Int

  /// Synapses per block of all tables, where it is not chosen by the length of segments.
  let synapsesPerBlock: Int?
  /// Most counters of synapses, one per source and delay, while a table is built.
  let mostCounters: Int

  /// Padding synapses point to sixteen cells behind the last place, so that 16 bits reach them.
  static let mostPlaces = 65_536 - 64

  /// Checks a circuit and a layout and works out what each slice needs.
  init(
    _ circuit: Circuit,
    _ layout: PartLayout,
    _ precision: Precision,
    _ kernels: KernelTable,
    _ options: TileOptions
  ) throws(TileError) {
    (synapsesPerBlock, mostCounters) = (options.synapsesPerBlock, max(1, options.mostCounters))
    (self.circuit, self.layout, self.precision, self.kernels) = (circuit, layout, precision, kernels)
    width = layout.width
    guard width <= Self.mostPlaces else { throw .tooManyNeurons(places: width, limit: Self.mostPlaces) }
    try Self.check(circuit, layout, precision)
    let usage = PopulationUsage(circuit)
    slices = zip(layout.slices, layout.localStarts).map { slice, start in
      let population = circuit.populations[slice.population]
      let model = ModelRegistry.all.firstIndex { $0.model.name == population.model } ?? 0
      let entry = ModelRegistry.all[model]
      let lists = entry.listsAllSpikes || usage.isHeard[slice.population]
      return SlicePlan(
        slice: slice,
        start: start,
        model: model,
        quantum: usage.quantum(slice.population),
        twoRows: entry.splitsSigns(population)
          && (precision == .double || entry.alwaysSplits || usage.recordsCurrents[slice.population]
            || population.parameters["tau_syn_ex"] != population.parameters["tau_syn_in"]),
        listsSpikes: lists,
        runsFree: !entry.takesCurrents && !lists && !usage.isReached[slice.population]
          && !usage.isRecorded[slice.population]
      )
    }
  }

  /// The model of a slice.
  func entry(_ slice: Int) -> ModelEntry { ModelRegistry.all[slices[slice].model] }

  /// The population of a slice.
  func population(_ slice: Int) -> Population { circuit.populations[slices[slice].slice.population] }

  private static func check(_ circuit: Circuit, _ layout: PartLayout, _ precision: Precision) throws(TileError) {
    guard circuit.stepMilliseconds > 0, circuit.stepMilliseconds.isFinite else {
      throw .badLayout("the step of \(circuit.stepMilliseconds) ms must be greater than 0")
    }
    for slice in layout.slices {
      guard circuit.populations.indices.contains(slice.population) else {
        throw .badLayout("there is no population \(slice.population)")
      }
      let neurons = circuit.populations[slice.population].neurons
      let last = slice.first + (slice.count - 1) * slice.stride
      guard slice.count >= 0, slice.stride > 0,
        slice.count == 0 || (neurons.contains(slice.first) && neurons.contains(last))
      else {
        throw .badLayout(
          "neurons \(slice.first), +\(slice.stride), … (\(slice.count)) are not in population \(slice.population)"
        )
      }
    }
    for population in circuit.populations {
      guard let entry = ModelRegistry.named(population.model) else {
        throw .badPopulation(name: population.name, problem: "there is no model '\(population.model)'")
      }
      guard precision == .single || entry.double != nil else {
        throw .badPopulation(name: population.name, problem: "\(population.model) runs in single precision only")
      }
      if let problem = entry.model.problem(population.parameters, circuit.stepMilliseconds) {
        throw .badPopulation(name: population.name, problem: problem)
      }
      if let problem = population.valueProblem(entry) { throw .badPopulation(name: population.name, problem: problem) }
    }
    for projection in circuit.projections {
      if let problem = projection.problem(in: circuit) {
        func name(_ index: Int) -> String {
          circuit.populations.indices.contains(index) ? circuit.populations[index].name : "\(index)"
        }
        throw .badProjection(source: name(projection.source), target: name(projection.target), problem: problem)
      }
    }
    for stimulus in circuit.stimuli {
      if let problem = stimulus.problem(in: circuit) { throw .badStimulus(name: stimulus.name, problem: problem) }
    }
    for recorder in circuit.recorders {
      if let problem = recorder.problem(in: circuit) { throw .badRecorder(problem: problem) }
    }
  }
}

extension Population {
  fileprivate func valueProblem(_ entry: ModelEntry) -> String? {
    let states = entry.model.state.map(\.name)
    for (name, distribution) in initial.sorted(by: { $0.key < $1.key }) {
      if !states.contains(name) { return "\(model) has no state variable '\(name)'" }
      if let problem = distribution.problem { return "\(name): \(problem)" }
    }
    for (name, values) in perNeuron.sorted(by: { $0.key < $1.key }) {
      if values.count != size { return "\(values.count) values of \(name) are given for \(size) neurons" }
      if let bad = values.first(where: { !$0.isFinite }) { return "\(name) has the value \(bad)" }
      let isState = name.hasSuffix("_init") && states.contains(String(name.dropLast(5)))
      if !isState, !entry.perNeuron.contains(name) {
        return "\(name) cannot differ between the neurons of a population of \(model); use a population for each value"
      }
    }
    return nil
  }
}

/// What projections, stimuli and recorders make of each population; a function of the circuit alone.
private struct PopulationUsage {
  var isHeard: [Bool]
  var isReached: [Bool]
  var isRecorded: [Bool]
  var recordsCurrents: [Bool]
  private var greatestWeight: [Double]
  private var greatestEvent: [Double]

  init(_ circuit: Circuit) {
    let none = [Bool](repeating: false, count: circuit.populations.count)
    (isHeard, isReached, isRecorded, recordsCurrents) = (none, none, none, none)
    greatestWeight = none.map { _ in 0 }
    greatestEvent = greatestWeight
    for projection in circuit.projections {
      isHeard[projection.source] = true
      isReached[projection.target] = true
      // Plastic synapses hear their target as well.
      if projection.plasticity != nil { isHeard[projection.target] = true }
      greatestWeight[projection.target] = max(greatestWeight[projection.target], projection.greatestWeight)
    }
    for case .events(_, let events) in circuit.stimuli {
      for event in events {
        guard let index = circuit.population(of: Int(event.target.index)) else { continue }
        isReached[index] = true
        greatestEvent[index] = max(greatestEvent[index], abs(event.weight))
      }
    }
    for recorder in circuit.recorders {
      switch recorder {
      case .spikes(let populations, _): for index in populations { isHeard[index] = true }
      case .state(let index, _, let variables, _, _):
        isRecorded[index] = true
        if variables.contains(where: { $0.hasPrefix("I_syn") }) { recordsCurrents[index] = true }
      case .weights, .transmitted: continue
      }
    }
  }

  /// The unit of weights: the least power of two for which every weight fits into 16 bits with sign.
  ///
  /// Given input spikes need not fit into 16 bits; the unit lets 256 of the strongest fall together on 32 bits.
  func quantum(_ population: Int) -> Double {
    max(
      powerOfTwo(atLeast: greatestWeight[population] / 32_767),
      powerOfTwo(atLeast: greatestEvent[population] * 0x1p-23)
    )
  }

  private func powerOfTwo(atLeast x: Double) -> Double {
    guard x > 0 else { return 0x1p-30 }
    let floor = Double(sign: .plus, exponent: x.exponent, significand: 1)
    return max(floor == x ? floor : 2 * floor, 0x1p-100)
  }
}

extension Circuit {
  /// The population of a neuron, or nil when there is none.
  func population(of neuron: Int) -> Int? {
    var (low, high) = (0, populations.count)
    while low < high {
      let middle = (low + high) / 2
      if populations[middle].neurons.upperBound <= neuron { low = middle + 1 } else { high = middle }
    }
    return low < populations.count && populations[low].neurons.contains(neuron) ? low : nil
  }
}
