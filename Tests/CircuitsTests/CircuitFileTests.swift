import Basics
import Circuits
import Documents
import Testing

@Suite struct CircuitFileTests {
  @Test func `the contract's example is read`() throws {
    let circuit = try readCircuit(
      """
      circuit: balanced
      step: 0.1 ms
      seed: 7
      populations:
        E: {size: 8000, model: iaf_psc_exp, parameters: {C_m: 0.25 nF, tau_m: 20 ms, tau_syn_ex: 2 ms, V_th: -50 mV},
            initial: {V_m: {normal: [-60 mV, 5 mV]}}}
        I: {size: 2000, like: E, parameters: {tau_m: 10 ms}}
      stimuli:
        noise: {poisson: {rate: 8 kHz}, to: [E, I], weight: 20 pA, delay: 1.5 ms}
        kick:  {dc: {amplitude: 450 pA, start: 50 ms, stop: 150 ms}, to: E, delay: 0.1 ms}
        given: {events: input.csv}
      projections:
        - {from: E, to: [E, I], rule: {fixed_indegree: 800}, weight: 20 pA, delay: {normal: [1.5 ms, 0.75 ms], at_least: 0.1 ms}}
        - {from: I, to: [E, I], rule: {pairwise_bernoulli: 0.1}, weight: -100 pA, delay: 0.8 ms}
        - {from: E, to: E, list: connections.csv}
      neurons: neurons.csv
      record:
        - {spikes: [E, I], file: spikes.csv}
        - {state: E, ids: [1, 7], variables: [V_m], every: 0.1 ms, file: v.csv}
      """,
      [
        "input.csv": "time_ms,target_id,weight,delay_ms\n12.5,8001,20,1.5\n",
        "connections.csv": "source_id,target_id,weight_pA,delay_ms\n1,2,0.5,0.7\n8000,1,-2,2.5\n",
        "neurons.csv": "neuron_id,I_e_pA,V_m_init_mV\n"
          + (8001...10000).map { "\($0),\($0),-65.5\n" }.joined(),
      ]
    )
    #expect(circuit.name == "balanced")
    #expect(circuit.seed == 7)
    #expect(circuit.stepMilliseconds == 0.1)
    #expect(circuit.neuronCount == 10_000)

    let (e, i) = (circuit.populations[0], circuit.populations[1])
    #expect(e.neurons == 0..<8000)
    #expect(i.neurons == 8000..<10_000)
    #expect(e.parameters["C_m"] == 250)
    #expect(e.parameters["tau_m"] == 20)
    #expect(e.parameters["E_L"] == -70)
    #expect(i.parameters["tau_m"] == 10)
    #expect(i.parameters["V_th"] == -50)
    #expect(i.model == "iaf_psc_exp")
    #expect(i.initial == ["V_m": Distribution(.normal(mean: -60, deviation: 5))])
    #expect(e.perNeuron.isEmpty)
    #expect(i.perNeuron["I_e"] == (8001...10000).map(Double.init))
    #expect(i.perNeuron["V_m_init"] == Array(repeating: -65.5, count: 2000))

    #expect(
      circuit.stimuli == [
        .poisson(name: "noise", rateHertz: 8000, targets: [0, 1], weight: 20, delayMilliseconds: 1.5),
        .directCurrent(
          name: "kick",
          amplitude: 450,
          startMilliseconds: 50,
          stopMilliseconds: 150,
          targets: [0],
          delayMilliseconds: 0.1
        ),
        .events(
          name: "given",
          [InputEvent(timeMilliseconds: 12.5, target: NeuronID(8000), weight: 20, delayMilliseconds: 1.5)]
        ),
      ]
    )

