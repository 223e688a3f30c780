internal import Basics

/// Time, chance and everything that is going to happen, in order; one seed is one history.
final class SimulatedWorld {
  private let random: CounterRandom
  private var draws: UInt32 = 0
  /// Virtual time, in ns.
  private(set) var now: Int64 = 0
  private var queue: [(time: Int64, number: Int, run: () -> Void)] = []
  private var numbered = 0
  /// Faults happen before this time.
  let faultsEnd: Int64

  init(seed: UInt64, faultsEnd: Int64) {
    random = CounterRandom(seed: seed, stream: 0x51)
    self.faultsEnd = faultsEnd
  }

  var isRough: Bool { now < faultsEnd }

  /// A number from 0 up to 1.
  func uniform() -> Double {
    draws += 1
    return random.uniform(draws)
  }

  func chance(_ probability: Double) -> Bool { uniform() < probability }

  /// A whole number below a bound.
  func below(_ bound: Int) -> Int { min(bound - 1, Int(uniform() * Double(bound))) }

  /// Something that no event before it has.
  func number() -> Int {
    numbered += 1
    return numbered
  }

  /// Lets something happen after a delay, in ns.
  func after(_ delay: Int64, _ run: @escaping () -> Void) {
    queue.append((now + max(1, delay), number(), run))
    // A binary heap by (time, number).
    var i = queue.count - 1
    while i > 0, isEarlier(i, (i - 1) / 2) {
      queue.swapAt(i, (i - 1) / 2)
      i = (i - 1) / 2
    }
  }

  private func isEarlier(_ a: Int, _ b: Int) -> Bool {
    (queue[a].time, queue[a].number) < (queue[b].time, queue[b].number)
  }

  /// Goes on to the next event and lets it happen; false when there is none before a time.
  func step(until limit: Int64) -> Bool {
    guard let first = queue.first, first.time < limit else { return false }
    let last = queue.removeLast()
    if !queue.isEmpty {
      queue[0] = last
      var i = 0
      while true {
        var least = i
        for child in [2 * i + 1, 2 * i + 2] where child < queue.count && isEarlier(child, least) { least = child }
        if least == i { break }
        queue.swapAt(i, least)
        i = least
      }
    }
    now = first.time
    first.run()
    return true
  }
}
