import Circuits
import Documents
import Testing

/// Every case is text that follows `pair` (so it begins on line 4), and what is said about it.
@Suite struct CircuitFileErrorTests {
  @Test(arguments: [
    ("", "c.yaml: the file is empty"),
    ("populations: {A: {size: 1, model: iaf_psc_exp}}", "c.yaml:1: the circuit: 'circuit' is missing"),
    ("circuit: a", "c.yaml:1: the circuit: 'populations' is missing"),
    ("[1, 2]", "c.yaml:1: the circuit: a mapping is wanted, found a list"),
    ("circuit: a\npopulations: {}", "c.yaml:2: populations: a circuit has at least one population, found none"),
    ("circuit: a\npopulations: [A]", "c.yaml:2: populations: a mapping is wanted, found a list"),
    ("circuit: a\npopulation: {}", "c.yaml:2: the circuit: unknown key 'population'; did you mean 'populations'?"),
    ("circuit: [\n", "c.yaml:2: did not find expected node content"),
    ("circuit: a\nunits: si\npopulations: {}", "c.yaml:2: units: found 'si'; 'nest' is the only word here"),
    ("circuit: a\ncircuit: b", "c.yaml:2: the key 'circuit' stands here twice"),
    ("circuit: a\n---\ncircuit: b", "c.yaml:2: a second document begins here"),
    ("circuit: &x a", "c.yaml:1: anchors and aliases"),
  ])
  func `a document that is no circuit is refused`(text: String, wanted: String) {
    #expect(problem(text).hasPrefix(wanted))
  }

  @Test(arguments: [
    ("step: 0.1", "step: '0.1' has no unit; write for example '1.5 ms'"),
    ("step: 0.1 mV", "step: '0.1 mV': 'mV' is a unit of voltage, not of time; write for example '1.5 ms'"),
    ("step: 0.1 msec", "step: '0.1 msec': 'msec' is not a known unit"),
    ("step: fast", "step: 'fast' is not a number"),
    ("step: 0 ms", "step: '0 ms' is out of range; it lies between 0.001 and 1000.0 ms"),
    ("step: [0.1 ms]", "step: a number in ms is wanted, found a list"),
    ("step:", "step: a number in ms is wanted, found nothing"),
    ("seed: -1", "seed: a whole number from 0 to 18446744073709551615 is wanted, found '-1'"),
    ("seed: 1.5", "seed: a whole number from 0 to 18446744073709551615 is wanted, found '1.5'"),
    ("sede: 1", "the circuit: unknown key 'sede'; did you mean 'seed'?"),
    ("stimulus: {}", "the circuit: unknown key 'stimulus'; did you mean 'stimuli'?"),
    ("frequency: 4 Hz", "the circuit: unknown key 'frequency'; known are: circuit, neurons, populations, projections"),
  ])
  func `a wrong key or value at the top is refused`(text: String, wanted: String) {
    #expect(problem(pair + text).hasPrefix("c.yaml:4: \(wanted)"))
  }

