/// How a tile is laid out in memory; it changes speed and memory, never a result.
public struct TileOptions: Sendable, Equatable {
  /// Synapses in a block (4, 8 or 16) for all tables, or nil to choose by the expected length of segments.
  public var synapsesPerBlock: Int?
  /// Most counters of synapses, one per source and delay, while a table is built; beyond it sources are taken in turns.
  public var mostCounters: Int

  /// Options for speed.
  public init(synapsesPerBlock: Int? = nil, mostCounters: Int = 64 << 20) {
    precondition(synapsesPerBlock.map { [4, 8, 16].contains($0) } ?? true, "a block has 4, 8 or 16 synapses")
    (self.synapsesPerBlock, self.mostCounters) = (synapsesPerBlock, mostCounters)
  }
}
