public import Basics

/// A spiking circuit: populations, the projections between them, what drives them and what is recorded.
///
/// All quantities are in NEST's units: ms, mV, pF, pA, nS, Hz (or what the model's parameter table says).
public struct Circuit: Sendable, Equatable {
  /// The circuit's name.
  public var name: String
  /// Length of a step in ms.
  public var stepMilliseconds: Double
  /// Seed of everything random.
  public var seed: UInt64
  /// Populations in file order; neuron ids run through them without a gap.
  public var populations: [Population]
  /// Projections in file order; the order numbers their random streams.
  public var projections: [Projection]
  /// What drives the neurons.
  public var stimuli: [Stimulus]
  /// What is written.
  public var recorders: [Recorder]

  /// Puts a circuit together.
  public init(
    name: String,
    stepMilliseconds: Double = 0.1,
    seed: UInt64 = 1,
    populations: [Population] = [],
    projections: [Projection] = [],
    stimuli: [Stimulus] = [],
    recorders: [Recorder] = []
  ) {
    (self.name, self.stepMilliseconds, self.seed) = (name, stepMilliseconds, seed)
    (self.populations, self.projections) = (populations, projections)
    (self.stimuli, self.recorders) = (stimuli, recorders)
  }

  /// The number of neurons of all populations.
  public var neuronCount: Int { populations.last.map { Int($0.first.index) + $0.size } ?? 0 }
}

/// Neurons of one model and one parameter set.
public struct Population: Sendable, Equatable {
  /// Unique name.
  public var name: String
  /// Its first neuron; the others follow.
  public var first: NeuronID
  /// The number of neurons.
  public var size: Int
  /// Name of the neuron model in `NeuronModelCatalog`.
  public var model: String
  /// Every parameter of the model, defaults filled in.
  public var parameters: [String: Double]
  /// Distributions of state variables at the start; what is not named starts at the model's default.
  public var initial: [String: Distribution]
  /// Values of single neurons by name of parameter (`I_e`) or `<variable>_init` (`V_m_init`): one per neuron.
  public var perNeuron: [String: [Double]]
  /// What neurons of the model `replay` emit, ascending by step, then neuron; empty for others.
  public var replayed: [ReplayedSpike] = []

  /// Puts a population together.
  public init(
    name: String,
    first: NeuronID,
    size: Int,
    model: String,
    parameters: [String: Double],
    initial: [String: Distribution] = [:],
    perNeuron: [String: [Double]] = [:]
  ) {
    (self.name, self.first, self.size, self.model) = (name, first, size, model)
    (self.parameters, self.initial, self.perNeuron) = (parameters, initial, perNeuron)
  }

  /// The zero-based indices of its neurons.
  public var neurons: Range<Int> { Int(first.index)..<Int(first.index) + size }
}

/// A spike of a `replay` population.
public struct ReplayedSpike: Sendable, Equatable {
  /// The step at whose end it is stamped: the first has the number 0.
  public var step: Int64
  /// Who fires.
  public var neuron: NeuronID
  /// Makes a spike.
  public init(step: Int64, neuron: NeuronID) { (self.step, self.neuron) = (step, neuron) }
}

/// How a random or constant quantity is drawn.
public struct Distribution: Sendable, Equatable {
  /// The shape, in the quantity's own unit (a lognormal's parameters are of the logarithm).
  public enum Shape: Sendable, Equatable {
    case constant(Double)
    case normal(mean: Double, deviation: Double)
    case lognormal(mu: Double, sigma: Double)
    case uniform(low: Double, high: Double)
  }
  /// What happens to a draw outside the bounds.
  public enum Outside: Sendable, Equatable { case redraw, clip }

  /// The shape.
  public var shape: Shape
  /// Least value allowed.
  public var atLeast: Double?
  /// Greatest value allowed.
  public var atMost: Double?
  /// What happens to a draw outside the bounds.
  public var outside: Outside

  /// Makes a distribution.
  public init(_ shape: Shape, atLeast: Double? = nil, atMost: Double? = nil, outside: Outside = .redraw) {
    (self.shape, self.atLeast, self.atMost, self.outside) = (shape, atLeast, atMost, outside)
  }
}

/// A rule by which sources and targets are joined (names as in NEST).
public enum ConnectionRule: Sendable, Equatable {
  case oneToOne
  case allToAll
  case fixedIndegree(Int)
  case fixedOutdegree(Int)
  case fixedTotalNumber(Int)
  case pairwiseBernoulli(Double)
  case list([ListedConnection])
}

