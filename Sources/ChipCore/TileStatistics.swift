/// Counts of one tile, for status and benchmarks.
public struct TileStatistics: Equatable, Sendable {
  /// Neurons.
  public var neurons = 0
  /// Synapses that end in the tile.
  public var synapses = 0
  /// Bytes of synapses, sums and queues.
  public var storedBytes = 0
  /// Spikes of own neurons that were listed so far.
  public var spikes = 0
  /// Synapses which received spikes have queued so far.
  public var synapticEvents = 0
  /// Blocks of synapses that wait in the queues.
  public var queueDepth = 0
  /// How often a slot of the queues had to grow.
  public var queueGrowths = 0

  /// Counts of nothing.
  public init() {}
}
