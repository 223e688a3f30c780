/// The spikes of a tile's neurons, each with the trace right after it, since plastic synapses look back.
///
/// Spikes that no synapse asks for any more are forgotten. The last `kept` of each neuron stand side by side, where nearly every synapse finds what it asks for.
@safe
final class PostHistory<Real: BinaryFloatingPoint & BitwiseCopyable> {
  /// Spikes of a neuron that are kept in the columns; a power of two.
  static var kept: Int { 4 }

  /// Steps of the spikes of each local place, ascending.
  private(set) var steps: [[Int64]]
  /// The trace right after each.
  private(set) var traces: [[Real]]
  /// The number of the first spike of each place in these, counted from the start of the run.
  private(set) var firsts: [Int]
  /// The number of spikes of each place so far.
  let counts: Column<Int>
  /// Spike n of a place stands at `place * kept + n % kept`.
  let lastSteps: Column<Int64>
  /// The traces alike.
  let lastTraces: Column<Real>

  init(width: Int) {
    steps = Array(repeating: [], count: width)
    traces = Array(repeating: [], count: width)
    firsts = Array(repeating: 0, count: width)
    counts = Column(width)
    lastSteps = Column(width * Self.kept)
    lastTraces = Column(width * Self.kept)
  }

  /// Adds a spike, the latest one of its neuron, and returns its number and the trace after it.
  @discardableResult
  func append(_ step: Int64, at local: Int, decay: DecayTable<Real>) -> (number: Int, trace: Real) {
    var trace: Real = 1
    if let last = steps[local].last, let before = traces[local].last { trace += before * decay[step - last] }
    let number = firsts[local] + steps[local].count
    put(step, trace, number: number, at: local)
    steps[local].append(step)
    traces[local].append(trace)
    return (number, trace)
  }

  /// Takes over the spikes of a neuron from a snapshot, the first of which has a number.
  func set(_ steps: [Int64], _ traces: [Real], first: Int, at local: Int) {
    (self.steps[local], self.traces[local], firsts[local]) = (steps, traces, first)
    counts[local] = first + steps.count
    for k in max(0, steps.count - Self.kept)..<steps.count { put(steps[k], traces[k], number: first + k, at: local) }
  }

  /// Forgets the spikes before a step, but for the last of each neuron, whose trace goes on.
  func forget(before limit: Int64) {
    for local in steps.indices where steps[local].count > 1 && steps[local][1] < limit {
      let all = steps[local].count
      var kept = 1
      while kept + 1 < all, steps[local][kept + 1] < limit { kept += 1 }
      steps[local].removeFirst(kept)
      traces[local].removeFirst(kept)
      firsts[local] += kept
    }
  }

  private func put(_ step: Int64, _ trace: Real, number: Int, at local: Int) {
    let cell = local * Self.kept + (number & (Self.kept - 1))
    (lastSteps[cell], lastTraces[cell]) = (step, trace)
    counts[local] = number + 1
  }
}
