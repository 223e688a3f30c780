public import Basics
public import Circuits

/// How a circuit is cut into parts, which core holds each, and what is expected of that.
public struct PartitionPlan: Sendable {
  /// What is expected of one core.
  public struct CoreLoad: Sendable, Equatable {
    /// The core.
    public var core: CoreID
    /// Its neurons.
    public var neurons: Int
    /// Its local places: neurons with the padding of their slices to 64.
    public var places: Int
    /// Expected synapses that end on it.
    public var synapses: Double
    /// Expected spikes at these synapses, a second.
    public var eventsPerSecond: Double
    /// Expected bytes of the state of its neurons on a host.
    public var stateBytes: Double
    /// Expected bytes of its state and synapses on a host.
    public var bytes: Double
    /// Expected number of different neurons whose spikes it receives.
    public var fanIn: Double
    /// Expected number of pairs of one of its neurons and a core that this sends to.
    public var fanOut: Double
    /// Expected CPU seconds a second of model time on a host, exchange apart.
    public var cpuSecondsPerSecond: Double
  }

  /// What crosses between cores.
  public struct Cut: Sendable, Equatable {
    /// Expected synapses whose ends lie on different cores.
    public var synapses: Double
    /// Their share of all synapses, 0 to 1.
    public var share: Double
    /// Spikes sent from core to core a second: every spike goes to each other core that its population projects to.
    public var spikesPerSecond: Double
    /// The least that could be sent: every spike only to other cores where its neuron has a target.
    public var leastSpikesPerSecond: Double
    /// Frames a second: one an epoch for every pair of cores between which spikes go.
    public var framesPerSecond: Double
  }

  /// The circuit that was cut.
  public let circuit: Circuit
  /// What was assumed of it.
  public let assumptions: CostAssumptions
  /// The parts in the order of their number; every neuron lies in exactly one slice of one of them.
  public let layouts: [PartLayout]
  /// The core that holds each part.
  public let coreOfPart: [CoreID]
  /// The number of cores.
  public let cores: Int
  /// The method asked for.
  public let method: Partitioner.Method
  /// The method that made the plan; not the one asked for when METIS brought nothing.
  public let usedMethod: Partitioner.Method
  /// What is expected of each core, in the order of cores.
  public let loads: [CoreLoad]
  /// What crosses between cores.
  public let cut: Cut
  /// For each population the parts that hold targets of it, ascending: where its spikes are sent.
  public let populationTargets: [[PartID]]
  let deliveriesPerSecond: Double
  let remoteDeliveriesPerSecond: Double

  init(
    _ circuit: Circuit,
    layouts: [PartLayout],
    coreOfPart: [Int],
    cores: Int,
    method: Partitioner.Method,
    usedMethod: Partitioner.Method,
    _ assumptions: CostAssumptions
  ) {
    (self.circuit, self.assumptions, self.layouts, self.cores) = (circuit, assumptions, layouts, cores)
    (self.method, self.usedMethod) = (method, usedMethod)
    self.coreOfPart = coreOfPart.map { CoreID(UInt16($0)) }
    populationTargets = Partitioner.populationTargets(circuit, layouts)
    let placement = Placement(circuit, layouts, coreOfPart: coreOfPart, cores: cores)
    let survey = TrafficSurvey(placement, assumptions)
    var loads = PartitionPlan.loads(placement, survey, bytesPerSynapse: 0, assumptions)
    for (layout, core) in zip(layouts, coreOfPart) {
      loads[core].bytes += circuit.expectedSynapseBytes(precision: assumptions.precision, endingIn: layout)
    }
    self.loads = loads
    deliveriesPerSecond = survey.deliveries
    remoteDeliveriesPerSecond = survey.remoteDeliveries
    let targetCores = populationTargets.map { parts in Set(parts.map { coreOfPart[Int($0.index)] }).sorted() }
    let total = circuit.expectedSynapses
    cut = Cut(
      synapses: survey.cutSynapses,
      share: total > 0 ? survey.cutSynapses / total : 0,
      spikesPerSecond: PartitionPlan.spikesPerSecond(placement, targetCores, assumptions),
      leastSpikesPerSecond: survey.remoteDeliveries,
      framesPerSecond: PartitionPlan.framesPerSecond(placement, targetCores)
    )
  }

