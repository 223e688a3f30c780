internal import Basics
internal import Glibc

/// Well-known networks, for benchmarks and tests.
public enum CircuitLibrary {
  /// The cortical microcircuit of Potjans & Diesmann: eight populations in four layers under 1 mm² of cortex.
  ///
  /// Source: Potjans T. C. & Diesmann M., "The cell-type specific cortical microcircuit", Cerebral Cortex 24 (2014); scaled
  /// as in NEST's reference: numbers of neurons and in-degrees by `scale`, weights by 1/√scale, the lost mean input replaced
  /// by a current. At scale 1: 77,169 neurons, 299 million synapses.
  public static func microcircuit(scale: Double = 1, seed: UInt64 = 55) -> Circuit {
    let sizes = [20683.0, 5834, 21915, 5479, 4850, 1065, 14395, 2948]
    let probabilities = [
      [0.1009, 0.1689, 0.0437, 0.0818, 0.0323, 0, 0.0076, 0], [0.1346, 0.1371, 0.0316, 0.0515, 0.0755, 0, 0.0042, 0],
      [0.0077, 0.0059, 0.0497, 0.135, 0.0067, 0.0003, 0.0453, 0],
      [0.0691, 0.0029, 0.0794, 0.1597, 0.0033, 0, 0.1057, 0],
      [0.1004, 0.0622, 0.0505, 0.0057, 0.0831, 0.3726, 0.0204, 0],
      [0.0548, 0.0269, 0.0257, 0.0022, 0.06, 0.3158, 0.0086, 0],
      [0.0156, 0.0066, 0.0211, 0.0166, 0.0572, 0.0197, 0.0396, 0.2252],
      [0.0364, 0.001, 0.0034, 0.0005, 0.0277, 0.008, 0.0658, 0.1443],
    ]
    let external = [1600.0, 1500, 2100, 1900, 2000, 1900, 2900, 2100]
    let rates = [0.903, 2.965, 4.414, 5.876, 7.569, 8.633, 1.105, 7.829]
    let potentials = [-68.28, -63.16, -63.33, -63.45, -63.11, -61.66, -66.72, -61.43]
    let deviations = [5.36, 4.57, 4.74, 4.94, 4.94, 4.55, 5.46, 4.48]
    let names = ["L23E", "L23I", "L4E", "L4I", "L5E", "L5I", "L6E", "L6I"]
    let (capacitance, membrane, synaptic, step) = (250.0, 10.0, 0.5, 0.1)
    // The current (pA) whose postsynaptic potential peaks at 0.15 mV.
    let ratio = membrane / synaptic
    let power = 1 / (membrane - synaptic)
    let peak =
      membrane * synaptic / (capacitance * (synaptic - membrane))
      * (pow(ratio, -membrane * power) - pow(ratio, -synaptic * power))
    let unit = 0.15 / peak
    let root = scale.squareRoot()

    var circuit = Circuit(name: "microcircuit", stepMilliseconds: step, seed: seed)
    var first = 0
    for target in 0..<8 {
      var meanInput = unit * external[target] * 8
      for source in 0..<8 {
        let pairs = sizes[target] * sizes[source]
        let synapses = log(1 - probabilities[target][source]) / log((pairs - 1) / pairs)
        let weight = unit * (source % 2 == 0 ? 1 : -4) * (target == 0 && source == 2 ? 2 : 1)
        meanInput += weight * synapses / sizes[target] * rates[source]
        let total = Int((synapses * scale * scale).rounded(.toNearestOrEven))
        if total == 0 { continue }
        let delay = source % 2 == 0 ? 1.5 : 0.75
        circuit.projections.append(
          Projection(
            source: source,
            target: target,
            rule: .fixedTotalNumber(total),
            weight: Distribution(
              .normal(mean: weight / root, deviation: 0.1 * abs(weight) / root),
              atLeast: weight > 0 ? 0 : nil,
              atMost: weight < 0 ? 0 : nil
            ),
            // Rounding to steps makes half a step the least draw that a step's delay can come from.
            delay: Distribution(.normal(mean: delay, deviation: 0.5 * delay), atLeast: 0.5 * step)
          )
        )
      }
      let size = Int((sizes[target] * scale).rounded(.toNearestOrEven))
      var parameters = NeuronModel.iafPscExp.defaults
      parameters.merge([
        "E_L": -65, "V_th": -50, "V_reset": -65, "C_m": capacitance, "tau_m": membrane, "t_ref": 2,
        "tau_syn_ex": synaptic, "tau_syn_in": synaptic,
        "I_e": scale == 1 ? 0 : 0.001 * synaptic * (1 - root) * meanInput,
      ]) { $1 }
      circuit.populations.append(
        Population(
          name: names[target],
          first: NeuronID(UInt32(first)),
          size: size,
          model: NeuronModel.iafPscExp.name,
          parameters: parameters,
          initial: ["V_m": Distribution(.normal(mean: potentials[target], deviation: deviations[target]))]
        )
      )
      circuit.stimuli.append(
        .poisson(
          name: "background of \(names[target])",
          rateHertz: 8 * (external[target] * scale).rounded(.toNearestOrEven),
          targets: [target],
          weight: unit / root,
          delayMilliseconds: 1.5
        )
      )
      first += size
    }
    circuit.recorders = [.spikes(populations: Array(0..<8), file: "spikes.csv")]
    return circuit
  }

