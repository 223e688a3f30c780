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
    let parameters: [Quantity] =
      Quantity.leakyMembrane + [
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
      checks.requireReset(stepMilliseconds: step)
      checks.requireLeast()
      return checks.problem
    }
  }()
}
