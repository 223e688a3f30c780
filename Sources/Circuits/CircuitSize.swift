internal import Basics

/// What a circuit will take, worked out from its rules before anything is built.
public struct CircuitSize: Sendable, Equatable {
  /// The number of neurons.
  public var neurons: Int
  /// The expected number of synapses.
  public var synapses: Double
  /// Expected bytes of the state of all neurons.
  public var stateBytes: Double
  /// Expected bytes of all synapses, padding and index included.
  public var synapseBytes: Double

  /// Expected bytes of everything.
  public var bytes: Double { stateBytes + synapseBytes }
  /// Expected bytes of a synapse, padding and index included; 0 when there is none.
  public var bytesPerSynapse: Double { synapses > 0 ? synapseBytes / synapses : 0 }
}

/// Bytes that kernels need, from measurements of the prototype (full cortical microcircuit: 4.9 bytes a synapse).
enum Footprint {
  /// A target and a weight: 16 + 16 bits in single precision, 16 + 48 bits in double precision.
  static func synapseBytes(_ precision: Precision) -> Double { precision == .single ? 4 : 8 }
  /// A plastic synapse: a target of 16 bits and a weight in the precision of the neurons.
  static func plasticBytes(_ precision: Precision) -> Double { precision == .single ? 6 : 10 }
  /// The place of a source's synapses of one delay.
  static let segmentBytes = 4.0
  /// What a source takes in each part where it has synapses.
  static let rowBytes = 12.0
  /// Columns of a neuron beside its state variables: accumulators, refractory count, background.
  static func neuronBytes(_ model: NeuronModel?, _ precision: Precision) -> Double {
    let columns = Double((model?.state.count ?? 1) + 3)
    return columns * (precision == .single ? 4 : 8)
  }
}

extension Projection {
  /// The expected number of synapses of the projection.
  public func expectedSynapses(in circuit: Circuit) -> Double {
    let (from, to) = (circuit.populations[source].size, circuit.populations[target].size)
    let barred = source == target && !autapses ? Double(from) : 0
    let pairs = Double(from) * Double(to) - barred
    switch rule {
    case .oneToOne: return barred > 0 ? 0 : Double(from)
    case .allToAll: return pairs
    case .fixedIndegree(let count): return Double(count) * Double(to)
    case .fixedOutdegree(let count): return Double(count) * Double(from)
    case .fixedTotalNumber(let count): return Double(count)
    case .pairwiseBernoulli(let p): return p * pairs
    case .list(let connections): return Double(connections.count)
    }
  }

  /// The shares of the projection's synapses that have each delay in steps.
  func delayShares(stepMilliseconds: Double) -> [Int: Double] {
    func steps(_ delay: Double) -> Int { max(1, StepGrid.nearest(delay, stepMilliseconds: stepMilliseconds)) }
    var shares: [Int: Double] = [:]
    if case .list(let connections) = rule {
      for connection in connections {
        shares[steps(connection.delayMilliseconds), default: 0] += 1 / Double(connections.count)
      }
      return shares
    }
    let sampler = Sampler(delay)
    if let constant = sampler.constant { return [steps(constant): 1] }
    // Draws are monotone in their word: evenly spaced words give quantiles of equal weight.
    let quantiles: UInt32 = 512
    for i in 0..<quantiles {
      let word = (i &* (UInt32.max / quantiles)) &+ UInt32.max / quantiles / 2
      shares[steps(Double(sampler.value(of: word))), default: 0] += 1 / Double(quantiles)
    }
    return shares
  }
}

extension Circuit {
  /// The expected number of synapses.
  public var expectedSynapses: Double { projections.reduce(0) { $0 + $1.expectedSynapses(in: self) } }

