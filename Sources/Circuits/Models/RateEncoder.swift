extension NeuronModel {
  /// Encodes a constant drive as a number of spikes; the forecaster's input layer, made by hosts and not offered in files.
  ///
  ///     x = (v · alpha + drive) + arriving weights;  v = max(x, -1)
  ///     v >= 1 : a spike; v = v - 1 and the neuron's count rises by one
  ///
  /// There is no refractory time. A host sets `drive` (which already holds the factor 1 - alpha), puts `v` back to `v0`
  /// and clears the counts at the start of a tick, and reads the counts at its end. In single precision the operations
  /// are exactly the ones written, in this order, so that a plain loop over floats gives the same bits.
  public static let rateEncoder: NeuronModel = {
    let parameters: [Quantity] = [
      Quantity("alpha", "", 0, "decay per step, between 0 and 1"),
      Quantity("drive", "", 0, "what every step adds"),
      Quantity("v0", "", 0, "potential at the start of a tick"),
    ]
    return NeuronModel(
      name: "rate_encoder",
      summary: "encodes a constant drive as a number of spikes",
      weightUnit: "",
      parameters: parameters,
      state: [Quantity("v", "", 0, "potential"), Quantity("count", "", 0, "spikes since the host cleared it")]
    ) { values, _ in
      var checks = ParameterChecks(values, of: parameters)
      checks.require((0...1).contains(checks["alpha"]), "alpha = \(checks["alpha"]) must lie between 0 and 1")
      checks.requireFinite("drive", "v0")
      return checks.problem
    }
  }()
}
