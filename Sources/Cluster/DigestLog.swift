public import Basics

/// Digests of what was said at the last boundaries of a run: a rerun has to say the same.
public struct DigestLog: Sendable {
  /// Boundaries kept at most; a rerun of older ones is not compared.
  public let most: Int
  private var digests: [Epoch: UInt64] = [:]

  /// Makes an empty log.
  public init(most: Int = 100_000) { self.most = most }

  /// How many are kept.
  public var count: Int { digests.count }

  /// Notes the digest of a boundary; false when another one is known.
  public mutating func note(_ digest: UInt64, at epoch: Epoch) -> Bool {
    if let former = digests[epoch] { return former == digest }
    if digests.count >= most {
      // The older half at once: finding the oldest one each time would cost as much.
      let middle = digests.keys.sorted()[most / 2]
      digests = digests.filter { $0.key >= middle }
    }
    digests[epoch] = digest
    return true
  }
}
