/// A neuron of a circuit, counted from 0 over all populations; people see it counted from 1.
public struct NeuronID: Hashable, Comparable, Sendable {
  /// Zero-based index over the whole circuit.
  public var index: UInt32
  /// Makes the identifier of the neuron at an index.
  @inlinable public init(_ index: UInt32) { self.index = index }
  /// The number in files, which count from 1.
  public var number: Int { Int(index) + 1 }
  /// Orders by index.
  public static func < (a: Self, b: Self) -> Bool { a.index < b.index }
}

/// A core of the cluster: one worker process that simulates one spiking chip core.
public struct CoreID: Hashable, Comparable, Sendable {
  /// Zero-based position in the cluster's map.
  public var index: UInt16
  /// Makes the identifier of the core at a position.
  public init(_ index: UInt16) { self.index = index }
  /// Orders by position.
  public static func < (a: Self, b: Self) -> Bool { a.index < b.index }
}

/// A part of the network: the unit that is placed on a core and checkpointed as one blob.
public struct PartID: Hashable, Comparable, Sendable {
  /// Zero-based position in the network's list of parts.
  public var index: UInt16
  /// Makes the identifier of the part at a position.
  public init(_ index: UInt16) { self.index = index }
  /// Orders by position.
  public static func < (a: Self, b: Self) -> Bool { a.index < b.index }
}

/// A step of the simulation: step n takes the state from n·h to (n + 1)·h.
public struct Step: Hashable, Comparable, Sendable {
  /// Steps since the start of the run.
  public var index: Int64
  /// Makes the step at an index.
  @inlinable public init(_ index: Int64) { self.index = index }
  /// Orders by time.
  public static func < (a: Self, b: Self) -> Bool { a.index < b.index }
}

/// A fixed number of steps between two spike exchanges; epoch n begins at step n × steps per epoch.
public struct Epoch: Hashable, Comparable, Sendable {
  /// Epochs since the start of the run; as a position it means "n epochs are done".
  public var index: Int64
  /// Makes the epoch at an index.
  public init(_ index: Int64) { self.index = index }
  /// Orders by time.
  public static func < (a: Self, b: Self) -> Bool { a.index < b.index }
  /// The epoch that follows.
  public var next: Epoch { Epoch(index + 1) }
}

/// Counts rollbacks and changes of the map; raised by the coordinator only.
public struct Generation: Hashable, Comparable, Sendable {
  /// The count; the first generation of a run is 1.
  public var number: UInt32
  /// Makes a generation of that number.
  public init(_ number: UInt32) { self.number = number }
  /// Orders by count.
  public static func < (a: Self, b: Self) -> Bool { a.number < b.number }
  /// The generation after this one.
  public var next: Generation { Generation(number + 1) }
}

/// One life of one process: drawn at random when it starts.
public struct Incarnation: Hashable, Sendable {
  /// Random bits.
  public var bits: UInt64
  /// Wraps given bits.
  public init(_ bits: UInt64) { self.bits = bits }
}

/// A counter in the store, raised by whoever takes the coordinator's lease.
public struct Fence: Hashable, Comparable, Sendable {
  /// The count; 0 means that no coordinator ever held the lease.
  public var number: UInt64
  /// Makes a fence of that number.
  public init(_ number: UInt64) { self.number = number }
  /// Orders by count.
  public static func < (a: Self, b: Self) -> Bool { a.number < b.number }
}

/// An interval of the metric clock: tick n covers [n·length, (n + 1)·length) since the Unix epoch.
public struct Tick: Hashable, Comparable, Sendable {
  /// Ticks since the Unix epoch.
  public var index: Int64
  /// Makes the tick at an index.
  public init(_ index: Int64) { self.index = index }
  /// Orders by time.
  public static func < (a: Self, b: Self) -> Bool { a.index < b.index }
  /// The tick that is a number of ticks later.
  public static func + (a: Self, count: Int) -> Tick { Tick(a.index + Int64(count)) }
}
