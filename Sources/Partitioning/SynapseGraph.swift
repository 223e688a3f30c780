internal import Circuits

/// An undirected graph of groups of neurons: how much work each is, and how many synapses join each two.
struct SynapseGraph {
  /// The neurons of each node.
  let nodes: [Slice]
  /// Expected CPU time of each node, in ns a second.
  private(set) var weights: [Double]
  /// Where the neighbours of each node begin in `neighbours`; one more than there are nodes.
  private(set) var starts: [Int] = []
  /// The neighbours of all nodes, ascending within a node.
  private(set) var neighbours: [Int] = []
  /// Expected synapses between a node and each neighbour, both directions.
  private(set) var synapses: [Double] = []

  /// Most neurons for which each is a node of its own.
  static let mostSingleNeurons = 20_000
  /// Most pairs of neurons that are joined one by one in a graph of single neurons.
  private static let mostPairs = 4_000_000
  /// About how many nodes are made of larger circuits.
  private static let groups = 1024

  /// How neurons are gathered in nodes.
  enum Grain { case neurons, blocks }

  /// Makes the graph of a circuit.
  init(_ circuit: Circuit, _ grain: Grain, _ assumptions: CostAssumptions) {
    nodes =
      grain == .neurons
      ? circuit.populations.enumerated().flatMap { p, population in
        population.neurons.map { Slice(population: p, first: $0, stride: 1, count: 1) }
      } : SynapseGraph.blocks(circuit)
    weights = []
    weights = nodeWeights(circuit, assumptions)
    join(edges(circuit))
  }

  /// The grains worth trying: single neurons where lists join them and they are few, and blocks of populations.
  static func grains(for circuit: Circuit) -> [Grain] {
    guard circuit.neuronCount <= mostSingleNeurons else { return [.blocks] }
    var pairs = 0
    var hasLists = false
    for projection in circuit.projections {
      switch projection.rule {
      case .list(let connections):
        hasLists = true
        pairs += connections.count
      case .oneToOne: pairs += circuit.populations[projection.source].size
      default: pairs += circuit.populations[projection.source].size * circuit.populations[projection.target].size
      }
    }
    return hasLists && pairs <= mostPairs ? [.neurons, .blocks] : [.blocks]
  }

  private static func blocks(_ circuit: Circuit) -> [Slice] {
    // Multiples of 64, so that blocks fill their places.
    let length = max(64, (circuit.neuronCount / groups + 63) / 64 * 64)
    return circuit.populations.enumerated().flatMap { p, population in
      stride(from: population.neurons.lowerBound, to: population.neurons.upperBound, by: length).map { first in
        Slice(population: p, first: first, stride: 1, count: min(length, population.neurons.upperBound - first))
      }
    }
  }

  /// The nodes of each population; they stand in its order.
  private func nodesOf(_ circuit: Circuit) -> [Range<Int>] {
    var ranges: [Range<Int>] = []
    for p in circuit.populations.indices {
      let first = ranges.last?.upperBound ?? 0
      let end = nodes[first...].firstIndex { $0.population != p } ?? nodes.count
      ranges.append(first..<end)
    }
    return ranges
  }

  private func nodeOfNeuron(_ circuit: Circuit) -> [Int32] {
    guard circuit.projections.contains(where: { $0.rule.namesNeurons }) else { return [] }
    var table = [Int32](repeating: 0, count: circuit.neuronCount)
    for (i, node) in nodes.enumerated() {
      for neuron in node.first..<node.first + node.count { table[neuron] = Int32(i) }
    }
    return table
  }

  private func nodeWeights(_ circuit: Circuit, _ assumptions: CostAssumptions) -> [Double] {
    let stepsPerSecond = 1000 / circuit.stepMilliseconds
    let update = circuit.populations.indices.map { p in
      stepsPerSecond
        * (assumptions.updateNanoseconds + (circuit.hasNoise(p) ? assumptions.noiseNanoseconds : 0))
    }
    var weights = nodes.map { Double($0.count) * update[$0.population] }
    let nodesOf = nodesOf(circuit)
    let nodeOfNeuron = nodeOfNeuron(circuit)
    for projection in circuit.projections {
      let event = assumptions.eventNanoseconds * assumptions.rateHertz(ofPopulation: projection.source)
      if projection.rule.namesNeurons {
        projection.forEachPair(in: circuit) { _, target in weights[Int(nodeOfNeuron[target])] += event }
      } else {
        let each = projection.expectedSynapses(in: circuit) / Double(circuit.populations[projection.target].size)
        for i in nodesOf[projection.target] { weights[i] += each * event * Double(nodes[i].count) }
      }
    }
    return weights
  }

  private typealias Edge = (pair: UInt64, synapses: Double)

  private func edges(_ circuit: Circuit) -> [Edge] {
    func pair(_ a: Int, _ b: Int) -> UInt64 { UInt64(min(a, b)) << 32 | UInt64(max(a, b)) }
    let nodesOf = nodesOf(circuit)
    let nodeOfNeuron = nodeOfNeuron(circuit)
    var named: [UInt64] = []
    var drawn: [Edge] = []
    for projection in circuit.projections {
      if projection.rule.namesNeurons {
        projection.forEachPair(in: circuit) { source, target in
          let (a, b) = (Int(nodeOfNeuron[source]), Int(nodeOfNeuron[target]))
          if a != b { named.append(pair(a, b)) }
        }
        continue
      }
      let expected = projection.expectedSynapses(in: circuit)
      guard expected > 0 else { continue }
      let (from, to) = (circuit.populations[projection.source], circuit.populations[projection.target])
      let each = expected / Double(from.size) / Double(to.size)
      for a in nodesOf[projection.source] {
        for b in nodesOf[projection.target] where a != b {
          drawn.append((pair(a, b), each * Double(nodes[a].count) * Double(nodes[b].count)))
        }
      }
    }
    // Plain numbers sort many times faster than pairs, and there may be millions.
    named.sort()
    var edges: [Edge] = []
    for key in named {
      if edges.last?.pair == key { edges[edges.count - 1].synapses += 1 } else { edges.append((key, 1)) }
    }
    return drawn.isEmpty ? edges : SynapseGraph.merged(edges + drawn)
  }

  /// Sums edges between the same two nodes in the order given, so that the sums are always the same bits.
  private static func merged(_ edges: [Edge]) -> [Edge] {
    let order = edges.indices.sorted { (edges[$0].pair, $0) < (edges[$1].pair, $1) }
    var merged: [Edge] = []
    for i in order {
      if merged.last?.pair == edges[i].pair {
        merged[merged.count - 1].synapses += edges[i].synapses
      } else {
        merged.append(edges[i])
      }
    }
    return merged
  }

  private mutating func join(_ edges: [Edge]) {
    var degrees = Array(repeating: 0, count: nodes.count)
    for edge in edges {
      degrees[Int(edge.pair >> 32)] += 1
      degrees[Int(edge.pair & 0xFFFF_FFFF)] += 1
    }
    starts = [0]
    for degree in degrees { starts.append(starts[starts.count - 1] + degree) }
    neighbours = Array(repeating: 0, count: 2 * edges.count)
    synapses = Array(repeating: 0, count: 2 * edges.count)
    var next = starts
    for edge in edges {
      let (a, b) = (Int(edge.pair >> 32), Int(edge.pair & 0xFFFF_FFFF))
      for (node, other) in [(a, b), (b, a)] {
        neighbours[next[node]] = other
        synapses[next[node]] = edge.synapses
        next[node] += 1
      }
    }
  }
}
