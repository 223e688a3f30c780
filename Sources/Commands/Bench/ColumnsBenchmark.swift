internal import Transport

/// A million neurons and four billion synapses: columns of the microcircuit, joined by long-range projections.
struct ColumnsBenchmark: Benchmark {
  static let name = "columns"
  static let question = "How long does a second of joined columns of the cortical microcircuit take, and do they fit?"

  func measure(_ options: BenchmarkOptions) throws -> BenchmarkResult {
    try CircuitMeasurement(
      network: Self.name,
      scale: options.scale ?? 2.0 / 13,
      cores: options.cores ?? 2,
      exchange: options.exchange ?? .auto,
      milliseconds: 300,
      warmUpMilliseconds: 200
    ).measure(options, compare: (nil, nil))
  }
}