    #expect(circuit.projections.map { [$0.source, $0.target] } == [[0, 0], [0, 1], [1, 0], [1, 1], [0, 0]])
    let drawn = Distribution(.normal(mean: 1.5, deviation: 0.75), atLeast: 0.1)
    #expect(
      circuit.projections[1]
        == Projection(
          source: 0,
          target: 1,
          rule: .fixedIndegree(800),
          weight: Distribution(.constant(20)),
          delay: drawn
        )
    )
    #expect(circuit.projections[2].rule == .pairwiseBernoulli(0.1))
    #expect(circuit.projections[2].weight == Distribution(.constant(-100)))
    #expect(
      circuit.projections[4].rule
        == .list([
          ListedConnection(source: NeuronID(0), target: NeuronID(1), weight: 0.5, delayMilliseconds: 0.7),
          ListedConnection(source: NeuronID(7999), target: NeuronID(0), weight: -2, delayMilliseconds: 2.5),
        ])
    )
    #expect(
      circuit.recorders == [
        .spikes(populations: [0, 1], file: "spikes.csv"),
        .state(population: 0, neurons: [NeuronID(0), NeuronID(6)], variables: ["V_m"], everySteps: 1, file: "v.csv"),
      ]
    )
  }

  @Test func `what is left out has the defaults of NEST`() throws {
    let circuit = try readCircuit(
      pair
        + "projections: [{from: E, to: I}]\nstimuli: {n: {poisson: {rate: 1 Hz}, to: E}, c: {dc: {amplitude: 1 pA}, to: I}}\n"
        + "record: [{state: I, variables: V_m, file: v.csv}]"
    )
    #expect(circuit.stepMilliseconds == 0.1)
    #expect(circuit.seed == 1)
    #expect(circuit.projections == [Projection(source: 0, target: 1, rule: .allToAll)])
    #expect(circuit.projections[0].autapses && circuit.projections[0].multapses)
    #expect(
      circuit.stimuli == [
        .poisson(name: "n", rateHertz: 1, targets: [0], weight: 1, delayMilliseconds: 1),
        .directCurrent(
          name: "c",
          amplitude: 1,
          startMilliseconds: 0,
          stopMilliseconds: .infinity,
          targets: [1],
          delayMilliseconds: 1
        ),
      ]
    )
    #expect(
      circuit.recorders == [
        .state(
          population: 1,
          neurons: (80..<100).map { NeuronID($0) },
          variables: ["V_m"],
          everySteps: 10,
          file: "v.csv"
        )
      ]
    )
  }

  @Test func `JSON with NEST's units is read`() throws {
    let circuit = try readCircuit(
      """
      {
       "circuit": "n", "units": "nest", "step": 0.1, "seed": 1,
       "populations": {
        "N": {"size": 1, "model": "iaf_psc_exp", "parameters": {"tau_syn_ex": 2.0, "tau_syn_in": 5e0, "C_m": "1 nF"},
              "initial": {"V_m": -64.5}}
       },
       "stimuli": {"dc": {"dc": {"amplitude": 450.0, "start": 50.0, "stop": 150.0}, "to": "N", "delay": 0.1}},
       "record": [{"spikes": ["N"], "file": "spikes.csv"},
        {"state": "N", "variables": ["V_m", "I_syn_ex"], "every": 0.1, "file": "state.csv"}]
      }
      """
    )
    #expect(circuit.populations[0].parameters["tau_syn_in"] == 5)
    #expect(circuit.populations[0].parameters["C_m"] == 1000)
    #expect(circuit.populations[0].initial["V_m"] == Distribution(.constant(-64.5)))
    guard case .directCurrent(_, let amplitude, _, _, _, let delay) = circuit.stimuli[0] else {
      Issue.record("no current")
      return
    }
    #expect(amplitude == 450)
    #expect(delay == 0.1)
    #expect(
      circuit.recorders[1]
        == .state(
          population: 0,
          neurons: [NeuronID(0)],
          variables: ["V_m", "I_syn_ex"],
          everySteps: 1,
          file: "state.csv"
        )
    )
  }

  @Test(arguments: [
    ("one_to_one", ConnectionRule.oneToOne), ("all_to_all", .allToAll), ("{fixed_indegree: 3}", .fixedIndegree(3)),
    ("{fixed_outdegree: 0}", .fixedOutdegree(0)), ("{fixed_total_number: 12}", .fixedTotalNumber(12)),
    ("{pairwise_bernoulli: 1}", .pairwiseBernoulli(1)),
  ])
  func `every rule is read`(text: String, rule: ConnectionRule) throws {
    let circuit = try readCircuit(
      pair + "projections: [{from: E, to: E, rule: \(text), autapses: true, multapses: false}]"
    )
    #expect(circuit.projections[0].rule == rule)
    #expect(circuit.projections[0].autapses)
    #expect(!circuit.projections[0].multapses)
  }

  @Test(arguments: [
    ("3 pA", Distribution(.constant(3))), ("{constant: 2 nA}", Distribution(.constant(2000))),
    ("{normal: [5 pA, 0]}", Distribution(.normal(mean: 5, deviation: 0))),
    ("{lognormal: [0.5, 0.25], at_most: 9 pA}", Distribution(.lognormal(mu: 0.5, sigma: 0.25), atMost: 9)),
    (
      "{uniform: [-1 pA, 1 pA], at_least: 0 pA, outside: clip}",
      Distribution(.uniform(low: -1, high: 1), atLeast: 0, outside: .clip)
    ),
    (
      "{normal: [5 pA, 2 pA], at_least: 1 pA, at_most: 8 pA, outside: redraw}",
      Distribution(.normal(mean: 5, deviation: 2), atLeast: 1, atMost: 8)
    ),
  ])
  func `every distribution is read`(text: String, weight: Distribution) throws {
    let circuit = try readCircuit(pair + "projections: [{from: E, to: E, weight: \(text)}]")
    #expect(circuit.projections[0].weight == weight)
  }

  @Test func `columns without a unit are in the unit of the target's model, others are brought to it`() throws {
    let events = "time,target_id,weight,delay\n1,1,2,0.5\n2,81,3,0.5\n"
    let scaled = "delay_us,target_id,weight_nA,time_s\n500,1,0.002,0.001\n"
    let circuit = try readCircuit(
      pair + "stimuli: {a: {events: a.csv}, b: {events: b.csv}}",
      ["a.csv": events, "b.csv": scaled]
    )
    let first = InputEvent(timeMilliseconds: 1, target: NeuronID(0), weight: 2, delayMilliseconds: 0.5)
    let second = InputEvent(timeMilliseconds: 2, target: NeuronID(80), weight: 3, delayMilliseconds: 0.5)
    #expect(circuit.stimuli == [.events(name: "a", [first, second]), .events(name: "b", [first])])
  }

  @Test func `a list without weights and delays takes those of the projection`() throws {
    let list = ["l.csv": "source_id,target_id\n1,2\n81,82\n1,81\n"]
    let circuit = try readCircuit(
      pair + "projections: [{from: [E, I], to: [E, I], list: l.csv, weight: 0, delay: 2 ms}]",
      list
    )
    #expect(circuit.projections.map { [$0.source, $0.target] } == [[0, 0], [0, 1], [1, 0], [1, 1]])
    #expect(
      circuit.projections[1].rule
        == .list([ListedConnection(source: NeuronID(0), target: NeuronID(80), weight: 0, delayMilliseconds: 2)])
    )
    #expect(circuit.projections[2].rule == .list([]))
  }

  @Test func `paths are relative to the folder of the circuit`() throws {
    var asked: [String] = []
    _ = try CircuitFile.read(
      bytes: Array((pair + "stimuli: {a: {events: in/a.csv}, b: {events: /b.csv}}").utf8),
      file: "some/folder/c.yaml"
    ) { path in
      asked.append(path)
      return Array("time,target_id\n".utf8)
    }
    #expect(asked == ["some/folder/in/a.csv", "/b.csv"])
  }
}
