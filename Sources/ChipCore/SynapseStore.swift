internal import Circuits
internal import KernelTypes

/// A table of synapses in blocks, and how to deliver it.
protocol SynapseStore: AnyObject {
  associatedtype Sum: FixedWidthInteger & BitwiseCopyable & SignedInteger

  /// Allocates a number of synapses, a multiple of the block, and one block more that may be written and is never read.
  init(count: Int, block: Int, kernels: KernelTable)

  /// The bytes taken.
  var bytes: Int { get }

  /// The greatest sum of weights on a neuron.
  static var greatestSum: Int64 { get }

  /// Turns a weight into a fixed-point number; the unit keeps the weights of synapses within what the format holds.
  static func fixedPoint(_ weight: Double, perUnit: Double) -> Sum

  /// Writes synapses to places.
  func place(_ columns: SynapseColumns, at places: UnsafePointer<UInt32>, perUnit: Double)

  /// Writes a synapse.
  func put(_ place: Int, target: UInt32, weight: Sum)

  /// Reads a synapse.
  func synapse(_ place: Int) -> (target: Int, weight: Sum)

  /// Adds the weights of blocks to the rows of sums.
  func deliver(_ entries: UnsafePointer<UInt32>, _ count: Int, to sums: UnsafeMutablePointer<Sum>, stride: Int)
}

/// Blocks that are read ahead of the one being delivered: far enough to hide the memory's latency.
let readAheadBlocks = 32
/// Synapses that are fetched ahead of the one being placed, for the same reason.
let placeAhead = 32
