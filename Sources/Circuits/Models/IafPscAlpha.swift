extension NeuronModel {
  /// Leaky integrate-and-fire neuron with alpha-shaped synaptic currents.
  ///
  ///     dV_m/dt      = -(V_m - E_L) / tau_m + (I_syn_ex + I_syn_in + I_e + I_stim) / C_m
  ///     I_syn_x(t)   = Σ w_k e (t - t_k - d_k) / tau_syn_x exp(-(t - t_k - d_k) / tau_syn_x) after each arrival
  ///     V_m >= V_th  : a spike; V_m is V_reset for t_ref, while the currents go on
  ///
  /// A weight (pA) is the peak of the current, which is reached tau_syn_x after the arrival; positive weights act on
  /// I_syn_ex, negative ones on I_syn_in. Integrated exactly on the grid: Rotter S. & Diesmann M., "Exact digital
  /// simulation of time-invariant linear systems with applications to neuronal modeling", Biological Cybernetics 81
  /// (1999). As NEST's `iaf_psc_alpha`.
  public static let iafPscAlpha: NeuronModel = {
    let parameters: [Quantity] = [
      Quantity("E_L", "mV", -70, "resting potential"),
      Quantity("C_m", "pF", 250, "capacitance of the membrane, greater than 0"),
      Quantity("tau_m", "ms", 10, "time constant of the membrane, greater than 0"),
      Quantity("t_ref", "ms", 2, "refractory time, a whole number of steps"),
      Quantity("V_th", "mV", -55, "threshold"),
      Quantity("V_reset", "mV", -70, "potential after a spike, below V_th"),
      Quantity("I_e", "pA", 0, "constant current into the neuron"),
      Quantity("V_min", "mV", -.infinity, "least potential, at most V_reset"),
      Quantity("tau_syn_ex", "ms", 2, "rise time of excitatory currents, greater than 0"),
      Quantity("tau_syn_in", "ms", 2, "rise time of inhibitory currents, greater than 0"),
    ]
    return NeuronModel(
      name: "iaf_psc_alpha",
      summary: "leaky integrate-and-fire neuron with alpha-shaped synaptic currents",
      weightUnit: "pA",
      parameters: parameters,
      state: [
        Quantity("V_m", "mV", -70, "membrane potential"),
        Quantity("I_syn_ex", "pA", 0, "excitatory synaptic current"),
        Quantity("I_syn_in", "pA", 0, "inhibitory synaptic current"),
      ]
    ) { values, step in
      var checks = ParameterChecks(values, of: parameters)
      checks.requirePositive("C_m", "tau_m", "tau_syn_ex", "tau_syn_in")
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
