public import Circuits

extension Partitioner {
  /// On how many cores of one host a circuit is expected to run fastest, up to a number of processors.
  ///
  /// Cores share the work, but wait for each other once an epoch, the longer the more they are: where an epoch is short and
  /// the circuit small, one core is as fast as several on an idle machine and faster on a busy one, for half the CPU time. A
  /// core that has no processor of its own brings nothing either.
  /// - Throws: when the number is out of range or the circuit needs more than `mostParts` parts.
  public static func advisedCores(
    circuit: Circuit,
    processors: Int,
    assumptions: CostAssumptions = CostAssumptions()
  ) throws(PartitionError) -> Int {
    let alone = try plan(circuit: circuit, cores: 1, method: .roundRobin, assumptions: assumptions)
    if processors <= 1 { return 1 }
    let work = alone.loads.reduce(0) { $0 + $1.cpuSecondsPerSecond }
    let epochsPerSecond = 1000 / (Double(circuit.epochSteps()) * circuit.stepMilliseconds)
    let exchange = epochsPerSecond * assumptions.exchangeNanoseconds * 1e-9
    func wallSeconds(_ cores: Int) -> Double { work / Double(cores) + Double(cores - 1) * exchange }
    return (1...min(processors, mostParts)).min { wallSeconds($0) < wallSeconds($1) } ?? 1
  }
}
