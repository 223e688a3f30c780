import Basics
import ChipCore
import Circuits
import Testing
import Wire

#if canImport(Glibc)
import Glibc
#endif

/// A step of current from 5 ms on for ever.
private func current(_ amplitude: Double) -> Stimulus {
  .directCurrent(
    name: "dc",
    amplitude: amplitude,
    startMilliseconds: 5,
    stopMilliseconds: .infinity,
    targets: [0],
    delayMilliseconds: 0.1
  )
}

private func kick(at time: Double, _ weight: Double, delay: Double = 1) -> Stimulus {
  .events(
    name: "kick",
    [InputEvent(timeMilliseconds: time, target: NeuronID(0), weight: weight, delayMilliseconds: delay)]
  )
}

struct SingleNeuronTests {
  @Test(arguments: [Precision.single, .double], [NeuronModel.iafPscExp.name, NeuronModel.iafPscDelta.name])
  func `a constant current charges the membrane exponentially`(precision: Precision, name: String) throws {
    let model = try #require(NeuronModelCatalog.named(name))
    let outcome = try simulate(oneNeuron(model, stimuli: [current(300)]), steps: 400, precision)
    for (row, sample) in outcome.samples.enumerated() {
      let time = Double(row + 1) * 0.1
      let charged = max(0, time - 5.1)
      let expected = -70 + 300 * 10 / 250 * (1 - exp(-charged / 10))
      #expect(abs(sample[0] - expected) < (precision == .double ? 1e-12 : 2e-5), "at \(time) ms")
    }
    #expect(outcome.samples[50][0] == -70)
    #expect(outcome.samples[51][0] > -70)
  }

  @Test(arguments: [Precision.single, .double]) func `a synaptic current has its closed form`(
    precision: Precision
  ) throws {
    let parameters = ["tau_syn_ex": 2.0, "tau_syn_in": 5]
    for (weight, tau) in [(400.0, 2.0), (-300, 5)] {
      let outcome = try simulate(
        oneNeuron(.iafPscExp, parameters, stimuli: [kick(at: 5, weight)]),
        steps: 300,
        precision
      )
      for (row, sample) in outcome.samples.enumerated() {
        let since = Double(row + 1) * 0.1 - 6
        let arrived = since > -0.05
        let expected =
          arrived ? weight * 10 * tau / (250 * (tau - 10)) * (exp(-since / tau) - exp(-since / 10)) : 0
        #expect(abs(sample[0] + 70 - expected) < (precision == .double ? 1e-9 : 2e-5))
        let current = arrived ? weight * exp(-since / tau) : 0
        let (own, other) = weight > 0 ? (sample[1], sample[2]) : (sample[2], sample[1])
        #expect(abs(own - current) < (precision == .double ? 1e-9 : 1e-4))
        #expect(other == 0)
      }
    }
  }

  @Test(arguments: [1e-9, 1e-6, 0.001]) func `equal time constants are no special case`(apart: Double) throws {
    let near = try simulate(
      oneNeuron(.iafPscExp, ["tau_syn_ex": 10 + apart], stimuli: [kick(at: 5, 100)]),
      steps: 300,
      .double
    )
    for (row, sample) in near.samples.enumerated() {
      let since = max(0, Double(row + 1) * 0.1 - 6)
      let expected = 100 / 250.0 * since * exp(-since / 10)
      #expect(abs(sample[0] + 70 - expected) < 1e-9 + apart)
    }
  }

  @Test(arguments: [Precision.single, .double], [0.1, 1, 2.3, 40]) func `an input acts after its delay to the step`(
    precision: Precision,
    delay: Double
  ) throws {
    let jump = try simulate(oneNeuron(.iafPscDelta, stimuli: [kick(at: 5, 6, delay: delay)]), steps: 600, precision)
    let row = Int(((5 + delay) * 10).rounded()) - 1
    #expect(jump.samples[row - 1][0] == -70)
    #expect(abs(jump.samples[row][0] + 64) < 1e-5)
    let filtered = try simulate(oneNeuron(.iafPscExp, stimuli: [kick(at: 5, 100, delay: delay)]), steps: 600, precision)
    #expect(filtered.samples[row - 1][1] == 0)
    #expect(abs(filtered.samples[row][1] - 100) < 1e-4)
    #expect(filtered.samples[row][0] == -70)
    #expect(filtered.samples[row + 1][0] > -70)
  }

