import Basics
import Circuits
import Partitioning
import Testing

@Suite struct PartitionerTests {
  /// Says how a partition breaks its promise, or nothing.
  private func problem(_ circuit: Circuit, _ layouts: [PartLayout]) -> String? {
    var seen = [UInt8](repeating: 0, count: circuit.neuronCount)
    for (i, layout) in layouts.enumerated() {
      if layout.part != PartID(UInt16(i)) { return "part \(i) is numbered \(layout.part.index)" }
      if layout.width > Partitioner.mostPlaces { return "part \(i) has \(layout.width) places" }
      let keys = layout.slices.map { [$0.population, $0.first] }
      if zip(keys, keys.dropFirst()).contains(where: { !$0.lexicographicallyPrecedes($1) }) {
        return "the slices of part \(i) are not in order"
      }
      for slice in layout.slices {
        let neurons = circuit.populations[slice.population].neurons
        if slice.count < 1 || slice.stride < 1 { return "part \(i) has the slice \(slice)" }
        for k in 0..<slice.count {
          let neuron = slice.first + k * slice.stride
          if !neurons.contains(neuron) { return "neuron \(neuron) is not of population \(slice.population)" }
          seen[neuron] &+= 1
        }
      }
    }
    return seen.firstIndex { $0 != 1 }.map { "neuron \($0) lies in \(seen[$0]) slices" }
  }

  @Test(arguments: manyCircuits.indices, Partitioner.Method.allCases)
  func `every neuron lies in exactly one slice of one part`(index: Int, method: Partitioner.Method) throws {
    let (name, circuit) = manyCircuits[index]
    for cores in [1, 2, 3, 7, 16] {
      let plan = try Partitioner.plan(circuit: circuit, cores: cores, method: method)
      #expect(problem(circuit, plan.layouts) == nil, "\(name) on \(cores) cores by \(method)")
      #expect(plan.coreOfPart.count == plan.layouts.count)
      #expect(plan.coreOfPart.allSatisfy { $0.index < cores })
      #expect(Set(plan.coreOfPart.map(\.index)).count == cores)
      #expect(plan.loads.map(\.neurons).reduce(0, +) == circuit.neuronCount)
      #expect(plan.loads.map(\.places).reduce(0, +) == plan.layouts.map(\.width).reduce(0, +))
      let synapses = plan.loads.map(\.synapses).reduce(0, +)
      #expect(abs(synapses - circuit.expectedSynapses) <= 1e-9 * circuit.expectedSynapses, "\(name)")
      #expect((0...circuit.expectedSynapses).contains(plan.cut.synapses))
      #expect(plan.cut.leastSpikesPerSecond <= plan.cut.spikesPerSecond * (1 + 1e-9) + 1e-9, "\(name) on \(cores)")
      #expect(plan.imbalance >= 1 - 1e-12)
      if cores == 1 {
        #expect(plan.cut.synapses == 0)
        #expect(plan.cut.spikesPerSecond == 0)
        #expect(plan.cut.framesPerSecond == 0)
      }
    }
  }

  @Test func `round robin puts neuron g into part g mod parts`() throws {
    let circuit = CircuitLibrary.microcircuit(scale: 0.1)
    let layouts = try Partitioner.roundRobin(circuit: circuit, parts: 5)
    #expect(problem(circuit, layouts) == nil)
    for layout in layouts {
      for slice in layout.slices {
        #expect(slice.stride == 5)
        #expect(slice.first % 5 == Int(layout.part.index))
      }
    }
  }

  @Test func `the full microcircuit takes two parts on one core`() throws {
    let plan = try Partitioner.plan(circuit: CircuitLibrary.microcircuit(), cores: 1, method: .roundRobin)
    #expect(plan.layouts.count == 2)
    #expect(plan.coreOfPart == [CoreID(0), CoreID(0)])
    #expect(plan.layouts[0].slices.allSatisfy { $0.stride == 2 })
    let bytes = plan.loads[0].bytes / plan.loads[0].synapses
    #expect((4.4...5.2).contains(bytes), "\(bytes) bytes a synapse")
  }

