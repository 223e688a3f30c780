internal import Basics
internal import Circuits
internal import Wire

/// The plastic synapses of a tile.
///
/// Weights change when a spike of the source is received: by then every spike of the own neurons that can have arrived at
/// the synapse is known, since a delay is at least one step. What the spike transmits is added to the sums of the step in
/// which it is due, held by a ring of rows; static synapses know nothing of all this.
protocol PlasticDelivery: AnyObject {
  /// What the synapses add at most to each cell of two rows of sums, if all come in one step, in fixed point.
  var loads: [Double] { get }
  /// Adds what is due in a step to the tile's sums.
  func deliver(at step: Int64)
  /// Takes note of the own neurons' spikes in the steps from `first` on, before any spike of these steps is received.
  func note(_ fired: SpikeBatch, from first: Int64)
  /// Changes the weights of the synapses that spikes pass, and queues what they transmit.
  func receive(_ batch: SpikeBatch, from first: Int64)
  /// Hands over the rows for the recorders of transmitted weights since the last call, by recorder.
  func takeTransmitted() -> [Int: [TransmittedWeight]]
  /// The weights of a projection's synapses that end here, sorted by source, then target.
  func weights(ofProjection projection: Int, at now: Int64) -> [PlasticWeight]
  /// The state, by circuit index.
  func states(at now: Int64) -> PlasticSnapshot
  /// Says why snapshots do not hold the state of this tile, or nothing.
  func problem(with snapshots: [PlasticSnapshot], at now: Int64) -> String?
  /// Takes over the state of snapshots which have no problem.
  func restore(_ snapshots: [PlasticSnapshot], at now: Int64)
  /// A hash of the weights that does not depend on the layout when summed over all tiles.
  func digest(at now: Int64) -> UInt64
  /// Counts for statistics.
  func add(to statistics: inout TileStatistics)
}

/// A weight that a plastic synapse transmitted.
public struct TransmittedWeight: Equatable, Sendable {
  /// Steps done at the stamp of the spike.
  public var step: Int64
  /// Circuit index of the source.
  public var source: UInt32
  /// Circuit index of the target.
  public var target: UInt32
  /// The weight, in the target model's unit.
  public var weight: Double
  /// Describes a transmission.
  public init(step: Int64, source: UInt32, target: UInt32, weight: Double) {
    (self.step, self.source, self.target, self.weight) = (step, source, target, weight)
  }
}

/// The weight of a plastic synapse as of its last presynaptic spike.
public struct PlasticWeight: Equatable, Sendable {
  /// Circuit index of the source.
  public var source: UInt32
  /// Circuit index of the target.
  public var target: UInt32
  /// The weight, in the target model's unit.
  public var weight: Double
  /// Describes a weight.
  public init(source: UInt32, target: UInt32, weight: Double) {
    (self.source, self.target, self.weight) = (source, target, weight)
  }
}

extension TilePlan {
  /// Whether plastic synapses end in the tile.
  var hasPlasticity: Bool {
    circuit.projections.contains { projection in
      projection.plasticity != nil
        && slices.contains { $0.slice.population == projection.target && $0.slice.count > 0 }
    }
  }
}
