import Basics
import ChipCore
import Circuits
import Testing

#if canImport(Glibc)
import Glibc
#endif

private func kicks(_ kicks: [(time: Double, weight: Double)]) -> Stimulus {
  .events(
    name: "kicks",
    kicks.map {
      InputEvent(timeMilliseconds: $0.time, target: NeuronID(0), weight: $0.weight, delayMilliseconds: 1)
    }
  )
}

struct SynapticShapeTests {
  @Test(arguments: [Precision.single, .double], [(400.0, 2.0, 5.0), (-300, 2, 5), (400, 5, 5), (-300, 5, 5)])
  func `an alpha-shaped current has its closed form`(
    precision: Precision,
    values: (weight: Double, ex: Double, inh: Double)
  ) throws {
    let tau = values.weight > 0 ? values.ex : values.inh
    var circuit = oneNeuron(
      .iafPscAlpha,
      ["tau_syn_ex": values.ex, "tau_syn_in": values.inh],
      stimuli: [kicks([(5, values.weight)])]
    )
    // Without recorded currents, equal time constants share one.
    circuit.recorders = [
      .state(population: 0, neurons: [], variables: ["V_m"], everySteps: 1, file: "v.csv"),
      .state(population: 0, neurons: [], variables: ["I_syn_ex", "I_syn_in"], everySteps: 1, file: "i.csv"),
    ]
    var voltageOnly = circuit
    voltageOnly.recorders.removeLast()
    let d = 1 / 10.0 - 1 / tau
    for variant in [circuit, voltageOnly] {
      let outcome = try simulate(variant, steps: 300, precision)
      for (row, sample) in outcome.samples.enumerated() {
        let since = max(0, Double(row + 1) * 0.1 - 6)
        // The integral of exp(-(t - s)/tau_m) e s/tau exp(-s/tau)/C_m.
        let x = d * since
        let expected = values.weight * exp(1) / tau / 250 * exp(-since / 10) * (x * exp(x) - expm1(x)) / (d * d)
        #expect(abs(sample[0] + 70 - expected) < (precision == .double ? 1e-9 : 5e-5))
      }
    }
    let tile = try Tile(circuit: circuit, layout: .whole(circuit), precision: precision)
    tile.advance(from: Step(0), count: 300)
    let currents = try #require(tile.takeRecords().last)
    for (row, time) in currents.times.enumerated() {
      let since = max(0, Double(time) * 0.1 - 6)
      let expected = values.weight * exp(1) * since / tau * exp(-since / tau)
      let (own, other) = (currents.values[2 * row], currents.values[2 * row + 1])
      #expect(abs((values.weight > 0 ? own : other) - expected) < (precision == .double ? 1e-9 : 1e-3))
      #expect((values.weight > 0 ? other : own) == 0)
    }
  }

  @Test(arguments: [9.9, 10, 10.1, 200, 0.1]) func `the alpha propagator is exact near and far from the membrane's`(
    tau: Double
  ) throws {
    let outcome = try simulate(
      oneNeuron(.iafPscAlpha, ["tau_syn_ex": tau], stimuli: [kicks([(5, 100)])]),
      steps: 400,
      .double
    )
    // Simpson's rule over the convolution, fine enough for 1e-9.
    let row = 399
    let since = 40 - 6.0
    let n = 40_000
    var sum = 0.0
    for i in 0...n {
      let s = since * Double(i) / Double(n)
      let weight = i == 0 || i == n ? 1.0 : i % 2 == 1 ? 4 : 2
      sum += weight * exp(-(since - s) / 10) * s / tau * exp(1 - s / tau)
    }
    let expected = 100 / 250.0 * sum * since / Double(n) / 3
    #expect(abs(outcome.samples[row][0] + 70 - expected) < 1e-8)
  }

  @Test(arguments: [Precision.single, .double]) func `a conductance decays exponentially`(precision: Precision) throws {
    let circuit = oneNeuron(.iafCondExp, ["tau_syn_ex": 0.7, "tau_syn_in": 3], stimuli: [kicks([(5, 8), (5, -3)])])
    let outcome = try simulate(circuit, steps: 200, precision)
    for (row, sample) in outcome.samples.enumerated() {
      let since = Double(row + 1) * 0.1 - 6
      let arrived = since > -0.05
      #expect(abs(sample[1] - (arrived ? 8 * exp(-since / 0.7) : 0)) < (precision == .double ? 1e-12 : 1e-5))
      #expect(abs(sample[2] - (arrived ? 3 * exp(-since / 3) : 0)) < (precision == .double ? 1e-12 : 1e-5))
    }
    #expect(outcome.samples[59][0] == -70)
    #expect(outcome.samples[60][0] != -70)
  }

  @Test(arguments: [(0.2, 2.0), (5, 10), (0.5, 0.3)])
  func `the potential follows the equation, excitation and inhibition at once`(
    tauEx: Double,
    tauIn: Double
  ) throws {
    let parameters = ["tau_syn_ex": tauEx, "tau_syn_in": tauIn, "V_th": 1000, "I_e": 200]
    let input = (0..<60).map { (time: 5 + Double($0), weight: $0 % 3 == 0 ? -150.0 : 60) }
    let circuit = oneNeuron(.iafCondExp, parameters, stimuli: [kicks(input)])
    let double = try simulate(circuit, steps: 700, .double)
    let single = try simulate(circuit, steps: 700, .single)
    // Runge and Kutta's rule with 200 small steps in each step.
    var (v, ex, inh) = (-70.0, 0.0, 0.0)
    var (worst, worstSingle) = (0.0, 0.0)
    for step in 0..<700 {
      let n = 200
      let h = 0.1 / Double(n)
      func slope(_ v: Double, _ t: Double) -> Double {
        (-16.6667 * (v + 70) - ex * exp(-t / tauEx) * v - inh * exp(-t / tauIn) * (v + 85) + 200) / 250
      }
      for i in 0..<n {
        let t = h * Double(i)
        let a = slope(v, t)
        let b = slope(v + h / 2 * a, t + h / 2)
        let c = slope(v + h / 2 * b, t + h / 2)
        let d = slope(v + h * c, t + h)
        v += h / 6 * (a + 2 * b + 2 * c + d)
      }
      (ex, inh) = (ex * exp(-0.1 / tauEx), inh * exp(-0.1 / tauIn))
      for (time, weight) in input where Int((time * 10).rounded()) + 9 == step {
        if weight > 0 { ex += weight } else { inh -= weight }
      }
      worst = max(worst, abs(v - double.samples[step][0]))
      worstSingle = max(worstSingle, abs(v - single.samples[step][0]))
    }
    #expect(worst < 1e-6, "worst deviation \(worst)")
    #expect(worstSingle < 1e-3, "worst deviation in single precision \(worstSingle)")
  }

  @Test func `a conductance of any size leaves the potential between the reversal potentials`() throws {
    let circuit = oneNeuron(.iafCondExp, ["V_th": 1000], stimuli: [kicks([(5, 1e6), (7, -1e6), (9, 3e5)])])
    for precision in [Precision.single, .double] {
      let outcome = try simulate(circuit, steps: 200, precision)
      #expect(outcome.samples.allSatisfy { $0[0] < 1 && $0[0] > -86 })
      #expect(outcome.samples[60][0] > -1)
    }
  }
}
