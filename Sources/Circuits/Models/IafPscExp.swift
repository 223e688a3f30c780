extension NeuronModel {
  /// Leaky integrate-and-fire neuron with exponential synaptic currents.
  ///
  ///     dV_m/dt      = -(V_m - E_L) / tau_m + (I_syn_ex + I_syn_in + I_e + I_stim) / C_m
  ///     dI_syn_x/dt  = -I_syn_x / tau_syn_x + Σ w_k δ(t - t_k - d_k)
  ///     V_m >= V_th  : a spike; V_m is V_reset for t_ref, while the currents go on
  ///
  /// Positive weights (pA) jump I_syn_ex, negative ones I_syn_in. Integrated exactly on the grid: Rotter S. & Diesmann M.,
  /// "Exact digital simulation of time-invariant linear systems with applications to neuronal modeling", Biological
  /// Cybernetics 81 (1999). Model: Tsodyks, Uziel & Markram, Journal of Neuroscience 20 RC50 (2000), as NEST's
  /// `iaf_psc_exp` without its escape noise. An arriving spike changes V_m one step after the current.
  public static let iafPscExp: NeuronModel = {
    let parameters: [Quantity] =
      Quantity.leakyMembrane + [
        Quantity("tau_syn_ex", "ms", 2, "time constant of excitatory currents, greater than 0"),
        Quantity("tau_syn_in", "ms", 2, "time constant of inhibitory currents, greater than 0"),
      ]
    return NeuronModel(
      name: "iaf_psc_exp",
      summary: "leaky integrate-and-fire neuron with exponential synaptic currents",
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
      return checks.problem
    }
  }()
}
