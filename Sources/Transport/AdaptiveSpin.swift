internal import Basics

/// Looks for something for a short time before the caller sleeps, and learns whether that pays.
///
/// Looking pays when what is waited for comes within about the time that a sleep and a wake-up cost, which the waits so
/// far tell; where more processes want to run than there are processors it only takes time from whoever is waited for.
struct AdaptiveSpin {
  /// The longest time to look, in ns: about what a sleep and a wake-up cost, twice.
  static let longestNanoseconds: Int64 = 50_000
  private var budgetNanoseconds = Self.longestNanoseconds
  /// Whether looking may pay at all.
  var isAllowed = true

  /// Calls `find` until it says true or time is up; `start` is when the wait began.
  mutating func look<Failure>(from start: Int64, _ find: () throws(Failure) -> Bool) throws(Failure) -> Bool {
    guard isAllowed, budgetNanoseconds > 0 else { return false }
    while true {
      for _ in 0..<8 {
        Processors.pause()
        if try find() { return true }
      }
      if MonotonicClock.nowNanoseconds() - start >= budgetNanoseconds { return false }
    }
  }

  /// Learns from a wait that looking did not end.
  mutating func learn(waitedNanoseconds: Int64) {
    if waitedNanoseconds < Self.longestNanoseconds {
      budgetNanoseconds = min(Self.longestNanoseconds, max(4000, budgetNanoseconds * 2))
    } else {
      // A few long waits in a row and nothing is spent on looking any more, until a wait is short again.
      budgetNanoseconds = budgetNanoseconds < 4000 ? 0 : budgetNanoseconds / 2
    }
  }
}
