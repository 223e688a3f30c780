internal import Basics
internal import Glibc

/// Random numbers one after the other, for data that is made up.
struct Draws {
  private let random: CounterRandom
  private var count: UInt32 = 0

  init(seed: UInt64, stream: UInt32) { random = CounterRandom(seed: seed, stream: stream) }

  /// In (0, 1).
  mutating func uniform() -> Double {
    count += 1
    return random.uniform(count)
  }

  /// In (a, b).
  mutating func uniform(_ a: Double, _ b: Double) -> Double { a + (b - a) * uniform() }

  /// a to b − 1.
  mutating func integer(_ a: Int, _ b: Int) -> Int { a + min(b - a - 1, Int(uniform() * Double(b - a))) }

  /// Standard normal (Box and Muller).
  mutating func normal() -> Double { (-2 * log(uniform())).squareRoot() * cos(2 * Double.pi * uniform()) }

  /// Exponential with a mean.
  mutating func exponential(_ mean: Double) -> Double { -mean * log(uniform()) }

  /// Poisson; normal beyond a mean of 200.
  mutating func poisson(_ mean: Double) -> Double {
    guard mean < 200 else { return max(0, (mean + mean.squareRoot() * normal()).rounded()) }
    var (product, n) = (uniform(), 0.0)
    let least = exp(-mean)
    while product > least {
      product *= uniform()
      n += 1
    }
    return n
  }
}
