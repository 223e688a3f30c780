extension NeuronModel {
  /// Leaky integrate-and-fire neuron whose potential jumps with each arriving spike.
  ///
  ///     dV_m/dt     = -(V_m - E_L) / tau_m + (I_e + I_stim) / C_m + Σ w_k δ(t - t_k - d_k)
  ///     V_m >= V_th : a spike; V_m is V_reset for t_ref, and input that arrives meanwhile is dropped
  ///
  /// Weights are jumps in mV. Integrated exactly on the grid: Rotter S. & Diesmann M., "Exact digital simulation of
  /// time-invariant linear systems with applications to neuronal modeling", Biological Cybernetics 81 (1999).
  /// As NEST's `iaf_psc_delta` with `refractory_input` false.
  public static let iafPscDelta: NeuronModel = {
    let parameters: [Quantity] = [
      Quantity("E_L", "mV", -70, "resting potential"),
      Quantity("C_m", "pF", 250, "capacitance of the membrane, greater than 0"),
      Quantity("tau_m", "ms", 10, "time constant of the membrane, greater than 0"),
      Quantity("t_ref", "ms", 2, "refractory time, a whole number of steps"),
      Quantity("V_th", "mV", -55, "threshold"),
      Quantity("V_reset", "mV", -70, "potential after a spike, below V_th"),
      Quantity("I_e", "pA", 0, "constant current into the neuron"),
      Quantity("V_min", "mV", -.infinity, "least potential, at most V_reset"),
    ]
    return NeuronModel(
      name: "iaf_psc_delta",
      summary: "leaky integrate-and-fire neuron whose potential jumps with each arriving spike",
      weightUnit: "mV",
      parameters: parameters,
      state: [Quantity("V_m", "mV", -70, "membrane potential")]
    ) { values, step in
      var checks = ParameterChecks(values, of: parameters)
      checks.requirePositive("C_m", "tau_m")
      checks.requireFinite("E_L", "V_th", "V_reset", "I_e")
      checks.requireSteps("t_ref", stepMilliseconds: step)
      checks.require(
        checks["V_reset"] < checks["V_th"],
        "V_reset = \(checks["V_reset"]) mV must be below V_th = \(checks["V_th"]) mV"
      )
      checks.require(
        checks["V_min"] <= checks["V_reset"],
        "V_min = \(checks["V_min"]) mV must be at most V_reset = \(checks["V_reset"]) mV"
      )
      return checks.problem
    }
  }()
}
