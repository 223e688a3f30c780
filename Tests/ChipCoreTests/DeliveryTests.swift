import Basics
import ChipCore
import Circuits
import Testing
import Wire

struct DeliveryTests {
  /// A source that fires in every step onto a silent population.
  private func volley(
    sources: Int,
    targets: Int,
    delay: Double,
    weight: Double = 0.5,
    rule: ConnectionRule = .allToAll
  ) -> Circuit {
    Circuit(
      name: "volley",
      populations: [
        population("S", .iafPscDelta, size: sources, ["I_e": 1e6, "t_ref": 0]),
        population("T", .iafPscDelta, first: sources, size: targets, ["tau_m": 1e12, "V_th": 1e9]),
      ],
      projections: [
        Projection(
          source: 0,
          target: 1,
          rule: rule,
          weight: Distribution(.constant(weight)),
          delay: Distribution(.constant(delay))
        )
      ],
      recorders: [.state(population: 1, neurons: [], variables: ["V_m"], everySteps: 1, file: "v.csv")]
    )
  }

  @Test(arguments: [Precision.single, .double], [0.1, 1.5, 6.4, 300])
  func `spikes arrive after their delay, however long`(
    precision: Precision,
    delay: Double
  ) throws {
    let circuit = volley(sources: 3, targets: 2, delay: delay)
    let steps = Int((delay * 10).rounded())
    let outcome = try simulate(circuit, steps: steps + 20, precision)
    for (row, sample) in outcome.samples.enumerated() {
      // Row n is the end of step n; spikes of step 0 arrive in step `steps`.
      let arrived = Double(max(0, row - steps + 1)) * 3 * 0.5
      #expect(sample.allSatisfy { abs($0 - (-70 + arrived)) < 1e-4 })
    }
  }

  @Test func `the queue grows when more is due than it holds`() throws {
    let circuit = volley(sources: 2000, targets: 100, delay: 1)
    let tile = try Tile(circuit: circuit, layout: .whole(circuit), precision: .single)
    var outcome = Outcome()
    run([tile], until: 30, epoch: 10, into: &outcome)
    #expect(tile.statistics.queueGrowths > 0)
    #expect(tile.statistics.queueDepth == 10 * 2000 * 7)
    #expect(tile.statistics.synapticEvents == 30 * 200_000)
    #expect(abs(outcome.samples[29][0] - (-70 + 20 * 2000 * 0.5)) < 0.5)
  }

  @Test func `statistics count what there is`() throws {
    let circuit = volley(sources: 10, targets: 100, delay: 1)
    let tiles = try PartLayout.roundRobin(circuit, parts: 2).map {
      try Tile(circuit: circuit, layout: $0, precision: .single)
    }
    var outcome = Outcome()
    run(tiles, until: 20, epoch: 10, into: &outcome)
    #expect(tiles.reduce(0) { $0 + $1.statistics.neurons } == 110)
    #expect(tiles.reduce(0) { $0 + $1.statistics.synapses } == 1000)
    #expect(tiles.reduce(0) { $0 + $1.statistics.spikes } == 200)
    #expect(tiles.allSatisfy { $0.statistics.storedBytes > 1000 })
  }

  @Test func `a source joined many times to one target delivers all of it`() throws {
    // 20,000 synapses of one source in one delay: a segment of 1250 blocks.
    let circuit = volley(sources: 1, targets: 1, delay: 1, weight: 0.125, rule: .fixedIndegree(20_000))
    for precision in [Precision.single, .double] {
      let outcome = try simulate(circuit, steps: 12, precision)
      #expect(outcome.samples[9][0] == -70)
      #expect(abs(outcome.samples[10][0] - (-70 + 2500)) < 1e-3)
    }
  }

  @Test func `weights on one neuron that could overflow its sum are refused`() throws {
    let circuit = volley(sources: 1, targets: 1, delay: 1, weight: 1, rule: .fixedIndegree(140_000))
    do {
      _ = try Tile(circuit: circuit, layout: .whole(circuit), precision: .single)
      Issue.record("no error")
    } catch TileError.accumulatorOverflow(let neuron, let sum, _) {
      #expect(neuron == 2)
      #expect(abs(sum - 140_000) < 10)
    }
    let wide = try simulate(circuit, steps: 12, .double)
    #expect(abs(wide.samples[10][0] - (-70 + 140_000)) < 1e-3)
  }

  @Test func `mixed signs reach the current of their sign`() throws {
    var circuit = volley(sources: 1, targets: 1, delay: 1)
    circuit.populations[1] = population("T", .iafPscExp, first: 1, ["tau_syn_ex": 1, "tau_syn_in": 3])
    func listed(_ weight: Double) -> ListedConnection {
      ListedConnection(source: NeuronID(0), target: NeuronID(1), weight: weight, delayMilliseconds: 1)
    }
    circuit.projections[0].rule = .list([listed(3), listed(-7), listed(2)])
    circuit.recorders = [
      .state(population: 1, neurons: [], variables: ["I_syn_ex", "I_syn_in"], everySteps: 1, file: "i.csv")
    ]
    for precision in [Precision.single, .double] {
      let row = try simulate(circuit, steps: 12, precision).samples[10]
      #expect(abs(row[0] - 5) < 1e-3)
      #expect(abs(row[1] + 7) < 1e-3)
    }
  }

  @Test func `spikes of unknown neurons are ignored`() throws {
    let circuit = volley(sources: 3, targets: 2, delay: 1)
    let tile = try Tile(circuit: circuit, layout: .whole(circuit), precision: .single)
    tile.advance(from: Step(0), count: 10)
    tile.receive(SpikeBatch(stepEnds: [2], neurons: [4, 4_000_000]), from: Step(0))
    #expect(tile.statistics.synapticEvents == 0)
  }

  @Test func `spikes that come too late stop the program`() async {
    await #expect(processExitsWith: .failure) {
      let circuit = encoderCircuit()
      let tile = try Tile(circuit: circuit, layout: .whole(circuit), precision: .single)
      tile.advance(from: Step(0), count: 26)
      tile.receive(tile.fired, from: Step(0))
    }
  }

  @Test func `refractory times hold however long a tile runs`() throws {
    let circuit = Circuit(name: "late", populations: [population("N", .iafPscDelta, ["I_e": 1e6, "t_ref": 3])])
    let tile = try Tile(circuit: circuit, layout: .whole(circuit), precision: .single)
    var late = tile.snapshot
    late.now = Step(5_000_000_000)
    try tile.restore(from: [late])
    // The clocks of the state are moved back every million steps; a spike comes every 31.
    var gaps: Set<Int64> = []
    var last: Int64?
    while tile.now < Step(5_002_200_000) {
      let first = tile.now
      tile.advance(from: first, count: 1000)
      for offset in 0..<1000 where !tile.fired.spikes(at: offset).isEmpty {
        let step = first.index + Int64(offset)
        if let last { gaps.insert(step - last) }
        last = step
      }
    }
    #expect(gaps == [31])
  }
}
