extension NeuronModel {
  /// Emits the spikes of a list, whatever arrives.
  ///
  ///     populations: {pre: {size: 2, model: replay, spikes: given.csv}}
  ///
  /// The list has the columns `time_ms,neuron_id` with ids of the whole circuit; a time is the end of the step in which
  /// the neuron fires, as NEST stamps it. Its neurons can be the source and the target of plastic synapses, whose weights
  /// then have no unit.
  public static let replay = NeuronModel(
    name: "replay",
    summary: "emits the spikes of a list, whatever arrives",
    weightUnit: "",
    parameters: [],
    state: []
  ) { _, _ in nil }
}
