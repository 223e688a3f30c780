import Basics
import ChipCore
import Circuits
import Testing
import Wire

#if canImport(Glibc)
import Glibc
#endif

/// A source and a target that replay random spikes, joined by one plastic synapse.
private func replayPair(_ rule: STDP, weight: Double, delaySteps: Int, seed: UInt64) -> Circuit {
  var random = SplitMix64(seed: seed)
  var circuit = Circuit(name: "pair")
  for id in 0..<2 {
    var population = population(id == 0 ? "pre" : "post", .replay, first: id)
    var step: Int64 = 3
    while step < 19_000 {
      population.replayed.append(ReplayedSpike(step: step, neuron: NeuronID(UInt32(id))))
      step += Int64.random(in: 1...700, using: &random)
    }
    circuit.populations.append(population)
  }
  circuit.projections = [
    Projection(
      source: 0,
      target: 1,
      rule: .oneToOne,
      weight: Distribution(.constant(weight)),
      delay: Distribution(.constant(Double(delaySteps) * 0.1)),
      plasticity: .stdp(rule)
    )
  ]
  circuit.recorders = [
    .transmitted(projections: [0], file: "sent.csv"), .weights(projections: [0], file: "weights.csv"),
  ]
  return circuit
}

/// The transmitted weights, from the definition: a sum over all earlier spikes of the other side at every event.
private func transmitted(_ rule: STDP, _ circuit: Circuit, weight: Double, delaySteps: Int) -> [Double] {
  let pre = circuit.populations[0].replayed.map { Double($0.step) * 0.1 }
  let post = circuit.populations[1].replayed.map { Double($0.step + Int64(delaySteps)) * 0.1 }
  let close = 0.01
  var (w, sent): (Double, [Double]) = (weight / rule.greatestWeight, [])
  var next = 0
  for t in pre {
    while next < post.count, post[next] < t + close {
      let trace = pre.filter { $0 < post[next] - close }.reduce(0) { $0 + exp(($1 - post[next]) / rule.tauPlus) }
      // A spike of the source at the same time comes after and does not count.
      w = min(1, w + rule.lambda * pow(1 - w, rule.muPlus) * trace)
      next += 1
    }
    let trace = post.filter { $0 < t - close }.reduce(0) { $0 + exp(($1 - t) / rule.tauMinus) }
    w = max(0, w - rule.alpha * rule.lambda * pow(w, rule.muMinus) * trace)
    sent.append(w * rule.greatestWeight)
  }
  return sent
}

/// Advances a tile alone, and gathers what its plastic synapses transmit.
private func sent(by circuit: Circuit, _ precision: Precision, steps: Int64) throws -> [TransmittedWeight] {
  let tile = try Tile(circuit: circuit, layout: .whole(circuit), precision: precision)
  let epoch = circuit.epochSteps(limit: 50)
  while tile.now.index < steps {
    let first = tile.now
    tile.advance(from: first, count: epoch)
    tile.receive(tile.fired, from: first)
  }
  let rows = tile.takeTransmitted()[0] ?? []
  #expect(tile.weights(ofProjection: 0).map(\.weight) == [rows.last?.weight])
  #expect(tile.takeTransmitted().isEmpty)
  return rows
}

/// `busyCircuit` with plastic projections of several kinds among the static ones.
func plasticCircuit(seed: UInt64 = 5) -> Circuit {
  var circuit = busyCircuit(seed: seed)
  var rule = STDP()
  (rule.greatestWeight, rule.lambda, rule.muPlus, rule.muMinus, rule.alpha) = (120, 0.05, 0, 0, 1.1)
  circuit.projections[0].plasticity = .stdp(rule)
  circuit.projections[0].weight = Distribution(.uniform(low: 0, high: 120))
  (rule.greatestWeight, rule.muPlus, rule.muMinus, rule.tauMinus) = (-200, 1, 1, 34)
  circuit.projections[2].plasticity = .stdp(rule)
  circuit.projections[2].weight = Distribution(.constant(-90))
  (rule.greatestWeight, rule.muPlus, rule.muMinus, rule.tauPlus) = (0.8, 0.4, 0.4, 11)
  circuit.projections[3].plasticity = .stdp(rule)
  circuit.projections[3].weight = Distribution(.constant(0.2))
  return circuit
}