  /// Works out what the circuit takes when it is spread evenly over a number of parts.
  ///
  /// Each part keeps a source's synapses of one delay together, padded to whole blocks: the more parts and the more
  /// delays, the shorter these segments and the more bytes a synapse.
  public func expectedSize(precision: Precision = .single, parts: Int = 1) -> CircuitSize {
    precondition(parts > 0)
    var size = CircuitSize(neurons: neuronCount, synapses: expectedSynapses, stateBytes: 0, synapseBytes: 0)
    for (p, population) in populations.enumerated() {
      size.stateBytes += Double(population.size) * stateBytesPerNeuron(p, precision: precision)
    }
    for group in segmentGroups(ontoShares: { _ in 1 / Double(parts) }) {
      size.synapseBytes += Double(parts) * synapseBytes(group, precision)
    }
    return size
  }

  /// Expected bytes of the synapses that end in a part, padding and index included.
  public func expectedSynapseBytes(precision: Precision = .single, endingIn layout: PartLayout) -> Double {
    let shares = shares(of: layout)
    return segmentGroups(ontoShares: { shares[$0] }).reduce(0) { $0 + synapseBytes($1, precision) }
  }

  /// The share of each population's neurons that a part holds.
  public func shares(of layout: PartLayout) -> [Double] {
    var shares = [Double](repeating: 0, count: populations.count)
    for slice in layout.slices {
      shares[slice.population] += Double(slice.count) / Double(max(1, populations[slice.population].size))
    }
    return shares
  }

  /// Expected bytes of the state of one neuron of a population.
  public func stateBytesPerNeuron(_ population: Int, precision: Precision) -> Double {
    Footprint.neuronBytes(NeuronModelCatalog.anyNamed(populations[population].model), precision)
  }

  private func synapseBytes(_ group: SegmentGroup, _ precision: Precision) -> Double {
    let rows = Double(populations[group.source].size) * Footprint.rowBytes
    if group.isPlastic {
      // Without padding, but each segment with its delay and place, each source with its last spike and trace.
      return group.synapses * Footprint.plasticBytes(precision) + 2 * group.segments * Footprint.segmentBytes + 2 * rows
    }
    let block = Double(SynapseBlock.synapses(forMeanLength: group.meanLength))
    // Padding is half a block on average; a segment is at least one block.
    let padded = max(group.synapses + group.segments * (block - 1) / 2, group.segments * block)
    return padded * Footprint.synapseBytes(precision) + group.segments * Footprint.segmentBytes + rows
  }

  /// Things about the circuit that are allowed and worth a look, one sentence each.
  public var notes: [String] {
    var notes: [String] = []
    for projection in projections {
      let pair = "\(populations[projection.source].name)>\(populations[projection.target].name)"
      if case .list = projection.rule { continue }
      let weights = Sampler(projection.weight).range
      if weights.lowerBound < 0, weights.upperBound > 0 {
        notes.append(
          "weights of \(pair) can have either sign; bound them with at_least or at_most if that is not meant"
        )
      }
      guard let delay = Sampler(projection.delay).constant,
        StepGrid.exact(delay, stepMilliseconds: stepMilliseconds) == nil
      else { continue }
      let steps = max(1, StepGrid.nearest(delay, stepMilliseconds: stepMilliseconds))
      let rounded = TimeStamps(stepMilliseconds: stepMilliseconds).milliseconds(steps: Int64(steps))
      notes.append("the delay of \(pair), \(delay) ms, is no whole number of steps and becomes \(rounded) ms")
    }
    for (p, population) in populations.enumerated() where !isDriven(p) {
      notes.append("nothing drives population \(population.name), and no projection reaches it")
    }
    return notes
  }

  private func isDriven(_ p: Int) -> Bool {
    let population = populations[p]
    if population.perNeuron["I_e"] != nil || population.parameters["I_e", default: 0] != 0 { return true }
    if projections.contains(where: { $0.target == p }) { return true }
    return stimuli.contains { stimulus in
      switch stimulus {
      case .poisson(_, _, let targets, _, _), .directCurrent(_, _, _, _, let targets, _): targets.contains(p)
      case .events(_, let events): events.contains { population.neurons.contains(Int($0.target.index)) }
      }
    }
  }
}
