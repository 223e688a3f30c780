internal import Basics

/// The random numbers of the shop: pure functions of (seed, purpose, counters), of additions and products only.
///
/// No logarithm or cosine is used, so that every machine makes the same bits.
struct ShopNoise: Sendable {
  enum Purpose: UInt32 {
    case plan = 1
    case entry, service, sample, instance
  }

  private let generator: CounterRandom

  init(seed: UInt64, _ purpose: Purpose) { generator = CounterRandom(seed: seed, stream: purpose.rawValue) }

  /// A number in (0, 1).
  func uniform(_ a: Int, _ b: Int = 0, _ c: Int = 0) -> Double {
    generator.uniform(UInt32(truncatingIfNeeded: a), UInt32(truncatingIfNeeded: b), UInt32(truncatingIfNeeded: c))
  }

  /// A number in a range.
  func uniform(in range: ClosedRange<Double>, _ a: Int, _ b: Int = 0) -> Double {
    range.lowerBound + (range.upperBound - range.lowerBound) * uniform(a, b)
  }

  /// A whole number below a limit.
  func index(below limit: Int, _ a: Int, _ b: Int = 0) -> Int { min(limit - 1, Int(uniform(a, b) * Double(limit))) }

  /// A number with mean 0 and variance 1, within ±3.5: the sum of four uniform ones.
  func normal(_ a: Int, _ b: Int = 0) -> Double {
    let w = generator.words(UInt32(truncatingIfNeeded: a), UInt32(truncatingIfNeeded: b))
    let sum = Double(w[0]) + Double(w[1]) + Double(w[2]) + Double(w[3])
    return (sum * 0x1p-32 - 2) * 1.7320508075688772
  }

  /// Four numbers in [-1, 1).
  func jitter(_ a: Int, _ b: Int, _ c: Int) -> SIMD4<Double> {
    let w = generator.words(UInt32(truncatingIfNeeded: a), UInt32(truncatingIfNeeded: b), UInt32(truncatingIfNeeded: c))
    return SIMD4<Double>(w) * 0x1p-31 - 1
  }
}

/// A first-order autoregressive process with a stated spread and correlation time.
struct ShopWander: Sendable {
  private var value = 0.0
  private let keep: Double
  private let kick: Double

  init(spread: Double, correlationMilliseconds: Double, stepMilliseconds: Double) {
    keep = 1 / (1 + stepMilliseconds / correlationMilliseconds)
    kick = spread * (1 - keep * keep).squareRoot()
  }

  /// Takes one step driven by a number of variance 1 and returns the new value.
  mutating func step(_ drive: Double) -> Double {
    value = keep * value + kick * drive
    return value
  }
}
