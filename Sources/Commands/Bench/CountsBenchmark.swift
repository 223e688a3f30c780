internal import Basics
internal import ChipCore
internal import Circuits
internal import Forecasting
internal import Partitioning
internal import Wire
internal import Workloads

/// Sizes that are the same on every machine and every time; `benchmarks/thresholds` holds them to what they were.
struct CountsBenchmark: Benchmark {
  static let name = "counts"
  static let question =
    "How many messages does an epoch take, and how many bytes a spike, a series' state and a synapse?"

  func measure(_ options: BenchmarkOptions) throws -> BenchmarkResult {
    var result = BenchmarkResult(scale: 1, cores: 1)
    try addFrame(&result.figures)
    try addTraffic(&result.figures)
    try addSeries(&result.figures)
    try addSynapses(&result.figures)
    return result
  }

  /// An epoch of 15 steps of 40 spikes among 77,169 neurons, about that of the full cortical microcircuit.
  private func addFrame(_ figures: inout Report) throws {
    let random = CounterRandom(seed: 1, stream: 0)
    var batch = SpikeBatch(steps: 0)
    for step in 0..<15 {
      batch.neurons += (0..<40).map { random.words(UInt32(step), UInt32($0))[0] % 77_169 }.sorted()
      batch.stepEnds.append(batch.neurons.count)
    }
    let header = SpikeFrame.Header(
      run: 1,
      mapHash: 2,
      generation: Generation(1),
      incarnation: Incarnation(3),
      source: CoreID(0),
      epoch: Epoch(1)
    )
    let (full, empty) = (SpikeFrame.encode(header, batch), SpikeFrame.encode(header, SpikeBatch(steps: 15)))
    figures.add("frame_bytes", title: "frame of 600 spikes", .figure(Double(full.count), "B", digits: 9))
    figures.add("empty_frame_bytes", title: "frame of none", .figure(Double(empty.count), "B", digits: 9))
  }

  /// What 100 ms of a fifth of Brunel's network send between two cores: full frames, headers included.
  private func addTraffic(_ figures: inout Report) throws {
    let circuit = CircuitLibrary.brunel(scale: 0.2)
    let plan = try Partitioner.plan(circuit: circuit, cores: 2, method: .metis)
    let tiles = try plan.layouts.map { try Tile(circuit: circuit, layout: $0, precision: .single) }
    let epochSteps = circuit.epochSteps()
    var (bytes, spikes) = (0, 0)
    while tiles[0].now.index < 1000 {
      let first = tiles[0].now
      for tile in tiles { tile.advance(from: first, count: epochSteps) }
      for (i, tile) in tiles.enumerated() {
        let header = SpikeFrame.Header(
          run: 1,
          mapHash: 2,
          generation: Generation(1),
          incarnation: Incarnation(3),
          source: CoreID(UInt16(i)),
          epoch: Epoch(first.index / Int64(epochSteps))
        )
        bytes += SpikeFrame.encode(header, tile.fired).count
        spikes += tile.fired.neurons.count
        for source in tiles { tile.receive(source.fired, from: first) }
      }
    }
    figures.add("sent_spikes", title: "spikes sent in 100 ms of a fifth of brunel", .count(spikes))
    figures.add("sent_spike_bytes", title: "their bytes on the wire", .figure(Double(bytes), "B", digits: 9))
    let microcircuit = CircuitLibrary.microcircuit(scale: 0.1)
    let frames = try Partitioner.plan(circuit: microcircuit, cores: 3, method: .metis).cut.framesPerSecond
    let epochs = 1000 / (microcircuit.stepMilliseconds * Double(microcircuit.epochSteps()))
    let messages = Int((frames / epochs).rounded())
    figures.add("messages_per_epoch", title: "messages of the microcircuit on three cores an epoch", .count(messages))
  }

  private func addSeries(_ figures: inout Report) throws {
    let calls = [Call(caller: "a", callee: "b")]
    for (key, title, configuration) in [
      ("series", "a series, ticks of 5 min", try ForecastConfiguration(tickMilliseconds: 300_000)),
      ("listening_series", "one that listens", try ForecastConfiguration(tickMilliseconds: 300_000, calls: calls)),
    ] {
      let part = ForecastPart(configuration)
      part.join(SeriesName(service: "b", metric: "requests"), number: 0, isHere: true)
      let snapshot = part.snapshot(of: ["b"]).count
      figures.add("\(key)_state_bytes", title: "state of \(title)", .figure(Double(part.byteCount), "B", digits: 9))
      figures.add("\(key)_checkpoint_bytes", title: "its checkpoint", .figure(Double(snapshot), "B", digits: 9))
    }
  }

  /// A fifth of Brunel's network in one tile, with long segments, and a tenth of the microcircuit in two, with short ones.
  private func addSynapses(_ figures: inout Report) throws {
    for (name, title, circuit, parts) in [
      ("brunel", "a fifth of brunel", CircuitLibrary.brunel(scale: 0.2), 1),
      ("microcircuit", "a tenth of the microcircuit in two parts", CircuitLibrary.microcircuit(scale: 0.1), 2),
    ] {
      let tiles = try PartLayout.roundRobin(circuit, parts: parts).map {
        try Tile(circuit: circuit, layout: $0, precision: .single).statistics
      }
      figures.add("\(name)_synapses", title: "synapses of \(title)", .count(tiles.reduce(0) { $0 + $1.synapses }))
      let bytes = Double(tiles.reduce(0) { $0 + $1.storedBytes })
      figures.add("\(name)_stored_bytes", title: "their bytes", .figure(bytes, "B", digits: 9))
    }
  }
}
