/// Which rules of the cluster protocol are kept: all of them, but for a simulation that shows what each is for.
public struct ProtocolRules: Sendable, Equatable {
  /// A rule; each is a way to lose or change a result when it is broken.
  public enum Rule: String, CaseIterable, Sendable {
    /// Calls that change what others rely on are refused to a coordinator that lost the lease.
    case fence
    /// A blob's name carries the generation that wrote it.
    case generationInKey = "generation-in-key"
    /// A commit looks whether every blob is in the store with the checksum that was acknowledged.
    case verifiedAcknowledgements = "verified-acknowledgements"
    /// A commit is refused when the committed epoch or the highest generation is another than the coordinator thinks.
    case previousEpoch = "previous-epoch"
    /// Old blobs are removed by what the store says is committed, not by what a coordinator remembers.
    case fencedRemoval = "fenced-removal"
    /// A recovery begins from the position that was just read from the store.
    case rereadOnRecovery = "reread-on-recovery"
    /// A core drops frames of another generation or map.
    case frameGeneration = "frame-generation"
    /// What was sealed once is sealed again as it was after the store lost it.
    case sealedStays = "sealed-stays"
    /// New samples are read after the last one that the reader knows, so that none is taken by a call it gave up.
    case readAfterPlace = "read-after-place"
    /// A core says again that its part of a checkpoint is stored until it hears that the checkpoint is committed.
    case repeatedAcknowledgements = "repeated-acknowledgements"
    /// A sender looks for what the store lost until it has found out.
    case lookBack = "look-back"
    /// Of a new generation a core reads every part but those that it holds at its epoch with its checksums.
    case heldParts = "held-parts"
  }

  /// All rules.
  public static let all = ProtocolRules()
  private let broken: Rule?

  /// All rules, or all but one.
  public init(without rule: Rule? = nil) { broken = rule }

  /// Whether a rule is kept.
  public func keeps(_ rule: Rule) -> Bool { broken != rule }
}
