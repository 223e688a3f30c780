internal import Basics
internal import ChipCore
internal import Circuits
internal import Forecasting
internal import Partitioning

/// The cost of an event, of a neuron's step and of a series from small to large.
struct ScalingBenchmark: Benchmark {
  static let name = "scaling"
  static let question = "Do a synaptic event, a neuron's step and a series cost the same in small and in large?"
  static let isPartOfAll = false

  /// Scales of the cortical microcircuit: 10,000 synapses to 299 million.
  private static let scales = [0.006, 0.011, 0.018, 0.033, 0.058, 0.1, 0.18, 0.33, 0.58, 1]
  private static let series = [10, 30, 100, 300, 1000, 3000, 10_000, 40_000]
  /// Least CPU time of a figure.
  private static let leastNanoseconds = 3e8
  private static let leastEventsPerStep = 5.0

  func measure(_ options: BenchmarkOptions) throws -> BenchmarkResult {
    var result = BenchmarkResult(scale: options.scale ?? 1, cores: 1)
    try addNetworks(options, &result)
    try addForecasters(options, &result)
    result.figures.notes = [
      "CPU time of one thread without processes. A step is that of a neuron with its Poisson input and no synapses; the "
        + "spikes themselves, their queues and their synapses count as events. Series have ticks of an hour."
    ]
    return result
  }

  // MARK: networks

  private func addNetworks(_ options: BenchmarkOptions, _ result: inout BenchmarkResult) throws {
    var table = Table([
      Table.Column("synapses"), Table.Column("neurons"), Table.Column("event_ns", title: "EVENT", unit: "ns"),
      Table.Column("dense_event_ns", title: "EVENT, 60 A SEGMENT", unit: "ns"),
      Table.Column("update_ns", title: "STEP OF A NEURON", unit: "ns"),
      Table.Column("bytes_per_synapse", title: "STORED", unit: "B/synapse"),
      Table.Column("events_per_step", title: "EVENTS PER STEP"),
    ])
    var (synapses, events, dense, updates): ([Double], [Double], [Double], [Double]) = ([], [], [], [])
    for scale in Self.scales where scale <= options.scale ?? 1 {
      options.context.log.info("scaling", ("microcircuit", "\(scale)"))
      let point = try Self.network(scale, options.precision)
      table.append([
        .count(point.synapses), .count(point.neurons), point.event.isNaN ? .none : .number(point.event, digits: 3),
        .number(point.denseEvent, digits: 3), .number(point.update, digits: 3),
        .number(point.bytes, digits: 3), .number(point.eventsPerStep, digits: 3),
      ])
      synapses.append(Double(point.synapses))
      events.append(point.event)
      dense.append(point.denseEvent)
      updates.append(point.update)
    }
    result.figures.add("networks", heading: "Cortical microcircuit at ten scales", table)
    var picture = SVGPlot(
      "Cost of an event and of a neuron's step, one core",
      x: .init("synapses", kind: .logarithmic),
      y: .init("ns", kind: .logarithmic, covering: 0.1...10)
    )
    picture.add("event in the network", .dottedLine, x: synapses, y: events)
    picture.add("event, 60 synapses a segment", .dottedLine, x: synapses, y: dense)
    picture.add("step of a neuron with Poisson input", .dottedLine, x: synapses, y: updates)
    result.pictures.append(("scaling-networks", picture))
  }

  private struct NetworkPoint {
    var synapses: Int, neurons: Int, event: Double, denseEvent: Double, update: Double, bytes: Double,
      eventsPerStep: Double
  }

  private static func network(_ scale: Double, _ precision: Precision) throws -> NetworkPoint {
    let circuit = CircuitLibrary.microcircuit(scale: scale)
    let plan = try Partitioner.plan(circuit: circuit, cores: 1, method: .metis)
    // The same neurons and noise, which moves nobody: without spikes a step is update and input alone.
    var silent = circuit
    silent.projections = []
    silent.recorders = []
    silent.stimuli = circuit.stimuli.map { stimulus in
      guard case .poisson(let name, let rate, let targets, _, let delay) = stimulus else { return stimulus }
      return .poisson(name: name, rateHertz: rate, targets: targets, weight: 1e-3, delayMilliseconds: delay)
    }
    for i in silent.populations.indices { silent.populations[i].parameters["I_e"] = 0 }
    let quiet = try plan.layouts.map { try Tile(circuit: silent, layout: $0, precision: precision) }
    let update = try nanosecondsPerStep(quiet)
    let tiles = try plan.layouts.map { try Tile(circuit: circuit, layout: $0, precision: precision) }
    run(tiles, steps: 2000)
    func eventCount() -> Int { tiles.reduce(0) { $0 + $1.statistics.synapticEvents } }
    let (before, began) = (eventCount(), tiles[0].now.index)
    let whole = try nanosecondsPerStep(tiles)
    let eventsPerStep = Double(eventCount() - before) / Double(tiles[0].now.index - began)
    let synapses = tiles.reduce(0) { $0 + $1.statistics.synapses }
    return NetworkPoint(
      synapses: synapses,
      neurons: circuit.neuronCount,
      // The difference of two times says nothing about what is a hundredth of them.
      event: eventsPerStep >= leastEventsPerStep ? (whole - update) / eventsPerStep : .nan,
      denseEvent: try nanosecondsPerDenseEvent(synapses, precision),
      update: update / Double(circuit.neuronCount),
      bytes: Double(tiles.reduce(0) { $0 + $1.statistics.storedBytes }) / Double(synapses),
      eventsPerStep: eventsPerStep
    )
  }

