internal import Wire

/// What the fast clock looks at: the last hour, how restless it is, the time of day, and the slow clock's forecast.
///
/// All values are logarithms of demand plus an offset, so that errors are relative and zero is a value.
struct LeadInputs: Equatable, Sendable {
  /// Numbers for the mean, and numbers for the scale.
  static let count = 24, scaleCount = 14
  private static let ringSize = 256, mostMove = 0.05
  private static let lags = [1, 2, 3, 4, 6, 8, 12, 16, 24, 40, 60, 120]
  private static let rates = [0.3, 0.05, 0.01, 0.0005]

  /// Values seen or filled in.
  private(set) var ticks = 0
  private var ring = Array(repeating: 0.0, count: ringSize)
  /// Exponential means of |dx|, fast to slow.
  private var volatilities = [0.0, 0.0, 0.0, 0.0]
  /// Mean of the level over days.
  private var longLevel = 0.0
  /// Values filled in since the last real one.
  private(set) var filled = 0

  init() {}

  /// The value so many ticks before the last.
  func value(ago: Int) -> Double { ring[(ticks - 1 - ago) % Self.ringSize] }

  /// Puts a value at the end.
  mutating func append(_ x: Double) {
    bend(to: x)
    push(x)
  }

  /// Where there is no value, lets the last one move as the slow clock does.
  mutating func fill(movingBy move: Double) {
    push(value(ago: 0) + min(Self.mostMove, max(-Self.mostMove, move)))
    filled += 1
  }

  private mutating func push(_ x: Double) {
    ring[ticks % Self.ringSize] = x
    ticks += 1
  }

  /// Leads a filled stretch to the value that ended it.
  private mutating func bend(to x: Double) {
    let n = min(filled, Self.ringSize - 2)
    if n > 0 {
      let error = x - value(ago: 0)
      for j in 0..<n { ring[(ticks - 1 - j) % Self.ringSize] += error * Double(n - j) / Double(n + 1) }
    }
    filled = 0
  }

  /// The level: the mean of the last four values.
  var level: Double {
    let n = min(4, ticks)
    return (0..<n).reduce(0) { $0 + value(ago: $1) } / Double(max(1, n))
  }

  /// Fills in the numbers for a forecast from the last value for a decision made at a moment.
  mutating func read(
    _ slow: SlowView?,
    errors: LeadErrors,
    decision: Double,
    into u: inout [Double],
    scale us: inout [Double]
  ) {
    let (last, level) = (ticks - 1, level)
    let x = value(ago: 0)
    for i in u.indices { u[i] = 0 }
    (u[0], u[1]) = (1, 5 * (x - level))
    for (i, lag) in Self.lags.enumerated() where lag <= last {
      if lag <= 4 {
        u[2 + i] = 5 * (level - value(ago: lag))
      } else {
        let width = lag < 16 ? 2 : lag < 40 ? 4 : 10
        let oldest = min(lag + width - 1, last)
        var sum = 0.0
        for ago in lag...oldest { sum += value(ago: ago) }
        u[2 + i] = 4 * (level - sum / Double(oldest - lag + 1))
      }
    }
    let step = last > 0 ? abs(x - value(ago: 1)) : 0
    for j in 0..<4 { volatilities[j] += max(Self.rates[j], 1 / Double(ticks + 1)) * (step - volatilities[j]) }
    (u[14], u[15]) = (10 * volatilities[0], 10 * volatilities[1])
    let (sine, cosine) = Self.timeOfDay(decision)
    (u[16], u[17], u[18], u[19]) = (sine, cosine, 2 * sine * cosine, cosine * cosine - sine * sine)
    if let slow {
      (u[20], u[21]) = (5 * (slow.arrival - slow.now), 2 * (slow.arrival - level))
      (u[22], u[23]) = (5 * (slow.peak - slow.now), 2 * (slow.later - level))
    }
    for i in u.indices { u[i] = min(6, max(-6, u[i])) }

    longLevel += max(0.0001, 1 / Double(ticks + 1)) * (level - longLevel)
    us[0] = 1
    for j in 0..<4 { us[1 + j] = 0.5 * Arithmetic.logarithm(volatilities[j] + 0.003) }
    errors.read(at: decision, into: &us)
    us[10] = level - longLevel
    us[12] = abs(u[8]) / 4
    us[13] = slow.map { 0.5 * $0.logSpread } ?? 0
  }

  private static func timeOfDay(_ milliseconds: Double) -> (sine: Double, cosine: Double) {
    let days = milliseconds / 86_400_000
    return Arithmetic.turn(days - days.rounded(.down))
  }

  func encode(into w: inout ByteWriter) {
    w.write(int: ticks)
    w.writeArray(ring)
    w.writeArray(volatilities)
    w.write(longLevel)
    w.write(int: filled)
  }

  mutating func decode(from r: inout ByteReader) throws(WireError) {
    ticks = try r.readAmount()
    ring = try r.readArray(count: ring.count)
    volatilities = try r.readArray(count: volatilities.count)
    longLevel = try r.readDouble()
    filled = try r.readAmount()
  }
}
