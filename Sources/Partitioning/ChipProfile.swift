/// What one kind of chip can hold and what its events cost; a limit that is nil does not exist.
public struct ChipProfile: Sendable, Equatable {
  /// How a chip computes.
  public enum Arithmetic: String, Sendable, CaseIterable { case integer, float }

  /// Energies of events in pJ, least and greatest published value; nil where nothing is published.
  public struct Energies: Sendable, Equatable {
    /// One neuron in one step: its update.
    public var neuronUpdate: ClosedRange<Double>?
    /// One neuron in one step: reading and writing its state.
    public var neuronAccess: ClosedRange<Double>?
    /// One neuron that fires.
    public var spike: ClosedRange<Double>?
    /// One spike at one synapse.
    public var synapse: ClosedRange<Double>?
    /// One spike sent to one core.
    public var axonOut: ClosedRange<Double>?
    /// One spike over one link between routers.
    public var hop: ClosedRange<Double>?
    /// Makes energies of which none is known.
    public init() {}
  }

  /// Name by which it is chosen.
  public var name: String
  /// One sentence.
  public var summary: String
  /// Cores of one chip.
  public var coresPerChip: Int?
  /// Neurons of one core; of one tile where a core holds several.
  public var neuronsPerCore: Int?
  /// Whether a core holds as many tiles of neurons as its memory allows.
  public var holdsSeveralTiles: Bool
  /// Bytes for the synapses of one core.
  public var synapseMemoryBytes: Double?
  /// Bytes for the state of the neurons of one core.
  public var stateMemoryBytes: Double?
  /// Bits that one synapse takes; nil means this simulator's own format.
  public var synapseBits: Double?
  /// Different neurons whose spikes one core can receive.
  public var fanIn: Int?
  /// Pairs of a neuron of one core and a core that it sends to.
  public var fanOut: Int?
  /// Bits of a weight.
  public var weightBits: Int?
  /// Delays in steps.
  public var delaySteps: ClosedRange<Int>?
  /// How it computes.
  public var arithmetic: Arithmetic
  /// Energies of events; nil where none is published.
  public var energies: Energies?

  /// Makes a profile without limits.
  public init(name: String, summary: String = "", arithmetic: Arithmetic = .float) {
    (self.name, self.summary, self.arithmetic) = (name, summary, arithmetic)
    holdsSeveralTiles = false
  }

  /// The built-in profile of a name, or nil.
  public static func named(_ name: String) -> ChipProfile? { builtIn.first { $0.name == name } }
}
