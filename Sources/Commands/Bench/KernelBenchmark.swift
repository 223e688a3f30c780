internal import Basics
internal import ChipCore
internal import Circuits
internal import Documents
internal import KernelTypes
internal import Kernels
internal import Wire

/// One tile on one thread, without processes and exchange: the cost of a neuron's step and of a synaptic event.
struct KernelBenchmark: Benchmark {
  static let name = "kernel"
  static let question = "What do one step of a neuron and one synaptic event cost on one core?"

  private static let rounds = 5
  /// Spikes that arrive in a step, as in the full cortical microcircuit.
  private static let spikesPerStep = 25

  func measure(_ options: BenchmarkOptions) throws -> BenchmarkResult {
    var result = BenchmarkResult(scale: options.scale ?? 1, cores: 1)
    let updates = Double(options.scaled(100_000_000))
    let exponential = try nanosecondsPerUpdate(Self.exponential, updates)
    let noisy = try nanosecondsPerUpdate(Self.noisy, updates / 4)
    let delta = try nanosecondsPerUpdate(Self.delta, updates)
    let encoders = try nanosecondsPerUpdate(Self.encoders, updates)
    result.figures.add(
      "iaf_psc_exp_ns",
      title: "step of iaf_psc_exp, 3 Hz",
      .figure(exponential, "ns", compare: "kernel study: 0.17")
    )
    result.figures.add(
      "iaf_psc_delta_ns",
      title: "step of iaf_psc_delta, 22 Hz",
      .figure(delta, "ns", compare: "kernel study: 0.24")
    )
    result.figures.add("rate_encoder_ns", title: "step of rate_encoder", .figure(encoders, "ns"))
    result.figures.add(
      "poisson_ns",
      title: "Poisson background of a neuron and step",
      .figure(noisy - exponential, "ns", compare: "kernel study: 0.23")
    )
    try measureEvents(options, &result)
    result.figures.notes = [
      "CPU time, the best of \(Self.rounds) rounds; kernels for \(KernelTable.chosen.instructionSet.rawValue), the kernel study had AVX-512."
    ]
    return result
  }

  // MARK: neurons

  /// A seventh of the neurons fires at 22 Hz, as a seventh of 22 Hz is the mean rate of the cortical microcircuit.
  private static var exponential: Circuit {
    var parameters = NeuronModel.iafPscExp.defaults
    parameters.merge(["E_L": -65, "V_th": -50, "V_reset": -65, "tau_syn_ex": 0.5, "tau_syn_in": 0.5]) { $1 }
    var busy = parameters
    busy["I_e"] = 380.2
    return circuit([("quiet", 12_288, parameters), ("busy", 2048, busy)], NeuronModel.iafPscExp, -65...(-50))
  }

  private static var noisy: Circuit {
    var circuit = exponential
    circuit.stimuli = [
      .poisson(name: "background", rateHertz: 16_000, targets: [0, 1], weight: 1e-3, delayMilliseconds: 0.1)
    ]
    return circuit
  }

  /// All neurons fire at 22 Hz, so that every seventh group of 64 holds a spike in a step, as in Brunel's network.
  private static var delta: Circuit {
    var parameters = NeuronModel.iafPscDelta.defaults
    parameters.merge(["E_L": 0, "V_th": 20, "V_reset": 10, "C_m": 1, "tau_m": 20, "I_e": 1.066]) { $1 }
    return circuit([("E", 12_800, parameters)], NeuronModel.iafPscDelta, 10...20)
  }

  private static var encoders: Circuit {
    let parameters = ["alpha": 0.9, "drive": 0.12, "v0": 0]
    return circuit([("encoders", 12_800, parameters)], NeuronModel.rateEncoder, nil)
  }

  private static func circuit(
    _ populations: [(name: String, size: Int, parameters: [String: Double])],
    _ model: NeuronModel,
    _ potentials: ClosedRange<Double>?
  ) -> Circuit {
    var circuit = Circuit(name: "kernel")
    for (name, size, parameters) in populations {
      circuit.populations.append(
        Population(
          name: name,
          first: NeuronID(UInt32(circuit.neuronCount)),
          size: size,
          model: model.name,
          parameters: parameters,
          initial: potentials.map {
            ["V_m": Distribution(.uniform(low: $0.lowerBound, high: $0.upperBound))]
          } ?? [:]
        )
      )
    }
    return circuit
  }

