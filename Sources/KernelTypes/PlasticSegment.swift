/// The synapses of a source and delay that a spike passes, under a rule whose powers are 0 or 1, in single precision.
///
/// A line of a target holds eight spikes, spike n at place n mod 8: E = exp(-(t - base)/tau_plus), infinite where there is none,
/// and behind these F = exp((t - base)/tau_minus) times the target's trace right after it, which grows with t.
@safe
public struct PlasticSegment {
  /// Numbers of a line.
  public static let lineLength = 16
  /// Spikes that a line holds.
  public static let spikes = 8

  /// How many synapses.
  public var count = 0
  /// E of the source's last spike but one and of this one, each less the delay: between them lie the spikes that facilitate.
  public var after: Float = 0
  /// The second of these.
  public var upTo: Float = 0
  /// What E, summed over these, adds to a weight, or to the share of what is left up to the greatest.
  public var facilitation: Float = 0
  /// What F of the last spike before takes from a weight, or its share.
  public var depression: Float = 0
  /// The greatest weight; the least is 0.
  public var greatest: Float = 0
  /// Fixed-point units per unit of weight, with the sign of the weights.
  public var perUnit: Float = 0
  /// Whether facilitation is proportional to what is left up to the greatest weight.
  public var isFacilitationRelative = false
  /// Whether depression is proportional to the weight.
  public var isDepressionRelative = false
  /// Local places of the targets.
  public var targets: UnsafePointer<UInt16>
  /// The weights.
  public var weights: UnsafeMutablePointer<Float>
  /// The lines of all local places.
  public var lines: UnsafePointer<Float>
  /// The row of sums that takes the weights.
  public var sums: UnsafeMutablePointer<Int32>
  /// Receives the numbers of synapses whose targets may have fired more often than a line holds; these are left untouched.
  public var rest: UnsafeMutablePointer<UInt32>

  /// Describes an empty segment.
  public init(
    targets: UnsafePointer<UInt16>,
    weights: UnsafeMutablePointer<Float>,
    lines: UnsafePointer<Float>,
    sums: UnsafeMutablePointer<Int32>,
    rest: UnsafeMutablePointer<UInt32>
  ) {
    unsafe (self.targets, self.weights, self.lines, self.sums, self.rest) = (targets, weights, lines, sums, rest)
  }
}
