/// Where a reported horizon lies between two that the forecaster computes.
public struct HorizonPosition: Equatable, Sendable {
  /// The reported horizon in ticks.
  public var ticks: Int
  /// Index of the forecaster's horizon at or below it.
  public var lower: Int
  /// Index of the forecaster's horizon at or above it.
  public var upper: Int
  /// Share of the upper one, 0…1.
  public var weight: Double
  /// Describes a position.
  public init(ticks: Int, lower: Int, upper: Int, weight: Double) {
    (self.ticks, self.lower, self.upper, self.weight) = (ticks, lower, upper, weight)
  }
}

extension ServiceConfiguration {
  /// The three horizons that the forecaster computes, in ticks: one tick, about an hour, one day.
  ///
  /// The one in the middle is the number of ticks nearest to an hour, but between the other two.
  public var forecasterHorizons: [Int] {
    let hour = Int((3_600_000 + tickMilliseconds / 2) / tickMilliseconds)
    return [1, min(max(hour, 2), ticksPerDay - 1), ticksPerDay]
  }

  /// Where each reported horizon lies among the forecaster's.
  ///
  /// The weight is linear in the square root of time, because the spread of a forecast grows about so.
  public var horizonPositions: [HorizonPosition] {
    let computed = forecasterHorizons
    return horizonTicks.map { ticks in
      let upper = computed.firstIndex { $0 >= ticks } ?? computed.count - 1
      let lower = computed[upper] == ticks ? upper : max(0, upper - 1)
      guard lower < upper else { return HorizonPosition(ticks: ticks, lower: upper, upper: upper, weight: 0) }
      let from = Double(computed[lower]).squareRoot(), to = Double(computed[upper]).squareRoot()
      let weight = (Double(ticks).squareRoot() - from) / (to - from)
      return HorizonPosition(ticks: ticks, lower: lower, upper: upper, weight: weight)
    }
  }

  /// The horizons where the file names none: one tick, ten minutes, an hour, a day, as far as they are whole ticks.
  public static func defaultHorizonTicks(tickMilliseconds tick: Int64) -> [Int] {
    var horizons = [1]
    for time: Int64 in [600_000, 3_600_000, dayMilliseconds] where time % tick == 0 && time > tick {
      horizons.append(Int(time / tick))
    }
    return horizons
  }
}
