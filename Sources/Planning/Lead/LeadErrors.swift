internal import Wire

/// How wrong the fast clock was lately and at this time of day: what the scale of its errors is learned from.
struct LeadErrors: Equatable, Sendable {
  private static let rates = [0.1, 0.01, 0.0005]
  private static let dayRate = 0.03

  /// Exponential means of |error| by head, fast to slow.
  private var means = Array(repeating: 0.0, count: 6)
  /// Mean log |error| by time of day, per head, and how often it was seen.
  private var day: [Double], dayCounts: [Double]
  private let bins: Int, binMilliseconds: Double

  init(tickMilliseconds: Int64) {
    let length = max(300_000, tickMilliseconds)
    binMilliseconds = Double(length)
    bins = max(1, Int(86_400_000 / length))
    day = Array(repeating: 0, count: 2 * bins)
    dayCounts = Array(repeating: 0, count: 2 * bins)
  }

  /// The logarithm of an error's size, with a floor.
  static func logSize(_ error: Double) -> Double { Arithmetic.logarithm(abs(error) + 0.004) }

  mutating func observe(_ error: Double, head: Int, origin: Int, at milliseconds: Double) {
    for j in 0..<3 {
      let rate = j < 2 ? Self.rates[j] : max(Self.rates[j], 1 / Double(origin + 1))
      means[3 * head + j] += rate * (abs(error) - means[3 * head + j])
    }
    let cell = head * bins + bin(milliseconds)
    dayCounts[cell] += 1
    day[cell] += max(Self.dayRate, 1 / dayCounts[cell]) * (Self.logSize(error) - day[cell])
  }

  private func bin(_ milliseconds: Double) -> Int {
    let r = Int(Int64((milliseconds / binMilliseconds).rounded(.down)) % Int64(bins))
    return r < 0 ? r + bins : r
  }

  /// Fills in the numbers of a forecast made at a moment.
  func read(at milliseconds: Double, into us: inout [Double]) {
    func log(_ mean: Double) -> Double { 0.5 * Arithmetic.logarithm(mean + 0.005) }
    for j in 0..<3 { us[5 + j] = log(means[j]) }
    (us[8], us[9]) = (log(means[3]), log(means[4]))
    let cell = bins + bin(milliseconds)
    us[11] = dayCounts[cell] > 0 ? 0.5 * day[cell] : log(means[5])
  }

  func encode(into w: inout ByteWriter) {
    w.writeArray(means)
    w.writeArray(day)
    w.writeArray(dayCounts)
  }

  mutating func decode(from r: inout ByteReader) throws(WireError) {
    means = try r.readArray(count: means.count)
    day = try r.readArray(count: day.count)
    dayCounts = try r.readArray(count: dayCounts.count)
    guard means.allSatisfy({ $0 >= 0 }) else { throw r.error("a negative error") }
  }
}