  @Test(arguments: [
    ("5", "population A: a mapping is wanted, found '5'"),
    ("{model: iaf_psc_exp}", "population A: 'size' is missing"),
    ("{size: 5}", "population A: 'model' is missing; known are: iaf_psc_exp, iaf_psc_delta"),
    ("{size: 0, model: iaf_psc_exp}", "population A: size: at least 1 neuron is wanted, found 0"),
    ("{size: 1.5, model: iaf_psc_exp}", "population A: size: a whole number is wanted, found '1.5'"),
    ("{size: 1000000001, model: iaf_psc_exp}", "population A: size: with 1000000001 neurons the circuit has more than"),
    ("{size: 99999999999999999999, model: iaf_psc_exp}", "population A: size: a whole number is wanted"),
    ("{size: 5, model: iaf_psc_ex}", "population A: this version does not know the model 'iaf_psc_ex'; did you mean"),
    (
      "{size: 5, model: replay}",
      "population A: 'spikes' is missing; replay wants a file of spikes, columns time_ms,neuron_id"
    ),
    ("{size: 5, model: hh_psc_alpha}", "population A: this version does not know the model 'hh_psc_alpha'; it knows:"),
    ("{size: 5, model: rate_encoder}", "population A: this version does not know the model 'rate_encoder'; it knows:"),
    ("{size: 5, model: iaf_psc_exp, like: B}", "population A: 'like' takes the model of another population"),
    ("{size: 5, like: B}", "population A: like: the population 'B' must stand above the ones that are like it"),
    ("{size: 5, like: C}", "population A: like: there is no population 'C'; did you mean 'A'?"),
    ("{size: 5, model: iaf_psc_exp, spikes: s.csv}", "population A: 'spikes' belongs to the model replay"),
    ("{size: 5, modle: iaf_psc_exp}", "population A: unknown key 'modle'; did you mean 'model'?"),
    (
      "{size: 5, model: iaf_psc_exp, parameters: {V_trh: -50 mV}}",
      "population A: parameters of iaf_psc_exp: unknown name 'V_trh'; did you mean 'V_th'?"
    ),
    (
      "{size: 5, model: iaf_psc_exp, parameters: {V_th: -50}}",
      "population A: V_th: '-50' has no unit; write for example '1.5 mV'"
    ),
    (
      "{size: 5, model: iaf_psc_exp, parameters: {V_th: -50 pA}}",
      "population A: V_th: '-50 pA': 'pA' is a unit of current, not of voltage"
    ),
    (
      "{size: 5, model: iaf_psc_exp, parameters: {tau_m: 0 ms}}",
      "population A: iaf_psc_exp: tau_m = 0.0 must be greater than 0"
    ),
    (
      "{size: 5, model: iaf_psc_exp, parameters: {V_reset: -40 mV}}",
      "population A: iaf_psc_exp: V_reset = -40.0 mV must be below V_th"
    ),
    ("{size: 5, model: iaf_psc_exp, parameters: [1]}", "population A: parameters of iaf_psc_exp: a mapping is wanted"),
    (
      "{size: 5, model: iaf_psc_exp, initial: {U_m: 1}}",
      "population A: state of iaf_psc_exp: unknown name 'U_m'; did you mean 'V_m'?"
    ),
    (
      "{size: 5, model: iaf_psc_exp, initial: {V_m: {normal: [1 mV]}}}",
      "population A: initial V_m: normal takes [mean, standard deviation], found a list"
    ),
  ])
  func `a wrong population is refused`(text: String, wanted: String) {
    let said = problem("circuit: a\npopulations:\n  A: \(text)\n  B: {size: 1, model: iaf_psc_exp}\n")
    #expect(said.hasPrefix("c.yaml:3: \(wanted)"))
  }

  @Test func `names of populations are words`() {
    for name in ["'a b'", "'E>I'", "'a,b'", "''"] {
      let said = problem("circuit: a\npopulations:\n  \(name): {size: 1, model: iaf_psc_exp}")
      #expect(said.hasPrefix("c.yaml:3: populations: '") && said.contains("is no name"), "\(said)")
    }
  }

