/// Some thousand synapses by columns, as a receiver of `Connections.expandColumns` sees them while it runs.
///
/// Columns begin on boundaries of 64 bytes and may be read up to the next multiple of sixteen.
@safe
public struct SynapseColumns {
  /// The weights in the target model's unit; what a rule draws is in single precision, what a user gives keeps its digits.
  @safe
  public enum Weights {
    /// The same weight for all.
    case same(Double)
    /// Drawn weights.
    case drawn(UnsafePointer<Float>)
    /// Listed weights.
    case listed(UnsafePointer<Double>)
  }

  /// How many synapses.
  public let count: Int
  /// Circuit indices of the sources.
  public let sources: UnsafePointer<UInt32>
  /// Local places of the targets.
  public let targets: UnsafePointer<UInt32>
  /// Delays in steps.
  public let delays: UnsafePointer<UInt32>
  /// The weights.
  public let weights: Weights

  init(
    count: Int,
    sources: UnsafePointer<UInt32>,
    targets: UnsafePointer<UInt32>,
    delays: UnsafePointer<UInt32>,
    weights: Weights
  ) {
    (self.count, self.weights) = (count, weights)
    unsafe (self.sources, self.targets, self.delays) = (sources, targets, delays)
  }
}

/// Sums over the synapses of each target of a part.
@safe
public struct SynapseLoad {
  /// A sum for each local place.
  public let sums: UnsafeMutablePointer<Double>
  /// What a synapse adds.
  public let each: Double

  /// Adds the same for each synapse.
  public init(_ sums: UnsafeMutablePointer<Double>, each: Double) {
    unsafe self.sums = sums
    self.each = each
  }
}
