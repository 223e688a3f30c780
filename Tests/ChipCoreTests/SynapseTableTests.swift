import Basics
import ChipCore
import Circuits
import Testing

struct SynapseTableTests {
  @Test(arguments: [Precision.single, .double], [4, 8, 16]) func `spikes and state are the same for any block`(
    precision: Precision,
    block: Int
  ) throws {
    let circuit = busyCircuit()
    let chosen = try simulate(circuit, steps: 500, precision)
    #expect(chosen.spikes.reduce(0) { $0 + $1.count } > 300)
    #expect(try simulate(circuit, steps: 500, precision, options: TileOptions(synapsesPerBlock: block)) == chosen)
  }

  @Test(arguments: [Precision.single, .double], [1, 700, 5000]) func `building in turns is building at once`(
    precision: Precision,
    counters: Int
  ) throws {
    let circuit = busyCircuit()
    let options = TileOptions(mostCounters: counters)
    #expect(try simulate(circuit, steps: 500, precision, options: options) == simulate(circuit, steps: 500, precision))
    let tiles = try [TileOptions(), options].map {
      try Tile(circuit: circuit, layout: .whole(circuit), precision: precision, options: $0)
    }
    #expect(tiles[0].statistics == tiles[1].statistics)
  }

  /// One population that projects densely onto itself and sparsely, over many delays, onto another.
  private var denseAndSparse: Circuit {
    func projection(_ target: Int, _ inDegree: Int, _ delay: Distribution) -> Projection {
      Projection(
        source: 0,
        target: target,
        rule: .fixedIndegree(inDegree),
        weight: Distribution(.normal(mean: 3, deviation: 1)),
        delay: delay
      )
    }
    return Circuit(
      name: "mixed",
      populations: [
        population(
          "A",
          .iafPscExp,
          size: 700,
          ["I_e": 500],
          initial: ["V_m": Distribution(.uniform(low: -70, high: -55))]
        ),
        population("B", .iafPscExp, first: 700, size: 300, ["I_e": 300]),
      ],
      projections: [
        projection(0, 200, Distribution(.constant(1))),
        projection(1, 60, Distribution(.uniform(low: 1, high: 4))),
      ]
    )
  }

  @Test func `dense and sparse projections of one tile each get their block`() throws {
    let circuit = denseAndSparse
    func tile(_ options: TileOptions) throws -> Tile {
      try Tile(circuit: circuit, layout: .whole(circuit), precision: .single, options: options)
    }
    let chosen = try tile(TileOptions())
    let synapses = 700 * 200 + 300 * 60
    #expect(chosen.statistics.synapses == synapses)
    for block in [4, 8, 16] {
      let forced = try tile(TileOptions(synapsesPerBlock: block))
      #expect(forced.statistics.synapses == synapses)
      let outcome = try simulate(circuit, steps: 600, options: TileOptions(synapsesPerBlock: block))
      #expect(outcome.spikes.reduce(0) { $0 + $1.count } > 1000)
      #expect(try simulate(circuit, steps: 600) == outcome)
      #expect(try simulate(circuit, steps: 600, over: PartLayout.roundRobin(circuit, parts: 3)) == outcome)
    }
    // Short blocks for the sparse part save what long ones would waste; two indices cost a row each.
    #expect(try chosen.statistics.storedBytes < tile(TileOptions(synapsesPerBlock: 16)).statistics.storedBytes)
  }

  @Test func `a snapshot of a tile with two tables goes on with the same bits`() throws {
    let circuit = denseAndSparse
    let whole = try simulate(circuit, steps: 500)
    let first = try Tile(circuit: circuit, layout: .whole(circuit), precision: .single)
    var outcome = Outcome()
    run([first], until: 250, epoch: 10, into: &outcome)
    let snapshot = first.snapshot
    #expect(snapshot.spikes.allSatisfy { Set($0.neurons).count == $0.neurons.count })
    let second = try Tile(circuit: circuit, layout: .whole(circuit), precision: .single)
    try second.restore(from: [snapshot])
    run([second], until: 500, epoch: 10, into: &outcome)
    #expect(outcome == whole)
  }

  /// One synapse of a weight onto a neuron that only sums.
  private func peak(of weight: Double, _ precision: Precision) throws -> Double {
    var circuit = Circuit(
      name: "one",
      populations: [
        population("S", .iafPscDelta, ["I_e": 1e6, "t_ref": 1000]),
        population("T", .iafPscDelta, first: 1, ["tau_m": 1e12, "V_th": 1e9]),
      ],
      recorders: [.state(population: 1, neurons: [], variables: ["V_m"], everySteps: 1, file: "v.csv")]
    )
    circuit.projections = [
      Projection(
        source: 0,
        target: 1,
        rule: .oneToOne,
        weight: Distribution(.constant(weight)),
        delay: Distribution(.constant(1))
      )
    ]
    return try simulate(circuit, steps: 12, precision).samples[11][0] + 70
  }

  @Test func `double precision holds weights that 48 bits hold and those they do not`() throws {
    for weight in [0.1, -1e-6, 32_766.7, -32_767, 32_768, -1e6 / 3, 5e8] {
      let got = try peak(of: weight, .double)
      // The membrane loses 1e-13 of it in a step.
      #expect(abs(got - weight) <= 0x1p-33 + 2e-13 * max(abs(weight), 70), "\(weight): \(got)")
    }
  }

  @Test(arguments: [CircuitLibrary.microcircuit(scale: 0.1), CircuitLibrary.brunel(scale: 0.4)])
  func `small circuits take at most six bytes a synapse`(circuit: Circuit) throws {
    let tiles = try PartLayout.roundRobin(circuit, parts: 2).map {
      try Tile(circuit: circuit, layout: $0, precision: .single)
    }
    let (bytes, synapses) = tiles.reduce((0, 0)) { ($0.0 + $1.statistics.storedBytes, $0.1 + $1.statistics.synapses) }
    #expect(Double(bytes) / Double(synapses) <= 6)
    #expect(abs(Double(synapses) - circuit.expectedSynapses) < 1)
  }
}
