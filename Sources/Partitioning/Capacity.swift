public import Basics

internal import Circuits

/// A limit of a chip that a plan does not keep.
public struct CapacityProblem: Sendable, Equatable, CustomStringConvertible {
  /// Which limit.
  public enum Limit: String, Sendable {
    case neurons, synapseMemory, stateMemory, fanIn, fanOut, delay, machineMemory
  }
  /// The core that does not keep it; nil when no core in particular does not.
  public var core: CoreID?
  /// The limit.
  public var limit: Limit
  /// What the plan needs, in neurons, bytes, sources, pairs or steps.
  public var needed: Double
  /// What the chip has.
  public var available: Double
  /// The least number of cores with which everything fits; nil when no number does.
  public var coresThatFit: Int?
  /// One sentence: which core, which limit, by how much, and what would fit.
  public var description: String
}

extension PartitionPlan {
  /// What does not fit a chip: problems of the circuit first, then core by core.
  ///
  /// Expected numbers are compared, so a circuit that fills a chip to the last synapse may still miss it when drawn.
  /// - Parameters:
  ///   - profile: the chip.
  ///   - machineMemoryBytes: memory that all cores share, where they are processes of one machine.
  /// - Returns: the problems, none when the circuit fits.
  public func fits(_ profile: ChipProfile, machineMemoryBytes: Double? = nil) -> [CapacityProblem] {
    var problems = delayProblems(profile)
    if let memory = machineMemoryBytes { problems += memoryProblems(memory) }
    let check = CapacityCheck(circuit: circuit, profile: profile, assumptions: assumptions)
    let excesses = loads.flatMap { check.excesses(of: $0) }
    guard !excesses.isEmpty else { return problems }
    let fitting = check.leastCores(above: cores, method: usedMethod)
    return problems + excesses.map { check.problem($0, coresThatFit: fitting) }
  }

  private func delayProblems(_ profile: ChipProfile) -> [CapacityProblem] {
    guard let allowed = profile.delaySteps else { return [] }
    var problems: [CapacityProblem] = []
    for projection in circuit.projections {
      guard let range = projection.delayRange(in: circuit) else { continue }
      let pair = "\(circuit.populations[projection.source].name)>\(circuit.populations[projection.target].name)"
      for (steps, limit) in [(range.lowerBound, allowed.lowerBound), (range.upperBound, allowed.upperBound)]
      where !allowed.contains(steps) {
        problems.append(
          CapacityProblem(
            limit: .delay,
            needed: Double(steps),
            available: Double(limit),
            description:
              "delays of \(pair) reach \(steps) steps of \(circuit.stepMilliseconds) ms; \(profile.name) has "
              + "\(allowed.lowerBound) to \(allowed.upperBound); change the delays or the step"
          )
        )
      }
    }
    return problems
  }

  private func memoryProblems(_ available: Double) -> [CapacityProblem] {
    let needed = loads.reduce(0) { $0 + $1.bytes }
    guard needed > available else { return [] }
    return [
      CapacityProblem(
        limit: .machineMemory,
        needed: needed,
        available: available,
        description: "all cores together need \(bytesText(needed)) and the machine has \(bytesText(available)), "
          + "\(bytesText(needed - available)) less; use fewer synapses or more machines"
      )
    ]
  }

  /// Things about the circuit that a chip computes otherwise, one sentence each.
  public func notes(on profile: ChipProfile) -> [String] {
    var notes: [String] = []
    if profile.arithmetic == .integer {
      notes.append("\(profile.name) computes with integers; this simulator runs the circuit's own models")
    }
    if let bits = profile.weightBits { notes.append("\(profile.name) keeps \(bits) bits of a weight") }
    if let perChip = profile.coresPerChip {
      notes.append("\(cores) cores are \((cores + perChip - 1) / perChip) chips of \(perChip)")
    }
    return notes
  }
}

/// Compares loads of cores with the limits of a chip.
private struct CapacityCheck {
  let circuit: Circuit
  let profile: ChipProfile
  let assumptions: CostAssumptions

  typealias Excess = (core: CoreID, limit: CapacityProblem.Limit, needed: Double, available: Double)

