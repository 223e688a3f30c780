/// A request to draw the random words of synapses: those of the counter (owner, number of the synapse, 0, 0).
///
/// All columns begin on boundaries of 64 bytes and have room for a multiple of sixteen.
@safe
public struct SynapseWordsDraw {
  /// How many synapses.
  public let count: Int
  /// The key of the projection's random stream.
  public let key: SIMD4<UInt32>
  /// The neuron whose stream each synapse is drawn from, and its number there.
  public let owners, numbers: UnsafePointer<UInt32>
  /// The four words of each synapse: pick of the partner, weight, delay, spare.
  public let picks, weights, delays, spares: UnsafeMutablePointer<UInt32>

  /// Puts a request together.
  public init(
    count: Int,
    key: SIMD4<UInt32>,
    owners: UnsafePointer<UInt32>,
    numbers: UnsafePointer<UInt32>,
    picks: UnsafeMutablePointer<UInt32>,
    weights: UnsafeMutablePointer<UInt32>,
    delays: UnsafeMutablePointer<UInt32>,
    spares: UnsafeMutablePointer<UInt32>
  ) {
    (self.count, self.key) = (count, key)
    unsafe (self.owners, self.numbers) = (owners, numbers)
    unsafe (self.picks, self.weights, self.delays, self.spares) = (picks, weights, delays, spares)
  }
}

/// A request to turn words into sources: `first` plus a number below `candidates`, one more from the owner itself on where
/// a neuron is not joined to itself.
@safe
public struct SourcePick {
  /// How many synapses.
  public let count: Int
  /// Circuit index of the first candidate, and their number without the owner.
  public let first, candidates: UInt32
  /// Whether the owner is no candidate.
  public let skipsOwner: Bool
  /// The words, and the neurons for which they were drawn.
  public let words, owners: UnsafePointer<UInt32>
  /// Circuit indices of the sources.
  public let sources: UnsafeMutablePointer<UInt32>

  /// Puts a request together.
  public init(
    count: Int,
    first: UInt32,
    candidates: UInt32,
    skipsOwner: Bool,
    words: UnsafePointer<UInt32>,
    owners: UnsafePointer<UInt32>,
    sources: UnsafeMutablePointer<UInt32>
  ) {
    (self.count, self.first, self.candidates, self.skipsOwner) = (count, first, candidates, skipsOwner)
    unsafe (self.words, self.owners, self.sources) = (words, owners, sources)
  }
}

/// How random words become draws of a distribution, in single precision.
///
/// A word names one of 2²⁴ equal slices of (-1, 1); x is its middle. Every draw is offset + factor · f(center + half · x),
/// where f is the normal quantile or x itself, between two bounds.
public struct SampleMap: Sendable {
  /// What is applied to the argument.
  public enum Function: Sendable {
    /// x + 1, so that offset and factor are those of the lower bound and half the width.
    case uniform
    /// The quantile of the standard normal at (x + 1) / 2.
    case normal
  }
  /// The function.
  public var function: Function
  /// Mean and deviation, or lower bound and half the width.
  public var offset, factor: Float
  /// The middle of the part of (-1, 1) from which arguments come, for bounds by redraw.
  public var center: Float = 0
  /// Half the width of that part.
  public var half: Float = 1
  /// The least draw.
  public var least: Float = -.infinity
  /// The greatest draw.
  public var greatest: Float = .infinity

  /// Whether arguments come from a part only.
  public var isCut: Bool { half != 1 }
  /// Whether draws have a bound.
  public var isBounded: Bool { least > -.infinity || greatest < .infinity }

  /// Makes a map without bounds.
  public init(_ function: Function, offset: Float, factor: Float) {
    (self.function, self.offset, self.factor) = (function, offset, factor)
  }
}

/// A request to turn words into draws; the columns begin on boundaries of 64 bytes and have room for a multiple of sixteen.
@safe
public struct SampleDraw {
  /// How many.
  public let count: Int
  /// The distribution.
  public let map: SampleMap
  /// The words.
  public let words: UnsafePointer<UInt32>
  /// The draws.
  public let values: UnsafeMutablePointer<Float>

  /// Puts a request together.
  public init(count: Int, map: SampleMap, words: UnsafePointer<UInt32>, values: UnsafeMutablePointer<Float>) {
    (self.count, self.map) = (count, map)
    unsafe (self.words, self.values) = (words, values)
  }
}

/// A request to round delays in steps to the nearest whole number from 1 on; draws are less than 2²² in size.
@safe
public struct DelayRounding {
  /// How many.
  public let count: Int
  /// The longest delay that comes out.
  public let longest: Int32
  /// The draws, and the steps in their place.
  public let values: UnsafeMutablePointer<Float>

  /// Puts a request together.
  public init(count: Int, longest: Int32, values: UnsafeMutablePointer<Float>) {
    (self.count, self.longest) = (count, longest)
    unsafe self.values = values
  }
}

/// A request to make 4-byte synapses: targets in the low half, weights to the nearest whole number of units in the high half.
@safe
public struct SynapsePacking {
  /// How many.
  public let count: Int
  /// What a weight is multiplied by; the product fits into 16 bits with sign.
  public let perUnit: Float
  /// Targets below 2¹⁶.
  public let targets: UnsafePointer<UInt32>
  /// Weights.
  public let weights: UnsafePointer<Float>
  /// The synapses.
  public let cells: UnsafeMutablePointer<UInt32>

  /// Puts a request together.
  public init(
    count: Int,
    perUnit: Float,
    targets: UnsafePointer<UInt32>,
    weights: UnsafePointer<Float>,
    cells: UnsafeMutablePointer<UInt32>
  ) {
    (self.count, self.perUnit) = (count, perUnit)
    unsafe (self.targets, self.weights, self.cells) = (targets, weights, cells)
  }
}
