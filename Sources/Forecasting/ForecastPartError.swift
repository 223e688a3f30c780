public import Basics

/// A sealed tick that a part cannot take.
public enum ForecastPartError: Error, Equatable, CustomStringConvertible {
  /// Ticks come one after another.
  case tickOutOfOrder(wanted: Tick, given: Tick)
  /// All ticks have the configured length.
  case tickLength(wanted: Int64, given: Int64)

  /// One sentence.
  public var description: String {
    switch self {
    case .tickOutOfOrder(let wanted, let given):
      "tick \(given.index) was given where \(wanted.index) comes next; sealed ticks have no gap, so read them again from the store"
    case .tickLength(let wanted, let given):
      "a tick of \(given) ms was given to a network with ticks of \(wanted) ms; a tenant keeps its tick length"
    }
  }
}