  /// Brunel's sparse random network of excitatory and inhibitory neurons, 12,500 neurons and 15.6 million synapses at scale 1.
  ///
  /// Source: Brunel N., "Dynamics of sparsely connected networks of excitatory and inhibitory spiking neurons", Journal of
  /// Computational Neuroscience 8 (2000), g = 6, background at twice the threshold's rate. In-degrees stay as they are:
  /// a scale below 0.1 needs multapses, which are allowed.
  public static func brunel(scale: Double = 1, seed: UInt64 = 55) -> Circuit {
    let sizes = [Int((10_000 * scale).rounded()), Int((2500 * scale).rounded())]
    var parameters = NeuronModel.iafPscDelta.defaults
    parameters.merge(["E_L": 0, "V_th": 20, "V_reset": 10, "C_m": 1, "tau_m": 20, "t_ref": 2]) { $1 }
    var circuit = Circuit(name: "brunel", stepMilliseconds: 0.1, seed: seed)
    circuit.populations = zip(["E", "I"], zip([0, sizes[0]], sizes)).map { name, place in
      Population(
        name: name,
        first: NeuronID(UInt32(place.0)),
        size: place.1,
        model: NeuronModel.iafPscDelta.name,
        parameters: parameters,
        initial: ["V_m": Distribution(.constant(0))]
      )
    }
    for (source, target) in [(0, 0), (1, 0), (0, 1), (1, 1)] {
      circuit.projections.append(
        Projection(
          source: source,
          target: target,
          rule: .fixedIndegree(source == 0 ? 1000 : 250),
          weight: Distribution(.constant(source == 0 ? 0.1 : -0.6)),
          delay: Distribution(.constant(1.5))
        )
      )
    }
    circuit.stimuli = [
      .poisson(name: "background", rateHertz: 20_000, targets: [0, 1], weight: 0.1, delayMilliseconds: 1.5)
    ]
    circuit.recorders = [.spikes(populations: [0, 1], file: "spikes.csv")]
    return circuit
  }

  /// Brunel's network with STDP from excitatory to excitatory neurons, 10 million plastic synapses at scale 1.
  ///
  /// All pairs of spikes, additive; weights start at 0.1 mV and lie between 0 and 0.3 mV. In-degrees do not scale.
  public static func brunelSTDP(scale: Double = 1, seed: UInt64 = 55) -> Circuit {
    var circuit = brunel(scale: scale, seed: seed)
    circuit.name = "brunel-stdp"
    var rule = STDP()
    (rule.lambda, rule.alpha, rule.muPlus, rule.muMinus, rule.greatestWeight) = (0.005, 1.05, 0, 0, 0.3)
    circuit.projections[0].plasticity = .stdp(rule)
    return circuit
  }

