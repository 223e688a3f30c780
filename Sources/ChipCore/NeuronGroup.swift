internal import Circuits
internal import KernelTypes

/// The neurons of one model in a tile: their state by columns and the step that advances them.
///
/// To add a model: describe it in `Circuits` (`Models/` and `NeuronModelCatalog`), write its groups here in `Models/`, and
/// add a line to `ModelRegistry`. A group owns its columns, indexed by the tile's local places; it reads what arrived from
/// `InputRows` and leaves them zero. Plastic synapses are `PlasticDelivery`'s.
protocol NeuronGroup: AnyObject {
  /// Names of the words that make up a neuron's state, in the order of snapshots.
  static var words: [String] { get }

  /// Advances the neurons of some slices by one step and lists those that fired, ascending within a slice.
  func advance(_ slices: Range<Int>, into spikes: inout SpikeList)

  /// Advances slices that nothing reaches and whose spikes nobody hears by many steps at once.
  func runFree(_ slice: Int, steps: Int)

  /// Sets the currents in pA that flow into the neurons of a slice besides their synapses and noise.
  func setCurrents(_ currents: [Double], of slice: Int)

  /// Returns a state variable in the unit of the model's description.
  func value(_ variable: String, of local: Int, in slice: Int) -> Double

  /// Sets a state variable in the unit of the model's description.
  func setValue(_ variable: String, to value: Double, of local: Int, in slice: Int)

  /// Returns one of `words` of a neuron.
  func word(_ index: Int, of local: Int) -> UInt64

  /// Sets one of `words` of a neuron.
  func setWord(_ index: Int, to word: UInt64, of local: Int)

  /// Goes to a step, before its state is taken over.
  func jump(to step: Int64)
}

extension NeuronGroup {
  func runFree(_ slice: Int, steps: Int) { preconditionFailure("only slices that the plan marks run free") }
  func setCurrents(_ currents: [Double], of slice: Int) {}
  func jump(to step: Int64) {}
}

/// How a tile makes the neurons of a model.
struct ModelEntry: Sendable {
  /// What people see of it.
  let model: NeuronModel
  /// Whether Poisson noise and currents can reach it.
  let takesCurrents: Bool
  /// Whether its spikes are listed even where no projection and no recorder needs them.
  let listsAllSpikes: Bool
  /// Whether positive and negative weights act differently, so that they need a row of sums each.
  let splitsSigns: @Sendable (Population) -> Bool
  /// Whether they do so whatever the parameters are.
  var alwaysSplits = false
  /// Parameters that may differ from neuron to neuron.
  let perNeuron: [String]
  /// Names of the words of state of a neuron.
  let words: [String]
  /// Makes the single-precision group.
  let single: @Sendable (TilePlan, InputRows<Int32, Float>) -> any NeuronGroup
  /// Makes the double-precision group, where there is one.
  let double: (@Sendable (TilePlan, InputRows<Int64, Double>) -> any NeuronGroup)?
}

/// The models that tiles can simulate: one line each.
enum ModelRegistry {
  static let all: [ModelEntry] = [.iafPscExp, .iafPscDelta, .iafPscAlpha, .iafCondExp, .replay, .rateEncoder]

  static func named(_ name: String) -> ModelEntry? { all.first { $0.model.name == name } }
}
