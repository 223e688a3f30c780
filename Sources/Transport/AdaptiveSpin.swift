internal import Basics

/// Looks for something for a short time before the caller sleeps, where experience says that waits get shorter by it.
///
/// Looking spares the time that a sleep and a wake-up take. Where the one who is waited for needs the same processor it
/// costs a time slice instead, and no count of processors tells: others may be busy. So both ways are tried now and then,
/// and the one whose waits were shorter is taken; a try is seldom where it keeps saying the same.
struct AdaptiveSpin {
  /// The longest time to look, in ns: about what a sleep and a wake-up cost on a virtual machine.
  static let longestNanoseconds: Int64 = 50_000
  /// Whether looking may pay at all.
  var isAllowed = true

  private static let triesOfOtherWay = 16
  private static let waitsBetween = (least: 256, most: 8192)
  private var looks = true
  /// Mean time of a wait with and without a look, in ns, of about the last 16.
  private var means = (looking: 0.0, sleeping: 0.0)
  private var waitsBetween = Self.waitsBetween.least
  private var waits = 0
  private var vainLooks = 0

  /// Whether the present wait takes the way that was worse lately.
  private var isTrying: Bool { waits < Self.triesOfOtherWay }

  /// Whether the wait that begins should start with a look.
  var shouldLook: Bool { isAllowed && looks != isTrying }

  /// Calls `find` until it says true or the time is up since `start`; returns whether it did, and a recent time.
  func look<Failure>(
    from start: Int64,
    _ find: () throws(Failure) -> Bool
  ) throws(Failure) -> (found: Bool, now: Int64) {
    var now = start
    while now - start < Self.longestNanoseconds {
      for _ in 0..<8 {
        Processors.pause()
        if try find() { return (true, now) }
      }
      now = MonotonicClock.nowNanoseconds()
    }
    return (false, now)
  }

  /// Learns how long a wait took in all, and whether it began with a look that was in vain.
  mutating func learn(waitedNanoseconds: Int64, lookedInVain: Bool) {
    guard isAllowed else { return }
    // What is longer than a few sleeps says nothing about them.
    let waited = Double(min(waitedNanoseconds, 4 * Self.longestNanoseconds))
    if looks != isTrying {
      means.looking += (waited - means.looking) / 16
    } else {
      means.sleeping += (waited - means.sleeping) / 16
    }
    vainLooks = lookedInVain ? vainLooks + 1 : 0
    waits += 1
    if waits == Self.triesOfOtherWay { choose() }
    // Eight looks in vain are a reason to try the other way at once.
    if waits >= waitsBetween || looks && !isTrying && vainLooks >= 8 {
      if vainLooks >= 8 { waitsBetween = Self.waitsBetween.least }
      (waits, vainLooks) = (0, 0)
    }
  }

  /// Takes the way with the shorter waits; without a difference the one that takes no time from others.
  private mutating func choose() {
    let pays = means.looking < 0.9 * means.sleeping
    waitsBetween = pays == looks ? min(Self.waitsBetween.most, 2 * waitsBetween) : Self.waitsBetween.least
    looks = pays
  }
}
