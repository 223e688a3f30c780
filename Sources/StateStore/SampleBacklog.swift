/// Samples that wait for a store that is away: the newest ones, up to a bound.
public struct SampleBacklog: Sendable {
  /// Samples kept at most.
  public let most: Int
  /// Those that wait, oldest first.
  public private(set) var entries: [[StreamField]] = []

  /// Makes an empty backlog.
  public init(most: Int) { self.most = most }

  /// Adds samples and returns how many of the oldest had to go.
  public mutating func add(_ samples: [[StreamField]]) -> Int {
    entries += samples
    let lost = max(0, entries.count - most)
    entries.removeFirst(lost)
    return lost
  }

  /// Forgets all: they were sent.
  public mutating func clear() { entries.removeAll(keepingCapacity: true) }
}
