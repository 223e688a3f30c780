/// Where samples go to: a stream that takes a batch as a whole or not at all.
public protocol SampleSink: AnyObject {
  /// Whether it can be asked; false after a broken connection.
  var isOpen: Bool { get }
  /// Opens the connection anew.
  func reconnect() throws(StoreError)
  /// Appends samples, all of them or, when it throws an answer of the server, none.
  func append(_ samples: [[StreamField]]) throws(StoreError) -> [EntryID]
  /// Whether an entry is there.
  func contains(_ place: EntryID) throws(StoreError) -> Bool
}

/// Sends batches of samples so that none is lost and their order stays, whatever becomes of the server.
///
/// A server that takes a batch has it in memory and in its log; its disk has it up to two seconds later
/// (`appendfsync everysec`). A batch therefore counts as safe only after `settleMilliseconds`; until then it is kept
/// here, and after every break of the connection what the server cannot be seen to have any more is sent again, in order
/// and before anything new. A batch that arrives twice carries the same times and values: its reader puts the second
/// aside. What is kept is bounded: `waitMilliseconds` says how long to wait before the next batch.
public struct SampleSender: Sendable {
  /// Time after which the disk of the server has what the server took.
  public static let settleMilliseconds: Int64 = 3000

  private struct Sent: Sendable {
    var entries: [[StreamField]]
    var last: EntryID
    var milliseconds: Int64
  }

  /// Entries kept at most, those of one batch more.
  public let mostKept: Int
  private var kept: [Sent] = []
  private var keptEntries = 0
  /// Set from a break of the connection until everything that was lost is there again; an answer such as LOADING in
  /// between leaves the connection open and this set.
  private var mustLookBack = false
  /// Batches that had to be sent again.
  public private(set) var resent = 0

  private let rules: ProtocolRules

  /// Makes a sender that keeps about so many entries.
  public init(mostKept: Int = 200_000, rules: ProtocolRules = .all) { (self.mostKept, self.rules) = (mostKept, rules) }

  /// Entries that are kept.
  public var entriesKept: Int { keptEntries }

  /// How long to wait before the next batch, so that nothing has to be dropped that may still be needed; 0 for not.
  public func waitMilliseconds(now: Int64) -> Int64 {
    guard keptEntries >= mostKept, let first = kept.first else { return 0 }
    return max(0, first.milliseconds + Self.settleMilliseconds - now)
  }

  /// Opens the connection if it broke, and sends again what was lost.
  public mutating func recover(_ sink: some SampleSink, now: Int64) throws(StoreError) {
    if !sink.isOpen {
      mustLookBack = true
      try sink.reconnect()
    }
    guard mustLookBack else { return }
    if !rules.keeps(.lookBack) { mustLookBack = false }
    var first = kept.count
    while first > 0, try !sink.contains(kept[first - 1].last) { first -= 1 }
    // Each is kept in its old place until the new one is known.
    for i in first..<kept.count {
      guard let last = try sink.append(kept[i].entries).last else { continue }
      (kept[i].last, kept[i].milliseconds) = (last, now)
      resent += 1
    }
    mustLookBack = false
  }

  /// Looks whether the server still has the last batch, and sends again what was lost.
  public mutating func verify(_ sink: some SampleSink, now: Int64) throws(StoreError) {
    mustLookBack = true
    try recover(sink, now: now)
  }

  /// Sends a batch after everything before it; when it throws, send the same batch again.
  public mutating func send(_ entries: [[StreamField]], to sink: some SampleSink, now: Int64) throws(StoreError) {
    try recover(sink, now: now)
    let places: [EntryID]
    do throws(StoreError) { places = try sink.append(entries) } catch {
      // A disk that takes nothing has not taken what came before either: its time begins when there is room.
      if error.kind == .diskFull { for i in kept.indices { kept[i].milliseconds = now } }
      throw error
    }
    guard let last = places.last else { return }
    kept.append(Sent(entries: entries, last: last, milliseconds: now))
    keptEntries += entries.count
    let settled = kept.prefix { now - $0.milliseconds > Self.settleMilliseconds }
    keptEntries -= settled.reduce(0) { $0 + $1.entries.count }
    kept.removeFirst(settled.count)
  }
}
