internal import Basics
internal import ChipCore
internal import Circuits
internal import Wire

// Fixed small pieces of work: the same instructions every time. `benchmarks/thresholds` counts them with valgrind in runs
// of two lengths, so that the difference is the work alone.

/// Steps of neurons without synapses.
struct UpdatesBenchmark: Benchmark {
  static let name = "updates"
  static let question = "What do neurons do in a thousand steps? For counting instructions."
  static let isPartOfAll = false

  func measure(_ options: BenchmarkOptions) throws -> BenchmarkResult {
    let circuit = FixedWork.neurons()
    let tile = try Tile(circuit: circuit, layout: .whole(circuit), precision: options.precision)
    let steps = options.scaled(1000)
    for _ in 0..<steps { tile.advance(from: tile.now, count: 1) }
    return FixedWork.result(options, tile, steps)
  }
}

/// Steps of the same neurons that 25 spikes of 100 synapses each reach in every step.
struct EventsBenchmark: Benchmark {
  static let name = "events"
  static let question =
    "What do neurons and synapses do in a thousand steps? For counting instructions and allocations."
  static let isPartOfAll = false

  func measure(_ options: BenchmarkOptions) throws -> BenchmarkResult {
    var circuit = FixedWork.neurons()
    let first = circuit.neuronCount
    circuit.populations.append(
      Population(
        name: "sources",
        first: NeuronID(UInt32(first)),
        size: FixedWork.sources,
        model: NeuronModel.iafPscDelta.name,
        parameters: NeuronModel.iafPscDelta.defaults
      )
    )
    for target in 0..<2 {
      circuit.projections.append(
        Projection(
          source: 2,
          target: target,
          rule: .fixedOutdegree(FixedWork.synapses / 2),
          weight: Distribution(.constant(1e-4)),
          delay: Distribution(.constant(1.5))
        )
      )
    }
    let slices = (0..<2).map { i in
      Slice(
        population: i,
        first: Int(circuit.populations[i].first.index),
        stride: 1,
        count: circuit.populations[i].size
      )
    }
    let layout = PartLayout(part: PartID(0), slices: slices)
    let tile = try Tile(circuit: circuit, layout: layout, precision: options.precision)
    let steps = options.scaled(1000)
    let batches = (0..<8).map { batch in
      let neurons = (0..<FixedWork.spikesPerStep).map { UInt32(first + batch + $0 * FixedWork.sources / 25) }
      return SpikeBatch(stepEnds: [FixedWork.spikesPerStep], neurons: neurons)
    }
    for i in 0..<steps {
      let step = tile.now
      tile.advance(from: step, count: 1)
      tile.receive(batches[i % batches.count], from: step)
    }
    return FixedWork.result(options, tile, steps)
  }
}

private enum FixedWork {
  static let (sources, synapses, spikesPerStep) = (1000, 100, 25)

  /// 2,048 neurons of iaf_psc_exp with Poisson input, and as many of iaf_psc_delta; few of them fire.
  static func neurons() -> Circuit {
    var circuit = Circuit(name: "work")
    let models = [NeuronModel.iafPscExp, NeuronModel.iafPscDelta]
    circuit.populations = models.enumerated().map { i, model in
      Population(
        name: model.name,
        first: NeuronID(UInt32(i * 2048)),
        size: 2048,
        model: model.name,
        parameters: model.defaults
      )
    }
    circuit.stimuli = [
      .poisson(name: "background", rateHertz: 8000, targets: [0], weight: 30, delayMilliseconds: 1)
    ]
    return circuit
  }

  static func result(_ options: BenchmarkOptions, _ tile: Tile, _ steps: Int) -> BenchmarkResult {
    var result = BenchmarkResult(scale: options.scale ?? 1, cores: 1)
    result.figures.add("steps", .count(steps))
    result.figures.add("updates", .count(steps * 4096))
    result.figures.add("events", .count(tile.statistics.synapticEvents))
    result.figures.add("spikes", .count(tile.statistics.spikes))
    return result
  }
}
