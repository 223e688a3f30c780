internal import Basics
internal import ChipCore
public import Circuits
internal import Glibc

/// Simulates a circuit in the plainest way: every synapse in a list, every parameter looked up, everything in doubles.
///
/// It shares no code with the kernels but the expansion of rules and the Poisson counts, and uses the textbook forms of
/// the propagators; its time is neurons plus synapses per step and its memory 40 bytes a synapse.
public struct SlowSimulator {
  /// One synapse of the expanded circuit.
  public struct Synapse: Sendable, Hashable {
    /// Index of the projection.
    public var projection: Int
    /// Circuit index of the source.
    public var source: Int
    /// Circuit index of the target.
    public var target: Int
    /// Weight in the target model's unit.
    public var weight: Double
    /// Delay in steps.
    public var delaySteps: Int
  }

  fileprivate struct Neuron {
    var state: [String: Double]
    var refractorySteps = 0
    var parameters: [String: Double]
    var model: String
    var population: Int
  }

  private let circuit: Circuit
  private let synapses: [Synapse]
  private var neurons: [Neuron] = []
  // Input by step: target and weight.
  private var pending: [Int: [(target: Int, weight: Double)]] = [:]
  /// The step that comes next.
  public private(set) var step = 0

  /// Expands a circuit that has no problems.
  public init(_ circuit: Circuit) {
    self.circuit = circuit
    synapses = Self.synapses(of: circuit, in: .whole(circuit))
    for (index, population) in circuit.populations.enumerated() {
      let slice = Slice(population: index, first: population.neurons.lowerBound, stride: 1, count: population.size)
      var all = (0..<population.size).map { k in
        var parameters = population.parameters
        for (name, values) in population.perNeuron where !name.hasSuffix("_init") { parameters[name] = values[k] }
        return Neuron(state: [:], parameters: parameters, model: population.model, population: index)
      }
      for variable in NeuronModelCatalog.anyNamed(population.model)?.state ?? [] {
        let values = population.initialValues(of: variable.name, in: slice, seed: circuit.seed)
        for (k, value) in values.enumerated() { all[k].state[variable.name] = value }
      }
      neurons += all
    }
    for case .events(_, let events) in circuit.stimuli {
      for event in events {
        let due = steps(event.timeMilliseconds) + steps(event.delayMilliseconds) - 1
        pending[due, default: []].append((Int(event.target.index), event.weight))
      }
    }
  }

  /// Lists the synapses of a circuit that end in a part, sorted.
  public static func synapses(of circuit: Circuit, in layout: PartLayout) -> [Synapse] {
    var places = [Int](repeating: -1, count: layout.width)
    for (slice, start) in zip(layout.slices, layout.localStarts) {
      for k in 0..<slice.count { places[start + k] = slice.first + k * slice.stride }
    }
    let connections = Connections(of: circuit, endingIn: layout)
    var all: [Synapse] = []
    for projection in circuit.projections.indices {
      connections.expand(projection) { sources, targets, weights, delays in
        for i in sources.indices {
          all.append(
            Synapse(
              projection: projection,
              source: Int(sources[i]),
              target: places[Int(targets[i])],
              weight: weights[i],
              delaySteps: Int(delays[i])
            )
          )
        }
      }
    }
    return all.sorted {
      ($0.projection, $0.source, $0.target, $0.delaySteps, $0.weight)
        < ($1.projection, $1.source, $1.target, $1.delaySteps, $1.weight)
    }
  }

  /// A state variable of a neuron.
  public func value(_ variable: String, of neuron: Int) -> Double { neurons[neuron].state[variable] ?? .nan }

  /// Runs one step and returns who fired, ascending.
  public mutating func advance() -> [UInt32] {
    var excitation = [Double](repeating: 0, count: neurons.count)
    var inhibition = excitation
    var current = excitation
    func add(_ target: Int, _ weight: Double) {
      if weight >= 0 { excitation[target] += weight } else { inhibition[target] += weight }
    }
    for (target, weight) in pending.removeValue(forKey: step) ?? [] { add(target, weight) }
    for (number, stimulus) in circuit.stimuli.enumerated() {
      switch stimulus {
      case .poisson(_, let rate, let targets, let weight, let delay):
        let emission = step - steps(delay)
        let mean = rate * circuit.stepMilliseconds * 1e-3
        guard emission >= 0, mean > 0 else { continue }
        let counts = PoissonCounts(seed: circuit.seed, stimulus: number, mean: mean)
        for neuron in targets.flatMap({ circuit.populations[$0].neurons }) {
          add(neuron, Double(counts.count(neuron: UInt32(neuron), step: Int64(emission))) * weight)
        }
      case .directCurrent(_, let amplitude, let start, let stop, let targets, let delay):
        let end = Double(step + 1) * circuit.stepMilliseconds
        let half = circuit.stepMilliseconds / 2
        guard end > start + delay + half, end < stop + delay + half else { continue }
        for neuron in targets.flatMap({ circuit.populations[$0].neurons }) { current[neuron] += amplitude }
      case .events: continue
      }
    }
    var fired: [UInt32] = []
    for i in neurons.indices
    where neurons[i].advance(circuit.stepMilliseconds, excitation[i], inhibition[i], current[i]) {
      fired.append(UInt32(i))
    }
    for synapse in synapses where fired.contains(UInt32(synapse.source)) {
      pending[step + synapse.delaySteps, default: []].append((synapse.target, synapse.weight))
    }
    step += 1
    return fired
  }

  private func steps(_ milliseconds: Double) -> Int { Int((milliseconds / circuit.stepMilliseconds).rounded()) }
}

extension SlowSimulator.Neuron {
  fileprivate mutating func advance(_ h: Double, _ excitation: Double, _ inhibition: Double, _ current: Double) -> Bool
  {
    func parameter(_ name: String) -> Double { parameters[name] ?? .nan }
    if model == "rate_encoder" {
      let v = state["v", default: 0] * parameter("alpha") + parameter("drive") + excitation + inhibition
      state["v"] = max(v, -1)
      guard v >= 1 else { return false }
      state["v"] = v - 1
      state["count", default: 0] += 1
      return true
    }
    let (tau, capacitance, rest) = (parameter("tau_m"), parameter("C_m"), parameter("E_L"))
    let decay = exp(-h / tau)
    let steady = rest + tau / capacitance * (parameter("I_e") + current)
    let v = state["V_m", default: 0]
    var next = steady + (v - steady) * decay
    if model == "iaf_psc_delta" {
      next = max(next + excitation + inhibition, parameters["V_min"] ?? -.infinity)
    } else {
      for (name, tauName, input) in [("I_syn_ex", "tau_syn_ex", excitation), ("I_syn_in", "tau_syn_in", inhibition)] {
        let synaptic = parameter(tauName)
        let old = state[name, default: 0]
        let fade = exp(-h / synaptic)
        let transfer =
          synaptic == tau
          ? h / capacitance * decay : tau * synaptic / (capacitance * (tau - synaptic)) * (decay - fade)
        next += old * transfer
        state[name] = old * fade + input
      }
    }
    if refractorySteps > 0 {
      refractorySteps -= 1
      next = v
    }
    let fires = next >= parameter("V_th")
    state["V_m"] = fires ? parameter("V_reset") : next
    if fires { refractorySteps = Int((parameter("t_ref") / h).rounded()) }
    return fires
  }
}
