/// What people may set and see of a neuron model: its parameters and state, with units and defaults.
public struct NeuronModel: Sendable {
  /// A parameter or state variable.
  public struct Quantity: Sendable, Equatable {
    /// Name as in NEST.
    public var name: String
    /// Unit as in NEST ("mV"), empty for a plain number.
    public var unit: String
    /// Value where nothing is said.
    public var defaultValue: Double
    /// What it means.
    public var meaning: String
    /// Describes a quantity.
    public init(_ name: String, _ unit: String, _ defaultValue: Double, _ meaning: String) {
      (self.name, self.unit, self.defaultValue, self.meaning) = (name, unit, defaultValue, meaning)
    }
  }

  /// Name as in NEST.
  public var name: String
  /// One sentence.
  public var summary: String
  /// Unit of the weights of synapses on it.
  public var weightUnit: String
  /// Parameters in the order of the documentation.
  public var parameters: [Quantity]
  /// State variables that can be recorded and initialised.
  public var state: [Quantity]
  /// Returns what is wrong with a set of parameters at a step length in ms, or nil.
  public var problem: @Sendable (_ parameters: [String: Double], _ stepMilliseconds: Double) -> String?

  /// Describes a model.
  public init(
    name: String,
    summary: String,
    weightUnit: String,
    parameters: [Quantity],
    state: [Quantity],
    problem: @escaping @Sendable ([String: Double], Double) -> String?
  ) {
    (self.name, self.summary, self.weightUnit) = (name, summary, weightUnit)
    (self.parameters, self.state, self.problem) = (parameters, state, problem)
  }

  /// The parameters of the model with every default.
  public var defaults: [String: Double] {
    Dictionary(uniqueKeysWithValues: parameters.map { ($0.name, $0.defaultValue) })
  }
}
