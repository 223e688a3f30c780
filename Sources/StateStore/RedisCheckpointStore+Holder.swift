/// Who holds the lease: a coordinator that is known to be dead need not be waited for.
///
/// The `fence` hash keeps it as `holder`: nonce, blank, the process. What a dead one may still have under way is refused by
/// the fence, which the next holder raises.
extension RedisCheckpointStore {
  /// Notes which process holds the lease.
  public func noteHolder(_ lease: Lease, _ process: String) throws(StoreError) {
    _ = try connection.evaluate(
      CheckpointScript.noteHolder,
      keys: [keys.key("fence")],
      lease.arguments + [.init("\(String(lease.nonce, radix: 16)) \(process)")]
    )
  }

  /// Returns the process that holds the lease under a nonce; nil when it did not say.
  public func holder(nonce: UInt64) throws(StoreError) -> String? {
    let text = try connection.command(["HGET", .init(keys.key("fence")), "holder"]).text ?? ""
    let words = text.split(separator: " ", maxSplits: 1)
    return words.count == 2 && UInt64(words[0], radix: 16) == nonce ? String(words[1]) : nil
  }

  /// Ends the lease of a nonce whose holder is dead; another's stays.
  public func endLease(nonce: UInt64) throws(StoreError) {
    _ = try connection.evaluate(
      CheckpointScript.end,
      keys: [keys.key("lease")],
      [.init(String(nonce, radix: 16))]
    )
  }
}