  @Test func `too few parts are refused with a number that does`() throws {
    let circuit = circuit(sizes: [200_000])
    for body in [Partitioner.roundRobin(circuit:parts:), { c, p in try Partitioner.metis(circuit: c, parts: p) }] {
      let error = #expect(throws: PartitionError.self) { try body(circuit, 2) }
      #expect(
        error?.description
          == "200000 neurons in 2 parts: a part has 100032 places, at most 65472 are possible; use at least 4 parts"
      )
      #expect(try body(circuit, 4).count == 4)
    }
    for count in [0, -1, 65_536] {
      #expect(throws: PartitionError.self) { try Partitioner.roundRobin(circuit: circuit, parts: count) }
      #expect(throws: PartitionError.self) { try Partitioner.plan(circuit: circuit, cores: count, method: .metis) }
    }
  }

  @Test(arguments: manyCircuits.indices) func `the same circuit gives the same plan`(index: Int) throws {
    let circuit = manyCircuits[index].circuit
    for method in Partitioner.Method.allCases {
      let plans = try (0..<2).map { _ in try Partitioner.plan(circuit: circuit, cores: 3, method: method) }
      #expect(plans[0].layouts == plans[1].layouts)
      #expect(plans[0].loads == plans[1].loads)
      #expect(plans[0].cut == plans[1].cut)
    }
  }

  @Test(arguments: [2, 4, 8]) func `METIS keeps clusters together`(cores: Int) throws {
    for name in ["clusters", "chain"] {
      let circuit = try #require(manyCircuits.first { $0.name == name }).circuit
      let found = try Partitioner.plan(circuit: circuit, cores: cores, method: .metis)
      let spread = try Partitioner.plan(circuit: circuit, cores: cores, method: .roundRobin)
      #expect(found.usedMethod == .metis)
      #expect(found.cut.synapses < 0.3 * spread.cut.synapses, "\(name): \(found.cut), \(spread.cut)")
      let slowest = [found, spread].map { $0.loads.map(\.cpuSecondsPerSecond).max() ?? 0 }
      #expect(slowest[0] <= 1.05 * slowest[1], "\(name): \(slowest)")
      #expect(found.cut.spikesPerSecond <= spread.cut.spikesPerSecond)
    }
  }

  @Test func `METIS finds communities of listed neurons, whatever their numbers`() throws {
    let interleaved = try #require(manyCircuits.first { $0.name == "interleaved cliques" }).circuit
    let plan = try Partitioner.plan(circuit: interleaved, cores: 4, method: .metis)
    #expect(plan.usedMethod == .metis || plan.cut.synapses == 0)
    #expect(plan.cut.synapses == 0)
    let blocks = listed(512) { $0 / 128 == $1 / 128 && $0 != $1 }
    let found = try Partitioner.plan(circuit: blocks, cores: 4, method: .metis)
    #expect(found.usedMethod == .metis)
    #expect(found.cut.synapses == 0)
    #expect(found.cut.leastSpikesPerSecond == 0)
    #expect(found.layouts.allSatisfy { $0.slices.count == 1 && $0.slices[0].count == 128 })
  }

  @Test func `METIS is never worse than round robin`() throws {
    for (name, circuit) in manyCircuits {
      for cores in [2, 5] {
        let found = try Partitioner.plan(circuit: circuit, cores: cores, method: .metis)
        let spread = try Partitioner.plan(circuit: circuit, cores: cores, method: .roundRobin)
        #expect(found.cut.synapses <= spread.cut.synapses * (1 + 1e-12), "\(name) on \(cores) cores")
        if found.usedMethod == .roundRobin { #expect(found.layouts == spread.layouts) }
      }
    }
  }

  @Test func `the microcircuit takes two even parts on one core and on two`() throws {
    let circuit = CircuitLibrary.microcircuit()
    for cores in [1, 2] {
      let plan = try Partitioner.plan(circuit: circuit, cores: cores, method: .metis)
      #expect(plan.layouts.count == 2)
      #expect(plan.layouts.allSatisfy { abs($0.width - 38_700) < 400 })
      #expect(plan.imbalance < 1.001)
    }
    let brunel = try Partitioner.plan(circuit: CircuitLibrary.brunel(), cores: 2, method: .metis)
    #expect(brunel.layouts.count == 2 && brunel.imbalance < 1.001)
  }

  @Test(arguments: [1, 2, 4]) func `joined columns are cut into halves of columns`(cores: Int) throws {
    let circuit = CircuitLibrary.columns(count: 6)
    let plan = try Partitioner.plan(circuit: circuit, cores: cores, method: .metis)
    #expect(plan.usedMethod == .communities)
    #expect(problem(circuit, plan.layouts) == nil)
    #expect(plan.layouts.count == 12)
    #expect(plan.layouts.allSatisfy { Set($0.slices.map { $0.population / 8 }).count == 1 })
    #expect(plan.imbalance < 1.001)
    let spread = try Partitioner.plan(circuit: circuit, cores: cores, method: .roundRobin)
    let bytes = [plan, spread].map { $0.loads.reduce(0) { $0 + $1.bytes } }
    #expect(bytes[0] < bytes[1], "\(bytes)")
    if cores > 1 { #expect(plan.cut.synapses < 0.3 * spread.cut.synapses) }
  }

  @Test func `a homogeneous network falls back to round robin`() throws {
    let plan = try Partitioner.plan(circuit: CircuitLibrary.brunel(scale: 0.2), cores: 2, method: .metis)
    #expect(plan.usedMethod == .roundRobin)
    #expect(plan.method == .metis)
  }

  @Test func `one core is advised where cores would mostly wait for each other`() throws {
    for conductances in [false, true] {
      let small = CircuitLibrary.vogelsAbbott(conductances: conductances)
      #expect(try Partitioner.advisedCores(circuit: small, processors: 2) == 1)
    }
    // The same neurons with delays of 5 ms need wait fifty times less often.
    var slow = CircuitLibrary.vogelsAbbott(conductances: false)
    for i in slow.projections.indices { slow.projections[i].delay = Distribution(.constant(5)) }
    #expect(try Partitioner.advisedCores(circuit: slow, processors: 2) == 2)
    for large in [CircuitLibrary.brunel(), CircuitLibrary.brunelSTDP(), CircuitLibrary.microcircuit()] {
      #expect(try Partitioner.advisedCores(circuit: large, processors: 2) == 2)
      #expect(try Partitioner.advisedCores(circuit: large, processors: 1) == 1)
    }
    // Each further core has to wait for one more, and all share the same work.
    let many = try Partitioner.advisedCores(circuit: CircuitLibrary.brunel(scale: 0.2), processors: 64)
    #expect(many > 2 && many < 64, "\(many)")
  }

  @Test func `the cut of lists is counted exactly`() throws {
    let ring = listed(6) { ($0 + 1) % 6 == $1 }
    let plan = try Partitioner.plan(circuit: ring, cores: 2, method: .roundRobin)
    #expect(plan.cut.synapses == 6)
    #expect(plan.cut.share == 1)
    #expect(plan.cut.leastSpikesPerSecond == 6 * 5)
    #expect(plan.cut.spikesPerSecond == 6 * 5)
    #expect(plan.loads.map(\.fanIn) == [3, 3])
    #expect(plan.loads.map(\.fanOut) == [3, 3])
    let one = try Partitioner.plan(circuit: ring, cores: 1, method: .roundRobin)
    #expect(one.loads[0].fanIn == 6)
    #expect(one.loads[0].eventsPerSecond == 30)
  }

  @Test func `what is expected of rules agrees with an enumeration`() throws {
    var test = circuit(sizes: [40, 24])
    test.projections = [
      Projection(source: 0, target: 1, rule: .allToAll),
      Projection(source: 1, target: 1, rule: .allToAll, autapses: false),
    ]
    let cores = 3
    let plan = try Partitioner.plan(circuit: test, cores: cores, method: .roundRobin)
    var cut = 0
    var fanIn = Array(repeating: Set<Int>(), count: cores)
    for source in 0..<64 {
      for target in 40..<64 where source != target {
        if source % cores != target % cores { cut += 1 }
        fanIn[target % cores].insert(source)
      }
    }
    #expect(abs(plan.cut.synapses - Double(cut)) < 1e-9)
    #expect(plan.loads.map(\.fanIn) == fanIn.map { Double($0.count) })
    #expect(plan.cut.framesPerSecond == 6 * 1000)
  }

  @Test func `drawn connections are near what is expected`() throws {
    var test = circuit(sizes: [300, 200])
    test.projections = [
      Projection(source: 0, target: 1, rule: .fixedIndegree(20)),
      Projection(source: 1, target: 0, rule: .pairwiseBernoulli(0.02)),
    ]
    let plan = try Partitioner.plan(circuit: test, cores: 4, method: .roundRobin)
    var reached = Array(repeating: Set<UInt32>(), count: 4)
    var cut = 0
    for layout in plan.layouts {
      let connections = Connections(of: test, endingIn: layout)
      for p in 0..<2 {
        connections.expand(p) { sources, _, _, _ in
          for i in sources.indices {
            reached[Int(layout.part.index)].insert(sources[i])
            if Int(sources[i]) % 4 != Int(layout.part.index) { cut += 1 }
          }
        }
      }
    }
    #expect(abs(Double(cut) - plan.cut.synapses) < 0.05 * plan.cut.synapses)
    for core in 0..<4 {
      #expect(abs(Double(reached[core].count) - plan.loads[core].fanIn) < 0.05 * plan.loads[core].fanIn)
    }
  }

  @Test func `spikes go where their population has targets`() throws {
    var chain = circuit(sizes: [64, 64, 64])
    chain.projections = [
      Projection(source: 0, target: 1, rule: .allToAll), Projection(source: 1, target: 2, rule: .pairwiseBernoulli(0)),
      Projection(source: 2, target: 2, rule: .oneToOne),
    ]
    let layouts = (0..<3).map { p in
      PartLayout(part: PartID(UInt16(p)), slices: [Slice(population: p, first: 64 * p, stride: 1, count: 64)])
    }
    #expect(Partitioner.populationTargets(chain, layouts) == [[PartID(1)], [], [PartID(2)]])
    chain.projections.append(
      Projection(
        source: 1,
        target: 0,
        rule: .list([ListedConnection(source: NeuronID(64), target: NeuronID(3), weight: 1, delayMilliseconds: 1)])
      )
    )
    #expect(Partitioner.populationTargets(chain, layouts) == [[PartID(1)], [PartID(0)], [PartID(2)]])
  }
}
