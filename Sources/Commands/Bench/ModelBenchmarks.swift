internal import Circuits
internal import Partitioning
internal import Transport

/// Brunel's network with plastic synapses.
struct BrunelSTDPBenchmark: Benchmark {
  static let name = "brunel-stdp"
  static let question = "How long does a second of Brunel's network take with STDP from E to E?"

  func measure(_ options: BenchmarkOptions) throws -> BenchmarkResult {
    try measure(Self.name, milliseconds: 1000, options)
  }
}

/// The network of Vogels and Abbott with currents.
struct VogelsAbbottCUBABenchmark: Benchmark {
  static let name = "vogels-abbott-cuba"
  static let question = "How long does a second of 4,000 neurons with currents (Vogels and Abbott) take?"

  func measure(_ options: BenchmarkOptions) throws -> BenchmarkResult {
    try measure(Self.name, milliseconds: 5000, options)
  }
}

/// The network of Vogels and Abbott with conductances.
struct VogelsAbbottCOBABenchmark: Benchmark {
  static let name = "vogels-abbott-coba"
  static let question = "How long does a second of 4,000 neurons with conductances (Vogels and Abbott) take?"

  func measure(_ options: BenchmarkOptions) throws -> BenchmarkResult {
    try measure(Self.name, milliseconds: 5000, options)
  }
}

extension Benchmark {
  fileprivate func measure(
    _ network: String,
    milliseconds: Double,
    _ options: BenchmarkOptions
  ) throws -> BenchmarkResult {
    let scale = options.scale ?? 1
    // As many of two cores as are expected to be fastest.
    let cores =
      try options.cores ?? CircuitLibrary.named(network, scale: scale).map {
        try Partitioner.advisedCores(circuit: $0, processors: 2)
      } ?? 2
    return try CircuitMeasurement(
      network: network,
      scale: scale,
      cores: cores,
      exchange: options.exchange ?? .auto,
      milliseconds: milliseconds
    ).measure(options, compare: (nil, nil))
  }
}
