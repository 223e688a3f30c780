import Basics
import Circuits
import Testing

/// A synapse as the tests see it.
struct Synapse: Hashable, Comparable {
  var source: Int
  var target: Int
  var weight: Double
  var delay: Int
  static func < (a: Self, b: Self) -> Bool {
    (a.source, a.target, a.delay, a.weight) < (b.source, b.target, b.delay, b.weight)
  }
}

/// Expands a projection over given parts and returns all its synapses, sorted.
func expand(_ circuit: Circuit, _ projection: Int = 0, over layouts: [PartLayout]) -> [Synapse] {
  var all: [Synapse] = []
  for layout in layouts {
    var ids = [Int](repeating: -1, count: layout.width)
    for (slice, start) in zip(layout.slices, layout.localStarts) {
      for k in 0..<slice.count { ids[start + k] = slice.first + k * slice.stride }
    }
    Connections(of: circuit, endingIn: layout).expand(projection) { sources, targets, weights, delays in
      for i in sources.indices {
        let (source, target) = (Int(sources[i]), ids[Int(targets[i])])
        all.append(Synapse(source: source, target: target, weight: weights[i], delay: Int(delays[i])))
      }
    }
  }
  return all.sorted()
}

func expand(_ circuit: Circuit, _ projection: Int = 0) -> [Synapse] {
  expand(circuit, projection, over: [.whole(circuit)])
}

/// Two populations of leaky neurons and one projection.
func twoPopulations(
  _ rule: ConnectionRule,
  sizes: (Int, Int) = (300, 200),
  recurrent: Bool = false,
  weight: Distribution = Distribution(.normal(mean: 20, deviation: 4)),
  delay: Distribution = Distribution(.normal(mean: 1.5, deviation: 0.75), atLeast: 0.1),
  autapses: Bool = true,
  multapses: Bool = true,
  seed: UInt64 = 7
) -> Circuit {
  let model = NeuronModel.iafPscExp
  func population(_ name: String, _ first: Int, _ size: Int) -> Population {
    Population(name: name, first: NeuronID(UInt32(first)), size: size, model: model.name, parameters: model.defaults)
  }
  return Circuit(
    name: "pair",
    seed: seed,
    populations: [population("A", 0, sizes.0), population("B", sizes.0, sizes.1)],
    projections: [
      Projection(
        source: recurrent ? 1 : 0,
        target: 1,
        rule: rule,
        weight: weight,
        delay: delay,
        autapses: autapses,
        multapses: multapses
      )
    ]
  )
}

/// Layouts over some parts which are not the round robin: runs of neurons, dealt out unevenly.
func runs(_ circuit: Circuit, parts: Int, length: Int = 17) -> [PartLayout] {
  var slices = [[Slice]](repeating: [], count: parts)
  for (index, population) in circuit.populations.enumerated() {
    var first = population.neurons.lowerBound
    var turn = index
    while first < population.neurons.upperBound {
      let count = min(length + turn % 5, population.neurons.upperBound - first)
      slices[turn % parts].append(Slice(population: index, first: first, stride: 1, count: count))
      first += count
      turn += 1
    }
  }
  return slices.enumerated().map { PartLayout(part: PartID(UInt16($0.offset)), slices: $0.element) }
}

private let someConnections = [
  ListedConnection(source: NeuronID(3), target: NeuronID(310), weight: 0.1, delayMilliseconds: 0.3),
  ListedConnection(source: NeuronID(3), target: NeuronID(310), weight: -7, delayMilliseconds: 12),
  ListedConnection(source: NeuronID(299), target: NeuronID(499), weight: 1e-3, delayMilliseconds: 0.1),
]
private let someRules: [ConnectionRule] = [
  .allToAll, .fixedIndegree(37), .fixedOutdegree(25), .fixedTotalNumber(12_345), .pairwiseBernoulli(0.13),
  .list(someConnections),
]

struct ConnectionsTests {
  @Test(arguments: someRules) func `the connectome is the same over any parts`(rule: ConnectionRule) {
    for multapses in [true, false] {
      let circuit = twoPopulations(rule, multapses: multapses)
      let whole = expand(circuit)
      #expect(!whole.isEmpty)
      for parts in [2, 3, 5] {
        #expect(expand(circuit, over: PartLayout.roundRobin(circuit, parts: parts)) == whole)
        #expect(expand(circuit, over: runs(circuit, parts: parts)) == whole)
      }
    }
  }

