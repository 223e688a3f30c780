internal import KernelTypes

/// What fixes the size of a series' state: ticks per day, horizons, and features.
public struct ReadoutShape: Hashable, Sendable {
  /// Ticks per day (m): the length of the season.
  public let ticksPerDay: Int
  /// The three horizons in ticks, ascending from 1, at most a day.
  public let horizons: [Int]
  /// Encoder neurons whose counts are features.
  public let encoders: Int
  /// Further counts, of neurons that listen to other services.
  public let listeners: Int

  /// Describes a shape; the default horizons are the next tick, 12 ticks and a day.
  ///
  /// - Throws: `ShapeError` unless there are three ascending horizons from 1 to at most a day of at least 24 ticks.
  public init(ticksPerDay m: Int, horizons: [Int]? = nil, encoders: Int = 100, listeners: Int = 0) throws(ShapeError) {
    let chosen = horizons ?? [1, 12, m]
    guard (24...86_400).contains(m) else {
      throw ShapeError(problem: "a day has \(m) ticks; 24 to 86400 are possible, so choose a tick of 1 s to 1 h")
    }
    guard chosen.count == 3, chosen[0] == 1, chosen[1] > 1, chosen[2] > chosen[1], chosen[2] <= m else {
      throw ShapeError(
        problem: "horizons \(chosen): three ascending numbers of ticks are wanted, 1 first, at most \(m)"
      )
    }
    guard (1...1000).contains(encoders), (0...1000).contains(listeners) else {
      throw ShapeError(problem: "\(encoders) encoders and \(listeners) listeners; at most 1000 each are possible")
    }
    (ticksPerDay, self.horizons, self.encoders, self.listeners) = (m, chosen, encoders, listeners)
  }

  /// Spike counts per tick.
  public var counts: Int { encoders + listeners }
  /// Features of a linear head: the counts and a constant.
  public var features: Int { counts + 1 }
  /// Ticks per week.
  var week: Int { 7 * ticksPerDay }
  /// Ticks whose origins are remembered.
  var memory: Int { horizons[2] + stride(2) - 1 }
  /// Ticks from one origin of a horizon whose forecast is kept, and learned from, to the next: a far one has enough of five
  /// minutes.
  func stride(_ horizon: Int) -> Int { isFar(horizon) ? max(1, ticksPerDay / ReadoutConstants.farTicks) : 1 }
  /// Origins of a horizon whose forecasts, and for the last one whose spike counts, are kept.
  func keptOrigins(_ horizon: Int) -> Int { (horizons[horizon] + 2 * stride(horizon) - 2) / stride(horizon) }
  /// Whether the linear expert forecasts a horizon.
  func isLinear(_ horizon: Int) -> Bool { horizon < 2 && horizons[horizon] <= ReadoutConstants.linearTicks }
  /// Ticks whose linear inputs are remembered.
  var linearMemory: Int { isLinear(1) ? horizons[1] : 1 }
  /// Length of a vector of features.
  var paddedFeatures: Int { TriangleRows.paddedLength(features) }
  /// Whether targets of a horizon come too late and overlap too much for fast rates.
  func isFar(_ horizon: Int) -> Bool { horizons[horizon] > ticksPerDay / 4 }
  /// Whether the value one day before the target is the last value itself.
  func isWholeDay(_ horizon: Int) -> Bool { horizons[horizon] == ticksPerDay }
}

/// A shape of the readout that is not possible, and why.
public struct ShapeError: Error, Equatable, CustomStringConvertible {
  /// What is wrong and what is possible.
  public var problem: String
  /// One sentence.
  public var description: String { problem }
}
