internal import CIntrinsics

/// A table of synapses in blocks of sixteen, and how to deliver it.
protocol SynapseStore: ~Copyable {
  associatedtype Sum: FixedWidthInteger & BitwiseCopyable & SignedInteger

  /// Allocates a number of synapses, a multiple of sixteen.
  init(count: Int)

  /// The bytes taken.
  var bytes: Int { get }

  /// The greatest sum of weights on a neuron.
  static var greatestSum: Int64 { get }

  /// Turns a weight into a fixed-point number; the unit keeps the weights of synapses within 16 bits, of given spikes 24.
  static func fixedPoint(_ weight: Double, perUnit: Double) -> Sum

  /// Writes a synapse.
  func put(_ place: Int, target: UInt32, weight: Sum)

  /// Reads a synapse.
  func synapse(_ place: Int) -> (target: Int, weight: Sum)

  /// Adds the weights of blocks to the rows of sums.
  func deliver(_ entries: UnsafePointer<UInt32>, _ count: Int, to sums: UnsafeMutablePointer<Sum>, stride: Int)
}

/// Blocks that are read ahead of the one being delivered: far enough to hide the memory's latency.
let readAheadBlocks = 32

/// Synapses of four bytes: the target's local place in the low half, the weight in the high half.
@safe
struct PackedSynapses: SynapseStore, ~Copyable {
  private let cells: Column<UInt32>

  init(count: Int) { cells = Column(count) }

  var bytes: Int { cells.bytes }

  static var greatestSum: Int64 { Int64(Int32.max) }

  @inline(__always)
  static func fixedPoint(_ weight: Double, perUnit: Double) -> Int32 {
    // Nearest integer by the shift constant 1.5 · 2⁵², ties to even.
    Int32(truncatingIfNeeded: (weight * perUnit + 0x1.8p52).bitPattern)
  }

  @inline(__always)
  func put(_ place: Int, target: UInt32, weight: Int32) {
    // The unit was chosen so that 16 bits hold every weight.
    unsafe cells.base[place] = target | UInt32(bitPattern: weight) << 16
  }

  func synapse(_ place: Int) -> (target: Int, weight: Int32) {
    let cell = cells[place]
    return (Int(cell & 0xFFFF), Int32(bitPattern: cell) >> 16)
  }

  /// A fixed number of turns and no branch that depends on data: 0.6 ns per synapse where a line comes from memory.
  @inline(never)
  func deliver(_ entries: UnsafePointer<UInt32>, _ count: Int, to sums: UnsafeMutablePointer<Int32>, stride: Int) {
    let base = unsafe UnsafePointer(cells.base)
    @inline(__always) func start(_ entry: UInt32) -> UnsafePointer<UInt32> {
      unsafe base + Int(entry & 0x7FFF_FFFF) &* SynapseIndex.block
    }
    for i in 0..<readAheadBlocks { unsafe synfire_prefetch_once(start(entries[i])) }
    for i in 0..<count {
      unsafe synfire_prefetch_once(start(entries[i &+ readAheadBlocks]))
      let entry = unsafe entries[i]
      let cells = unsafe start(entry)
      let row = unsafe sums + Int(entry >> 31) &* stride
      for k in 0..<SynapseIndex.block {
        let cell = unsafe cells[k]
        unsafe row[Int(cell & 0xFFFF)] &+= Int32(bitPattern: cell) >> 16
      }
    }
  }
}

/// Synapses for double precision: 32-bit targets and weights on a grid of 2⁻³² of their unit.
@safe
struct WideSynapses: SynapseStore, ~Copyable {
  private let targets: Column<UInt32>
  private let weights: Column<Int64>

  init(count: Int) {
    targets = Column(count)
    weights = Column(count)
  }

  var bytes: Int { targets.bytes + weights.bytes }

  static var greatestSum: Int64 { Int64.max / 2 }

  @inline(__always)
  static func fixedPoint(_ weight: Double, perUnit: Double) -> Int64 {
    Int64(max(-0x1p62, min(0x1p62, (weight * perUnit).rounded(.toNearestOrEven))))
  }

  @inline(__always)
  func put(_ place: Int, target: UInt32, weight: Int64) {
    unsafe targets.base[place] = target
    unsafe weights.base[place] = weight
  }

  func synapse(_ place: Int) -> (target: Int, weight: Int64) { (Int(targets[place]), weights[place]) }

  @inline(never)
  func deliver(_ entries: UnsafePointer<UInt32>, _ count: Int, to sums: UnsafeMutablePointer<Int64>, stride: Int) {
    let (targets, weights) = unsafe (self.targets.base, self.weights.base)
    for i in 0..<count {
      let entry = unsafe entries[i]
      let first = Int(entry & 0x7FFF_FFFF) &* SynapseIndex.block
      let row = unsafe sums + Int(entry >> 31) &* stride
      for k in first..<first &+ SynapseIndex.block { unsafe row[Int(targets[k])] &+= weights[k] }
    }
  }
}
