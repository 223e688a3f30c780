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
  /// A target and a weight: 16 + 16 bits in single precision, 32 bits and a double in double precision.
  static func synapseBytes(_ precision: Precision) -> Double { precision == .single ? 4 : 12 }
  /// The place of a source's synapses of one delay.
  static let segmentBytes = 8.0
  /// Synapses of one source and delay come in blocks of this many; short segments take the smaller block.
  static func block(meanSegment: Double) -> Double { meanSegment >= 30 ? 16 : 4 }
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
      size.synapseBytes += synapseBytes(from: p, precision: precision, parts: Double(parts))
    }
    return size
  }

  /// Expected bytes of the state of one neuron of a population.
  public func stateBytesPerNeuron(_ population: Int, precision: Precision) -> Double {
    Footprint.neuronBytes(NeuronModelCatalog.anyNamed(populations[population].model), precision)
  }

  private func synapseBytes(from source: Int, precision: Precision, parts: Double) -> Double {
    let sources = Double(populations[source].size)
    // Expected synapses of one source in one part, by delay.
    var segments: [Int: Double] = [:]
    for projection in projections where projection.source == source {
      let each = projection.expectedSynapses(in: self) / sources / parts
      for (delay, share) in projection.delayShares(stepMilliseconds: stepMilliseconds) {
        segments[delay, default: 0] += each * share
      }
    }
    // Sorted, so that sums do not depend on the order of a dictionary.
    let lengths = segments.sorted { $0.key < $1.key }.map(\.value)
    let total = lengths.reduce(0, +)
    guard total > 0 else { return 0 }
    let segmentCount = lengths.reduce(0) { $0 + min($1, 1) }
    let block = Footprint.block(meanSegment: total / segmentCount)
    let bytes = lengths.reduce(0) { bytes, length in
      // A segment is there as often as it is expected, at most once; padding is half a block on average.
      let count = min(length, 1)
      let padded = max(length + count * (block - 1) / 2, count * block)
      return bytes + padded * Footprint.synapseBytes(precision) + count * Footprint.segmentBytes
    }
    return bytes * sources * parts
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