  @Test(arguments: [
    ("3", "weight onto E (iaf_psc_exp): '3' has no unit; write for example '1.5 pA'"),
    ("3 mV", "weight onto E (iaf_psc_exp): '3 mV': 'mV' is a unit of voltage, not of current"),
    ("{}", "weight onto E (iaf_psc_exp): one of constant, normal, lognormal, uniform is wanted, found none"),
    (
      "{constant: 1 pA, normal: [1 pA, 1 pA]}",
      "weight onto E (iaf_psc_exp): one of constant, normal, lognormal, uniform is wanted, found constant and normal"
    ),
    ("{gamma: [1, 2]}", "weight onto E (iaf_psc_exp): unknown key 'gamma'; known are: at_least, at_most, constant"),
    (
      "{normal: [1 pA, -1 pA]}",
      "weight onto E (iaf_psc_exp): normal(1.0, -1.0): a finite mean and a deviation of at least 0"
    ),
    ("{normal: 4 pA}", "weight onto E (iaf_psc_exp): normal takes [mean, standard deviation], found '4 pA'"),
    ("{lognormal: [1 pA, 1]}", "weight onto E (iaf_psc_exp): mean of the logarithm: '1 pA': 'pA' is a unit of current"),
    ("{lognormal: [1, -1]}", "weight onto E (iaf_psc_exp): lognormal(1.0, -1.0): finite numbers, sigma at least 0"),
    ("{uniform: [2 pA, 1 pA]}", "weight onto E (iaf_psc_exp): uniform(2.0, 1.0): two finite numbers, the lesser first"),
    (
      "{normal: [1 pA, 1 pA], at_least: 2 pA, at_most: 1 pA}",
      "weight onto E (iaf_psc_exp): at_least 2.0 is greater than at_most 1.0"
    ),
    (
      "{constant: 1 pA, at_least: 2 pA}",
      "weight onto E (iaf_psc_exp): the bounds leave 0.0 of the draws, at least 0.001 is wanted"
    ),
    (
      "{normal: [1 pA, 1 pA], at_least: 9 pA}",
      "weight onto E (iaf_psc_exp): the bounds leave "
    ),
    ("{normal: [1 pA, 0], at_least: 9 pA}", "weight onto E (iaf_psc_exp): the bounds leave 0.0 of the draws"),
    ("{uniform: [1 pA, 2 pA], at_least: 2 pA}", "weight onto E (iaf_psc_exp): the bounds leave 0.0 of the draws"),
    ("{lognormal: [0, 1], at_most: 0 pA}", "weight onto E (iaf_psc_exp): the bounds leave 0.0 of the draws"),
    (
      "{normal: [1 pA, 1 pA], outside: cut}",
      "weight onto E (iaf_psc_exp): outside: redraw or clip is wanted, found 'cut'"
    ),
    ("2 uF", "weight onto E (iaf_psc_exp): '2 uF': 'uF' is a unit of capacitance, not of current"),
    ("1001 nA", "weight onto E (iaf_psc_exp): weights lie between -1000000.0 and 1000000.0 pA"),
    ("{lognormal: [9, 6]}", "weight onto E (iaf_psc_exp): weights lie between"),
  ])
  func `a wrong weight is refused`(text: String, wanted: String) {
    let said = problem(pair + "projections:\n  - {from: E, to: E, rule: all_to_all,\n     weight: \(text)}")
    #expect(said.hasPrefix("c.yaml:6: projection 1: \(wanted)"))
  }

