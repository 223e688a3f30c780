/// The spikes of a tile's neurons, each with the trace right after it, since plastic synapses look back.
///
/// The last `kept` of each neuron stand side by side, where nearly every synapse finds what it asks for.
@safe
final class PostHistory<Real: BinaryFloatingPoint & BitwiseCopyable> {
  /// Spikes of a neuron that are kept in the columns; a power of two.
  static var kept: Int { 4 }

  /// Steps of the spikes of each local place, ascending.
  private(set) var steps: [[Int64]]
  /// The trace right after each.
  private(set) var traces: [[Real]]
  /// The number of spikes of each place.
  let counts: Column<Int>
  /// Spike n of a place stands at `place * kept + n % kept`.
  let lastSteps: Column<Int64>
  /// The traces alike.
  let lastTraces: Column<Real>

  init(width: Int) {
    steps = Array(repeating: [], count: width)
    traces = Array(repeating: [], count: width)
    counts = Column(width)
    lastSteps = Column(width * Self.kept)
    lastTraces = Column(width * Self.kept)
  }

  /// Adds a spike, the latest one of its neuron, and returns its number and the trace after it.
  @discardableResult
  func append(_ step: Int64, at local: Int, decay: DecayTable<Real>) -> (number: Int, trace: Real) {
    var trace: Real = 1
    if let last = steps[local].last, let before = traces[local].last { trace += before * decay[step - last] }
    let number = steps[local].count
    put(step, trace, number: number, at: local)
    steps[local].append(step)
    traces[local].append(trace)
    return (number, trace)
  }

  /// Takes over the spikes of a neuron from a snapshot.
  func set(_ steps: [Int64], _ traces: [Real], at local: Int) {
    (self.steps[local], self.traces[local]) = (steps, traces)
    counts[local] = 0
    for number in max(0, steps.count - Self.kept)..<steps.count {
      put(steps[number], traces[number], number: number, at: local)
    }
  }

  private func put(_ step: Int64, _ trace: Real, number: Int, at local: Int) {
    let cell = local * Self.kept + (number & (Self.kept - 1))
    (lastSteps[cell], lastTraces[cell]) = (step, trace)
    counts[local] = number + 1
  }
}