  /// The networks of Vogels & Abbott, 4,000 neurons and 320,000 synapses at scale 1, whose activity goes on without input.
  ///
  /// With currents it starts by itself; with conductances a current of 150 pA into every neuron for the first 50 ms starts it.
  ///
  /// Sources: Vogels T. P. & Abbott L. F., "Signal propagation and logic gating in networks of integrate-and-fire neurons",
  /// Journal of Neuroscience 25 (2005); Brette R. et al., "Simulation of networks of spiking neurons: a review of tools and
  /// strategies", Journal of Computational Neuroscience 23 (2007), benchmarks 1 (conductances) and 2 (currents). The jumps
  /// of 1.62 and -9 mV of benchmark 2 become currents by w C_m / tau_m: 16.2 and -90 pA at 200 pF and 20 ms.
  public static func vogelsAbbott(conductances: Bool, scale: Double = 1, seed: UInt64 = 55) -> Circuit {
    let sizes = [Int((3200 * scale).rounded()), Int((800 * scale).rounded())]
    let model = conductances ? NeuronModel.iafCondExp : .iafPscExp
    let weights = conductances ? [6.0, -67] : [16.2, -90]
    var parameters = model.defaults
    parameters.merge(["V_th": -50, "V_reset": -60, "t_ref": 5, "tau_syn_ex": 5, "tau_syn_in": 10, "C_m": 200]) { $1 }
    let more = conductances ? ["E_L": -60.0, "g_L": 10, "E_ex": 0, "E_in": -80] : ["E_L": -49, "tau_m": 20]
    parameters.merge(more) { $1 }
    let initial = ["V_m": Distribution(.uniform(low: -60, high: -50))]
    var circuit = Circuit(name: conductances ? "vogels-abbott-coba" : "vogels-abbott-cuba", seed: seed)
    circuit.populations = zip(["E", "I"], zip([0, sizes[0]], sizes)).map { name, place in
      Population(
        name: name,
        first: NeuronID(UInt32(place.0)),
        size: place.1,
        model: model.name,
        parameters: parameters,
        initial: initial
      )
    }
    if conductances {
      circuit.stimuli = [
        .directCurrent(
          name: "kick",
          amplitude: 150,
          startMilliseconds: 0,
          stopMilliseconds: 50,
          targets: [0, 1],
          delayMilliseconds: 0.1
        )
      ]
    }
    for source in 0..<2 {
      for target in 0..<2 {
        circuit.projections.append(
          Projection(
            source: source,
            target: target,
            rule: .pairwiseBernoulli(0.02),
            weight: Distribution(.constant(weights[source])),
            delay: Distribution(.constant(0.1))
          )
        )
      }
    }
    circuit.recorders = [.spikes(populations: [0, 1], file: "spikes.csv")]
    return circuit
  }

  /// Names of the networks, sorted.
  public static let names = [
    "brunel", "brunel-stdp", "columns", "microcircuit", "vogels-abbott-coba", "vogels-abbott-cuba",
  ]

  /// Returns a network by its name, or nil.
  public static func named(_ name: String, scale: Double) -> Circuit? {
    switch name {
    case "brunel": brunel(scale: scale)
    case "brunel-stdp": brunelSTDP(scale: scale)
    case "columns": columns(scale: scale)
    case "microcircuit": microcircuit(scale: scale)
    case "vogels-abbott-coba": vogelsAbbott(conductances: true, scale: scale)
    case "vogels-abbott-cuba": vogelsAbbott(conductances: false, scale: scale)
    default: nil
    }
  }
}