  /// An event of as many synapses in the shape of the full network: some 60 of a source and delay, 25 spikes a step.
  private static func nanosecondsPerDenseEvent(_ synapses: Int, _ precision: Precision) throws -> Double {
    let (circuit, layout) = KernelBenchmark.fan(sources: max(1, synapses / KernelBenchmark.fanSynapses))
    let tile = try Tile(circuit: circuit, layout: layout, precision: precision)
    let batches = KernelBenchmark.batches(sources: circuit.populations[0].size, count: 256)
    func cost(_ body: () -> Void) throws -> Double {
      for _ in 0..<100 { body() }
      var (steps, time) = (0.0, 0.0)
      while time < leastNanoseconds {
        guard !Interruption.isRequested else { throw CommandFailure(.interrupted, "interrupted") }
        time += Stopwatch.processorNanoseconds { for _ in 0..<200 { body() } }
        steps += 200
      }
      return time / steps
    }
    let quiet = try cost { tile.advance(from: tile.now, count: 1) }
    let (before, began) = (tile.statistics.synapticEvents, tile.now.index)
    let busy = try cost {
      let step = tile.now
      tile.advance(from: step, count: 1)
      tile.receive(batches[Int(step.index) % batches.count], from: step)
    }
    let events = Double(tile.statistics.synapticEvents - before) / Double(tile.now.index - began)
    return (busy - quiet) / events
  }

  /// Runs steps until they took long enough to be told, and returns the time of one.
  private static func nanosecondsPerStep(_ tiles: [Tile]) throws -> Double {
    run(tiles, steps: 100)
    var (steps, time) = (0.0, 0.0)
    while time < leastNanoseconds {
      guard !Interruption.isRequested else { throw CommandFailure(.interrupted, "interrupted") }
      time += Stopwatch.processorNanoseconds { run(tiles, steps: 500) }
      steps += 500
    }
    return time / steps
  }

  private static func run(_ tiles: [Tile], steps: Int) {
    for _ in 0..<steps {
      let step = tiles[0].now
      for tile in tiles { tile.advance(from: step, count: 1) }
      for tile in tiles {
        for source in tiles { tile.receive(source.fired, from: step) }
      }
    }
  }

  // MARK: series

  private func addForecasters(_ options: BenchmarkOptions, _ result: inout BenchmarkResult) throws {
    var table = Table([
      Table.Column("series"),
      Table.Column("microseconds_per_series_and_tick", title: "TIME", unit: "µs/series/tick"),
      Table.Column("state_bytes", title: "STATE", unit: "B"),
    ])
    var (counts, times): ([Double], [Double]) = ([], [])
    for count in Self.series where Double(count) <= 40_000 * (options.scale ?? 1) || count == Self.series[0] {
      options.context.log.info("scaling", ("series", "\(count)"))
      let load = try ForecastLoad(series: count, tickMilliseconds: 3_600_000)
      // A day and a bit, so that all horizons learn.
      try load.warmUp(30)
      try load.run(1)
      let ticks = max(3, 3000 / count)
      let time = try Stopwatch.processorNanoseconds { try load.run(ticks) } / Double(ticks * load.seriesCount) / 1000
      table.append([.count(load.seriesCount), .number(time, digits: 3), .count(load.byteCount)])
      counts.append(Double(load.seriesCount))
      times.append(time)
    }
    result.figures.add("series", heading: "Forecasters", table)
    var picture = SVGPlot(
      "Cost of a series and tick, one core",
      x: .init("series", kind: .logarithmic),
      y: .init("µs per series and tick", covering: 0...1)
    )
    picture.add("", .dottedLine, x: counts, y: times)
    result.pictures.append(("scaling-series", picture))
  }
}
