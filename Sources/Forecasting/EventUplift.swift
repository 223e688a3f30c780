public import Wire
public import Workloads

/// How strongly one series answers announced events: demand = clean demand · (1 + k u phi).
///
/// u is the declared uplift, phi the declared shape (0…1, ramps at the ends), k this series' sensitivity to the kind of
/// event, log k ~ N(a, V). The readout never sees the event: it is fed y / (1 + k u phi), and its quantiles are multiplied
/// by the factor at the target tick and widened by the spread of log k. While an event of a kind is in force a Kalman step
/// on log k, always from the state at the start of the occurrence, compares the sums of demand and of the clean median that
/// was forecast a day earlier (a ratio of sums, because a mean of logarithms is biased low).
public struct EventUplift: Equatable, Sendable {
  private static let startMean = 0.0
  /// By kind, how far services' responses lie from what was declared: marketing counts on its campaigns, holidays and
  /// releases are guessed.
  private static let startVariances = EventKind.allCases.map { kind -> Double in
    let deviation = kind == .campaign ? 0.3 : 0.45
    return deviation * deviation
  }
  /// Least deviation of a log residual.
  private static let leastDeviation = 0.12
  /// Most residuals of one occurrence that count as independent.
  private static let independent = 2.0
  /// Deviation of an occurrence around its series.
  private static let occurrenceDeviation = 0.10
  /// Where the running |log residual| is greater, the day-ahead median is too poor to learn from.
  private static let mostDeviation = 0.5
  /// Strength from which an event tick teaches.
  private static let leastShape = 0.3

  /// An occurrence in progress: the state at its start and the sums so far.
  private struct Occurrence: Equatable, Sendable {
    var kind: EventKind
    var mean: Double
    var variance: Double
    var ticks = 0.0
    var demand = 0.0
    var base = 0.0
    var lift = 0.0
    /// Corrects the clean median by half the bias just before the event.
    var correction: Double
  }

  /// Mean and variance of log k per kind.
  private var means = [Double](repeating: startMean, count: EventKind.allCases.count)
  private var variances = startVariances
  /// Running log residual and its absolute value outside events.
  private var bias = 0.0
  private var deviation = leastDeviation
  private var occurrence: Occurrence?

  /// Starts with a sensitivity of 1 to every kind, log deviation 0.3 for campaigns and 0.45 for others.
  public init() {}

  /// The metrics whose demand an announced uplift multiplies.
  public static let metrics: Set<String> = ["requests", "cpu"]

  /// The share of clean demand that an effect adds, at most 100 and above -0.95; 0 without an effect.
  private func lift(_ effect: CalendarEffect?) -> Double {
    guard let effect, effect.uplift.isFinite, effect.shape > 0 else { return 0 }
    let k = Elementary.exp(means[Int(effect.kind.rawValue)])
    return min(100, max(-0.95, k * effect.uplift * min(1, effect.shape)))
  }

  /// The factor of demand under an effect; 1 without one.
  public func factor(_ effect: CalendarEffect?) -> Double { 1 + lift(effect) }

  /// The deviation of the logarithm of that factor.
  public func logDeviation(_ effect: CalendarEffect?) -> Double {
    guard let effect else { return 0 }
    let lift = lift(effect)
    return abs(lift / (1 + lift)) * variances[Int(effect.kind.rawValue)].squareRoot()
  }

  /// Multiplies ascending quantiles by the factor of an effect and widens them around the median by its deviation.
  public func apply(_ effect: CalendarEffect?, to quantiles: [Double]) -> [Double] {
    let (factor, deviation) = (factor(effect), logDeviation(effect))
    guard factor != 1 || deviation != 0 else { return quantiles }
    let median = quantiles[ReadoutConstants.median]
    var wide = zip(quantiles, Self.normalQuantiles).map { quantile, z in
      Self.lifted(quantile, median: median, z: z, factor: factor, deviation: deviation)
    }
    wide[ReadoutConstants.median] = min(median * factor, .greatestFiniteMagnitude)
    return wide
  }

  /// The same for the quantiles of the upper tail around a clean median.
  public func apply(_ effect: CalendarEffect?, toUpper upper: [Double], median: Double) -> [Double] {
    let (factor, deviation) = (factor(effect), logDeviation(effect))
    guard factor != 1 || deviation != 0 else { return upper }
    return zip(upper, Self.upperNormalQuantiles).map { quantile, z in
      Self.lifted(quantile, median: median, z: z, factor: factor, deviation: deviation)
    }
  }

