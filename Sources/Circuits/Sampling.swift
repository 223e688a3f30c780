internal import Basics
internal import Glibc
internal import KernelTypes
internal import Kernels

/// Numbers of the random streams of a seed, one for each use, so that no two uses share numbers.
public enum RandomStream {
  /// The stream of the synapses of a projection.
  public static func projection(_ index: Int) -> UInt32 { 0x1000_0000 &+ UInt32(truncatingIfNeeded: index) }
  /// The stream of the states at the start.
  public static let initialState: UInt32 = 0x2000_0000
  /// The stream of a stimulus.
  public static func stimulus(_ index: Int) -> UInt32 { 0x3000_0000 &+ UInt32(truncatingIfNeeded: index) }
}

/// Turns random words into draws of a distribution: a non-decreasing map from a word to a value.
///
/// The upper 24 bits of a word name one of 2²⁴ equal slices of (-1, 1), and the value is the quantile at its middle, so the
/// most extreme draws of a normal lie 5.4 deviations from its mean. Bounds by redraw cut the quantile's argument, which
/// has exactly the distribution of drawing again until a value fits; bounds by clip cut the value. Draws are in
/// single precision (a relative error of 1e-6; 3e-3 deviations in the far tails); constants keep all their digits.
/// `exp`, `log` and `erf` of the C library steer this, so all hosts of a cluster need the same one.
public struct Sampler: Sendable {
  private enum Form {
    case constant(Double)
    case drawn(SampleMap)
    /// The exponential of what is drawn, between the bounds.
    case exponential(SampleMap)
  }
  private let form: Form
  private let least: Float
  private let greatest: Float

  /// Prepares a distribution, its values divided by a unit.
  ///
  /// The distribution must have no `problem`.
  public init(_ distribution: Distribution, unit: Double = 1) {
    let low = (distribution.atLeast ?? -.infinity) / unit
    let high = (distribution.atMost ?? .infinity) / unit
    (least, greatest) = (Float(low), Float(high))
    let redraws = distribution.outside == .redraw
    /// Cuts the quantile's argument, given the bounds in deviations from the mean.
    func cut(_ map: inout SampleMap, _ from: Double, _ to: Double) {
      guard redraws else { return }
      let (a, b) = (erf(from / 2.0.squareRoot()), erf(to / 2.0.squareRoot()))
      (map.center, map.half) = (Float((a + b) / 2), Float((b - a) / 2))
    }
    switch distribution.shape {
    case .constant(let value): form = .constant(min(max(value / unit, low), high))
    case .normal(let mean, 0): form = .constant(min(max(mean / unit, low), high))
    case .lognormal(let mu, 0): form = .constant(min(max(exp(mu) / unit, low), high))
    case .uniform(let a, let b):
      let first = redraws ? max(a / unit, low) : a / unit
      let last = redraws ? min(b / unit, high) : b / unit
      var map = SampleMap(.uniform, offset: Float(first), factor: Float((last - first) / 2))
      (map.least, map.greatest) = (least, greatest)
      form = .drawn(map)
    case .normal(let mean, let deviation):
      var map = SampleMap(.normal, offset: Float(mean / unit), factor: Float(deviation / unit))
      cut(&map, (low * unit - mean) / deviation, (high * unit - mean) / deviation)
      (map.least, map.greatest) = (least, greatest)
      form = .drawn(map)
    case .lognormal(let mu, let sigma):
      let shifted = mu - log(unit)
      var map = SampleMap(.normal, offset: Float(shifted), factor: Float(sigma))
      let from = low > 0 ? (log(low) - shifted) / sigma : -.infinity
      let to = high > 0 ? (log(high) - shifted) / sigma : -.infinity
      cut(&map, from, to)
      form = .exponential(map)
    }
  }

  /// The value of every draw, or nil when draws differ.
  public var constant: Double? { if case .constant(let value) = form { value } else { nil } }

  /// Bounds that no draw leaves.
  public var range: ClosedRange<Double> {
    if let constant { return constant...constant }
    let low = Double(value(of: 0x8000_0000))
    let high = Double(value(of: 0x7FFF_FFFF))
    // The quantile is computed in single precision: neighbours may change places in the last digits.
    let slack = 1e-5 * max(abs(low), abs(high))
    return max(low - slack, Double(least))...max(low - slack, min(high + slack, Double(greatest)))
  }

