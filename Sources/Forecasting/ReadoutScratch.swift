public import KernelTypes
internal import Kernels

/// Working memory of the readouts of one core; holds nothing from one call to the next.
///
/// Copies share the memory: each thread makes its own.
public struct ReadoutScratch {
  private static let experts = 2 * ReadoutConstants.experts * 8
  private static let inputLength = (Prior.inputs + 15) / 16 * 16

  private static let linearLength = 6 * ReadoutConstants.linearLength + 16

  /// The kernels that readouts run on.
  let kernels: KernelTable
  /// Length of a vector of features.
  private(set) var length = 0
  /// Length of the drives.
  private var drivesLength = 0
  private var block = FloatBlock(0)

  /// Makes working memory; it grows to the shape that uses it.
  public init() { self.init(kernels: .chosen) }

  /// Makes working memory for readouts that run on some kernels.
  public init(kernels: KernelTable) { self.kernels = kernels }

  mutating func fit(_ shape: ReadoutShape, _ prior: Prior) {
    guard length != shape.paddedFeatures else { return }
    length = shape.paddedFeatures
    drivesLength = prior.paddedTrained
    let covariances = length + TriangleRows.start(ofRow: length)
    let inputs = Self.inputLength + prior.paddedTrained + 64 + Self.linearLength + 32
    block = FloatBlock(6 * length + 64 + Self.experts + inputs + covariances)
  }

  /// Features of the last tick and of the origins of the second and third horizon, or those of the present tick.
  var features: UnsafeMutablePointer<Float> { unsafe block.base }
  /// The covariance times the three vectors of features.
  var gains: UnsafeMutablePointer<Float> { unsafe block.base + 3 * length }
  /// The products of features and gains.
  var leverages: UnsafeMutablePointer<Float> { unsafe block.base + 6 * length }
  /// Points of the experts, sixteen.
  var points: UnsafeMutablePointer<Float> { unsafe leverages + 16 }
  /// Quantile candidates, `[fan * 8 + level]`.
  var fans: UnsafeMutablePointer<Float> { unsafe leverages + 64 }
  /// A forecast of one horizon as `Slot` lays it out.
  var slot: UnsafeMutablePointer<Float> { unsafe leverages + 32 }
  /// Context inputs.
  var inputCells: UnsafeMutablePointer<Float> { unsafe fans + Self.experts }
  /// Numbers to be expanded: three horizons of eight, and the upper tails.
  var expanded: UnsafeMutablePointer<Double> {
    unsafe UnsafeMutableRawPointer(inputCells + Self.inputLength).assumingMemoryBound(to: Double.self)
  }
  /// The linear expert's inputs of the last tick, of the origin of the second horizon, and zeros; then its gains, and the
  /// products of both.
  var linear: UnsafeMutablePointer<Float> { unsafe inputCells + Self.inputLength + 64 }
  /// Drives of the trained neurons.
  var drives: UnsafeMutablePointer<Float> { unsafe linear + Self.linearLength + 32 }

  /// Room for the inverse scales of a covariance, and for it in single precision.
  var inverses: UnsafeMutablePointer<Float> { unsafe triangle + TriangleRows.start(ofRow: length) }
  var triangle: UnsafeMutablePointer<Float> { unsafe drives + drivesLength }

  /// A group of sixteen numbers, and room for the same in half precision.
  var halfGroup: HalfPrecision {
    let floats = unsafe linear + Self.linearLength
    return unsafe HalfPrecision(
      groups: 1,
      floats: floats,
      halves: UnsafeMutableRawPointer(floats + 16).assumingMemoryBound(to: UInt16.self)
    )
  }

  /// Context inputs of the last series observed: lags, profiles, volatilities, calendar, age; each within ±6.
  public var inputs: [Float] {
    length == 0 ? [] : (0..<Prior.inputs).map { unsafe inputCells[$0] }
  }

  /// Loads the features of an origin whose counts are packed.
  func loadPackedFeatures(_ packed: UnsafePointer<UInt8>, count: Int, at vector: Int) {
    let target = unsafe features + vector * length
    for i in 0..<count {
      let four = unsafe packed[i / 2] >> (i % 2 == 0 ? 0 : 4) & 15
      unsafe target[i] = Float(four) / Float(PackedCounts.greatest)
    }
    for i in count..<length { unsafe target[i] = i == count ? 1 : 0 }
  }

  /// Loads the features of an origin's spike counts: counts over the steps of a tick, 1, and padding.
  func loadFeatures(_ counts: UnsafePointer<UInt8>, count: Int, at vector: Int) {
    let target = unsafe features + vector * length
    for i in 0..<count { unsafe target[i] = Float(counts[i]) / Float(ReadoutConstants.stepsPerTick) }
    for i in count..<length { unsafe target[i] = i == count ? 1 : 0 }
  }
}
