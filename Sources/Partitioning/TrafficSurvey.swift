internal import Circuits
internal import Glibc

/// What the synapses of a circuit make of a placement: synapses and events of each core, and what crosses between cores.
///
/// Lists and one_to_one are counted exactly. Of the other rules it takes expectations: a synapse ends with equal
/// chance on every neuron of the target population, and a source with λ expected synapses on a core reaches it with the
/// probability 1 − e^(−λ).
struct TrafficSurvey {
  /// Expected synapses that end on each core.
  var synapses: [Double]
  /// Expected spikes at these synapses, a second.
  var events: [Double]
  /// Expected synapses whose two ends lie on different cores.
  var cutSynapses = 0.0
  /// Expected number of different neurons whose spikes each core receives, its own included.
  var fanIn: [Double]
  /// Expected number of pairs of a neuron of the core and a core that it sends to, its own included.
  var fanOut: [Double]
  /// Spikes a second times the cores, own included, that each has to reach.
  var deliveries = 0.0
  /// The same without the own core.
  var remoteDeliveries = 0.0

  init(_ placement: Placement, _ assumptions: CostAssumptions) {
    let none = Array(repeating: 0.0, count: placement.cores)
    (synapses, events, fanIn, fanOut) = (none, none, none, none)
    for projection in placement.circuit.projections {
      let rate = assumptions.rateHertz(ofPopulation: projection.source)
      if projection.rule.namesNeurons {
        addNamed(projection, placement, rate)
      } else {
        addExpected(projection, placement, rate)
      }
    }
    for source in placement.circuit.populations.indices {
      addReach(of: source, placement, assumptions.rateHertz(ofPopulation: source))
    }
  }

  private mutating func addNamed(_ projection: Projection, _ placement: Placement, _ rate: Double) {
    projection.forEachPair(in: placement.circuit) { source, target in
      let core = placement.core(target)
      synapses[core] += 1
      events[core] += rate
      if placement.core(source) != core { cutSynapses += 1 }
    }
  }

  private mutating func addExpected(_ projection: Projection, _ placement: Placement, _ rate: Double) {
    let circuit = placement.circuit
    let expected = projection.expectedSynapses(in: circuit)
    let (from, to) = (
      Double(circuit.populations[projection.source].size), Double(circuit.populations[projection.target].size)
    )
    let barred = projection.source == projection.target && !projection.autapses ? 1.0 : 0
    let pairs = from * (to - barred)
    guard expected > 0, pairs > 0 else { return }
    var within = 0.0
    for core in 0..<placement.cores {
      let targets = Double(placement.count(core, projection.target))
      guard targets > 0 else { continue }
      synapses[core] += expected * targets / to
      events[core] += expected * targets / to * rate
      within += targets * (Double(placement.count(core, projection.source)) - barred)
    }
    cutSynapses += expected * max(0, 1 - within / pairs)
  }

  private mutating func addReach(of source: Int, _ placement: Placement, _ rate: Double) {
    let circuit = placement.circuit
    let own = circuit.projections.filter { $0.source == source }
    guard !own.isEmpty else { return }
    let reach = expectedReach(of: source, own, placement)
    let total = reach.reduce(0, +)
    let size = Double(circuit.populations[source].size)
    for core in 0..<placement.cores {
      let neurons = Double(placement.count(core, source))
      fanIn[core] += size * reach[core]
      fanOut[core] += neurons * total
      deliveries += rate * neurons * total
      remoteDeliveries += rate * neurons * (total - reach[core])
    }
    for key in namedReach(own, placement) {
      let (neuron, core) = (Int(key >> 16), Int(key & 0xFFFF))
      // What chance does not bring there anyway.
      let more = 1 - reach[core]
      let home = placement.core(neuron)
      fanIn[core] += more
      fanOut[home] += more
      deliveries += rate * more
      if home != core { remoteDeliveries += rate * more }
    }
  }

  /// The probability that a neuron of a population reaches each core by rules that draw.
  private func expectedReach(of source: Int, _ projections: [Projection], _ placement: Placement) -> [Double] {
    let circuit = placement.circuit
    var expected = Array(repeating: 0.0, count: placement.cores)
    for projection in projections where !projection.rule.namesNeurons {
      let each = projection.expectedSynapses(in: circuit) / Double(circuit.populations[source].size)
      let targets = Double(circuit.populations[projection.target].size)
      for core in 0..<placement.cores {
        let share = Double(placement.count(core, projection.target)) / targets
        if share > 0, projection.rule == .allToAll {
          expected[core] = .infinity
        } else {
          expected[core] += each * share
        }
      }
    }
    return expected.map { 1 - exp(-$0) }
  }

  /// The pairs (neuron, core) that lists and one_to_one reach, each once, as neuron · 2¹⁶ + core.
  private func namedReach(_ projections: [Projection], _ placement: Placement) -> [UInt64] {
    var keys: [UInt64] = []
    for projection in projections {
      projection.forEachPair(in: placement.circuit) { source, target in
        keys.append(UInt64(source) << 16 | UInt64(placement.core(target)))
      }
    }
    keys.sort()
    var unique: [UInt64] = []
    for key in keys where unique.last != key { unique.append(key) }
    return unique
  }
}
