/// Histories of faults: which, in what order, and which at once; a function of a seed.
public struct FaultList: Equatable, Sendable {
  /// One life of a cluster, from its start to the comparison of what it made public.
  public struct History: Equatable, Sendable {
    /// Where it plays.
    public var stage: Fault.Stage
    /// Faults one after the other, each alone or two at once.
    public var steps: [[Fault]]
    /// Seed of everything else in it: moments, victims, durations.
    public var seed: UInt64
  }

  /// The histories.
  public var histories: [History] = []

  /// Faults of the capacity service between two starts of a cluster.
  static let longest = 10

  /// Draws so many faults; each kind comes once before any comes twice.
  public init(faults count: Int, seed: UInt64, among kinds: [Fault] = Fault.allCases) {
    var chance = Chance(seed: seed)
    var drawn: [Fault] = []
    while drawn.count < count, !kinds.isEmpty { drawn += kinds.shuffled(using: &chance) }
    drawn = Array(drawn.prefix(count))
    for fault in drawn where fault.stage == .circuit { add(.circuit, [[fault]], &chance) }
    for stage in Fault.Stage.allCases where stage != .circuit {
      addLives(stage, drawn.filter { $0.stage == stage }, &chance)
    }
  }

  /// Deals faults of the capacity service to lives of a cluster.
  private mutating func addLives(_ stage: Fault.Stage, _ drawn: [Fault], _ chance: inout Chance) {
    var steps: [[Fault]] = []
    for fault in drawn where !fault.isFatal {
      // Every fourth of them comes together with the one before it, if that is done to something else.
      if let last = steps.last, last.count == 1, Self.fit(last[0], fault), chance.next() % 4 == 0 {
        steps[steps.count - 1].append(fault)
      } else {
        steps.append([fault])
      }
    }
    let fatal = drawn.filter(\.isFatal)
    let lives = max(fatal.count, (steps.count + Self.longest - 1) / Self.longest)
    guard lives > 0 else { return }
    for i in 0..<lives {
      let end = i < fatal.count ? [[fatal[i]]] : []
      add(stage, Array(steps[steps.count * i / lives..<steps.count * (i + 1) / lives]) + end, &chance)
    }
  }

  private mutating func add(_ stage: Fault.Stage, _ steps: [[Fault]], _ chance: inout Chance) {
    histories.append(History(stage: stage, steps: steps, seed: chance.next()))
  }

  private static func fit(_ a: Fault, _ b: Fault) -> Bool {
    a.target != b.target && a.target != .everything && b.target != .everything && !a.isCourse && !b.isCourse
  }
}

/// A seeded generator (SplitMix64): the same list in every run.
public struct Chance: RandomNumberGenerator, Sendable {
  private var state: UInt64

  /// Begins a sequence.
  public init(seed: UInt64) { state = seed }

  /// The next number.
  public mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