struct PlasticityTests {
  @Test(arguments: [(0.0, 0.0), (1, 1), (0.4, 0.4), (0, 1), (0.3, 0)], [1, 10, 37])
  func `a synapse transmits what the sums over all pairs of spikes say`(
    mu: (plus: Double, minus: Double),
    delaySteps: Int
  ) throws {
    var rule = STDP()
    (rule.muPlus, rule.muMinus, rule.lambda, rule.alpha) = (mu.plus, mu.minus, 0.08, 1.05)
    (rule.tauMinus, rule.greatestWeight) = (31, 2)
    for seed in [1, 2] as [UInt64] {
      let circuit = replayPair(rule, weight: 0.7, delaySteps: delaySteps, seed: seed)
      let want = transmitted(rule, circuit, weight: 0.7, delaySteps: delaySteps)
      let double = try sent(by: circuit, .double, steps: 19_100)
      #expect(double.map(\.step) == circuit.populations[0].replayed.map { $0.step + 1 })
      let worst = zip(want, double).map { abs($0 - $1.weight) }.max() ?? .infinity
      #expect(worst < 1e-12, "seed \(seed): \(worst)")
      let single = try sent(by: circuit, .single, steps: 19_100)
      #expect(single.count == want.count)
      let rough = zip(want, single).map { abs($0 - $1.weight) }.max() ?? .infinity
      #expect(rough < 1e-4, "seed \(seed), single precision: \(rough)")
      #expect(Set(want.map { ($0 * 100).rounded() }).count > 5, "the weight hardly moves")
    }
  }

  @Test(arguments: [Precision.single, .double]) func `inhibitory weights change alike with a sign`(
    precision: Precision
  ) throws {
    var rule = STDP()
    (rule.lambda, rule.greatestWeight) = (0.1, 2)
    let positive = try sent(by: replayPair(rule, weight: 0.5, delaySteps: 15, seed: 9), precision, steps: 19_100)
    rule.greatestWeight = -2
    let negative = try sent(by: replayPair(rule, weight: -0.5, delaySteps: 15, seed: 9), precision, steps: 19_100)
    #expect(positive.map(\.weight) == negative.map { -$0.weight })
  }

