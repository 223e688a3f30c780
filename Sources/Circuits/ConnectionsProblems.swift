internal import Basics

extension Projection {
  /// What is wrong with the projection in a circuit, or nil: a rule that cannot be met, a bad distribution or delay.
  public func problem(in circuit: Circuit) -> String? {
    guard circuit.populations.indices.contains(source), circuit.populations.indices.contains(target) else {
      return "the populations \(source) and \(target) are not both in the circuit of \(circuit.populations.count)"
    }
    if case .list(let connections) = rule {
      return problem(of: connections, in: circuit) ?? plasticityProblem(in: circuit)
    }
    if let problem = ruleProblem(in: circuit) { return problem }
    if let problem = weight.problem { return "weight: \(problem)" }
    if let problem = delay.problem { return "delay: \(problem)" }
    let range = Sampler(weight).range
    guard max(abs(range.lowerBound), abs(range.upperBound)) < 1e12 else {
      return "weights reach beyond 1e12; bound them with at_most and at_least"
    }
    let step = circuit.stepMilliseconds
    let delays = Sampler(delay, unit: step).range
    let longest = Double(Connections.longestDelaySteps)
    guard delays.lowerBound > -longest, delays.upperBound <= longest else {
      return
        "delays reach \(delays.upperBound * step) ms, more than \(Connections.longestDelaySteps) steps of \(step) ms; "
        + "bound them with at_most"
    }
    if let constant = Sampler(delay, unit: step).constant, constant.rounded() < 1 {
      return "the delay of \(constant * step) ms is shorter than a step of \(step) ms"
    }
    return plasticityProblem(in: circuit)
  }

  private func ruleProblem(in circuit: Circuit) -> String? {
    let (from, to) = (circuit.populations[source], circuit.populations[target])
    let same = source == target && !autapses
    func picks(_ count: Int, _ what: String, among candidates: Int) -> String? {
      if count < 0 { return "\(what) = \(count) must be at least 0" }
      if count > 0, candidates == 0 { return "\(what) = \(count): there is no neuron to draw from" }
      if !multapses, count > candidates {
        return "\(what) = \(count) without multapses needs as many candidates, there are \(candidates)"
      }
      return nil
    }
    switch rule {
    case .oneToOne where from.size != to.size:
      return
        "one_to_one joins populations of equal size, '\(from.name)' has \(from.size) neurons, '\(to.name)' \(to.size)"
    case .oneToOne, .allToAll, .list: return nil
    case .fixedIndegree(let count): return picks(count, "fixed_indegree", among: from.size - (same ? 1 : 0))
    case .fixedOutdegree(let count): return picks(count, "fixed_outdegree", among: to.size - (same ? 1 : 0))
    case .fixedTotalNumber(let count):
      return picks(count, "fixed_total_number", among: to.size * (from.size - (same ? 1 : 0)))
    case .pairwiseBernoulli(let p):
      return (0...1).contains(p) ? nil : "pairwise_bernoulli = \(p) must lie between 0 and 1"
    }
  }

  private func problem(of connections: [ListedConnection], in circuit: Circuit) -> String? {
    let (from, to) = (circuit.populations[source], circuit.populations[target])
    for c in connections {
      guard from.neurons.contains(Int(c.source.index)) else {
        return "neuron \(c.source.number) is not in the source population '\(from.name)'"
      }
      guard to.neurons.contains(Int(c.target.index)) else {
        return "neuron \(c.target.number) is not in the target population '\(to.name)'"
      }
      let pair = "the connection \(c.source.number) > \(c.target.number)"
      guard c.weight.isFinite, abs(c.weight) < 1e12 else { return "\(pair) has the weight \(c.weight)" }
      let steps = (c.delayMilliseconds / circuit.stepMilliseconds).rounded()
      guard steps >= 1, steps <= Double(Connections.longestDelaySteps) else {
        return
          "\(pair) has a delay of \(c.delayMilliseconds) ms; 1 to \(Connections.longestDelaySteps) steps are possible"
      }
    }
    return nil
  }

  /// The least and the greatest delay in steps that the projection can have, or nil when it has no synapses.
  public func delayRange(in circuit: Circuit) -> ClosedRange<Int>? {
    let step = circuit.stepMilliseconds
    func limited(_ steps: Double) -> Int { Int(min(max(steps, 1), Double(Connections.longestDelaySteps))) }
    switch rule {
    case .list(let connections):
      let delays = connections.map { limited(($0.delayMilliseconds / step).rounded(.toNearestOrEven)) }
      guard let least = delays.min(), let greatest = delays.max() else { return nil }
      return least...greatest
    case .fixedIndegree(0), .fixedOutdegree(0), .fixedTotalNumber(0), .pairwiseBernoulli(0): return nil
    default:
      let range = Sampler(delay, unit: step).range
      let least = limited(range.lowerBound.rounded(.toNearestOrEven))
      return least...max(least, limited(range.upperBound.rounded(.toNearestOrEven)))
    }
  }

  /// The greatest absolute weight that the projection can have, now or, where it is plastic, ever.
  public var greatestWeight: Double {
    if case .stdp(let rule) = plasticity { return max(abs(rule.greatestWeight), greatestInitialWeight) }
    return greatestInitialWeight
  }

  private var greatestInitialWeight: Double {
    if case .list(let connections) = rule { return connections.reduce(0) { max($0, abs($1.weight)) } }
    let range = Sampler(weight).range
    return max(abs(range.lowerBound), abs(range.upperBound))
  }
}

extension Circuit {
  /// The least delay of any synapse in steps, or nil when there are no projections.
  public var leastDelaySteps: Int? { projections.compactMap { $0.delayRange(in: self)?.lowerBound }.min() }

  /// The number of steps between two exchanges of spikes: the least synaptic delay, at most a limit.
  public func epochSteps(limit: Int = 1000) -> Int { min(leastDelaySteps ?? limit, limit) }
}
