internal import Basics
public import Circuits

/// Cuts a circuit into parts and places them on cores; what comes out is a function of the circuit and the counts alone.
public enum Partitioner {
  /// How neurons are spread.
  public enum Method: String, Sendable, CaseIterable {
    /// Neuron g on core g mod cores: every population is spread evenly, which balances everything at once.
    case roundRobin = "round-robin"
    /// Neurons that are joined stay together, as METIS finds them, where that cuts fewer synapses at equal balance; a circuit
    /// too large for a part a core is cut along its communities where it has some.
    case metis
    /// Groups of populations with many synapses within and few between stay together, in as few parts as hold them.
    case communities
  }

  /// The most local places of a part: its neurons, every slice padded to 64.
  public static let mostPlaces = 65_472

  /// The most parts, and the most cores.
  public static let mostParts = 65_535

  /// Spreads every population evenly over parts: neuron g lies in part g mod parts.
  ///
  /// - Throws: when a part would have more than `mostPlaces` places; the error names a number of parts that would do.
  public static func roundRobin(circuit: Circuit, parts: Int) throws(PartitionError) -> [PartLayout] {
    try check(parts, "parts")
    let layouts = PartLayout.roundRobin(circuit, parts: parts)
    try check(layouts, of: circuit)
    return layouts
  }

  /// Cuts as few synapses as METIS can at equal balance; spreads by round robin where that brings nothing.
  ///
  /// Balance is of the time that update and incoming spikes are expected to take. METIS is taken where it cuts at least
  /// 65 % fewer synapses than round robin and its slowest part takes at most 5 % longer.
  /// - Throws: when a part would have more than `mostPlaces` places.
  public static func metis(
    circuit: Circuit,
    parts: Int,
    assumptions: CostAssumptions = CostAssumptions()
  ) throws(PartitionError) -> [PartLayout] {
    try check(parts, "parts")
    guard let slices = clusters(circuit, parts, assumptions) else {
      return try roundRobin(circuit: circuit, parts: parts)
    }
    let layouts = slices.enumerated().map { PartLayout(part: PartID(UInt16($0)), slices: $1) }
    try check(layouts, of: circuit)
    return layouts
  }

  /// Cuts a circuit for a number of cores, in as many parts as that takes, and works out what to expect.
  ///
  /// A core holds more than one part where one has too few places; parts are numbered so that part p of a round robin
  /// lies on core p mod cores.
  /// - Throws: when the number of cores is out of range or the circuit needs more than `mostParts` parts.
  public static func plan(
    circuit: Circuit,
    cores: Int,
    method: Method,
    assumptions: CostAssumptions = CostAssumptions()
  ) throws(PartitionError) -> PartitionPlan {
    try check(cores, "cores")
    var used = method
    var layouts: [PartLayout] = []
    var coreOfPart: [Int] = []
    let isLarge = circuit.neuronCount > cores * mostPlaces
    if method == .communities || (method == .metis && isLarge),
      let found = Communities.tiles(circuit, cores, assumptions)
    {
      used = .communities
      (layouts, coreOfPart) = found
    } else if method == .metis, let slices = clusters(circuit, cores, assumptions) {
      used = .metis
      (layouts, coreOfPart) = try tiles(slices)
    } else {
      used = .roundRobin
      (layouts, coreOfPart) = try roundRobinTiles(circuit, cores)
    }
    return PartitionPlan(
      circuit,
      layouts: layouts,
      coreOfPart: coreOfPart,
      cores: cores,
      method: method,
      usedMethod: used,
      assumptions
    )
  }

  private static func check(_ count: Int, _ what: String) throws(PartitionError) {
    guard (1...mostParts).contains(count) else {
      throw PartitionError("\(count) \(what): between 1 and \(mostParts) are possible")
    }
  }

  private static func check(_ layouts: [PartLayout], of circuit: Circuit) throws(PartitionError) {
    guard let widest = layouts.map(\.width).max(), widest > mostPlaces else { return }
    throw PartitionError(
      "\(circuit.neuronCount) neurons in \(layouts.count) parts: a part has \(widest) places, at most \(mostPlaces) are "
        + "possible; use at least \(layouts.count * ((widest - 1) / mostPlaces + 1)) parts"
    )
  }
}
