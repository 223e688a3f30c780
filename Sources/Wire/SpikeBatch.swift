/// The spikes of one epoch from one place: per step offset an ascending list of neurons.
public struct SpikeBatch: Equatable, Sendable {
  /// For each step of the epoch the end of its spikes in `neurons`; the steps of an epoch are its count.
  public var stepEnds: [Int]
  /// Zero-based indices of the neurons that fired, step after step, ascending within a step.
  public var neurons: [UInt32]

  /// Makes a batch without spikes over a number of steps.
  public init(steps: Int) {
    stepEnds = Array(repeating: 0, count: steps)
    neurons = []
  }

  /// Makes a batch of given columns.
  public init(stepEnds: [Int], neurons: [UInt32]) {
    precondition(stepEnds.last ?? 0 == neurons.count)
    (self.stepEnds, self.neurons) = (stepEnds, neurons)
  }

  /// The neurons that fired in one step of the epoch.
  public func spikes(at offset: Int) -> ArraySlice<UInt32> {
    neurons[(offset == 0 ? 0 : stepEnds[offset - 1])..<stepEnds[offset]]
  }
}
