internal import Wire

/// How often errors, in units of their scale, were greater than a bound: a decaying histogram, calm and restless apart.
///
/// Bins are even in asinh, so that tails of any weight fit. It starts from a Laplace distribution worth some hundred
/// errors. Beyond the last bin the tail is exponential.
struct TailRecord: Equatable, Sendable {
  private static let bins = 128
  private static let zero = 48.0, perUnit = 16.0
  /// Share of an error's weight that survives a tick: a week of half-minute ticks.
  private static let decay = 1 - 1 / 20_160.0
  private static let priorWeight = 300.0, priorScale = 0.8

  private var counts: [Double]
  private var total: Double
  /// Share of errors in a bin or above it, by bin; renewed by `settle`.
  private var above: [Double]

  /// Starts from the prior.
  init() {
    counts = []
    total = Self.priorWeight
    above = Array(repeating: 0, count: Self.bins)
    func distribution(_ edge: Int) -> Double {
      let x = Arithmetic.hyperbolicSine((Double(edge) - Self.zero) / Self.perUnit)
      let half = 0.5 * Arithmetic.exponential(-min(700, abs(x) / Self.priorScale))
      return x > 0 ? 1 - half : half
    }
    for bin in 0..<Self.bins {
      counts.append(Self.priorWeight * (distribution(bin + 1) - distribution(bin)))
    }
    settle()
  }

  /// Learns from an error in units of its scale.
  mutating func observe(_ z: Double) {
    let place = Self.perUnit * Arithmetic.inverseHyperbolicSine(z) + Self.zero
    for i in counts.indices { counts[i] *= Self.decay }
    counts[Int(min(Double(Self.bins - 1), max(0, place)))] += 1
    total = total * Self.decay + 1
  }

  /// Makes what was learned show in `chance`.
  mutating func settle() {
    var sum = 0.0
    for bin in counts.indices.reversed() {
      sum += counts[bin]
      above[bin] = sum / total
    }
  }

  /// The chance that an error is greater than z.
  func chance(above z: Double) -> Double {
    let place = Self.perUnit * Arithmetic.inverseHyperbolicSine(z) + Self.zero
    guard place > 0 else { return 1 }
    let last = Double(Self.bins - 1)
    guard place < last else { return above[Self.bins - 1] * Arithmetic.exponential(-min(700, 0.3 * (place - last))) }
    let bin = Int(place)
    let share = place - Double(bin)
    return above[bin] * (1 - share) + above[bin + 1] * share
  }

  /// The error that is exceeded with a chance, at most the last bin's.
  func bound(exceededWith chance: Double) -> Double {
    let bin = above.firstIndex { $0 <= chance } ?? Self.bins - 1
    var place = Double(bin)
    if bin > 0, above[bin - 1] > above[bin] {
      place -= min(1, max(0, (chance - above[bin]) / (above[bin - 1] - above[bin])))
    }
    return Arithmetic.hyperbolicSine((place - Self.zero) / Self.perUnit)
  }

  func encode(into w: inout ByteWriter) {
    w.writeArray(counts)
    w.write(total)
    w.writeArray(above)
  }

  init(from r: inout ByteReader) throws(WireError) {
    counts = try r.readArray(count: Self.bins)
    total = try r.readDouble()
    above = try r.readArray(count: Self.bins)
    guard total > 0, total.isFinite else { throw r.error("a record of \(total) errors") }
  }
}
