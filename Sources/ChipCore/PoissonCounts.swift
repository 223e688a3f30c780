internal import Basics
internal import Circuits

/// The Poisson counts of a stimulus, one at a time: what the vector kernels of a tile draw.
///
/// A count is a function of (seed, stimulus, neuron, step of emission). Small means climb a ladder of thresholds with 15-bit
/// numbers, eight steps from a block of random words; larger ones invert the distribution function, two steps from a block.
public struct PoissonCounts: Sendable {
  private let random: CounterRandom
  let table: PoissonTable

  /// Prepares the counts of a stimulus with a mean per step, at most a million.
  public init(seed: UInt64, stimulus: Int, mean: Double) {
    random = CounterRandom(seed: seed, stream: RandomStream.stimulus(stimulus))
    table = PoissonTable(mean: mean)
  }

  /// The key of the stream.
  var key: SIMD4<UInt32> { random.key }

  /// Returns the count of a neuron in a step of emission.
  public func count(neuron: UInt32, step: Int64) -> Int {
    if !table.isLadder {
      let (even, odd) = pair(neuron: neuron, block: step >> 1)
      return step & 1 == 0 ? even : odd
    }
    let block = UInt64(bitPattern: step >> 3)
    let words = random.words(neuron, UInt32(truncatingIfNeeded: block), UInt32(truncatingIfNeeded: block >> 32))
    let number = words[Int(step >> 1 & 3)] >> UInt32(16 * (step & 1)) & 0x7FFF
    return table.count(of: UInt16(number))
  }

  /// Returns the counts of a neuron in two successive steps, by inversion.
  func pair(neuron: UInt32, block: Int64) -> (Int, Int) {
    let block = UInt64(bitPattern: block)
    let w = random.words(neuron, UInt32(truncatingIfNeeded: block), UInt32(truncatingIfNeeded: block >> 32), 1)
    let a = (Double(UInt64(w[0]) << 20 | UInt64(w[1] >> 12)) + 0.5) * 0x1p-52
    let b = (Double(UInt64(w[2]) << 20 | UInt64(w[3] >> 12)) + 0.5) * 0x1p-52
    return (table.count(of: a), table.count(of: b))
  }
}