  @Test func `a weight with a unit suits every target or none`() {
    let said = problem(pair + "projections:\n  - {from: E, to: [E, I], weight: 3 pA}")
    #expect(
      said.hasPrefix(
        "c.yaml:5: projection 1: weight onto I (iaf_psc_delta): '3 pA': 'pA' is a unit of current, not of voltage"
      )
    )
  }

  @Test(arguments: [
    ("0.05 ms", "delay: 0.05 ms is below the step of 0.1 ms; the least delay is one step"),
    ("-1 ms", "delay: -1.0 ms is below the step"),
    ("1e9 ms", "delay: 1000000000.0 ms is longer than 65535 steps"),
    ("{normal: [1.5 ms, 0.75 ms]}", "delay: a draw can be below the step of 0.1 ms; add 'at_least: 0.1 ms'"),
    ("{lognormal: [0, 1]}", "delay: a draw can be below the step of 0.1 ms; add 'at_least: 0.1 ms'"),
    ("{normal: [1.5 ms, 0.75 ms], at_least: 0.04 ms}", "delay: a draw can be below the step of 0.1 ms"),
    ("{uniform: [0.04 ms, 1 ms]}", "delay: a draw can be below the step of 0.1 ms"),
    ("{normal: [9 s, 1 s], at_least: 1 ms}", "delay: a draw can be longer than 6553.5 ms; add 'at_most'"),
    ("2 mV", "delay: '2 mV': 'mV' is a unit of voltage, not of time"),
    ("2", "delay: '2' has no unit"),
  ])
  func `a wrong delay is refused`(text: String, wanted: String) {
    let said = problem(pair + "projections:\n  - {from: E, to: E, rule: all_to_all,\n     delay: \(text)}")
    #expect(said.hasPrefix("c.yaml:6: projection 1: \(wanted)"))
  }

  @Test func `the default delay is below a long step`() {
    let said = problem(pair + "step: 2 ms\nprojections:\n  - {from: E, to: E}")
    #expect(said.hasPrefix("c.yaml:6: projection 1: delay: 1.0 ms is below the step of 2.0 ms"))
  }

  @Test(arguments: [
    ("one_to_two", "unknown rule 'one_to_two'; did you mean 'one_to_one'?"),
    ("fixed_indegree", "fixed_indegree needs a number; write 'rule: {fixed_indegree: …}'"),
    ("{all_to_all: 3}", "all_to_all takes no value; write 'rule: all_to_all'"),
    ("{}", "one rule is wanted, found 0"),
    ("{fixed_indegree: 1, fixed_outdegree: 1}", "one rule is wanted, found 2"),
    ("{fixed_indegree: -1}", "fixed_indegree takes the number of sources of each target, 0 to 4294967295; found '-1'"),
    ("{fixed_total_number: 1.5}", "fixed_total_number takes the number of synapses, 0 to 4294967295; found '1.5'"),
    ("{pairwise_bernoulli: 1.5}", "pairwise_bernoulli takes a probability between 0 and 1; found '1.5'"),
    ("{pairwise_bernoulli: nan}", "pairwise_bernoulli takes a probability between 0 and 1; found 'nan'"),
    ("{pairwise_poisson: 1}", "unknown rule 'pairwise_poisson'"),
  ])
  func `a wrong rule is refused`(text: String, wanted: String) {
    let said = problem(pair + "projections:\n  - {from: E, to: E,\n     rule: \(text)}")
    #expect(said.hasPrefix("c.yaml:6: projection 1: rule: \(wanted)"))
  }

  @Test(arguments: [
    ("{to: E}", "'from' is missing; name the source population"),
    ("{from: E}", "'to' is missing; name the target population"),
    ("{from: E, to: X}", "to: there is no population 'X'; did you mean 'E'?"),
    ("{from: [E, E], to: I}", "from: the population 'E' stands here twice"),
    ("{from: [], to: I}", "from: at least one population is wanted, found an empty list"),
    ("{from: E, to: I, wieght: 1 pA}", "unknown key 'wieght'; did you mean 'weight'?"),
    (
      "{from: E, to: E, plasticity: {stdq: {}}}", "plasticity: this version does not know the rule 'stdq'; did you mean"
    ),
    (
      "{from: E, to: E, plasticity: {stdp_triplet: {}}}",
      "plasticity: this version does not know the rule 'stdp_triplet'; it knows: stdp"
    ),
    ("{from: E, to: E, plasticity: {}}", "plasticity: one rule is wanted, found 0; write for example"),
    ("{from: E, to: E, plasticity: stdp}", "plasticity: a mapping is wanted, found 'stdp'"),
    (
      "{from: E, to: E, plasticity: {stdp: {lamda: 1}}}",
      "plasticity: stdp: unknown key 'lamda'; did you mean 'lambda'?"
    ),
    ("{from: E, to: E, plasticity: {stdp: {tau_plus: 20}}}", "plasticity: stdp: tau_plus: "),
    ("{from: E, to: E, plasticity: {stdp: {tau_plus: 0 ms}}}", "plasticity: stdp: tau_plus = 0.0 ms must be greater"),
    ("{from: E, to: E, plasticity: {stdp: {mu_plus: -1}}}", "plasticity: stdp: mu_plus = -1.0 must be at least 0"),
    ("{from: E, to: E, plasticity: {stdp: {Wmax: 5 mV}}}", "plasticity: stdp: Wmax: "),
    (
      "{from: E, to: E, weight: 7 pA, plasticity: {stdp: {Wmax: 5 pA}}}",
      "E>E: stdp: weights from 7.0 to 7.0 do not all lie between 0 and Wmax = 5.0"
    ),
    (
      "{from: E, to: E, weight: -7 pA, plasticity: {stdp: {}}}",
      "E>E: stdp: weights from -7.0 to -7.0 do not all lie between 0 and Wmax = 100.0"
    ),
    ("{from: E, to: E, rule: one_to_one, autapses: false}", "E>E: one_to_one joins nothing when autapses are off"),
    (
      "{from: E, to: I, rule: one_to_one}",
      "E>I: one_to_one joins populations of equal size, 'E' has 80 neurons, 'I' 20"
    ),
    (
      "{from: E, to: I, rule: {fixed_indegree: 81}, multapses: false}",
      "E>I: fixed_indegree = 81 without multapses needs as many candidates, there are 80"
    ),
    (
      "{from: I, to: I, rule: {fixed_outdegree: 20}, multapses: false, autapses: false}",
      "I>I: fixed_outdegree = 20 without multapses needs as many candidates, there are 19"
    ),
    (
      "{from: I, to: I, rule: {fixed_total_number: 381}, multapses: false, autapses: false}",
      "I>I: fixed_total_number = 381 without multapses needs as many candidates, there are 380"
    ),
    ("{from: E, to: E, rule: all_to_all, list: l.csv}", "'rule' and 'list' exclude each other"),
    ("{from: E, to: E, list: l.csv, autapses: false}", "a list says itself which neurons are joined"),
    ("{from: E, to: E, list: none.csv}", "list: cannot read 'none.csv': no such file"),
    ("{from: E, to: E, autapses: no}", "autapses: true or false is wanted, found 'no'"),
  ])
  func `a wrong projection is refused`(text: String, wanted: String) {
    #expect(problem(pair + "projections:\n  - \(text)").hasPrefix("c.yaml:5: projection 1: \(wanted)"))
  }

  @Test func `autapses off leave no source to a lone neuron`() {
    let said = problem(
      "circuit: a\npopulations: {A: {size: 1, model: iaf_psc_exp}}\nprojections:\n"
        + "  - {from: A, to: A, rule: {fixed_indegree: 1}, autapses: false}"
    )
    #expect(said == "c.yaml:4: projection 1: A>A: fixed_indegree = 1: there is no neuron to draw from")
  }

  @Test(arguments: [
    ("{poisson: {rate: -1 Hz}, to: E}", "rate: -1.0 Hz is negative; a rate is at least 0 Hz"),
    ("{poisson: {rate: 1000}, to: E}", "rate: '1000' has no unit; write for example '1.5 Hz'"),
    ("{poisson: {rate: 1e9 kHz}, to: E}", "rate: 1000000000000.0 Hz is above 10000000000.0 Hz"),
    ("{poisson: {}, to: E}", "poisson: 'rate' is missing"),
    ("{poisson: {rate: 1 Hz, start: 5 ms}, to: E}", "poisson: unknown key 'start'"),
    ("{poisson: {rate: 1 Hz}}", "'to' is missing; name the populations that it drives"),
    ("{poisson: {rate: 1 Hz}, to: E, weight: {normal: [1 pA, 1 pA]}}", "weight: one value is wanted here"),
    ("{poisson: {rate: 1 Hz}, to: E, delay: {uniform: [1 ms, 2 ms]}}", "delay: one value is wanted here"),
    ("{poisson: {rate: 1 Hz}, to: E, delay: 0.01 ms}", "delay: 0.01 ms is below the step of 0.1 ms"),
    ("{poisson: {rate: 1 Hz}, to: P}", "to: there is no population 'P'"),
    ("{dc: {amplitude: 1 mV}, to: E}", "amplitude: '1 mV': 'mV' is a unit of voltage, not of current"),
    ("{dc: {start: 1 ms}, to: E}", "dc: 'amplitude' is missing"),
    ("{dc: {amplitude: 1 pA, start: 5 ms, stop: 5 ms}, to: E}", "stop: 5.0 ms is not after the start at 5.0 ms"),
    ("{dc: {amplitude: 1 pA, start: -5 ms}, to: E}", "start: -5.0 ms is out of range"),
    ("{dc: {amplitude: 1 pA}, to: E, weight: 1}", "dc takes no weight"),
    ("{ac: {amplitude: 1 pA}, to: E}", "this version does not know 'ac'; known are: poisson, dc, events"),
    ("{to: E}", "what drives is missing; known are: poisson, dc, events"),
    ("{poisson: {rate: 1 Hz}, dc: {amplitude: 1 pA}, to: E}", "unknown key 'dc'"),
    ("4", "a mapping is wanted, found '4'"),
    ("{events: a.csv, to: E}", "events name their targets in the file; remove 'to'"),
    ("{events: a.csv, weight: 2 pA}", "weight stands here and in the column 'weight_pA' of a.csv"),
    ("{events: [a.csv]}", "a text is wanted, found a list"),
    ("{events: none.csv}", "cannot read 'none.csv': no such file"),
  ])
  func `a wrong stimulus is refused`(text: String, wanted: String) {
    let said = problem(
      pair + "stimuli:\n  s: \(text)",
      ["a.csv": "time_ms,target_id,weight_pA,delay_ms\n1,1,1,1\n"]
    )
    #expect(said.hasPrefix("c.yaml:5: stimulus s: \(wanted)"))
  }

  @Test(arguments: [
    ("time_ms,target_id,weight,delay_ms\n1,1,x,1", "a.csv:2: weight: a number is wanted, found 'x'"),
    ("time_ms,target_id,weight,delay_ms\n1,1.5,1,1", "a.csv:2: target_id: a whole number is wanted, found '1.5'"),
    ("time_ms,target_id,weight,delay_ms\n1,0,1,1", "a.csv:2: target_id: there is no neuron 0; ids run from 1 to 100"),
    (
      "time_ms,target_id,weight,delay_ms\n1,101,1,1",
      "a.csv:2: target_id: there is no neuron 101; ids run from 1 to 100"
    ),
    ("time_ms,target_id,weight,delay_ms\n0,1,1,1", "a.csv:2: time_ms: 0.0 ms is out of range"),
    ("time_ms,target_id,weight,delay_ms\n\n1,1,1,0.04", "a.csv:3: delay_ms: 0.04 ms is below the step of 0.1 ms"),
    ("time_ms,target_id,weight_mV,delay_ms\n1,81,1,1\n1,1,1,1", "a.csv:3: the column 'weight_mV' is not in a unit of"),
    ("time_ms,target_id,weight,delay_ms\n1,1,1e7,1", "a.csv:2: weight: weights lie between"),
    ("time_ms,weight,delay_ms\n", "a.csv:1: the column 'target_id' is missing; found are: time_ms, weight, delay_ms"),
    ("target_id,weight,delay_ms\n", "a.csv:1: the column 'time' is missing"),
    ("time_ms,target_id,wieght\n", "a.csv:1: unknown column 'wieght'; did you mean 'weight'?"),
    ("time_ms,target_id,weight_x\n", "a.csv:1: the column 'weight_x' ends in 'x', which is not a known unit"),
    ("time_ms,time,target_id\n", "a.csv:1: the columns 'time_ms' and 'time' both hold time"),
    ("time_mV,target_id\n1,1", "a.csv:2: the column 'time_mV' is not in a unit of time, 'ms'"),
    ("time,target_id\n1", "a.csv:2: the row has 1 cells, the header 2"),
    ("", "a.csv: the file is empty"),
  ])
  func `a wrong file of spikes is refused`(text: String, wanted: String) {
    #expect(problem(pair + "stimuli: {s: {events: a.csv}}", ["a.csv": text]).hasPrefix(wanted))
  }

  @Test(arguments: [
    ("source_id,target_id\n1,81", "l.csv:2: target_id: neuron 81 is of population I; 'to' of the projection says E"),
    ("source_id,target_id\n81,1", "l.csv:2: source_id: neuron 81 is of population I; 'from' of the projection says E"),
    ("source_id,target_id\n1,2\n1,200", "l.csv:3: target_id: there is no neuron 200"),
    ("source,target\n1,2", "l.csv:1: unknown column 'source'; did you mean 'source_id'?"),
    ("source_id,weight\n1,2", "l.csv:1: the column 'target_id' is missing"),
  ])
  func `a wrong list of connections is refused`(text: String, wanted: String) {
    #expect(problem(pair + "projections: [{from: E, to: E, list: l.csv}]", ["l.csv": text]).hasPrefix(wanted))
  }

  private static let rows = (81...100).map { "\($0),1\n" }.joined()

  @Test(arguments: [
    ("neuron_id,I_e\n1,5", "n.csv:1: 1 of the 80 neurons of population E are listed; list all of them or none"),
    ("neuron_id,I_e\n81,1\n81,2\n", "n.csv:3: neuron 81 stands on line 2 already"),
    ("neuron_id,I_f\n", "n.csv:1: unknown column 'I_f'; did you mean 'I_e'?"),
    ("I_e\n5\n", "n.csv:1: the column 'neuron_id' is missing; found are: I_e"),
    ("neuron_id,I_e_mV\n\(rows)", "n.csv:2: the column 'I_e_mV' is not in a unit of I_e of iaf_psc_delta, 'pA'"),
    ("neuron_id,I_syn_ex_init\n\(rows)", "n.csv:2: I_syn_ex_init: the model iaf_psc_delta of population I has no"),
    (
      "neuron_id,tau_m_ms\n\(rows)",
      "n.csv:1: tau_m_ms: tau_m cannot differ between the neurons of a population; make a"
    ),
    ("neuron_id,I_e\n\(rows)101,1", "n.csv:22: neuron_id: there is no neuron 101"),
    ("neuron_id,I_e\n\(rows.dropLast(2))\n", "n.csv:21: I_e: the cell is empty, while others of population I are not"),
    ("neuron_id,I_e\n\(rows.dropLast(2))?\n", "n.csv:21: I_e: a number is wanted, found '?'"),
  ])
  func `a wrong file of neurons is refused`(text: String, wanted: String) {
    #expect(problem(pair + "neurons: n.csv", ["n.csv": text]).hasPrefix(wanted))
  }

  @Test(arguments: [
    ("{file: a.csv}", "record 1: one of 'spikes', 'state', 'weights' and 'transmitted' is wanted"),
    (
      "{spikes: E, state: E, file: a.csv}", "record 1: one of 'spikes', 'state', 'weights' and 'transmitted' is wanted"
    ),
    ("{spikes: [E]}", "record 1: 'file' is missing; write for example 'file: spikes.csv'"),
    ("{spikes: [X], file: a.csv}", "record 1: spikes: there is no population 'X'"),
    ("{spikes: E, ids: [1], file: a.csv}", "record 1: 'ids', 'variables' and 'every' belong to a recorder of state"),
    ("{spikes: E, file: ../a.csv}", "record 1: file: '../a.csv' must name a file inside the folder of the run"),
    ("{spikes: E, file: /a.csv}", "record 1: file: '/a.csv' must name a file inside the folder of the run"),
    ("{weights: E>E, file: a.csv}", "record 1: weights: there is no projection from E to E"),
    ("{weights: E, file: a.csv}", "record 1: weights: 'E' names no projection; write it as 'E>E', source and target"),
    ("{transmitted: E>F, file: a.csv}", "record 1: transmitted: there is no population 'F'; did you mean 'E'?"),
    ("{state: E, file: a.csv}", "record 1: 'variables' is missing; iaf_psc_exp has: V_m, I_syn_ex, I_syn_in"),
    ("{state: E, variables: [], file: a.csv}", "record 1: variables: at least one is wanted, found an empty list"),
    ("{state: E, variables: [V], file: a.csv}", "record 1: iaf_psc_exp has no variable 'V'"),
    ("{state: E, variables: [V_m, V_m], file: a.csv}", "record 1: the variable 'V_m' stands here twice"),
    ("{state: E, variables: V_m, ids: [], file: a.csv}", "record 1: ids: at least one neuron is wanted"),
    ("{state: E, variables: V_m, ids: 1, file: a.csv}", "record 1: ids: a list is wanted, found '1'"),
    (
      "{state: I, variables: V_m, ids: [81, 1], file: a.csv}",
      "record 1: ids: neuron 1 is not in population I, whose ids run from 81 to 100"
    ),
    ("{state: I, variables: V_m, ids: [81, 81], file: a.csv}", "record 1: ids: neuron 81 stands here twice"),
    (
      "{state: I, variables: V_m, ids: [-9223372036854775808], file: a.csv}",
      "record 1: ids: neuron -9223372036854775808"
    ),
    (
      "{state: E, variables: V_m, every: 0.25 ms, file: a.csv}",
      "record 1: every: 0.25 ms is not a whole number of steps of 0.1 ms, at least one"
    ),
    ("{state: E, variables: V_m, every: 0 ms, file: a.csv}", "record 1: every: 0.0 ms is not a whole number of steps"),
    ("{spike: E, file: a.csv}", "record 1: unknown key 'spike'; did you mean 'spikes'?"),
    (
      "{spikes: E, file: b.csv}\n  - {spikes: I, file: b.csv}",
      "record 2: file: 'b.csv' is written by the recorder on line 5 already"
    ),
  ])
  func `a wrong recorder is refused`(text: String, wanted: String) {
    let said = problem(pair + "record:\n  - \(text)")
    #expect(said.hasPrefix("c.yaml:\(wanted.hasPrefix("record 2") ? 6 : 5): \(wanted)"))
  }

  @Test func `sections of the wrong kind are refused`() {
    #expect(problem(pair + "projections: {}") == "c.yaml:4: projections: a list is wanted, found a mapping")
    #expect(problem(pair + "stimuli: []") == "c.yaml:4: stimuli: a mapping is wanted, found a list")
    #expect(problem(pair + "record: 4") == "c.yaml:4: record: a list is wanted, found '4'")
    #expect(problem(pair + "neurons: [4]") == "c.yaml:4: neurons: a text is wanted, found a list")
  }

  @Test func `a circuit with more synapses than any machine holds is refused`() {
    let said = problem(
      "circuit: a\npopulations: {A: {size: 100000000, model: iaf_psc_exp}}\nprojections: [{from: A, to: A}]"
    )
    #expect(said == "c.yaml:3: projections: 1e+16 synapses are expected, at most 1000000000000000.0 are possible")
  }

  @Test func `a huge population without a choice of neurons is not recorded`() {
    let said = problem(
      "circuit: a\npopulations: {A: {size: 1000000000, model: iaf_psc_exp}}\n"
        + "record: [{state: A, variables: V_m, file: v.csv}]"
    )
    #expect(said.hasPrefix("c.yaml:3: record 1: state: A has more than 1000000 neurons; choose some by 'ids'"))
  }
}
