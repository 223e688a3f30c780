internal import Basics
internal import Synchronization
internal import Wire

/// What the control thread may know of the stepper at any time: a snapshot, renewed when it was taken.
final class Report: Sendable {
  private struct State {
    var statistics = CoreStatistics()
    var generation = Generation(0)
    var mapHash: UInt64 = 0
  }
  private let state = Mutex(State())
  private let wanted = Atomic<Bool>(true)

  /// Whether the last snapshot was taken, so that a new one is worth its making.
  var isDue: Bool { wanted.load(ordering: .relaxed) }

  func set(_ statistics: CoreStatistics, generation: Generation, mapHash: UInt64) {
    state.withLock { $0 = State(statistics: statistics, generation: generation, mapHash: mapHash) }
    wanted.store(false, ordering: .relaxed)
  }

  func take() -> (statistics: CoreStatistics, generation: Generation, mapHash: UInt64) {
    wanted.store(true, ordering: .relaxed)
    return state.withLock { ($0.statistics, $0.generation, $0.mapHash) }
  }
}
