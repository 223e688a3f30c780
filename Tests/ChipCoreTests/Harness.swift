import Basics
import ChipCore
import Circuits
import KernelTypes
import Testing
import Wire

/// What a run left behind.
struct Outcome: Equatable {
  /// Circuit indices of the neurons that fired, by step.
  var spikes: [[UInt32]] = []
  /// Sum of the digests of all tiles.
  var digest: UInt64 = 0
  /// Samples of the first recorder of state, by time, by neuron, by variable.
  var samples: [[Double]] = []

  /// Steps in which a neuron fired.
  func steps(of neuron: UInt32) -> [Int] { spikes.indices.filter { spikes[$0].contains(neuron) } }
}

/// Runs epochs on tiles that exchange their spikes, until a step; they may get ahead while others' spikes are on their way.
func run(_ tiles: [Tile], until end: Int64, epoch: Int, preparing: Bool = false, into outcome: inout Outcome) {
  while tiles[0].now.index < end {
    let first = tiles[0].now
    let count = min(epoch, Int(end - first.index))
    for tile in tiles { tile.advance(from: first, count: count) }
    for offset in 0..<count { outcome.spikes.append(tiles.flatMap { $0.fired.spikes(at: offset) }.sorted()) }
    for tile in tiles {
      tile.receive(tile.fired, from: first)
      if preparing { tile.prepare() }
      for other in tiles where other !== tile { tile.receive(other.fired, from: first) }
    }
  }
  outcome.digest = tiles.reduce(0) { $0 &+ $1.digest }
  var samples: [Int64: [NeuronID: [Double]]] = [:]
  for records in tiles.flatMap({ $0.takeRecords() }) where records.recorder == 0 {
    let width = records.variables.count
    var next = 0
    for time in records.times {
      for neuron in records.neurons {
        samples[time, default: [:]][neuron] = Array(records.values[next..<next + width])
        next += width
      }
    }
  }
  for (_, row) in samples.sorted(by: { $0.key < $1.key }) {
    outcome.samples.append(row.sorted { $0.key < $1.key }.flatMap(\.value))
  }
}

/// Builds a circuit over given layouts (one part unless said otherwise) and runs it.
func simulate(
  _ circuit: Circuit,
  steps: Int,
  over layouts: [PartLayout]? = nil,
  _ precision: Precision = .single,
  epoch: Int? = nil,
  kernels: KernelTable? = nil,
  options: TileOptions = TileOptions()
) throws -> Outcome {
  let tiles = try (layouts ?? [.whole(circuit)]).map {
    try Tile(circuit: circuit, layout: $0, precision: precision, kernels: kernels, options: options)
  }
  var outcome = Outcome()
  run(tiles, until: Int64(steps), epoch: epoch ?? circuit.epochSteps(limit: 50), into: &outcome)
  return outcome
}

/// A population with parameters that differ from the defaults.
func population(
  _ name: String,
  _ model: NeuronModel,
  first: Int = 0,
  size: Int = 1,
  _ parameters: [String: Double] = [:],
  initial: [String: Distribution] = [:]
) -> Population {
  Population(
    name: name,
    first: NeuronID(UInt32(first)),
    size: size,
    model: model.name,
    parameters: model.defaults.merging(parameters) { $1 },
    initial: initial
  )
}

/// A circuit of one neuron, whose state is recorded every step.
func oneNeuron(
  _ model: NeuronModel,
  _ parameters: [String: Double] = [:],
  stimuli: [Stimulus] = []
) -> Circuit {
  Circuit(
    name: "one",
    populations: [population("N", model, parameters)],
    stimuli: stimuli,
    recorders: [
      .state(population: 0, neurons: [], variables: model.state.map(\.name), everySteps: 1, file: "state.csv")
    ]
  )
}

/// Runs of neurons dealt out unevenly over some parts.
func unevenRuns(_ circuit: Circuit, parts: Int) -> [PartLayout] {
  var slices = [[Slice]](repeating: [], count: parts)
  for (index, population) in circuit.populations.enumerated() {
    var first = population.neurons.lowerBound
    var turn = index
    while first < population.neurons.upperBound {
      let count = min(23 + 11 * (turn % 3), population.neurons.upperBound - first)
      slices[turn % parts].append(Slice(population: index, first: first, stride: 1, count: count))
      first += count
      turn += 1
    }
  }
  return slices.enumerated().map { PartLayout(part: PartID(UInt16($0.offset)), slices: $0.element) }
}

/// A small recurrent network of three populations and two models with everything that can go on.
func busyCircuit(seed: UInt64 = 5) -> Circuit {
  let (exp, delta) = (NeuronModel.iafPscExp, NeuronModel.iafPscDelta)
  let spread = Distribution(.normal(mean: -60, deviation: 4))
  var inhibitory = population("I", exp, first: 120, size: 41, ["tau_syn_in": 4, "t_ref": 1], initial: ["V_m": spread])
  inhibitory.perNeuron["I_e"] = (0..<41).map { Double($0) }
  func projection(_ source: Int, _ target: Int, _ rule: ConnectionRule, _ weight: Double) -> Projection {
    Projection(
      source: source,
      target: target,
      rule: rule,
      weight: Distribution(.normal(mean: weight, deviation: abs(weight) / 2)),
      delay: Distribution(.normal(mean: 1.5, deviation: 0.8), atLeast: 0.5)
    )
  }
  let given = (0..<300).map { (i: Int) -> InputEvent in
    InputEvent(
      timeMilliseconds: Double(i) * 0.3 + 0.1,
      target: NeuronID(UInt32(i * 37 % 231)),
      weight: i % 3 == 0 ? -1.5 : 2,
      delayMilliseconds: 0.4
    )
  }
  let stimuli: [Stimulus] = [
    .poisson(name: "fast", rateHertz: 9000, targets: [0, 2], weight: 0.3, delayMilliseconds: 1),
    .poisson(name: "slow", rateHertz: 800, targets: [0, 1], weight: 70, delayMilliseconds: 0.7),
    .poisson(name: "dense", rateHertz: 150_000, targets: [1], weight: -0.5, delayMilliseconds: 0.3),
    .directCurrent(
      name: "step",
      amplitude: 90,
      startMilliseconds: 20,
      stopMilliseconds: 60,
      targets: [0, 1],
      delayMilliseconds: 0.1
    ),
    .events(name: "given", given),
  ]
  return Circuit(
    name: "busy",
    seed: seed,
    populations: [
      population("E", exp, size: 120, ["I_e": 200], initial: ["V_m": spread]), inhibitory,
      population("D", delta, first: 161, size: 70, ["V_min": -80], initial: ["V_m": spread]),
    ],
    projections: [
      projection(0, 0, .fixedIndegree(20), 60), projection(0, 1, .pairwiseBernoulli(0.2), 50),
      projection(1, 0, .fixedTotalNumber(1500), -90), projection(2, 2, .fixedOutdegree(12), 0.2),
      projection(0, 2, .fixedIndegree(9), 0.6), projection(1, 2, .fixedIndegree(5), -0.4),
      projection(2, 1, .fixedTotalNumber(300), 30),
    ],
    stimuli: stimuli,
    recorders: [
      .state(
        population: 1,
        neurons: [120, 133, 160].map { NeuronID($0) },
        variables: ["V_m"],
        everySteps: 7,
        file: "state.csv"
      )
    ]
  )
}
