internal import Glibc

/// How Poisson counts of one mean are drawn.
///
/// Small means use a ladder: the count is the number of thresholds below a 15-bit number. Rounding errors of the
/// thresholds are carried from one to the next, so the mean is right to 2⁻¹⁶ and the variance to about 10⁻⁴; counts with a
/// probability below 2⁻¹⁶ do not occur. Larger means invert the distribution function with 52-bit numbers.
struct PoissonTable {
  /// The greatest mean that is drawn by a ladder.
  static let greatestLadderMean = 10.0
  /// The greatest mean that can be drawn.
  static let greatestMean = 1e6

  /// Thresholds of the ladder: the count is the number of them that a number in 0 ..< 32,768 exceeds.
  ///
  /// Empty for large means.
  let ladder: [Int16]
  // Distribution function from `first` on; empty for small means.
  private let cumulative: [Double]
  private let first: Int
  // guide[b] is the place in `cumulative` where the search for numbers in [b, b + 1) / guide.count begins.
  private let guide: [Int32]

  /// Prepares draws of a mean between 0 and `greatestMean`.
  init(mean: Double) {
    if mean <= Self.greatestLadderMean {
      ladder = Self.thresholds(mean)
      (cumulative, first, guide) = ([], 0, [])
      return
    }
    ladder = []
    // Relative probabilities outward from the mode; twelve deviations leave less than doubles can tell.
    let mode = mean.rounded(.down)
    let reach = 12 * mean.squareRoot() + 40
    let low = max(0, Int(mode - reach))
    let high = Int(mode + reach)
    var p = [Double](repeating: 0, count: high - low + 1)
    p[Int(mode) - low] = 1
    var k = Int(mode)
    while k < high {
      p[k + 1 - low] = p[k - low] * mean / Double(k + 1)
      k += 1
    }
    k = Int(mode)
    while k > low {
      p[k - 1 - low] = p[k - low] * Double(k) / mean
      k -= 1
    }
    let total = p.reduce(0, +)
    var sum = 0.0
    cumulative = p.map { x in
      sum += x / total
      return sum
    }
    first = low
    var starts: [Int32] = []
    var place: Int32 = 0
    let last = Int32(cumulative.count - 1)
    for b in 0..<1024 {
      while place < last, cumulative[Int(place)] <= Double(b) / 1024 { place += 1 }
      starts.append(place)
    }
    guide = starts
  }

  private static func thresholds(_ mean: Double) -> [Int16] {
    var result: [Int16] = []
    var p = exp(-mean)
    var cumulative = p
    var carry = 0.0
    var k = 0.0
    while true {
      let x = cumulative * 32_768 + carry
      let threshold = x.rounded()
      if threshold >= 32_768, k > mean { return result }
      carry = x - threshold
      result.append(Int16(min(threshold, 32_768) - 1))
      k += 1
      p *= mean / k
      cumulative += p
    }
  }

  /// Whether counts come from the ladder.
  var isLadder: Bool { cumulative.isEmpty }

  /// Returns the count that a 15-bit number stands for, as the vector form does.
  func count(of number: UInt16) -> Int { ladder.reduce(0) { $0 + (Int16(number) > $1 ? 1 : 0) } }

  /// Returns the count that a number in (0, 1) stands for.
  func count(of uniform: Double) -> Int {
    var place = Int(guide[Int(uniform * 1024)])
    while place < cumulative.count - 1, cumulative[place] <= uniform { place += 1 }
    return first + place
  }
}
