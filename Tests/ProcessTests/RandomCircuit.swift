/// A small random circuit as a user would write it: both models, four rules, random delays, noise and currents.
enum RandomCircuit {
  /// With `isPlastic` the synapses from E to E, and from D to I, follow STDP, and their weights are recorded.
  static func text(seed: UInt64, isPlastic: Bool = false) -> String {
    var chance = Chance(seed: seed)
    func number(_ range: ClosedRange<Double>) -> String {
      let tenths = Int.random(in: Int(range.lowerBound * 10)...Int(range.upperBound * 10), using: &chance)
      return "\(tenths / 10).\(tenths % 10)"
    }
    let (e, i, d) = (
      Int.random(in: 60...140, using: &chance), Int.random(in: 15...40, using: &chance),
      Int.random(in: 10...30, using: &chance)
    )
    let rules = [
      "{fixed_indegree: \(Int.random(in: 5...15, using: &chance))}",
      "{fixed_outdegree: \(Int.random(in: 5...15, using: &chance))}",
      "{fixed_total_number: \(Int.random(in: 300...900, using: &chance))}", "{pairwise_bernoulli: 0.1}",
    ].shuffled(using: &chance)
    let plastic = isPlastic ? ", plasticity: {stdp: {lambda: 0.02, Wmax: 60 pA}}" : ""
    let text = """
      circuit: random-\(seed)
      step: 0.1 ms
      seed: \(Int.random(in: 1...1_000_000, using: &chance))
      populations:
        E: {size: \(e), model: iaf_psc_exp, parameters: {C_m: 250 pF, tau_m: \(number(10...20)) ms, V_th: -50 mV},
            initial: {V_m: {normal: [-60 mV, 5 mV]}}}
        I: {size: \(i), like: E, parameters: {tau_m: \(number(8...12)) ms}}
        D: {size: \(d), model: iaf_psc_delta, parameters: {tau_m: \(number(10...20)) ms}}
      stimuli:
        noise: {poisson: {rate: \(number(6...9)) kHz}, to: [E, I], weight: 45 pA, delay: 1.5 ms}
        drive: {poisson: {rate: \(number(2...4)) kHz}, to: D, weight: 0.3 mV, delay: 1 ms}
        kick: {dc: {amplitude: 200 pA, start: 100 ms, stop: 400 ms}, to: E, delay: 0.1 ms}
      projections:
        - {from: E, to: E, rule: \(rules[0]), weight: 40 pA, delay: {normal: [2 ms, 0.8 ms], at_least: 0.5 ms}\(plastic)}
        - {from: E, to: I, rule: \(rules[0]), weight: 40 pA, delay: {normal: [2 ms, 0.8 ms], at_least: 0.5 ms}}
        - {from: I, to: E, rule: \(rules[1]), weight: -150 pA, delay: 0.8 ms}
        - {from: E, to: D, rule: \(rules[2]), weight: {normal: [0.4 mV, 0.1 mV]}, delay: 1.5 ms}
        - {from: D, to: I, rule: \(rules[3]), weight: 20 pA, delay: 0.6 ms\(plastic)}
      record:
        - {spikes: [E, I, D], file: spikes.csv}
        - {state: E, ids: [1, 7], variables: [V_m], every: 1 ms, file: e.csv}
        - {state: D, ids: [\(e + i + 1)], variables: [V_m], every: 2 ms, file: d.csv}
      """
    guard isPlastic else { return text }
    return text + """

        - {weights: E>E, file: weights.csv}
        - {transmitted: D>I, file: transmitted.csv}
      """
  }
}
