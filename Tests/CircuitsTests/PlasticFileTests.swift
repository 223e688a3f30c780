import Basics
import Circuits
import Documents
import Testing

struct PlasticFileTests {
  private let spikes = "time_ms,neuron_id\n1.5,1\n0.3,3\n1.5,2\n2,1\n"

  @Test func `replay, plasticity and its recorders are read`() throws {
    let circuit = try readCircuit(
      """
      circuit: plastic
      units: nest
      populations: {pre: {size: 2, model: replay, spikes: s.csv}, post: {size: 1, model: replay, spikes: s.csv},
        E: {size: 4, model: iaf_psc_delta}}
      projections:
        - {from: pre, to: post, weight: 1.0, delay: 1.0, plasticity: {stdp: {Wmax: 2.0, lambda: 0.02, alpha: 1.05,
            mu_plus: 0, mu_minus: 0.5, tau_plus: 17, tau_minus: 31}}}
        - {from: E, to: E, weight: 0.5, plasticity: {stdp: {Wmax: 1.5 mV}}}
        - {from: pre, to: E}
      record:
        - {transmitted: pre>post, file: sent.csv}
        - {weights: E > E, file: weights.csv}
      """,
      ["s.csv": spikes]
    )
    func spike(_ step: Int64, _ number: UInt32) -> ReplayedSpike {
      ReplayedSpike(step: step, neuron: NeuronID(number - 1))
    }
    #expect(circuit.populations[0].replayed == [spike(14, 1), spike(14, 2), spike(19, 1)])
    #expect(circuit.populations[1].replayed == [spike(2, 3)])
    var rule = STDP()
    (rule.greatestWeight, rule.lambda, rule.alpha, rule.muPlus) = (2, 0.02, 1.05, 0)
    (rule.muMinus, rule.tauPlus, rule.tauMinus) = (0.5, 17, 31)
    #expect(circuit.projections[0].plasticity == .stdp(rule))
    var other = STDP()
    other.greatestWeight = 1.5
    #expect(circuit.projections[1].plasticity == .stdp(other))
    #expect(circuit.projections[2].plasticity == nil)
    #expect(
      circuit.recorders == [
        .transmitted(projections: [0], file: "sent.csv"), .weights(projections: [1], file: "weights.csv"),
      ]
    )
  }

  @Test(arguments: [
    ("time_ms,neuron_id\n0,1", "s.csv:2: time_ms: a spike at 0.0 ms is not at the end of a step of 0.1 ms"),
    ("time_ms,neuron_id\n0.25,1", "s.csv:2: time_ms: a spike at 0.25 ms is not at the end of a step of 0.1 ms"),
    ("time_ms,neuron_id\n1,1\n1,1", "s.csv:3: neuron 1 fires twice in one step; the same spike stands on line 2"),
    ("time_ms,neuron_id\n1,9", "s.csv:2: neuron_id: there is no neuron 9; ids run from 1 to 2"),
    ("time_ms,neuron\n1,1", "s.csv:1: unknown column 'neuron'; did you mean 'neuron_id'?"),
    ("time_ms,neuron_id\nnan,1", "s.csv:2"),
    ("time_ms,neuron_id\n1e300,1", "s.csv:2: time_ms: a spike at 1e+300 ms"),
  ])
  func `a wrong list of spikes is refused`(text: String, wanted: String) {
    let said = problem("circuit: a\npopulations: {A: {size: 2, model: replay, spikes: s.csv}}", ["s.csv": text])
    #expect(said.hasPrefix(wanted), "\(said)")
  }

  @Test func `listed weights outside the rule's bounds are refused, and static projections have no weights to record`()
  {
    let list = ["l.csv": "source_id,target_id,weight,delay_ms\n1,2,3,1\n"]
    let said = problem(
      pair + "projections:\n  - {from: E, to: E, list: l.csv, plasticity: {stdp: {Wmax: 2 pA}}}",
      list
    )
    #expect(said == "c.yaml:5: projection 1: stdp: weights from 3.0 to 3.0 do not all lie between 0 and Wmax = 2.0")
    let record = problem(pair + "projections: [{from: E, to: I}]\nrecord:\n  - {weights: E>I, file: a.csv}")
    #expect(
      record == "c.yaml:6: record 1: weights: the synapses from E to I are static; give the projection a 'plasticity'"
    )
  }
}
