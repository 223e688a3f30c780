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
}

extension NeuronModel {
  /// The longest refractory time that kernels can count, in steps.
  public static let longestRefractorySteps = 65_535
}
