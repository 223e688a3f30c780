/// Reads a model's parameters one after the other and keeps the first thing that is wrong with them.
struct ParameterChecks {
  private let values: [String: Double]
  private let defaults: [String: Double]
  private(set) var problem: String?

  init(_ values: [String: Double], of parameters: [NeuronModel.Quantity]) {
    self.values = values
    defaults = Dictionary(uniqueKeysWithValues: parameters.map { ($0.name, $0.defaultValue) })
    for quantity in parameters where self[quantity.name].isNaN {
      require(false, "\(quantity.name) is not a number; give a value in \(quantity.unit)")
    }
  }

  /// The value given for a parameter, or its default.
  subscript(name: String) -> Double { values[name] ?? defaults[name] ?? .nan }

  /// Notes a problem unless a condition holds.
  mutating func require(_ holds: Bool, _ sentence: String) {
    if problem == nil, !holds { problem = sentence }
  }

  /// Notes a problem unless the parameters are finite.
  mutating func requireFinite(_ names: String...) {
    for name in names { require(self[name].isFinite, "\(name) = \(self[name]) must be finite") }
  }

  /// Notes a problem unless the parameters are positive and finite.
  mutating func requirePositive(_ names: String...) {
    for name in names {
      require(self[name] > 0 && self[name].isFinite, "\(name) = \(self[name]) must be greater than 0")
    }
  }

  /// Notes a problem unless a refractory time is a whole number of steps, at least 0.
  mutating func requireSteps(_ name: String, stepMilliseconds: Double) {
    let value = self[name]
    require(value >= 0 && value.isFinite, "\(name) = \(value) ms must be at least 0")
    let steps = StepGrid.exact(value, stepMilliseconds: stepMilliseconds)
    require(
      steps != nil,
      "\(name) = \(value) ms is not a whole number of steps of \(stepMilliseconds) ms; "
        + "write for example \((value / stepMilliseconds).rounded() * stepMilliseconds) ms"
    )
    require(
      steps ?? 0 <= NeuronModel.longestRefractorySteps,
      "\(name) = \(value) ms is longer than \(NeuronModel.longestRefractorySteps) steps"
    )
  }

  /// Notes a problem unless a neuron resets below its threshold and rests for whole steps.
  mutating func requireReset(stepMilliseconds: Double) {
    requireSteps("t_ref", stepMilliseconds: stepMilliseconds)
    require(
      self["V_reset"] < self["V_th"],
      "V_reset = \(self["V_reset"]) mV must be below V_th = \(self["V_th"]) mV"
    )
  }

  /// Notes a problem unless the reset potential is within the least one.
  mutating func requireLeast() {
    require(
      self["V_min"] <= self["V_reset"],
      "V_min = \(self["V_min"]) mV must be at most V_reset = \(self["V_reset"]) mV"
    )
  }
}

extension NeuronModel.Quantity {
  /// The parameters of a membrane with a time constant, as NEST's current-based models have them.
  static let leakyMembrane: [Self] = [
    Self("E_L", "mV", -70, "resting potential"),
    Self("C_m", "pF", 250, "capacitance of the membrane, greater than 0"),
    Self("tau_m", "ms", 10, "time constant of the membrane, greater than 0"),
    Self("t_ref", "ms", 2, "refractory time, a whole number of steps"),
    Self("V_th", "mV", -55, "threshold"),
    Self("V_reset", "mV", -70, "potential after a spike, below V_th"),
    Self("I_e", "pA", 0, "constant current into the neuron"),
  ]
}

extension NeuronModel {
  /// The longest refractory time that kernels can count, in steps.
  public static let longestRefractorySteps = 65_535
}