  /// Returns the draw that a word stands for.
  public func value(of word: UInt32) -> Float {
    var words = Words16(repeating: word)
    var values = SIMD16<Float>.zero
    unsafe withUnsafeMutablePointer(to: &words) { words in
      unsafe withUnsafeMutablePointer(to: &values) { values in
        unsafe fill(
          UnsafeMutableRawPointer(words).assumingMemoryBound(to: UInt32.self),
          1,
          into: UnsafeMutableRawPointer(values).assumingMemoryBound(to: Float.self),
          by: .chosen
        )
      }
    }
    return values[0]
  }

  /// Returns the draw that a word stands for; a constant keeps all its digits.
  public func preciseValue(of word: UInt32) -> Double { constant ?? Double(value(of: word)) }

  /// Writes the draws that many words stand for; the columns begin on boundaries of 64 bytes and have room for a multiple
  /// of sixteen.
  func fill(
    _ words: UnsafePointer<UInt32>,
    _ count: Int,
    into values: UnsafeMutablePointer<Float>,
    by kernels: KernelTable
  ) {
    switch form {
    case .constant(let value): for i in 0..<count { unsafe values[i] = Float(value) }
    case .drawn(let map): unsafe kernels.drawSamples(SampleDraw(count: count, map: map, words: words, values: values))
    case .exponential(let map):
      unsafe kernels.drawSamples(SampleDraw(count: count, map: map, words: words, values: values))
      for i in 0..<count { unsafe values[i] = min(max(Float(exp(Double(values[i]))), least), greatest) }
    }
  }
}

extension Distribution {
  /// What is wrong with the distribution, or nil.
  ///
  /// Bounds by redraw must leave at least a thousandth of the draws, which is where NEST gives up as well.
  public var problem: String? {
    if let low = atLeast, let high = atMost, !(low <= high) { return "at_least \(low) is greater than at_most \(high)" }
    if atLeast?.isNaN == true || atMost?.isNaN == true { return "a bound is not a number" }
    let low = atLeast ?? -.infinity
    let high = atMost ?? .infinity
    var mass = 1.0
    switch shape {
    case .constant(let value):
      guard value.isFinite else { return "the value \(value) is not finite" }
      mass = (low...high).contains(value) ? 1 : 0
    case .normal(let mean, let deviation):
      guard mean.isFinite, deviation.isFinite, deviation >= 0 else {
        return "normal(\(mean), \(deviation)): a finite mean and a deviation of at least 0 are wanted"
      }
      let scale = deviation * 2.0.squareRoot()
      mass =
        deviation > 0
        ? (erf((high - mean) / scale) - erf((low - mean) / scale)) / 2 : (low...high).contains(mean) ? 1 : 0
    case .lognormal(let mu, let sigma):
      guard mu.isFinite, sigma.isFinite, sigma >= 0, abs(mu) + 6 * sigma < 80 else {
        return "lognormal(\(mu), \(sigma)): finite numbers, sigma at least 0 and |mu| + 6 sigma below 80 are wanted"
      }
      let scale = max(sigma, 1e-300) * 2.0.squareRoot()
      let from = low > 0 ? erf((log(low) - mu) / scale) : -1
      let to = high > 0 ? erf((log(high) - mu) / scale) : -1
      mass = (to - from) / 2
    case .uniform(let a, let b):
      guard a.isFinite, b.isFinite, a <= b else {
        return "uniform(\(a), \(b)): two finite numbers, the lesser first, are wanted"
      }
      mass = a < b ? (min(b, high) - max(a, low)) / (b - a) : (low...high).contains(a) ? 1 : 0
    }
    guard outside == .clip || mass >= 1e-3 else {
      return "the bounds leave \(max(mass, 0)) of the draws, at least 0.001 is wanted; widen them or clip"
    }
    return nil
  }
}

extension Population {
  /// Returns the values at the start of a state variable, by place in a slice of the population.
  ///
  /// A value given for single neurons (`V_m_init`) comes before a distribution, that before the model's default.
  /// Draws are keyed by (seed, neuron, variable).
  public func initialValues(of variable: String, in slice: Slice, seed: UInt64) -> [Double] {
    let model = NeuronModelCatalog.anyNamed(model)
    let position = model?.state.firstIndex { $0.name == variable } ?? 0
    if let given = perNeuron["\(variable)_init"] {
      return (0..<slice.count).map { given[slice.first + $0 * slice.stride - Int(first.index)] }
    }
    guard let distribution = initial[variable] else {
      return Array(repeating: model?.state[position].defaultValue ?? 0, count: slice.count)
    }
    let random = CounterRandom(seed: seed, stream: RandomStream.initialState)
    let sampler = Sampler(distribution)
    return (0..<slice.count).map { k in
      let id = UInt32(truncatingIfNeeded: slice.first + k * slice.stride)
      return sampler.preciseValue(of: random.words(id, UInt32(position))[0])
    }
  }
}
