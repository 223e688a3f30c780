/// How much history a stream keeps: by memory, since one tick may be a kilobyte or a megabyte.
public enum HistoryBound {
  /// Memory that one stream may take, in bytes.
  public static let bytes = 256 << 20
  /// Entries that are kept in any case: more than a rerun after a failure ever asks for.
  public static let least = 1024
  /// Entries beyond which nobody looks back.
  public static let most = 50_000

  /// Entries kept of a size, in coarse steps so that a growing tenant does not change it with every tick.
  public static func entries(ofBytes size: Int) -> Int {
    let fitting = bytes / max(1, size)
    let coarse = fitting > 0 ? 1 << (Int.bitWidth - 1 - fitting.leadingZeroBitCount) : 0
    return min(most, max(least, coarse))
  }
}
