/// Why a part of a circuit cannot be simulated, or a snapshot not be taken over.
public enum TileError: Error, Equatable, CustomStringConvertible {
  /// More local places than 16-bit targets can name.
  case tooManyNeurons(places: Int, limit: Int)
  /// The layout does not fit the circuit.
  case badLayout(String)
  /// The circuit itself is wrong: a step, a model, a parameter, an initial value.
  case badPopulation(name: String, problem: String)
  /// A projection whose rule, weights or delays cannot be met.
  case badProjection(source: String, target: String, problem: String)
  /// A stimulus that cannot be given.
  case badStimulus(name: String, problem: String)
  /// A recorder that names what is not there.
  case badRecorder(problem: String)
  /// More synapses than 32-bit places can name.
  case tooManySynapses(stored: Int, limit: Int)
  /// Weights on one neuron that could overflow its accumulator if all its inputs came in one step.
  case accumulatorOverflow(neuron: Int, sum: Double, limit: Double)
  /// A snapshot that does not belong to this tile's circuit.
  case badSnapshot(String)

  /// One sentence: what, with what, and what to do.
  public var description: String {
    switch self {
    case .tooManyNeurons(let places, let limit):
      "a part has \(places) local places, at most \(limit) are possible; use more parts"
    case .badLayout(let problem): "the layout of a part does not fit the circuit: \(problem)"
    case .badPopulation(let name, let problem): "population '\(name)': \(problem)"
    case .badProjection(let source, let target, let problem): "projection '\(source)' > '\(target)': \(problem)"
    case .badStimulus(let name, let problem): "stimulus '\(name)': \(problem)"
    case .badRecorder(let problem): "recorder: \(problem)"
    case .tooManySynapses(let stored, let limit):
      "a part would store \(stored) synapses, at most \(limit) are possible; use more parts"
    case .accumulatorOverflow(let neuron, let sum, let limit):
      "the weights on neuron \(neuron) sum up to \(sum), more than the \(limit) that its accumulator can hold; "
        + "give it fewer or weaker inputs, or put strong and weak ones on neurons of their own"
    case .badSnapshot(let problem): "the snapshot cannot be restored: \(problem)"
    }
  }
}
