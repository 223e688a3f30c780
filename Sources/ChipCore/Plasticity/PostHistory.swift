/// The spikes of a tile's neurons, each with the trace right after it, since plastic synapses look back.
@safe
struct PostHistory<Real: BinaryFloatingPoint & BitwiseCopyable> {
  /// Steps of the spikes of each local place, ascending.
  private(set) var steps: [[Int64]]
  /// The trace right after each.
  private(set) var traces: [[Real]]

  init(width: Int) {
    steps = Array(repeating: [], count: width)
    traces = Array(repeating: [], count: width)
  }

  /// Adds a spike, the latest one of its neuron.
  mutating func append(_ step: Int64, at local: Int, decay: DecayTable<Real>) {
    var trace: Real = 1
    if let last = steps[local].last, let before = traces[local].last { trace += before * decay[step - last] }
    steps[local].append(step)
    traces[local].append(trace)
  }

  /// Takes over the spikes of a neuron from a snapshot.
  mutating func set(_ steps: [Int64], _ traces: [Real], at local: Int) {
    (self.steps[local], self.traces[local]) = (steps, traces)
  }
}
