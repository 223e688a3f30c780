internal import Circuits

/// When the synapses of a source that is silent for long are settled: what its targets fire later does not count.
///
/// A pair of spikes counts less by exp(-1) with each time constant; beyond forty it is far below the digits of a double. So a
/// source that has not fired for so long is dealt with once, at the next multiple of a period, and nobody need keep spikes longer.
/// The step in which that is done is a function of the source's last spike alone.
struct SettleTimes {
  /// Time constants after which pairs need not count.
  static let timeConstants = 40.0

  /// The period in steps.
  let period: Int64
  private let wait: Int64
  private let longestDelay: Int64

  /// Works out the times of a rule.
  init(_ rule: STDP, stepMilliseconds h: Double, longestDelaySteps: Int) {
    period = max(1, Int64(min(1e9, RecentSpikes.periods * min(rule.tauPlus, rule.tauMinus) / h)))
    wait = Int64(min(1e12, (Self.timeConstants * rule.tauPlus / h).rounded(.up)))
    longestDelay = Int64(longestDelaySteps)
  }

  /// The step in which a source is settled that fired last in another.
  @inline(__always)
  func due(after last: Int64) -> Int64 { (last + wait + period - 1) / period * period }

  /// The first step of which spikes are needed, where all sources have been settled that are due in a step.
  func firstNeeded(at step: Int64) -> Int64 { step - wait - period - longestDelay }
}