  /// The greatest load of a core over the mean, in CPU time; 1 is perfect balance.
  public var imbalance: Double {
    let times = loads.map(\.cpuSecondsPerSecond)
    let mean = times.reduce(0, +) / Double(times.count)
    return mean > 0 ? (times.max() ?? mean) / mean : 1
  }

  static func loads(
    _ placement: Placement,
    _ survey: TrafficSurvey,
    bytesPerSynapse: Double,
    _ assumptions: CostAssumptions
  ) -> [CoreLoad] {
    let circuit = placement.circuit
    let stateBytes = circuit.populations.indices.map {
      circuit.stateBytesPerNeuron($0, precision: assumptions.precision)
    }
    let hasNoise = circuit.populations.indices.map(circuit.hasNoise)
    let stepsPerSecond = 1000 / circuit.stepMilliseconds
    return (0..<placement.cores).map { core in
      let counts = circuit.populations.indices.map { placement.count(core, $0) }
      let state = zip(counts, stateBytes).reduce(0) { $0 + Double($1.0) * $1.1 }
      let noisy = zip(counts, hasNoise).reduce(0) { $0 + ($1.1 ? $1.0 : 0) }
      let nanoseconds =
        stepsPerSecond
        * (Double(placement.places[core]) * assumptions.updateNanoseconds + Double(noisy) * assumptions.noiseNanoseconds)
        + survey.events[core] * assumptions.eventNanoseconds
      return CoreLoad(
        core: CoreID(UInt16(core)),
        neurons: counts.reduce(0, +),
        places: placement.places[core],
        synapses: survey.synapses[core],
        eventsPerSecond: survey.events[core],
        stateBytes: state,
        bytes: state + survey.synapses[core] * bytesPerSynapse,
        fanIn: survey.fanIn[core],
        fanOut: survey.fanOut[core],
        cpuSecondsPerSecond: nanoseconds * 1e-9
      )
    }
  }

  private static func spikesPerSecond(
    _ placement: Placement,
    _ targetCores: [[Int]],
    _ assumptions: CostAssumptions
  ) -> Double {
    placement.circuit.populations.enumerated().reduce(0) { sum, entry in
      let (p, population) = entry
      let local = targetCores[p].reduce(0) { $0 + placement.count($1, p) }
      let copies = population.size * targetCores[p].count - local
      return sum + assumptions.rateHertz(ofPopulation: p) * Double(copies)
    }
  }

  private static func framesPerSecond(_ placement: Placement, _ targetCores: [[Int]]) -> Double {
    // Populations with the same targets send together, and cores that hold the same of these groups send alike.
    let groups = Set(targetCores.filter { !$0.isEmpty }).sorted { $0.lexicographicallyPrecedes($1) }
    let groupOf = targetCores.map { targets in groups.firstIndex(of: targets) }
    var reachedBy: [[Bool]: Set<Int>] = [:]
    var pairs = 0
    for core in 0..<placement.cores {
      var sends = Array(repeating: false, count: groups.count)
      for (p, group) in groupOf.enumerated() where placement.count(core, p) > 0 {
        if let group { sends[group] = true }
      }
      let reached = reachedBy[sends] ?? Set(zip(groups, sends).filter(\.1).flatMap(\.0))
      reachedBy[sends] = reached
      pairs += reached.count - (reached.contains(core) ? 1 : 0)
    }
    let epochMilliseconds = Double(placement.circuit.epochSteps()) * placement.circuit.stepMilliseconds
    return Double(pairs) * 1000 / epochMilliseconds
  }
}

extension Circuit {
  /// Whether a Poisson stimulus drives a population.
  func hasNoise(_ p: Int) -> Bool {
    stimuli.contains { stimulus in
      if case .poisson(_, _, let targets, _, _) = stimulus { targets.contains(p) } else { false }
    }
  }
}
