internal import Transport

/// Brunel's network with plastic synapses.
struct BrunelSTDPBenchmark: Benchmark {
  static let name = "brunel-stdp"
  static let question = "How long does a second of Brunel's network take with STDP from E to E?"

  func measure(_ options: BenchmarkOptions) throws -> BenchmarkResult {
    try CircuitMeasurement(
      network: Self.name,
      scale: options.scale ?? 1,
      cores: options.cores ?? 2,
      exchange: options.exchange ?? .auto,
      milliseconds: 1000
    ).measure(options, compare: (nil, nil))
  }
}

/// The network of Vogels and Abbott with currents.
struct VogelsAbbottCUBABenchmark: Benchmark {
  static let name = "vogels-abbott-cuba"
  static let question = "How long does a second of 4,000 neurons with currents (Vogels and Abbott) take?"

  func measure(_ options: BenchmarkOptions) throws -> BenchmarkResult {
    try CircuitMeasurement(
      network: Self.name,
      scale: options.scale ?? 1,
      cores: options.cores ?? 2,
      exchange: options.exchange ?? .auto,
      milliseconds: 5000
    ).measure(options, compare: (nil, nil))
  }
}

/// The network of Vogels and Abbott with conductances.
struct VogelsAbbottCOBABenchmark: Benchmark {
  static let name = "vogels-abbott-coba"
  static let question = "How long does a second of 4,000 neurons with conductances (Vogels and Abbott) take?"

  func measure(_ options: BenchmarkOptions) throws -> BenchmarkResult {
    try CircuitMeasurement(
      network: Self.name,
      scale: options.scale ?? 1,
      cores: options.cores ?? 2,
      exchange: options.exchange ?? .auto,
      milliseconds: 5000
    ).measure(options, compare: (nil, nil))
  }
}
