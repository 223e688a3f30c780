import Basics
import Circuits
import KernelTypes
import Kernels
import Testing

private let listedPair = [
  ListedConnection(source: NeuronID(3), target: NeuronID(310), weight: 0.1, delayMilliseconds: 0.3),
  ListedConnection(source: NeuronID(299), target: NeuronID(499), weight: 1e-3, delayMilliseconds: 0.1),
]
private let everyRule: [ConnectionRule] = [
  .allToAll, .fixedIndegree(3), .fixedIndegree(5000), .fixedOutdegree(25), .fixedTotalNumber(12_345),
  .pairwiseBernoulli(0.13), .pairwiseBernoulli(1), .list(listedPair),
]
private let everyWeight = [
  Distribution(.constant(0.1)), Distribution(.normal(mean: 20, deviation: 4), atLeast: 0),
  Distribution(.lognormal(mu: 1, sigma: 0.5), atMost: 20), Distribution(.uniform(low: -1, high: 2)),
  Distribution(.normal(mean: 0, deviation: 1), atLeast: -2, atMost: 2, outside: .clip),
]

/// Every synapse of the only projection, as the columns give them.
private func columns(_ circuit: Circuit, _ kernels: KernelTable?) -> [Synapse] {
  var all: [Synapse] = []
  let connections = Connections(of: circuit, endingIn: .whole(circuit), kernels: kernels)
  let first = circuit.populations[1].neurons.lowerBound
  let start = PartLayout.whole(circuit).localStarts[1]
  connections.expandColumns(0) { synapses in
    for i in 0..<synapses.count {
      let weight =
        switch synapses.weights {
        case .same(let weight): weight
        case .drawn(let weights): unsafe Double(weights[i])
        case .listed(let weights): unsafe weights[i]
        }
      unsafe all.append(
        Synapse(
          source: Int(synapses.sources[i]),
          target: Int(synapses.targets[i]) - start + first,
          weight: weight,
          delay: Int(synapses.delays[i])
        )
      )
    }
  }
  return all.sorted()
}

struct SynapseColumnsTests {
  @Test(arguments: everyRule) func `columns hold what the expansion hands over, by every instruction set`(
    rule: ConnectionRule
  ) {
    for weight in everyWeight {
      for recurrent in [false, true] {
        let autapses = !recurrent
        if case .list = rule, recurrent { continue }
        let circuit = twoPopulations(rule, recurrent: recurrent, weight: weight, autapses: autapses)
        let wanted = expand(circuit)
        #expect(!wanted.isEmpty)
        for kernels in KernelTable.supported {
          #expect(columns(circuit, kernels) == wanted, "\(kernels.instructionSet.rawValue)")
        }
        if !autapses { #expect(wanted.allSatisfy { $0.source != $0.target }) }
      }
    }
  }

  @Test func `synapses of short rows are those of long ones`() {
    // The first synapses of a target do not depend on how many follow, nor on where chunks end.
    let short = expand(twoPopulations(.fixedIndegree(3)))
    let long = Set(expand(twoPopulations(.fixedIndegree(2500))))
    #expect(short.count == 600)
    #expect(short.allSatisfy { long.contains($0) })
  }

  @Test(arguments: everyRule) func `loads count the synapses of each target`(rule: ConnectionRule) {
    let circuit = twoPopulations(rule)
    let layout = PartLayout.whole(circuit)
    let sums = UnsafeMutablePointer<Double>.allocate(capacity: layout.width)
    defer { unsafe sums.deallocate() }
    unsafe sums.initialize(repeating: 0, count: layout.width)
    var counts = [Double](repeating: 0, count: layout.width)
    let load = unsafe SynapseLoad(sums, each: 0.5)
    Connections(of: circuit, endingIn: layout).expandColumns(0, adding: load) { synapses in
      for i in 0..<synapses.count { unsafe counts[Int(synapses.targets[i])] += 0.5 }
    }
    let added = unsafe Array(UnsafeBufferPointer(start: sums, count: layout.width))
    #expect(added == counts)
  }

  @Test func `expected segments are those that are drawn`() {
    let circuit = twoPopulations(
      .fixedIndegree(30),
      delay: Distribution(.normal(mean: 1.5, deviation: 0.75), atLeast: 0.05)
    )
    let layouts = PartLayout.roundRobin(circuit, parts: 2)
    let shares = circuit.shares(of: layouts[0])
    #expect(shares == [0.5, 0.5])
    let groups = circuit.segmentGroups(ontoShares: { shares[$0] })
    #expect(groups.count == 1)
    let drawn = expand(circuit, over: [layouts[0]])
    let segments = Set(drawn.map { [$0.source, $0.delay] }).count
    #expect(groups[0].synapses == Double(drawn.count))
    #expect(abs(groups[0].segments - Double(segments)) < 0.03 * Double(segments))
    #expect(groups[0].projections == [0] && groups[0].source == 0)
  }

  @Test func `projections of one source and distribution of delays share their segments`() {
    var circuit = twoPopulations(.fixedIndegree(30), delay: Distribution(.constant(1)))
    var other = circuit.projections[0]
    other.delay = Distribution(.constant(2))
    circuit.projections += [circuit.projections[0], other]
    let groups = circuit.segmentGroups(ontoShares: { _ in 1 })
    #expect(groups.map(\.projections) == [[0, 1], [2]])
    // 12,000 synapses from 300 sources with one delay: 40 each.
    #expect(abs(groups[0].meanLength - 40) < 0.01)
    #expect(SynapseBlock.synapses(forMeanLength: groups[0].meanLength) == 16)
    #expect(SynapseBlock.synapses(forMeanLength: 20) == 8 && SynapseBlock.synapses(forMeanLength: 5) == 4)
  }
}