  private func nanosecondsPerUpdate(_ circuit: Circuit, _ updates: Double) throws -> Double {
    let tile = try Tile(circuit: circuit, layout: .whole(circuit), precision: .single)
    let calls = max(1, Int(updates / Double(circuit.neuronCount) / 100))
    let steps = calls * 100
    tile.advance(from: tile.now, count: 1000)
    let least = try Stopwatch.least(ofRounds: Self.rounds) {
      for _ in 0..<calls { tile.advance(from: tile.now, count: 100) }
    }
    return least / Double(steps) / Double(circuit.neuronCount)
  }

  // MARK: synapses

  /// Synapses of each source of `fan`.
  static let fanSynapses = 1900

  /// Sources elsewhere with 1,900 synapses each on the neurons of one tile, spread over delays: what half of the full
  /// cortical microcircuit is like, with some 60 synapses of a source and delay.
  static func fan(sources: Int) -> (Circuit, PartLayout) {
    let model = NeuronModel.iafPscDelta
    var circuit = Circuit(name: "fan")
    let targets = 38_400
    circuit.populations = [("sources", 0, sources), ("targets", sources, targets)].map { name, first, size in
      Population(
        name: name,
        first: NeuronID(UInt32(first)),
        size: size,
        model: model.name,
        parameters: model.defaults
      )
    }
    circuit.projections = [
      Projection(
        source: 0,
        target: 1,
        rule: .fixedOutdegree(fanSynapses),
        weight: Distribution(.constant(1e-4)),
        delay: Distribution(.normal(mean: 1.5, deviation: 0.75), atLeast: 0.05)
      )
    ]
    let slice = Slice(population: 1, first: sources, stride: 1, count: targets)
    return (circuit, PartLayout(part: PartID(0), slices: [slice]))
  }

  private func measureEvents(_ options: BenchmarkOptions, _ result: inout BenchmarkResult) throws {
    let (circuit, layout) = Self.fan(sources: options.scaled(15_000, atLeast: 100))
    let steps = options.scaled(2000, atLeast: 50)
    let tile: Tile
    let start = ProcessClock.nowNanoseconds()
    tile = try Tile(circuit: circuit, layout: layout, precision: .single)
    let build = Double(ProcessClock.nowNanoseconds() - start)
    let batches = Self.batches(sources: circuit.populations[0].size, count: 256)

    let quiet = try Stopwatch.least(ofRounds: Self.rounds) {
      for _ in 0..<steps { tile.advance(from: tile.now, count: 1) }
    }
    var (push, drain) = (Double.infinity, Double.infinity)
    for round in 0...Self.rounds {
      guard !Interruption.isRequested else { throw CommandFailure(.interrupted, "interrupted") }
      var (received, advanced) = (0.0, 0.0)
      let before = tile.statistics.synapticEvents
      for _ in 0..<steps {
        let step = tile.now
        advanced += Stopwatch.processorNanoseconds { tile.advance(from: step, count: 1) }
        received += Stopwatch.processorNanoseconds {
          tile.receive(batches[Int(step.index) % batches.count], from: step)
        }
      }
      // The first round fills the queues.
      guard round > 0 else { continue }
      let events = Double(tile.statistics.synapticEvents - before)
      (push, drain) = (min(push, received / events), min(drain, (advanced - quiet) / events))
    }
    let statistics = tile.statistics
    result.figures.add(
      "drain_ns_per_event",
      title: "drain of a synaptic event",
      .figure(drain, "ns", compare: "kernel study: 0.57")
    )
    result.figures.add(
      "push_ns_per_event",
      title: "push of a synaptic event",
      .figure(push, "ns", compare: "kernel study: 0.13")
    )
    result.figures.add(
      "events_per_second",
      title: "events per second and core",
      Table.Cell(
        .number(1e9 / (drain + push)),
        text: "\(NumberText.significant(1 / (drain + push), digits: 3)) G   (kernel study: 1.4 G)"
      )
    )
    result.figures.add(
      "build_ns_per_synapse",
      title: "build of a synapse",
      .figure(build / Double(statistics.synapses), "ns", compare: "kernel study: 14")
    )
    result.figures.add(
      "stored_bytes_per_synapse",
      title: "memory of a synapse, its index and queues",
      .figure(Double(statistics.storedBytes) / Double(statistics.synapses), "B", compare: "kernel study: 4.9")
    )
  }

  static func batches(sources: Int, count: Int) -> [SpikeBatch] {
    let random = CounterRandom(seed: 1, stream: 0)
    return (0..<count).map { batch in
      let neurons = (0..<spikesPerStep).map { random.words(UInt32(batch), UInt32($0))[0] % UInt32(sources) }
      return SpikeBatch(stepEnds: [spikesPerStep], neurons: neurons.sorted())
    }
  }
}
