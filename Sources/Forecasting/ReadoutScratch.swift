/// Working memory of the readouts of one core; holds nothing from one call to the next.
public struct ReadoutScratch: Sendable {
  /// Context inputs of the last series observed: lags, profiles, volatilities, calendar, age; each within ±6.
  public internal(set) var inputs = [Double](repeating: 0, count: Prior.inputs)
  /// Features, padded with zeros.
  var features: [Float] = []
  /// The covariance times the features.
  var gain: [Float] = []
  /// Quantile candidates, `[fan * 8 + level]`.
  var fans = [Double](repeating: 0, count: 2 * ReadoutConstants.experts * 8)
  /// Factors of the mixture's weights or of the fans, laid out as `fans`.
  var factors = [Double](repeating: 0, count: 2 * ReadoutConstants.experts * 8)
  /// Points of the experts.
  var points = [Float](repeating: 0, count: ReadoutConstants.experts)
  /// Quantiles of the prior without its base, ascending.
  var priorFan = [Double](repeating: 0, count: 8)
  /// `features` of a count of spikes: count / steps per tick.
  let rates: [Float] = (0...255).map { Float($0) / Float(ReadoutConstants.stepsPerTick) }

  /// Makes working memory; it grows to the largest shape that uses it.
  public init() {}

  mutating func fit(_ shape: ReadoutShape) {
    guard features.count != shape.paddedFeatures else { return }
    features = Array(repeating: 0, count: shape.paddedFeatures)
    gain = features
  }

  /// The features' product with the gain.
  var leverage: Double {
    unsafe features.withUnsafeBufferPointer { f in
      unsafe gain.withUnsafeBufferPointer { g in
        guard let a = f.baseAddress, let b = g.baseAddress else { return 0 }
        return unsafe dot(a, b, count: min(f.count, g.count))
      }
    }
  }

  /// Loads the features of an origin's spike counts.
  mutating func loadFeatures(_ counts: ArraySlice<UInt8>) {
    for (i, count) in counts.enumerated() { features[i] = rates[Int(count)] }
    features[counts.count] = 1
  }
}
