/// The neuron models that are known, by NEST's names.
///
/// A model is added in three places: its description in `Models/`, its line here, and its update and line in the
/// registry of `ChipCore` (`ModelRegistry`).
public enum NeuronModelCatalog {
  /// The models that circuit files may name, in the order of the documentation.
  public static let all: [NeuronModel] = [.iafPscExp, .iafPscDelta, .iafPscAlpha, .iafCondExp, .replay]

  /// Models of populations that programs make and circuit files cannot name.
  public static let hostOnly: [NeuronModel] = [.rateEncoder]

  /// Returns the model of a name that circuit files may use, or nil.
  public static func named(_ name: String) -> NeuronModel? { all.first { $0.name == name } }

  /// Returns the model of a name, host-only ones included, or nil.
  public static func anyNamed(_ name: String) -> NeuronModel? { named(name) ?? hostOnly.first { $0.name == name } }
}
