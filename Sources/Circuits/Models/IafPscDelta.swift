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
    let parameters: [Quantity] =
      Quantity.leakyMembrane + [
        Quantity("V_min", "mV", -.infinity, "least potential, at most V_reset")
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
      checks.requireReset(stepMilliseconds: step)
      checks.requireLeast()
      return checks.problem
    }
  }()
}
