import Basics
import ChipCore
import Circuits
import Kernels
import KernelTypes
import Testing

#if canImport(Glibc)
import Glibc
#endif

/// The rule of plasticity, applied synapse by synapse to given spikes, in the number format and the order of operations of a tile.
private struct SlowPlasticity<Real: BinaryFloatingPoint> {
  let rule: STDP
  let stepMilliseconds: Double

  private func decay(_ steps: Int64, _ tau: Double) -> Real { Real(exp(-Double(steps) * (stepMilliseconds / tau))) }

  private func power(_ x: Real, _ mu: Double) -> Real {
    mu == 0 ? 1 : mu == 1 ? x : Real(pow(max(0, Double(x)), mu))
  }

  private func facilitated(_ w: Real, _ trace: Real) -> Real {
    let share = w / Real(rule.greatestWeight)
    let next = share + Real(rule.lambda) * power(1 - share, rule.muPlus) * trace
    return min(next, 1) * Real(rule.greatestWeight)
  }

  private func depressed(_ w: Real, _ trace: Real) -> Real {
    let share = w / Real(rule.greatestWeight)
    let next = share - Real(rule.alpha * rule.lambda) * power(share, rule.muMinus) * trace
    return max(next, 0) * Real(rule.greatestWeight)
  }

  /// The trace right after each spike.
  private func traces(_ spikes: [Int64], _ tau: Double) -> [Real] {
    var traces: [Real] = []
    for (n, spike) in spikes.enumerated() {
      traces.append(1 + (n > 0 ? traces[n - 1] * decay(spike - spikes[n - 1], tau) : 0))
    }
    return traces
  }

  /// The step up to which spikes of the target facilitate at a spike of the source: that one, or, where the source was silent
  /// for more than forty time constants, the next multiple of a period.
  private func end(_ last: Int64, _ step: Int64) -> Int64 {
    let period = max(1, Int64(16 * min(rule.tauPlus, rule.tauMinus) / stepMilliseconds))
    let wait = Int64((40 * rule.tauPlus / stepMilliseconds).rounded(.up))
    return min(step, (last + wait + period - 1) / period * period)
  }

  /// What a synapse transmits with each spike of its source.
  func transmitted(_ weight: Double, delay: Int64, _ pre: [Int64], _ post: [Int64]) -> [Double] {
    let (preTraces, postTraces) = (traces(pre, rule.tauPlus), traces(post, rule.tauMinus))
    var w = Real(weight)
    return pre.indices.map { n in
      let newest = pre[n] - delay
      if n > 0 {
        for t in post where t > pre[n - 1] - delay && t <= end(pre[n - 1], pre[n]) - delay {
          w = facilitated(w, preTraces[n - 1] * decay(t + delay - pre[n - 1], rule.tauPlus))
        }
      }
      if let last = post.lastIndex(where: { $0 < newest }) {
        w = depressed(w, postTraces[last] * decay(newest - post[last], rule.tauMinus))
      }
      return Double(w)
    }
  }