  func excesses(of load: PartitionPlan.CoreLoad) -> [Excess] {
    var excesses: [Excess] = []
    func compare(_ limit: CapacityProblem.Limit, _ needed: Double, _ available: Double?) {
      // Expectations are sums of rounded numbers: a limit that is met to nine digits is met.
      guard let available, needed > available * (1 + 1e-9) else { return }
      excesses.append((load.core, limit, needed, available))
    }
    if !profile.holdsSeveralTiles { compare(.neurons, Double(load.neurons), profile.neuronsPerCore.map(Double.init)) }
    compare(.synapseMemory, synapseBytes(load), profile.synapseMemoryBytes)
    compare(.stateMemory, load.stateBytes, profile.stateMemoryBytes)
    compare(.fanIn, load.fanIn, profile.fanIn.map(Double.init))
    compare(.fanOut, load.fanOut, profile.fanOut.map(Double.init))
    return excesses
  }

  private func synapseBytes(_ load: PartitionPlan.CoreLoad) -> Double {
    profile.synapseBits.map { load.synapses * $0 / 8 } ?? load.bytes - load.stateBytes
  }

  /// The least number of cores with which every core keeps every limit; nil when none is found.
  ///
  /// Doubles until it fits, then halves the gap; limits that do not fall with the number of cores end the search.
  func leastCores(above cores: Int, method: Partitioner.Method) -> Int? {
    let most = min(Partitioner.mostParts, circuit.neuronCount, max(cores, 20_000_000 / circuit.populations.count))
    var (low, high) = (cores, cores)
    repeat {
      guard high < most else { return nil }
      (low, high) = (high, min(2 * high, most))
    } while !fits(high, method)
    while high - low > 1 {
      let middle = (low + high) / 2
      if fits(middle, method) { high = middle } else { low = middle }
    }
    return high
  }

  private func fits(_ cores: Int, _ method: Partitioner.Method) -> Bool {
    let slices = method == .metis ? Partitioner.clusters(circuit, cores, assumptions) : nil
    let layouts =
      slices?.map { PartLayout(part: PartID(0), slices: $0) } ?? PartLayout.roundRobin(circuit, parts: cores)
    let placement = Placement(circuit, layouts, coreOfPart: Array(0..<cores), cores: cores)
    let survey = TrafficSurvey(placement, assumptions)
    let bytes = circuit.expectedSize(precision: assumptions.precision, parts: cores).bytesPerSynapse
    return PartitionPlan.loads(placement, survey, bytesPerSynapse: bytes, assumptions).allSatisfy {
      excesses(of: $0).isEmpty
    }
  }

  func problem(_ excess: Excess, coresThatFit: Int?) -> CapacityProblem {
    let (needed, available) = (excess.needed.rounded(.up), excess.available)
    let what: String
    switch excess.limit {
    case .neurons:
      what = "has \(count(needed)) neurons and room for \(count(available)), \(count(needed - available)) more"
    case .synapseMemory, .stateMemory, .machineMemory:
      let kind = excess.limit == .stateMemory ? "state" : "synapses"
      what =
        "needs \(bytesText(needed)) for \(kind) and has \(bytesText(available)), \(bytesText(needed - available)) more"
    case .fanIn:
      what =
        "receives from \(count(needed)) neurons and has \(count(available)) axons, \(count(needed - available)) more"
    case .fanOut, .delay:
      what =
        "sends on \(count(needed)) pairs of neuron and core and has \(count(available)), \(count(needed - available)) more"
    }
    let change =
      coresThatFit.map { "\($0) cores would fit" }
      ?? "no number of cores would fit; \(advice(excess.limit))"
    return CapacityProblem(
      core: excess.core,
      limit: excess.limit,
      needed: needed,
      available: available,
      coresThatFit: coresThatFit,
      description: "core \(excess.core.index) of \(profile.name) \(what); \(change)"
    )
  }

  private func advice(_ limit: CapacityProblem.Limit) -> String {
    switch limit {
    case .fanIn: "let neurons have fewer sources"
    case .fanOut: "let neurons have fewer targets"
    case .synapseMemory: "use fewer synapses"
    default: "use a smaller circuit"
    }
  }

  private func count(_ number: Double) -> String { "\(Int(number))" }
}

/// Bytes with three digits and a unit.
private func bytesText(_ bytes: Double) -> String {
  let units = ["B", "KiB", "MiB", "GiB", "TiB"]
  var (value, unit) = (bytes, 0)
  while value >= 1024, unit < units.count - 1 { (value, unit) = (value / 1024, unit + 1) }
  let scale: Double = value < 10 ? 100 : value < 100 ? 10 : 1
  let rounded = (value * scale).rounded() / scale
  return (rounded == rounded.rounded() ? "\(Int(rounded))" : "\(rounded)") + " " + units[unit]
}
