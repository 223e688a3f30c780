internal import Basics
internal import Circuits

extension Stimulus {
  /// The name given to it.
  var name: String {
    switch self {
    case .poisson(let name, _, _, _, _), .directCurrent(let name, _, _, _, _, _), .events(let name, _): name
    }
  }

  /// What is wrong with the stimulus in a circuit, or nil.
  func problem(in circuit: Circuit) -> String? {
    let step = circuit.stepMilliseconds
    func targetProblem(_ targets: [Int]) -> String? {
      for target in targets {
        guard circuit.populations.indices.contains(target) else { return "there is no population \(target)" }
        let population = circuit.populations[target]
        guard ModelRegistry.named(population.model)?.takesCurrents != false else {
          return "\(population.model) of population '\(population.name)' takes spikes only"
        }
      }
      return nil
    }
    switch self {
    case .poisson(_, let rate, let targets, let weight, let delay):
      guard rate >= 0, rate * step * 1e-3 <= PoissonTable.greatestMean else {
        return "the rate of \(rate) Hz must lie between 0 and \(PoissonTable.greatestMean) spikes a step"
      }
      guard weight.isFinite, abs(weight) < 1e12 else { return "the weight is \(weight)" }
      guard delay >= 0, delay / step <= 1e9 else { return "the delay of \(delay) ms is negative or too long" }
      return targetProblem(targets)
    case .directCurrent(_, let amplitude, let start, let stop, let targets, let delay):
      guard amplitude.isFinite else { return "the amplitude is \(amplitude)" }
      guard start.isFinite, !stop.isNaN, start <= stop, delay >= 0, delay / step <= 1e9 else {
        return "a current needs start <= stop and a delay of at least 0, found \(start), \(stop), \(delay) ms"
      }
      return targetProblem(targets)
    case .events(_, let events):
      for event in events {
        let number = event.target.number
        guard circuit.population(of: Int(event.target.index)) != nil else { return "there is no neuron \(number)" }
        guard event.weight.isFinite, abs(event.weight) < 1e12 else {
          return "the input of neuron \(number) at \(event.timeMilliseconds) ms has the weight \(event.weight)"
        }
        let due = (event.timeMilliseconds + event.delayMilliseconds) / step
        guard due.rounded() >= 1, due < 1e15 else {
          return "the input of neuron \(number) at \(event.timeMilliseconds) ms with a delay of "
            + "\(event.delayMilliseconds) ms arrives before the end of the first step of \(step) ms"
        }
      }
      return nil
    }
  }
}

extension Recorder {
  /// What is wrong with the recorder in a circuit, or nil.
  func problem(in circuit: Circuit) -> String? {
    switch self {
    case .spikes(let populations, let file):
      let bad = populations.first { !circuit.populations.indices.contains($0) }
      return bad.map { "\(file): there is no population \($0)" }
    case .weights(let projections, let file), .transmitted(let projections, let file):
      let plastic = circuit.projections.indices.filter { circuit.projections[$0].plasticity != nil }
      return projections.first { !plastic.contains($0) }.map { "\(file): projection \($0) is not a plastic one" }
    case .state(let index, let neurons, let variables, let everySteps, let file):
      guard circuit.populations.indices.contains(index) else { return "\(file): there is no population \(index)" }
      let population = circuit.populations[index]
      guard everySteps > 0 else { return "\(file): an interval of \(everySteps) steps" }
      if let other = neurons.first(where: { !population.neurons.contains(Int($0.index)) }) {
        return "\(file): neuron \(other.number) is not in population '\(population.name)'"
      }
      let known = ModelRegistry.named(population.model)?.model.state.map(\.name) ?? []
      if let other = variables.first(where: { !known.contains($0) }) {
        return "\(file): \(population.model) has no variable '\(other)'\(Spelling.hint(for: other, among: known))"
      }
      return nil
    }
  }
}