  @Test func `another seed or another projection gives other synapses`() {
    let circuit = twoPopulations(.fixedIndegree(20))
    #expect(expand(circuit) != expand(twoPopulations(.fixedIndegree(20), seed: 8)))
    var twice = circuit
    twice.projections.append(twice.projections[0])
    #expect(expand(twice, 0) == expand(circuit))
    #expect(expand(twice, 1) != expand(circuit))
  }

  @Test func `one to one joins equals`() {
    let circuit = twoPopulations(.oneToOne, sizes: (200, 200))
    #expect(expand(circuit).map { [$0.source, $0.target] } == (0..<200).map { [$0, $0 + 200] })
    #expect(expand(twoPopulations(.oneToOne, recurrent: true, autapses: false)).isEmpty)
  }

  @Test func `all to all joins every pair once`() {
    let synapses = expand(twoPopulations(.allToAll))
    #expect(synapses.count == 60_000)
    #expect(Set(synapses.map { $0.source * 1000 + $0.target }).count == 60_000)
    let others = expand(twoPopulations(.allToAll, recurrent: true, autapses: false))
    #expect(others.count == 200 * 199)
    #expect(others.allSatisfy { $0.source != $0.target })
  }

  @Test func `fixed in-degree gives every target as many sources`() {
    let synapses = expand(twoPopulations(.fixedIndegree(37)))
    let degrees = Dictionary(grouping: synapses, by: \.target).mapValues(\.count)
    #expect(degrees.count == 200)
    #expect(degrees.values.allSatisfy { $0 == 37 })
  }

  @Test func `fixed out-degree gives every source as many targets`() {
    let synapses = expand(twoPopulations(.fixedOutdegree(25)))
    let degrees = Dictionary(grouping: synapses, by: \.source).mapValues(\.count)
    #expect(degrees.count == 300)
    #expect(degrees.values.allSatisfy { $0 == 25 })
  }

  @Test(arguments: [true, false]) func `fixed total number gives exactly that many synapses`(multapses: Bool) {
    let synapses = expand(twoPopulations(.fixedTotalNumber(12_345), multapses: multapses))
    #expect(synapses.count == 12_345)
    // Binomial or hypergeometric in-degrees around 61.7: deviation 7.8 or 7.
    let degrees = Dictionary(grouping: synapses, by: \.target).mapValues { Double($0.count) }
    let mean = 12_345.0 / 200
    let variance = degrees.values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 199
    let expected = mean * (1 - 1.0 / 200) * (multapses ? 1 : 1 - mean / 300)
    #expect(abs(variance / expected - 1) < 0.45, "variance \(variance), expected \(expected)")
  }

  @Test func `pairwise Bernoulli joins each pair with its probability`() {
    let synapses = expand(twoPopulations(.pairwiseBernoulli(0.13)))
    #expect(Set(synapses.map { $0.source * 1000 + $0.target }).count == synapses.count)
    let (mean, deviation) = (60_000 * 0.13, (60_000 * 0.13 * 0.87).squareRoot())
    #expect(abs(Double(synapses.count) - mean) < 4 * deviation)
    let sources = Dictionary(grouping: synapses, by: \.source)
    let first = Double((0..<150).reduce(0) { $0 + (sources[$1]?.count ?? 0) })
    #expect(abs(first - mean / 2) < 4 * deviation)
    #expect(expand(twoPopulations(.pairwiseBernoulli(1))).count == 60_000)
    #expect(expand(twoPopulations(.pairwiseBernoulli(0))).isEmpty)
  }

  @Test(
    arguments: [.fixedIndegree(150), .fixedOutdegree(150), .fixedTotalNumber(30_000), .pairwiseBernoulli(0.7)]
      as [ConnectionRule]
  )
  func `autapses and multapses are left out where they are not wanted`(rule: ConnectionRule) {
    let synapses = expand(twoPopulations(rule, recurrent: true, autapses: false, multapses: false))
    #expect(synapses.allSatisfy { $0.source != $0.target })
    #expect(Set(synapses.map { $0.source * 1000 + $0.target }).count == synapses.count)
    if case .pairwiseBernoulli = rule { return }
    #expect(synapses.count == 30_000)
    let free = expand(twoPopulations(rule, recurrent: true))
    #expect(free.contains { $0.source == $0.target })
    #expect(Set(free.map { $0.source * 1000 + $0.target }).count < free.count)
  }