  @Test(arguments: [Precision.single, .double], [0, 0.1, 2, 30]) func `a neuron rests for its refractory time`(
    precision: Precision,
    refractory: Double
  ) throws {
    let circuit = oneNeuron(.iafPscDelta, ["t_ref": refractory, "I_e": 1e6], stimuli: [])
    let steps = try simulate(circuit, steps: 1000, precision).steps(of: 0)
    // The current lifts V over the threshold in every step in which it may move.
    let period = Int((refractory * 10).rounded()) + 1
    #expect(steps == Array(stride(from: 0, to: 1000, by: period)))
  }

  @Test(arguments: [Precision.single, .double]) func `refractory neurons drop jumps but keep currents`(
    precision: Precision
  ) throws {
    // The first kick makes a spike at 6.0 ms; the second arrives at 7.0 ms, within 2 ms of it.
    func two(_ weight: Double) -> [Stimulus] { [kick(at: 5, weight), kick(at: 6, weight)] }
    let jumps = try simulate(oneNeuron(.iafPscDelta, stimuli: two(20)), steps: 200, precision)
    #expect(jumps.steps(of: 0) == [59])
    #expect(jumps.samples[60...78].allSatisfy { $0[0] == -70 })
    #expect(jumps.samples[120][0] == -70)
    let currents = try simulate(
      oneNeuron(.iafPscExp, stimuli: [kick(at: 5, 5000), kick(at: 6, 300)]),
      steps: 200,
      precision
    )
    let spike = try #require(currents.steps(of: 0).first)
    #expect(currents.samples[spike..<spike + 21].allSatisfy { $0[0] == -70 })
    #expect(currents.samples[spike + 21][0] > -70)
    #expect(abs(currents.samples[69][1] - currents.samples[68][1] * exp(-0.05) - 300) < 1e-2)
  }

  @Test func `a least potential holds`() throws {
    let circuit = oneNeuron(.iafPscDelta, ["V_min": -72], stimuli: [kick(at: 5, -9)])
    for precision in [Precision.single, .double] {
      #expect(try simulate(circuit, steps: 100, precision).samples[59][0] == -72)
    }
  }

  @Test func `a current pulse acts in the steps that end within it`() throws {
    let pulse = Stimulus.directCurrent(
      name: "dc",
      amplitude: 100,
      startMilliseconds: 3,
      stopMilliseconds: 4,
      targets: [0],
      delayMilliseconds: 0.5
    )
    let outcome = try simulate(oneNeuron(.iafPscDelta, ["tau_m": 1e9], stimuli: [pulse]), steps: 100, .double)
    let rising = outcome.samples.indices.dropFirst().filter {
      outcome.samples[$0][0] - outcome.samples[$0 - 1][0] > 0.01
    }
    // Rows end at 3.6 … 4.5 ms.
    #expect(rising == Array(35..<45))
  }

  @Test func `constants and values of single neurons drive their neuron only`() throws {
    var circuit = Circuit(
      name: "three",
      populations: [population("N", .iafPscExp, size: 3, ["I_e": 100])],
      recorders: [.state(population: 0, neurons: [], variables: ["V_m"], everySteps: 10, file: "v.csv")]
    )
    circuit.populations[0].perNeuron = ["I_e": [0, 100, 200], "V_m_init": [-70, -68, -66]]
    for precision in [Precision.single, .double] {
      let last = try simulate(circuit, steps: 500, precision).samples[49]
      for (k, v) in last.enumerated() {
        let expected = -70 + 4 * Double(k) * (1 - exp(-5)) + 2 * Double(k) * exp(-5)
        #expect(abs(v - expected) < 1e-5)
      }
    }
  }

  @Test func `samples carry the time of their step's end`() throws {
    let circuit = Circuit(
      name: "one",
      populations: [population("N", .iafPscExp)],
      recorders: [.state(population: 0, neurons: [], variables: ["V_m"], everySteps: 4, file: "v.csv")]
    )
    let tile = try Tile(circuit: circuit, layout: .whole(circuit), precision: .single)
    tile.advance(from: Step(0), count: 10)
    let records = tile.takeRecords()
    #expect(records.map(\.times) == [[4, 8]])
    #expect(records[0].neurons == [NeuronID(0)])
    tile.advance(from: Step(10), count: 3)
    #expect(tile.takeRecords()[0].times == [12])
  }
}
