internal import Wire

/// Recursive least squares with directional forgetting: one covariance, any number of heads.
///
/// Only the direction of the present inputs is forgotten, so that what a quiet night does not excite is still known in
/// the morning. Source: Kulhavý, "Restricted exponential forgetting in real-time identification", Automatica 23 (1987).
struct RecursiveSquares: Equatable, Sendable {
  /// Number of inputs.
  let size: Int
  /// Share of what is known in a direction that survives a step.
  let memory: Double
  /// Weights, one row of inputs per head.
  private(set) var weights: [Double]
  private let variance: Double
  private var covariance: [Double]
  /// The gain of the last `absorb`, and room for the product behind it.
  private(set) var gain: [Double]
  private var product: [Double]

  /// Starts from given weights and a variance of each of them.
  init(size: Int, heads: Int, memory: Double, variance: Double) {
    (self.size, self.memory, self.variance) = (size, memory, variance)
    weights = Array(repeating: 0, count: size * heads)
    covariance = Array(repeating: 0, count: size * size)
    (gain, product) = (Array(repeating: 0, count: size), Array(repeating: 0, count: size))
    for i in 0..<size { covariance[i * size + i] = variance }
  }

  /// Compares what was learned; room for products is none of it.
  static func == (a: Self, b: Self) -> Bool {
    a.size == b.size && a.memory == b.memory && a.weights == b.weights && a.covariance == b.covariance
  }

  /// Sets one weight, before anything is learned.
  mutating func setWeight(head: Int, input: Int, _ value: Double) { weights[head * size + input] = value }

  /// Returns what a head says of inputs.
  func predict(head: Int, _ inputs: Span<Double>) -> Double {
    let row = weights.span.extracting(head * size..<(head + 1) * size)
    var sum = 0.0
    for i in row.indices { sum += row[i] * inputs[i] }
    return sum
  }

  /// Takes inputs into the covariance and returns how much of an error their direction may still explain, 0…1.
  ///
  /// - Complexity: O(size²).
  mutating func absorb(_ inputs: Span<Double>) -> Double {
    precondition(inputs.count == size)
    let r = Self.multiply(covariance, inputs, into: &product)
    guard r >= 0, r < 1e12 else {
      // Rounding has eaten the covariance: it starts again, the weights stay.
      for i in covariance.indices { covariance[i] = i % (size + 1) == 0 ? variance : 0 }
      for i in gain.indices { gain[i] = 0 }
      return 0
    }
    var c = 1 / (1 + r)
    if r > 1e-9 {
      let excess = memory - (1 - memory) / r
      c = abs(excess) > 1e-6 ? 1 / (1 / excess + r) : 0
    }
    // The new covariance is P − c z zᵀ, so its product with the inputs is z (1 − c r).
    Self.subtract(product, times: c, from: &covariance)
    for i in gain.indices { gain[i] = product[i] * (1 - c * r) }
    return min(1, 1 / (r * (1 - c * r) + 1e-9))
  }

  /// Puts the covariance times the inputs into `product` and returns the inputs' share of it.
  private static func multiply(_ covariance: [Double], _ inputs: Span<Double>, into product: inout [Double]) -> Double {
    let n = inputs.count
    precondition(covariance.count == n * n && product.count == n)
    let p = covariance.span
    var z = product.mutableSpan
    var r = 0.0
    for a in 0..<n {
      var sum = 0.0
      for b in 0..<n { sum += p[a * n + b] * inputs[b] }
      z[a] = sum
      r += sum * inputs[a]
    }
    return r
  }

  private static func subtract(_ product: [Double], times c: Double, from covariance: inout [Double]) {
    let n = product.count
    let z = product.span
    var p = covariance.mutableSpan
    for a in 0..<n {
      let share = z[a] * c
      for b in 0..<n { p[a * n + b] -= share * z[b] }
    }
  }

  /// Moves a head's weights along the last gain.
  mutating func correct(head: Int, by error: Double) {
    for i in 0..<size { weights[head * size + i] += gain[i] * error }
  }

  func encode(into w: inout ByteWriter) {
    w.writeArray(weights)
    w.writeArray(covariance)
  }

  mutating func decode(from r: inout ByteReader) throws(WireError) {
    weights = try r.readArray(count: weights.count)
    covariance = try r.readArray(count: covariance.count)
  }
}

extension ByteReader {
  /// Reads an array of a known length of finite numbers.
  mutating func readArray(count: Int) throws(WireError) -> [Double] {
    let values: [Double] = try readArray()
    guard values.count == count, values.allSatisfy(\.isFinite) else {
      throw error("\(values.count) numbers where \(count) finite ones belong")
    }
    return values
  }
}