  /// The same in single precision where the powers of the rule are 0 or 1: exponentials are relative to a base, spikes that
  /// facilitate are summed by their number mod eight, and weights are not divided.
  private func transmittedFast(_ weight: Double, delay: Int64, _ pre: [Int64], _ post: [Int64]) -> [Double] {
    let h = stepMilliseconds
    let period = Int64(16 * min(rule.tauPlus, rule.tauMinus) / h)
    func plus(_ n: Int64) -> Float { Float(exp(Double(n) * (h / rule.tauPlus))) }
    func minus(_ n: Int64) -> Float { Float(exp(Double(n) * (h / rule.tauMinus))) }
    let (preTraces, postTraces) = (traces(pre, rule.tauPlus), traces(post, rule.tauMinus))
    let greatest = abs(rule.greatestWeight)
    let up = Float(rule.muPlus == 0 ? rule.lambda * greatest : rule.lambda)
    let down = Float(rule.alpha * rule.lambda * (rule.muMinus == 0 ? greatest : 1))
    var w = Float(abs(weight))
    return pre.indices.map { n in
      let base = pre[n] / period * period
      let newest = pre[n] - delay
      if n > 0 {
        let (oldest, at) = (pre[n - 1] - delay, end(pre[n - 1], pre[n]))
        let base = at / period * period
        let factor = up * (Float(preTraces[n - 1]) * plus(oldest - base))
        var sums = [Float](repeating: rule.muPlus == 0 ? 0 : 1, count: 8)
        for (k, t) in post.enumerated() where t > oldest && t <= at - delay {
          let e = plus(base - t)
          if rule.muPlus == 0 { sums[k % 8] += e } else { sums[k % 8] *= max(0, 1 - e * factor) }
        }
        if rule.muPlus == 0 {
          let four = (0..<4).map { sums[$0] + sums[$0 + 4] }
          w += factor * ((four[0] + four[2]) + (four[1] + four[3]))
        } else {
          let four = (0..<4).map { sums[$0] * sums[$0 + 4] }
          w += (Float(greatest) - w) * (1 - (four[0] * four[2]) * (four[1] * four[3]))
        }
        w = min(w, Float(greatest))
      }
      if let last = post.lastIndex(where: { $0 < newest }) {
        let isFar = base - post[last] > Int64(75 * rule.tauMinus / h)
        let trace = down * minus(base - newest) * (isFar ? 0 : Float(postTraces[last]) * minus(post[last] - base))
        w = max(0, w - (rule.muMinus == 0 ? trace : trace * w))
      }
      return rule.greatestWeight < 0 ? -Double(w) : Double(w)
    }
  }

  /// The same for all synapses of a projection, as sorted rows.
  func rows(_ circuit: Circuit, projection: Int, spikes: [[Int64]]) -> [TransmittedWeight] {
    var rows: [TransmittedWeight] = []
    let layout = PartLayout.whole(circuit)
    let firstOfTarget = zip(layout.slices, layout.localStarts).first {
      $0.0.population == circuit.projections[projection].target
    }
    Connections(of: circuit, endingIn: layout).expand(projection) { sources, places, weights, delays in
      for i in sources.indices {
        let target = UInt32((firstOfTarget?.0.first ?? 0) + Int(places[i]) - (firstOfTarget?.1 ?? 0))
        let pre = spikes[Int(sources[i])]
        let post = spikes[Int(target)]
        let isFast = Real.self == Float.self && [0, 1].contains(rule.muPlus) && [0, 1].contains(rule.muMinus)
        let sent =
          isFast
          ? transmittedFast(weights[i], delay: Int64(delays[i]), pre, post)
          : transmitted(weights[i], delay: Int64(delays[i]), pre, post)
        for (step, weight) in zip(pre, sent) {
          rows.append(TransmittedWeight(step: step + 1, source: sources[i], target: target, weight: weight))
        }
      }
    }
    return sorted(rows)
  }
}

private func sorted(_ rows: [TransmittedWeight]) -> [TransmittedWeight] {
  rows.sorted { ($0.step, $0.source, $0.target, $0.weight) < ($1.step, $1.source, $1.target, $1.weight) }
}

/// Two populations that replay spikes, one that fires seldom and one that fires often, joined by plastic synapses.
private func seldomAndOften() -> Circuit {
  var circuit = Circuit(name: "seldom and often")
  var random = SplitMix64(seed: 3)
  for (index, gap) in [700, 60].enumerated() {
    var population = population(index == 0 ? "seldom" : "often", .replay, first: 20 * index, size: 20)
    for neuron in population.neurons {
      var step = Int64.random(in: 0...100, using: &random)
      while step < 1800 {
        population.replayed.append(ReplayedSpike(step: step, neuron: NeuronID(UInt32(neuron))))
        step += Int64.random(in: 1...Int64(gap), using: &random)
      }
    }
    circuit.populations.append(population)
  }
  var rule = STDP()
  (rule.greatestWeight, rule.lambda, rule.alpha, rule.muPlus, rule.muMinus) = (2, 0.02, 1.1, 0, 0)
  for (source, target) in [(0, 1), (1, 0), (1, 1)] {
    circuit.projections.append(
      Projection(
        source: source,
        target: target,
        rule: .fixedIndegree(9),
        weight: Distribution(.uniform(low: 0.2, high: 1.5)),
        delay: Distribution(.uniform(low: 0.4, high: 6)),
        plasticity: .stdp(rule)
      )
    )
    (rule.tauPlus, rule.tauMinus, rule.muPlus) = (15, 31, 1)
  }
  return circuit
}