  @Test(arguments: [Precision.single, .double]) func `plastic networks are the same bits over any parts`(
    precision: Precision
  ) throws {
    let circuit = plasticCircuit()
    let whole = try simulate(circuit, steps: 800, precision)
    let still = try simulate(busyCircuit(), steps: 800, precision)
    #expect(whole.spikes != still.spikes)
    for parts in [2, 3, 5] {
      for layouts in [PartLayout.roundRobin(circuit, parts: parts), unevenRuns(circuit, parts: parts)] {
        let other = try simulate(circuit, steps: 800, over: layouts, precision)
        #expect(other.spikes == whole.spikes)
        #expect(other.digest == whole.digest)
      }
    }
    #expect(
      try simulate(circuit, steps: 800, precision, epoch: 2) == simulate(circuit, steps: 800, precision, epoch: 3)
    )
  }

  @Test(arguments: [Precision.single, .double]) func `weights are the same over any parts`(precision: Precision) throws
  {
    let circuit = plasticCircuit(seed: 8)
    func weights(_ layouts: [PartLayout]) throws -> [[PlasticWeight]] {
      let tiles = try layouts.map { try Tile(circuit: circuit, layout: $0, precision: precision) }
      var outcome = Outcome()
      run(tiles, until: 600, epoch: circuit.epochSteps(), into: &outcome)
      return [0, 2, 3].map { projection in
        tiles.flatMap { $0.weights(ofProjection: projection) }.enumerated().sorted {
          ($0.element.source, $0.element.target, $0.offset) < ($1.element.source, $1.element.target, $1.offset)
        }.map(\.element)
      }
    }
    let whole = try weights([.whole(circuit)])
    #expect(whole.map(\.count) == [2400, 1500, 840])
    #expect(try weights(PartLayout.roundRobin(circuit, parts: 3)) == whole)
    #expect(Set(whole[2].map(\.weight)).count > 100)
    #expect(whole[0].allSatisfy { (0...120).contains($0.weight) })
    #expect(whole[1].allSatisfy { (-200...0).contains($0.weight) })
  }

  @Test(arguments: [Precision.single, .double], [3, 333] as [Int64])
  func `a snapshot of plastic synapses fits any layout`(precision: Precision, stop: Int64) throws {
    let circuit = plasticCircuit()
    let whole = try simulate(circuit, steps: 700, precision)
    for (from, to) in [(3, 1), (1, 4), (2, 5), (1, 1)] {
      var outcome = Outcome()
      func tiles(_ layouts: [PartLayout]) throws -> [Tile] {
        try layouts.map { try Tile(circuit: circuit, layout: $0, precision: precision) }
      }
      let before = try tiles(unevenRuns(circuit, parts: from))
      run(before, until: stop, epoch: 4, into: &outcome)
      let blobs = before.map { tile in
        var writer = ByteWriter()
        tile.snapshot(into: &writer)
        return writer.bytes
      }
      let snapshots = try blobs.map { blob in
        var reader = ByteReader(blob, reading: "snapshot")
        let snapshot = try TileSnapshot(from: &reader)
        try reader.finish()
        return snapshot
      }
      #expect(snapshots == before.map(\.snapshot))
      let after = try tiles(PartLayout.roundRobin(circuit, parts: to))
      // The new tiles have a past of their own, which must not shine through.
      var other = Outcome()
      run(after, until: 120, epoch: 4, into: &other)
      for tile in after { try tile.restore(from: snapshots) }
      #expect(after.reduce(0) { $0 &+ $1.digest } == before.reduce(0) { $0 &+ $1.digest })
      run(after, until: 700, epoch: circuit.epochSteps(), into: &outcome)
      #expect(outcome.spikes == whole.spikes, "from \(from) to \(to) parts")
      #expect(outcome.digest == whole.digest)
    }
  }

  @Test(arguments: [Precision.single, .double], [0.0, 0.4]) func `silent sources are settled, and old spikes forgotten`(
    precision: Precision,
    mu: Double
  ) throws {
    var circuit = plasticCircuit()
    for i in circuit.projections.indices {
      guard case .stdp(var rule) = circuit.projections[i].plasticity else { continue }
      (rule.tauPlus, rule.tauMinus, rule.muPlus) = (0.4, 0.7, mu)
      circuit.projections[i].plasticity = .stdp(rule)
    }
    let whole = try simulate(circuit, steps: 900, precision)
    for epoch in [1, 3, 5] { #expect(try simulate(circuit, steps: 900, precision, epoch: epoch) == whole) }
    for stop in [333, 512] as [Int64] {
      var outcome = Outcome()
      let before = try PartLayout.roundRobin(circuit, parts: 2).map {
        try Tile(circuit: circuit, layout: $0, precision: precision)
      }
      run(before, until: stop, epoch: 4, into: &outcome)
      let snapshots = before.map(\.snapshot)
      let oldest = snapshots.compactMap(\.plasticity).flatMap(\.states).flatMap { state in
        // The last spike of each target stays, however old it is.
        var (next, kept): (Int, [Int64]) = (0, [])
        for count in state.spikes {
          kept += state.spikeSteps[next..<next + Int(count)].dropFirst()
          next += Int(count)
        }
        return kept
      }.min()
      // Forty time constants, a period of sixteen, and the longest delay.
      #expect(try #require(oldest) >= stop - 160 - 64 - 60)
      let after = try unevenRuns(circuit, parts: 3).map {
        try Tile(circuit: circuit, layout: $0, precision: precision)
      }
      for tile in after { try tile.restore(from: snapshots) }
      run(after, until: 900, epoch: circuit.epochSteps(), into: &outcome)
      #expect(outcome.spikes == whole.spikes)
      #expect(outcome.digest == whole.digest)
    }
  }

  @Test func `a snapshot of other synapses is refused`() throws {
    let circuit = plasticCircuit()
    let tile = try Tile(circuit: circuit, layout: .whole(circuit), precision: .double)
    let still = busyCircuit()
    let other = try Tile(circuit: still, layout: .whole(still), precision: .double)
    #expect(throws: TileError.badSnapshot("it lacks the plastic synapses of neuron 1")) {
      try tile.restore(from: [other.snapshot])
    }
    let more = plasticCircuit(seed: 6)
    let drawn = try Tile(circuit: more, layout: .whole(more), precision: .double)
    // The third projection draws its in-degrees.
    #expect(throws: TileError.self) { try tile.restore(from: [drawn.snapshot]) }
  }

  @Test func `damaged bytes of plastic synapses are refused or harmless`() throws {
    let circuit = plasticCircuit()
    let tile = try Tile(circuit: circuit, layout: .whole(circuit), precision: .single)
    var outcome = Outcome()
    run([tile], until: 100, epoch: 4, into: &outcome)
    var writer = ByteWriter()
    tile.snapshot(into: &writer)
    for length in stride(from: 0, to: writer.bytes.count, by: 997) {
      var reader = ByteReader(Array(writer.bytes.prefix(length)), reading: "snapshot")
      #expect(throws: WireError.self) { try tile.restore(from: &reader) }
    }
    var random = SplitMix64(seed: 4)
    for _ in 0..<200 {
      var damaged = writer.bytes
      damaged[Int.random(in: 0..<damaged.count, using: &random)] ^= UInt8(1 << Int.random(in: 0..<8, using: &random))
      var reader = ByteReader(damaged, reading: "snapshot")
      try? tile.restore(from: &reader)
      let first = tile.now
      tile.advance(from: first, count: 4)
      tile.receive(tile.fired, from: first)
    }
  }

  @Test func `bad rules are refused`() throws {
    func said(_ change: (inout STDP) -> Void) -> String {
      var rule = STDP()
      change(&rule)
      var circuit = busyCircuit()
      circuit.projections[0].weight = Distribution(.constant(60))
      circuit.projections[0].plasticity = .stdp(rule)
      do {
        _ = try Tile(circuit: circuit, layout: .whole(circuit), precision: .single)
        return "nothing"
      } catch {
        return error.description
      }
    }
    #expect(said { _ in } == "nothing")
    #expect(said { $0.tauPlus = 0 }.contains("tau_plus = 0.0 ms must be greater than 0"))
    #expect(said { $0.lambda = -1 }.contains("lambda = -1.0 must be at least 0"))
    #expect(said { $0.greatestWeight = 0 }.contains("Wmax = 0.0 must be a finite weight other than 0"))
    #expect(
      said { $0.greatestWeight = 50 }.contains("weights from 60.0 to 60.0 do not all lie between 0 and Wmax = 50.0")
    )
  }
}
