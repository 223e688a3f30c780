import Basics
import Forecasting
import Foundation
import Testing
import Workloads

/// Short series of what broken exporters send, many at once.
struct HostileSeriesTests {
  private static let seriesPerPart = 1000
  private static let ticks = 20

  /// A series of one of sixteen kinds, with faults drawn from the noise.
  private static func values(_ kind: Int, _ noise: inout Noise) -> [Double?] {
    let scale = exp(40 * (noise.uniform() - 0.5))
    let fault = Int(noise.uniform() * Double(ticks))
    let length = 1 + Int(noise.uniform() * 12)
    var sum = 0.0
    return (0..<ticks).map { t in
      let plain = scale * (2 + sin(Double(t) / 3) + 0.2 * noise.normal())
      let isFaulty = fault..<fault + length ~= t
      sum += plain
      switch kind {
      case 0: return plain
      case 1: return isFaulty ? nil : plain
      case 2: return isFaulty ? .nan : plain
      case 3: return isFaulty ? .infinity : plain
      case 4: return isFaulty ? 0 : plain
      case 5: return t >= fault ? scale : plain
      case 6: return t >= fault ? plain * 1024 : plain
      case 7: return t >= fault ? plain * 1e-9 : plain
      case 8: return t == fault ? plain * 1e6 : plain
      case 9: return t >= fault ? -plain : plain
      case 10: return t < fault ? 0 : plain
      case 11: return t >= fault ? sum - scale * 60 : sum
      case 12: return noise.uniform() < 0.5 ? nil : plain
      case 13: return noise.uniform() < 0.1 ? 1e300 * noise.normal() : plain
      case 14: return Double(bitPattern: UInt64(noise.uniform() * 0x1p63))
      default: return t == fault ? .leastNonzeroMagnitude : scale
      }
    }
  }

  /// What is wrong with a forecast, given the range of values so far.
  private static func problem(_ forecast: SeriesForecast, _ seen: ClosedRange<Double>?) -> String? {
    for h in forecast.horizons {
      let all = h.quantiles + h.upper
      guard all.count == 9, all.allSatisfy(\.isFinite), h.level.isFinite else { return "not finite: \(all)" }
      guard zip(all, all.dropFirst()).allSatisfy({ $0 <= $1 }) else { return "not ascending: \(all)" }
      guard let seen else {
        if all.contains(where: { $0 != 0 }) { return "\(all) before any value" }
        continue
      }
      if seen.lowerBound >= 0, all[0] < 0 { return "\(all[0]) although nothing was ever negative" }
      let most = 8 * max(abs(seen.lowerBound), abs(seen.upperBound))
      if max(abs(all[0]), abs(all[8])) > max(most, 1e-290) { return "\(all) after values in \(seen)" }
    }
    return nil
  }

  @Test(arguments: 0..<4)
  func `a hundred thousand hostile series get finite, ascending, bounded forecasts`(share: Int) throws {
    let configuration = try ForecastConfiguration(tickMilliseconds: 3_600_000)
    for batch in 0..<25 {
      let seed = UInt64(share * 1000 + batch)
      var noise = Noise(seed: seed)
      let part = ForecastPart(configuration)
      let names = (0..<Self.seriesPerPart).map { SeriesName(service: "s\($0 + 1000)", metric: "requests") }
      let values = names.indices.map { Self.values($0 % 16, &noise) }
      for (number, name) in names.enumerated() { part.join(name, number: number, isHere: true) }
      var seen = [ClosedRange<Double>?](repeating: nil, count: names.count)
      var problems: [String] = []
      for t in 0..<Self.ticks {
        let sealed = names.indices.compactMap { i in values[i][t].map { SeriesValue(series: names[i], value: $0) } }
        try part.beginTick(
          SealedTick(tick: Tick(Int64(t) + 400_000), lengthMilliseconds: 3_600_000, values: sealed, calendar: [])
        )
        _ = part.advance(half: 0)
        _ = part.advance(half: 1)
        for i in names.indices {
          guard let value = values[i][t], value.isFinite else { continue }
          seen[i] = seen[i].map { min($0.lowerBound, value)...max($0.upperBound, value) } ?? value...value
        }
        for (i, forecast) in part.finishTick().enumerated() {
          if let problem = Self.problem(forecast, seen[i]) { problems.append("kind \(i % 16), tick \(t): \(problem)") }
        }
      }
      #expect(problems.isEmpty, "seed \(seed): \(problems.count) problems, first \(problems.prefix(3))")
    }
  }
}
