internal import Transport

/// The cortical microcircuit, the network that simulators of this kind are compared with.
struct MicrocircuitBenchmark: Benchmark {
  static let name = "microcircuit"
  static let question = "How long does a second of the cortical microcircuit (iaf_psc_exp) take on core processes?"

  /// Wall time per model time of the kernel study on one and two threads, without processes, exchange and records.
  private static let study: [Double: (one: Double, two: Double, bytes: Double)] = [
    1: (0.94, 0.47, 4.9), 0.5: (0.29, 0.22, 5.1), 0.1: (0.042, 0.030, 15),
  ]

  func measure(_ options: BenchmarkOptions) throws -> BenchmarkResult {
    let (scale, cores) = (options.scale ?? 0.1, options.cores ?? 2)
    let study = Self.study[scale]
    return try CircuitMeasurement(
      network: Self.name,
      scale: scale,
      cores: cores,
      exchange: options.exchange ?? .auto,
      milliseconds: max(1000, min(10_000, 1000 / scale)).rounded()
    ).measure(
      options,
      compare: (
        study.flatMap { cores > 2 ? nil : "kernel study: \(cores == 1 ? $0.one : $0.two)" },
        study.map { "kernel study, one process: \($0.bytes)" }
      )
    )
  }
}
