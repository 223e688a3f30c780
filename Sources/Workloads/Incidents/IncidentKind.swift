/// A kind of incident that is worked into a made-up series.
public enum IncidentKind: String, CaseIterable, Sendable {
  case spike, dip, burst, levelShift, leak, lostSeason, grownSeason, flatLine, moreVariance, lessVariance, fastRhythm
  case slowOnset, dropOut, deployment, cascade, missingPeak, combination

  func inject(into values: inout [Double], at onset: Int, cadenceSeconds: Double, _ draws: inout Draws) {
    let rows = values.count, day = Int(86_400 / cadenceSeconds)
    let before = values[..<onset].sorted()
    func quantile(_ p: Double) -> Double { before[Int(p * Double(before.count - 1))] }
    let (low, middle, high) = (quantile(0.005), quantile(0.5), quantile(0.995))
    let size = draws.uniform(0.8, 3)
    let unit = 0.75 * (high - low) + 1e-3 * abs(middle) + 1e-6
    let jump = size * unit
    func span(_ length: Int) -> Range<Int> { onset..<min(rows, onset + max(1, length)) }
    func days(_ a: Double, _ b: Double) -> Range<Int> { span(Int(draws.uniform(a, b) * Double(day))) }
    func add(_ range: Range<Int>, _ amount: (Double) -> Double) {
      for t in range { values[t] += amount(Double(t - onset + 1) / Double(range.count)) }
    }
    func draw(towards centre: Double, _ range: Range<Int>, times factor: Double) {
      for t in range { values[t] = centre + factor * (values[t] - centre) }
    }

    switch self {
    case .spike: for t in span(draws.integer(1, 4)) { values[t] = high + jump }
    case .dip: for t in span(draws.integer(1, 4)) { values[t] = max(min(0, low), low - jump) }
    case .burst: add(span(draws.integer(6, 30))) { _ in jump }
    case .levelShift:
      let sign = low - jump > 0 && draws.uniform() < 0.5 ? -1.0 : 1
      add(onset..<rows) { _ in sign * jump }
    case .leak: add(span(Int(draws.uniform(0.1, 0.25) * Double(rows)))) { 2 * jump * $0 }
    case .lostSeason:
      for t in days(0.7, 2) { values[t] = middle + 0.02 * unit * draws.normal() }
    case .grownSeason: draw(towards: middle, days(1, 2), times: 1 + size)
    case .flatLine: for t in days(0.3, 1.5) { values[t] = values[onset] }
    case .moreVariance: for t in days(0.3, 1) { values[t] += 0.5 * jump * draws.normal() }
    case .lessVariance: draw(towards: middle, days(0.5, 1.5), times: 0.05)
    case .fastRhythm:
      let range = days(0.7, 2)
      let source = Array(values[max(0, onset - 2 * range.count)..<onset])
      for (i, t) in range.enumerated() { values[t] = source[2 * i % source.count] }
    case .slowOnset:
      let ramp = span(draws.integer(10, 60))
      add(ramp) { jump * $0 }
      add(ramp.upperBound..<min(rows, ramp.upperBound + day / 2)) { _ in jump }
    case .dropOut:
      let value = low > 1e-6 || draws.uniform() < 0.5 ? 0 : high + jump
      for t in span(draws.integer(3, 40)) { values[t] = value }
    case .deployment:
      add(span(draws.integer(2, 6))) { _ in 1.5 * jump }
      add(min(rows, onset + 5)..<rows) { _ in 0.5 * jump }
    case .cascade:
      add(span(3)) { _ in jump }
      let (second, third) = (min(rows, onset + 3 + day / 4), min(rows, onset + 3 + day / 2))
      add(min(rows, onset + 3)..<second) { _ in 0.5 * jump }
      draw(towards: 0, second..<third, times: 0.3)
    case .missingPeak: for t in span(day * 9 / 10) { values[t] = min(values[t], middle) }
    case .combination:
      let plain = Self.allCases.filter { $0 != .combination && $0 != .cascade }
      let first = draws.integer(0, plain.count)
      let second = (first + draws.integer(1, plain.count)) % plain.count
      plain[first].inject(into: &values, at: onset, cadenceSeconds: cadenceSeconds, &draws)
      let later = min(rows - 20, onset + draws.integer(0, 20))
      plain[second].inject(into: &values, at: later, cadenceSeconds: cadenceSeconds, &draws)
    }
  }
}