struct PlasticReferenceTests {
  @Test(arguments: KernelTable.supported.indices, [1, 3])
  func `every weight that is transmitted has the bits of the plain rule, with each set of instructions`(
    set: Int,
    parts: Int
  ) throws {
    try check(plasticCircuit(seed: 11), parts, KernelTable.supported[set], steps: 900)
    try check(seldomAndOften(), parts, KernelTable.supported[set], steps: 1800)
    // Time constants so short that silent sources are settled, spikes forgotten, and the base moves often.
    var short = seldomAndOften()
    for i in short.projections.indices {
      guard case .stdp(var rule) = short.projections[i].plasticity else { continue }
      (rule.tauPlus, rule.tauMinus, rule.lambda) = (0.6, 0.9, 0.3)
      short.projections[i].plasticity = .stdp(rule)
    }
    try check(short, parts, KernelTable.supported[set], steps: 1800)
  }

  private func check(_ given: Circuit, _ parts: Int, _ kernels: KernelTable, steps: Int64) throws {
    var circuit = given
    let plastic = circuit.projections.indices.filter { circuit.projections[$0].plasticity != nil }
    circuit.recorders = plastic.map { .transmitted(projections: [$0], file: "\($0).csv") }
    for precision in [Precision.single, .double] {
      let tiles = try PartLayout.roundRobin(circuit, parts: parts).map {
        try Tile(circuit: circuit, layout: $0, precision: precision, kernels: kernels)
      }
      var outcome = Outcome()
      run(tiles, until: steps, epoch: circuit.epochSteps(), into: &outcome)
      var spikes = [[Int64]](repeating: [], count: circuit.neuronCount)
      for (step, neurons) in outcome.spikes.enumerated() { for n in neurons { spikes[Int(n)].append(Int64(step)) } }
      let taken = tiles.map { $0.takeTransmitted() }
      for (recorder, projection) in plastic.enumerated() {
        guard case .stdp(let rule) = circuit.projections[projection].plasticity else { continue }
        let want =
          precision == .single
          ? SlowPlasticity<Float>(rule: rule, stepMilliseconds: circuit.stepMilliseconds)
            .rows(circuit, projection: projection, spikes: spikes)
          : SlowPlasticity<Double>(rule: rule, stepMilliseconds: circuit.stepMilliseconds)
            .rows(circuit, projection: projection, spikes: spikes)
        let found = sorted(taken.flatMap { $0[recorder] ?? [] })
        #expect(found.count > 50)
        #expect(found == want, "\(precision), projection \(projection)")
      }
    }
  }

  @Test(arguments: [(60_000, 60_000, true), (70_000, 70_000, false), (0, 120_000, true), (0, 140_000, false)])
  func `static and plastic weights on one neuron are refused where together they could overflow its sum`(
    fixed: Int,
    plastic: Int,
    fits: Bool
  ) throws {
    var rule = STDP()
    rule.greatestWeight = 1
    let weight = Distribution(.constant(0.5))
    let circuit = Circuit(
      name: "heavy",
      populations: [population("S", .iafPscDelta), population("T", .iafPscDelta, first: 1)],
      projections: [
        Projection(
          source: 0,
          target: 1,
          rule: .fixedIndegree(fixed),
          weight: Distribution(.constant(1)),
          delay: Distribution(.constant(1))
        ),
        Projection(
          source: 0,
          target: 1,
          rule: .fixedIndegree(plastic),
          weight: weight,
          delay: Distribution(.constant(1)),
          plasticity: .stdp(rule)
        ),
      ]
    )
    do {
      _ = try Tile(circuit: circuit, layout: .whole(circuit), precision: .single)
      #expect(fits, "not refused")
    } catch TileError.accumulatorOverflow(let neuron, let sum, _) {
      #expect(!fits)
      #expect(neuron == 2)
      #expect(abs(sum - Double(fixed + plastic)) < 10)
    }
    _ = try Tile(circuit: circuit, layout: .whole(circuit), precision: .double)
  }
}