  @Test func `every candidate can be a source without multapses`() {
    let all = expand(twoPopulations(.fixedIndegree(300), multapses: false))
    #expect(Set(all.map { $0.source * 1000 + $0.target }).count == 60_000)
    // Each of 300 sources is one of 30 picked by a target with probability 1/10.
    let some = expand(twoPopulations(.fixedIndegree(30), multapses: false))
    let uses = Dictionary(grouping: some, by: \.source).mapValues(\.count)
    #expect((0..<300).allSatisfy { (2...45).contains(uses[$0] ?? 0) })
  }

  @Test func `sources are drawn evenly`() {
    let synapses = expand(twoPopulations(.fixedIndegree(500)))
    let uses = Dictionary(grouping: synapses, by: \.source).mapValues { Double($0.count) }
    let mean = 100_000.0 / 300
    let chiSquare = (0..<300).reduce(0.0) { $0 + ((uses[$1] ?? 0) - mean) * ((uses[$1] ?? 0) - mean) / mean }
    #expect(abs(chiSquare - 299) < 4 * (2 * 299.0).squareRoot())
  }

  @Test func `a list keeps weights and delays as they are`() {
    let synapses = expand(twoPopulations(.list(someConnections)))
    #expect(
      synapses == [
        Synapse(source: 3, target: 310, weight: 0.1, delay: 3), Synapse(source: 3, target: 310, weight: -7, delay: 120),
        Synapse(source: 299, target: 499, weight: 0.001, delay: 1),
      ]
    )
  }

  @Test func `delays are whole steps, at least one`() {
    let spread = Distribution(.normal(mean: 0.1, deviation: 0.3))
    let delays = expand(twoPopulations(.fixedIndegree(500), delay: spread)).map(\.delay)
    #expect(delays.min() == 1)
    #expect(delays.max() ?? 0 > 8)
    let constant = expand(twoPopulations(.fixedIndegree(5), delay: Distribution(.constant(1.26)))).map(\.delay)
    #expect(constant.allSatisfy { $0 == 13 })
    let uniform = expand(twoPopulations(.fixedIndegree(500), delay: Distribution(.uniform(low: 1, high: 2)))).map(
      \.delay
    )
    #expect(Set(uniform) == Set(10...20))
  }

  @Test func `delay and weight ranges hold for every synapse`() throws {
    for delay in [Distribution(.normal(mean: 1.5, deviation: 0.75)), Distribution(.lognormal(mu: 0.2, sigma: 0.5))] {
      let circuit = twoPopulations(
        .fixedIndegree(2000),
        weight: Distribution(.lognormal(mu: 1, sigma: 0.7)),
        delay: delay
      )
      let synapses = expand(circuit)
      let range = try #require(circuit.projections[0].delayRange(in: circuit))
      #expect(synapses.allSatisfy { range.contains($0.delay) })
      #expect(synapses.allSatisfy { abs($0.weight) <= circuit.projections[0].greatestWeight })
      #expect(circuit.epochSteps() == range.lowerBound)
    }
  }

  @Test func `projections that cannot be met are refused with the reason`() {
    func problem(_ circuit: Circuit) -> String { circuit.projections[0].problem(in: circuit) ?? "" }
    #expect(problem(twoPopulations(.oneToOne)).contains("equal size"))
    #expect(problem(twoPopulations(.fixedIndegree(301), multapses: false)).contains("there are 300"))
    #expect(
      problem(twoPopulations(.fixedIndegree(200), recurrent: true, autapses: false, multapses: false)).contains("199")
    )
    #expect(problem(twoPopulations(.fixedOutdegree(-1))).contains("at least 0"))
    #expect(problem(twoPopulations(.pairwiseBernoulli(1.5))).contains("between 0 and 1"))
    #expect(
      problem(twoPopulations(.fixedIndegree(1), delay: Distribution(.constant(0.01)))).contains("shorter than a step")
    )
    #expect(problem(twoPopulations(.fixedIndegree(1), delay: Distribution(.constant(1e5)))).contains("65535 steps"))
    #expect(problem(twoPopulations(.fixedIndegree(1), weight: Distribution(.constant(.nan)))).contains("not finite"))
    let stranger = ListedConnection(source: NeuronID(300), target: NeuronID(310), weight: 1, delayMilliseconds: 1)
    #expect(problem(twoPopulations(.list([stranger]))).contains("neuron 301 is not in the source population"))
    #expect(problem(twoPopulations(.fixedIndegree(10))).isEmpty)
  }
}
