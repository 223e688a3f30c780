internal import Glibc

/// What a made-up series looks like without incidents.
public enum SeriesBackground: String, CaseIterable, Sendable {
  case cpu, flatCPU, batch, counts, weekly, heavyTails, nearlyConstant, walk, trend, noiseless, idle, latency, speed
  case sawtooth

  func values(rows: Int, cadenceSeconds: Double, _ draws: inout Draws) -> [Double] {
    let day = 86_400 / cadenceSeconds
    let (phase, second) = (draws.uniform(0, 6.28), draws.uniform(0, 6.28))
    func angle(_ t: Int) -> Double { 2 * Double.pi * Double(t) / day + phase }
    func season(_ t: Int) -> Double { sin(angle(t)) + 0.3 * sin(2 * (angle(t) - phase) + second) }
    func isWeekend(_ t: Int) -> Bool { Int(Double(t) / day) % 7 >= 5 }
    let noise = Self.lingering(rows, draws.uniform(0.3, 0.95), &draws)
    func each(_ value: (Int) -> Double) -> [Double] { (0..<rows).map(value) }
    let (a, b) = (draws.uniform(), draws.uniform())

    switch self {
    case .cpu: return each { min(100, max(0, 40 + 15 * season($0) + (1 + 4 * a) * noise[$0])) }
    case .flatCPU:
      return each { t in
        abs(2 + 38 * a + (0.2 + 1.8 * b) * noise[t] + (draws.uniform() < 0.01 ? draws.exponential(4) : 0))
      }
    case .batch: return batch(rows, Int(day), noise, &draws)
    case .counts: return each { draws.poisson(max(0.2, (3 + 57 * a) * exp(0.7 * season($0) + 0.25 * noise[$0]))) }
    case .weekly: return each { 1000 * (1 + 0.5 * season($0)) * (isWeekend($0) ? 0.65 : 1) * (1 + 0.06 * noise[$0]) }
    case .heavyTails:
      return each { t in
        let burst = draws.uniform() < 0.01 ? 1 + draws.exponential(1) : 1
        return (0.1 + 49.9 * a) * exp(0.35 * noise[t] + 0.25 * season(t)) * burst
      }
    case .nearlyConstant:
      return each { _ in 1 + 99 * a + (draws.uniform() < 0.03 ? Double(draws.integer(-1, 2)) : 0) }
    case .walk:
      var value = 60 + 20 * a
      return each { t in
        value += 0.003 * (60 + 20 * a - value) + 0.3 * draws.normal()
        return value + 1.5 * season(t)
      }
    case .trend:
      return each { 100 + (30 + 120 * a) * Double($0) / Double(rows) + 12 * season($0) + 2 * noise[$0] }
    case .noiseless:
      return each { a < 0.5 ? (sin(angle($0)) > 0.2 ? 80 : 20) : 50 + 0.3 * (100 * sin(angle($0))).rounded() }
    case .idle:
      var left = 0, height = 0.0
      return each { _ in
        if left == 0, draws.uniform() < 0.01 + 0.04 * a {
          (left, height) = (draws.integer(1, 4), draws.exponential(50))
        }
        left = max(0, left - 1)
        return abs(0.02 * draws.normal()) + (left > 0 ? height : 0)
      }
    case .latency: return each { (20 + 40 * a) * (1 + 0.1 * season($0)) + draws.exponential(1 + 5 * b) }
    case .speed:
      return each { t in
        let hour = Double(t).truncatingRemainder(dividingBy: day) / day * 24
        let rush = exp(-(hour - 8) * (hour - 8) / 1.44) + exp(-(hour - 17) * (hour - 17) / 2.25)
        return min(90, max(3, 75 - (isWeekend(t) ? 0 : (12 + 18 * a) * rush) + 3 * noise[t]))
      }
    case .sawtooth:
      let period = 200 + Int(400 * a)
      return each { 40 + 3 * season($0) + 0.4 * noise[$0] + 20 * Double($0 % period) / Double(period) }
    }
  }

  /// A job that runs once a day, give or take a row.
  private func batch(_ rows: Int, _ day: Int, _ noise: [Double], _ draws: inout Draws) -> [Double] {
    let base = draws.uniform(3, 8)
    var values = noise.map { base + 0.3 * $0 }
    let width = max(1, Int(draws.uniform(0.01, 0.06) * Double(day)))
    for start in stride(from: draws.integer(0, day), to: rows, by: day) {
      let first = max(0, start + draws.integer(-1, 2)), height = draws.uniform(20, 25)
      for t in first..<max(first, min(rows, first + width)) { values[t] += height }
    }
    return values
  }

  /// Noise of deviation 1 whose neighbours resemble each other.
  private static func lingering(_ rows: Int, _ memory: Double, _ draws: inout Draws) -> [Double] {
    var value = 0.0
    let scale = (1 - memory * memory).squareRoot()
    return (0..<rows).map { _ in
      value = memory * value + scale * draws.normal()
      return value
    }
  }
}