  /// A quantile multiplied, and its distance from the median joined by that of the factor, both in logarithms.
  private static func lifted(
    _ quantile: Double,
    median: Double,
    z: Double,
    factor: Double,
    deviation: Double
  )
    -> Double
  {
    guard median > 0, quantile > 0 else { return min(quantile * factor, .greatestFiniteMagnitude) }
    let distance = Elementary.log(quantile / median)
    let spread = (distance * distance + z * z * deviation * deviation).squareRoot()
    return min(median * factor * Elementary.exp(min(600, z < 0 ? -spread : spread)), .greatestFiniteMagnitude)
  }

  /// The standard normal distribution's quantiles at the levels of the upper tail.
  private static let upperNormalQuantiles = [2.326_347_874_040_841, 2.575_829_303_548_901]

  /// The standard normal distribution's quantiles at the levels of a forecast.
  private static let normalQuantiles = [
    -1.644_853_626_951_472, -1.281_551_565_544_600, -0.674_489_750_196_082, 0, 0.674_489_750_196_082,
    1.281_551_565_544_600, 1.644_853_626_951_472,
  ]

  /// Learns from a tick; call it for every tick with a value, with the effect in force or nil.
  ///
  /// - Parameters:
  ///   - value: demand in the tick.
  ///   - base: the clean median that was forecast for the tick a day earlier.
  ///   - effect: the event in force, nil where there is none.
  public mutating func observe(_ value: Double, base: Double, effect: CalendarEffect?) {
    guard value > 0, base > 0, value.isFinite, base.isFinite else { return }
    let residual = min(3, max(-3, Elementary.log(value) - Elementary.log(base)))
    guard let effect, effect.shape > 0, effect.uplift.isFinite, effect.uplift != 0 else {
      occurrence = nil
      deviation += 0.01 * (abs(residual) - deviation)
      bias += 0.1 * (min(0.5, max(-0.5, residual)) - bias)
      return
    }
    let kind = Int(effect.kind.rawValue)
    var now =
      occurrence.flatMap { $0.kind == effect.kind ? $0 : nil }
      ?? Occurrence(
        kind: effect.kind,
        mean: means[kind],
        variance: variances[kind] + Self.occurrenceDeviation * Self.occurrenceDeviation,
        correction: Elementary.exp(0.5 * bias)
      )
    if effect.shape >= Self.leastShape {
      let clean = base * now.correction
      now.ticks += 1
      now.demand += value
      now.base += clean
      now.lift += clean * effect.uplift * min(1, effect.shape)
      if deviation <= Self.mostDeviation { update(kind, now) }
    }
    occurrence = now
  }

  private mutating func update(_ kind: Int, _ now: Occurrence) {
    let sensitivity = (now.demand - now.base) / now.lift
    let share = Elementary.exp(now.mean) * now.lift / now.base
    guard sensitivity.isFinite, share.isFinite, share != 0 else { return }
    let observed = Elementary.log(min(10, max(0.1, sensitivity)))
    let error = max(Self.leastDeviation, 1.25 * deviation) * max(abs(1 + share), 0.05) / share
    let noise = error * error / min(now.ticks, Self.independent)
    let gain = now.variance / (now.variance + noise)
    means[kind] = now.mean + gain * (observed - now.mean)
    variances[kind] = now.variance * (1 - gain)
  }

  /// Appends the whole state.
  public func snapshot(into w: inout ByteWriter) {
    w.writeArray(means + variances + [bias, deviation])
    w.write(occurrence.map { $0.kind.rawValue + 1 } ?? 0)
    guard let now = occurrence else { return }
    for number in [now.mean, now.variance, now.ticks, now.demand, now.base, now.lift, now.correction] {
      w.write(number)
    }
  }

  /// Reads a state that `snapshot` wrote.
  public init(from r: inout ByteReader) throws(WireError) {
    let numbers: [Double] = try r.readArray()
    let kinds = EventKind.allCases.count
    guard numbers.count == 2 * kinds + 2, numbers.allSatisfy(\.isFinite) else {
      throw r.error("\(numbers.count) numbers of an uplift")
    }
    means = Array(numbers[..<kinds])
    variances = Array(numbers[kinds..<2 * kinds])
    (bias, deviation) = (numbers[2 * kinds], numbers[2 * kinds + 1])
    guard means.allSatisfy({ abs($0) < 100 }), variances.allSatisfy({ $0 >= 0 }) else {
      throw r.error("a sensitivity out of range")
    }
    let code = try r.read(UInt8.self)
    guard code > 0 else { return }
    guard let kind = EventKind(rawValue: code - 1) else { throw r.error("unknown kind of event \(code)") }
    var now = Occurrence(kind: kind, mean: try r.readDouble(), variance: try r.readDouble(), correction: 1)
    now.ticks = try r.readDouble()
    now.demand = try r.readDouble()
    now.base = try r.readDouble()
    now.lift = try r.readDouble()
    now.correction = try r.readDouble()
    occurrence = now
  }
}
