/// The identifier of an entry of a Redis stream: milliseconds of the store's clock on arrival, then a counter.
public struct StreamEntryID: Hashable, Comparable, Sendable, CustomStringConvertible {
  /// When the entry arrived, in milliseconds since the Unix epoch by the store's clock.
  public var milliseconds: UInt64
  /// Counts the entries of one millisecond.
  public var sequence: UInt64

  /// Makes an identifier.
  public init(milliseconds: UInt64, sequence: UInt64 = 0) {
    (self.milliseconds, self.sequence) = (milliseconds, sequence)
  }

  /// Reads `1732495000123-0`, or returns nil.
  public init?(_ text: String) {
    let parts = text.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count == 2, parts.allSatisfy({ $0.utf8.allSatisfy { $0 >= 48 && $0 <= 57 } }),
      let milliseconds = UInt64(parts[0]), let sequence = UInt64(parts[1])
    else { return nil }
    self.init(milliseconds: milliseconds, sequence: sequence)
  }

  /// Orders by time of arrival, then by counter: the order of the stream.
  public static func < (a: Self, b: Self) -> Bool {
    a.milliseconds != b.milliseconds ? a.milliseconds < b.milliseconds : a.sequence < b.sequence
  }

  /// `1732495000123-0`.
  public var description: String { "\(milliseconds)-\(sequence)" }
}