/// One connection of an explicit list.
public struct ListedConnection: Sendable, Equatable {
  /// Source neuron.
  public var source: NeuronID
  /// Target neuron.
  public var target: NeuronID
  /// Weight in the target's unit.
  public var weight: Double
  /// Delay in ms.
  public var delayMilliseconds: Double
  /// Makes a connection.
  public init(source: NeuronID, target: NeuronID, weight: Double, delayMilliseconds: Double) {
    (self.source, self.target) = (source, target)
    (self.weight, self.delayMilliseconds) = (weight, delayMilliseconds)
  }
}

/// Synapses from one population to another.
public struct Projection: Sendable, Equatable {
  /// Index of the source population.
  public var source: Int
  /// Index of the target population.
  public var target: Int
  /// Who is joined to whom.
  public var rule: ConnectionRule
  /// Weight in the target model's unit (pA, mV or nS); a list carries its own.
  public var weight: Distribution
  /// Delay in ms; a list carries its own.
  public var delay: Distribution
  /// Whether a neuron may be its own source.
  public var autapses: Bool
  /// Whether a pair may be joined more than once.
  public var multapses: Bool
  /// How the weights change; nil for static synapses.
  public var plasticity: Plasticity?

  /// Puts a projection together.
  public init(
    source: Int,
    target: Int,
    rule: ConnectionRule,
    weight: Distribution = Distribution(.constant(1)),
    delay: Distribution = Distribution(.constant(1)),
    autapses: Bool = true,
    multapses: Bool = true,
    plasticity: Plasticity? = nil
  ) {
    (self.source, self.target, self.rule) = (source, target, rule)
    (self.weight, self.delay, self.autapses, self.multapses) = (weight, delay, autapses, multapses)
    self.plasticity = plasticity
  }
}

/// Something that drives neurons from outside.
public enum Stimulus: Sendable, Equatable {
  /// Independent Poisson spikes to every neuron of the targets.
  case poisson(name: String, rateHertz: Double, targets: [Int], weight: Double, delayMilliseconds: Double)
  /// A constant current (pA) between two times; NEST's timing: it acts in steps ending in (start + delay, stop + delay].
  case directCurrent(
    name: String,
    amplitude: Double,
    startMilliseconds: Double,
    stopMilliseconds: Double,
    targets: [Int],
    delayMilliseconds: Double
  )
  /// Given spikes.
  case events(name: String, [InputEvent])
}

/// One given input spike: it arrives at time + delay.
public struct InputEvent: Sendable, Equatable {
  /// Time of emission in ms.
  public var timeMilliseconds: Double
  /// Target neuron.
  public var target: NeuronID
  /// Weight in the target's unit.
  public var weight: Double
  /// Delay in ms.
  public var delayMilliseconds: Double
  /// Makes an input spike.
  public init(timeMilliseconds: Double, target: NeuronID, weight: Double, delayMilliseconds: Double) {
    (self.timeMilliseconds, self.target) = (timeMilliseconds, target)
    (self.weight, self.delayMilliseconds) = (weight, delayMilliseconds)
  }
}

/// Something that is written to a file.
public enum Recorder: Sendable, Equatable {
  /// Spikes of populations: `time_ms,neuron_id`, sorted by time, then id.
  case spikes(populations: [Int], file: String)
  /// State variables of some neurons of a population (zero-based circuit indices), every so many steps.
  case state(population: Int, neurons: [NeuronID], variables: [String], everySteps: Int, file: String)
  /// Weights of plastic projections (by index) at the end, each as of its last presynaptic spike:
  /// `source_id,target_id,weight`, sorted by source, then target.
  case weights(projections: [Int], file: String)
  /// Every weight that plastic projections transmit: `time_ms,source_id,target_id,weight`, sorted by time of emission,
  /// then source, then target.
  case transmitted(projections: [Int], file: String)
}

/// The number format of a run.
public enum Precision: String, Sendable, CaseIterable { case single, double }

/// Neurons of one population that lie in one part: `first`, `first + stride`, … (zero-based circuit indices).
public struct Slice: Sendable, Equatable {
  /// Index of the population.
  public var population: Int
  /// Circuit index of the first neuron.
  public var first: Int
  /// Distance between neighbours.
  public var stride: Int
  /// The number of neurons.
  public var count: Int
  /// Makes a slice.
  public init(population: Int, first: Int, stride: Int, count: Int) {
    (self.population, self.first, self.stride, self.count) = (population, first, stride, count)
  }
}

/// The neurons of one part, by slices; a part has at most 65,472 local places (each slice is padded to 64).
public struct PartLayout: Sendable, Equatable {
  /// Which part.
  public var part: PartID
  /// Its slices, in ascending order of (population, first).
  public var slices: [Slice]
  /// Makes a layout.
  public init(part: PartID, slices: [Slice]) { (self.part, self.slices) = (part, slices) }
}
