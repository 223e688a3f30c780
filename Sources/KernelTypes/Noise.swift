/// Poisson noise that arrives at the neurons of a slice in a step.
@safe
public struct StepNoise: BitwiseCopyable {
  /// Counts of spikes by place, each of the same weight; nil when there are none.
  public let counts: UnsafePointer<UInt8>?
  /// The weight of a counted spike.
  public let weight: Double
  /// Weighted input by place in the number format of the neurons, where it is not counts; nil when there is none.
  public let excitatory: UnsafeRawPointer?
  /// The same of negative weights; used only by neurons with two currents.
  public let inhibitory: UnsafeRawPointer?

  /// No noise.
  public init() {
    weight = 0
    unsafe (counts, excitatory, inhibitory) = (nil, nil, nil)
  }

  /// Counts of one weight.
  public init(counts: UnsafePointer<UInt8>, weight: Double) {
    self.weight = weight
    unsafe (self.counts, excitatory, inhibitory) = (counts, nil, nil)
  }

  /// Weighted input, each row for the slice's places.
  public init(excitatory: UnsafeRawPointer, inhibitory: UnsafeRawPointer) {
    weight = 0
    unsafe (counts, self.excitatory, self.inhibitory) = (nil, excitatory, inhibitory)
  }
}

/// A request to draw the Poisson counts of the neurons of a slice for eight steps of emission.
///
/// A count is the number of thresholds of the ladder below a 15-bit number; a word of a neuron's block of random words holds
/// the numbers of two steps. The block's counter is (neuron, block of eight steps).
@safe
public struct PoissonDraw {
  /// Groups of 64 places.
  public let groups: Int
  /// The circuit index of the first neuron, and from each to the next.
  public let firstID, stride: UInt32
  /// Ascending thresholds.
  public let ladder: UnsafePointer<Int16>
  /// How many there are.
  public let thresholds: Int
  /// The key of the stimulus' random stream.
  public let key: SIMD4<UInt32>
  /// Counts by step, each 64 · groups bytes by place.
  public let counts: UnsafeMutablePointer<UInt8>
  /// Step of emission / 8.
  public var block: Int64 = 0

  /// Puts a request together.
  public init(
    groups: Int,
    firstID: UInt32,
    stride: UInt32,
    ladder: UnsafePointer<Int16>,
    thresholds: Int,
    key: SIMD4<UInt32>,
    counts: UnsafeMutablePointer<UInt8>
  ) {
    (self.groups, self.firstID, self.stride) = (groups, firstID, stride)
    (self.thresholds, self.key) = (thresholds, key)
    unsafe (self.ladder, self.counts) = (ladder, counts)
  }
}
