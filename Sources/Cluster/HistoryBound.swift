/// How much history a stream keeps: by memory, since one tick may be a kilobyte or a megabyte.
public struct HistoryBound: Sendable, Equatable {
  /// Memory that one stream may take where nothing else is asked for, in MiB.
  public static let usualMebibytes = 256
  /// Entries that are kept in any case: more than a rerun after a failure ever asks for.
  public static let least = 1024
  /// Entries beyond which nobody looks back.
  public static let most = 50_000

  /// Memory that one stream may take, in MiB.
  public let mebibytes: Int

  /// Bounds the memory of a stream.
  public init(mebibytes: Int = Self.usualMebibytes) { self.mebibytes = mebibytes }

  /// Entries kept of a size, in coarse steps so that a growing tenant does not change it with every tick.
  public func entries(ofBytes size: Int) -> Int {
    let fitting = (mebibytes << 20) / max(1, size)
    let coarse = fitting > 0 ? 1 << (Int.bitWidth - 1 - fitting.leadingZeroBitCount) : 0
    return min(Self.most, max(Self.least, coarse))
  }
}
