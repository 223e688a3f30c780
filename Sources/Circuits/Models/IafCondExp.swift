extension NeuronModel {
  /// Leaky integrate-and-fire neuron with exponential synaptic conductances.
  ///
  ///     C_m dV_m/dt = -g_L (V_m - E_L) - g_ex (V_m - E_ex) - g_in (V_m - E_in) + I_e + I_stim
  ///     dg_x/dt     = -g_x / tau_syn_x + Σ |w_k| δ(t - t_k - d_k)
  ///     V_m >= V_th : a spike; V_m is V_reset for t_ref, while the conductances go on
  ///
  /// Positive weights (nS) jump g_ex, negative ones g_in by their magnitude. Source: Meffin H., Burkitt A. N. & Grayden
  /// D. B., "An analytical model for the large, fluctuating synaptic conductance state typical of neocortical neurons in
  /// vivo", Journal of Computational Neuroscience 16 (2004), as NEST's `iaf_cond_exp`. Conductances decay exactly; the
  /// potential takes fixed steps (`ChipCore` says how), where NEST's solver adapts them. An arriving spike changes V_m
  /// one step after the conductance.
  public static let iafCondExp: NeuronModel = {
    let parameters: [Quantity] = [
      Quantity("V_th", "mV", -55, "threshold"),
      Quantity("V_reset", "mV", -60, "potential after a spike, below V_th"),
      Quantity("t_ref", "ms", 2, "refractory time, a whole number of steps"),
      Quantity("g_L", "nS", 16.6667, "leak conductance, greater than 0"),
      Quantity("C_m", "pF", 250, "capacitance of the membrane, greater than 0"),
      Quantity("E_ex", "mV", 0, "reversal potential of excitation"),
      Quantity("E_in", "mV", -85, "reversal potential of inhibition"),
      Quantity("E_L", "mV", -70, "reversal potential of the leak"),
      Quantity("tau_syn_ex", "ms", 0.2, "time constant of the excitatory conductance, greater than 0"),
      Quantity("tau_syn_in", "ms", 2, "time constant of the inhibitory conductance, greater than 0"),
      Quantity("I_e", "pA", 0, "constant current into the neuron"),
    ]
    return NeuronModel(
      name: "iaf_cond_exp",
      summary: "leaky integrate-and-fire neuron with exponential synaptic conductances",
      weightUnit: "nS",
      parameters: parameters,
      state: [
        Quantity("V_m", "mV", -70, "membrane potential"),
        Quantity("g_ex", "nS", 0, "excitatory synaptic conductance"),
        Quantity("g_in", "nS", 0, "inhibitory synaptic conductance"),
      ]
    ) { values, step in
      var checks = ParameterChecks(values, of: parameters)
      checks.requirePositive("g_L", "C_m", "tau_syn_ex", "tau_syn_in")
      checks.requireFinite("E_L", "E_ex", "E_in", "V_th", "V_reset", "I_e")
      checks.requireReset(stepMilliseconds: step)
      return checks.problem
    }
  }()
}
