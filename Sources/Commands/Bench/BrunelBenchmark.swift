internal import Transport

/// Brunel's random network, whose neurons fire much and whose synapses all have one delay.
struct BrunelBenchmark: Benchmark {
  static let name = "brunel"
  static let question = "How long does a second of Brunel's random network (iaf_psc_delta) take on core processes?"

  func measure(_ options: BenchmarkOptions) throws -> BenchmarkResult {
    let (scale, cores) = (options.scale ?? 1, options.cores ?? 2)
    let isStudied = scale == 1 && cores <= 2
    return try CircuitMeasurement(
      network: Self.name,
      scale: scale,
      cores: cores,
      exchange: options.exchange ?? .auto,
      milliseconds: max(1000, min(10_000, 4000 / scale)).rounded()
    ).measure(
      options,
      compare: (
        isStudied ? "kernel study: \(cores == 1 ? 0.20 : 0.125)" : nil,
        isStudied ? "kernel study, one process: 5.8" : nil
      )
    )
  }
}
