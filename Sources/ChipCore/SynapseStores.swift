internal import CIntrinsics
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
private let placeAhead = 32

/// Synapses of four bytes: the target's local place in the low half, the weight in the high half.
@safe
final class PackedSynapses: SynapseStore {
  private let cells: Column<UInt32>
  private let made: Column<UInt32>
  private let block: Int
  private let kernels: KernelTable

  init(count: Int, block: Int, kernels: KernelTable) {
    (self.block, self.kernels) = (block, kernels)
    cells = Column(count + block)
    made = Column(Connections.mostColumns)
  }

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

  func place(_ columns: SynapseColumns, at places: UnsafePointer<UInt32>, perUnit: Double) {
    let (count, targets) = unsafe (columns.count, columns.targets)
    let (cells, made) = unsafe (self.cells.base, self.made.base)
    precondition(count <= self.made.count)
    switch columns.weights {
    case .drawn(let weights):
      // A power of two: the product is exact, as it is in doubles.
      unsafe kernels.packSynapses(
        SynapsePacking(count: count, perUnit: Float(perUnit), targets: targets, weights: weights, cells: made)
      )
    case .same(let weight):
      let high = UInt32(bitPattern: Self.fixedPoint(weight, perUnit: perUnit)) << 16
      for i in 0..<count { unsafe made[i] = targets[i] | high }
    case .listed(let weights):
      for i in 0..<count {
        unsafe made[i] = targets[i] | UInt32(bitPattern: Self.fixedPoint(weights[i], perUnit: perUnit)) << 16
      }
    }
    let near = max(0, count - placeAhead)
    for i in 0..<near {
      unsafe synfire_prefetch_to_write(cells + Int(places[i &+ placeAhead]))
      unsafe cells[Int(places[i])] = made[i]
    }
    for i in near..<count { unsafe cells[Int(places[i])] = made[i] }
  }

  func synapse(_ place: Int) -> (target: Int, weight: Int32) {
    let cell = cells[place]
    return (Int(cell & 0xFFFF), Int32(bitPattern: cell) >> 16)
  }

  func deliver(_ entries: UnsafePointer<UInt32>, _ count: Int, to sums: UnsafeMutablePointer<Int32>, stride: Int) {
    let cells = unsafe UnsafePointer(self.cells.base)
    switch block {
    case 16: unsafe deliverBlocks(of: 16, cells, entries, count, sums, stride)
    case 8: unsafe deliverBlocks(of: 8, cells, entries, count, sums, stride)
    default: unsafe deliverBlocks(of: 4, cells, entries, count, sums, stride)
    }
  }
}

/// A fixed number of turns and no branch that depends on data: 0.6 ns per synapse where a line comes from memory.
@inline(__always)
private func deliverBlocks(
  of block: Int,
  _ cells: UnsafePointer<UInt32>,
  _ entries: UnsafePointer<UInt32>,
  _ count: Int,
  _ sums: UnsafeMutablePointer<Int32>,
  _ stride: Int
) {
  for i in 0..<readAheadBlocks { unsafe synfire_prefetch_once(cells + Int(entries[i] & 0x7FFF_FFFF) &* block) }
  for i in 0..<count {
    unsafe synfire_prefetch_once(cells + Int(entries[i &+ readAheadBlocks] & 0x7FFF_FFFF) &* block)
    let entry = unsafe entries[i]
    let cells = unsafe cells + Int(entry & 0x7FFF_FFFF) &* block
    let row = unsafe sums + Int(entry >> 31) &* stride
    for k in 0..<block {
      let cell = unsafe cells[k]
      unsafe row[Int(cell & 0xFFFF)] &+= Int32(bitPattern: cell) >> 16
    }
  }
}

/// Synapses of eight bytes for double precision: the target's local place in the low 16 bits, above it the weight in 48
/// bits on a grid of 2⁻³² of its unit, so less than 2¹⁵ units.
@safe
final class LongSynapses: SynapseStore {
  private let cells: Column<UInt64>
  private let block: Int

  init(count: Int, block: Int, kernels: KernelTable) {
    self.block = block
    cells = Column(count + block)
  }

  /// The greatest weight that 48 bits hold.
  static var greatestWeight: Double { 32_767 }

  var bytes: Int { cells.bytes }

  static var greatestSum: Int64 { Int64.max / 2 }

  @inline(__always)
  static func fixedPoint(_ weight: Double, perUnit: Double) -> Int64 {
    WideSynapses.fixedPoint(weight, perUnit: perUnit)
  }

  @inline(__always)
  func put(_ place: Int, target: UInt32, weight: Int64) {
    unsafe cells.base[place] = UInt64(target) | UInt64(bitPattern: weight) << 16
  }

  func place(_ columns: SynapseColumns, at places: UnsafePointer<UInt32>, perUnit: Double) {
    let (count, targets, cells) = unsafe (columns.count, columns.targets, self.cells.base)
    @inline(__always) func placeAll(_ weight: (Int) -> Double) {
      for i in 0..<count {
        unsafe synfire_prefetch_to_write(cells + Int(places[min(i &+ placeAhead, count &- 1)]))
        let fixed = Self.fixedPoint(weight(i), perUnit: perUnit)
        unsafe cells[Int(places[i])] = UInt64(targets[i]) | UInt64(bitPattern: fixed) << 16
      }
    }
    switch columns.weights {
    case .same(let weight): placeAll { _ in weight }
    case .drawn(let weights): placeAll { unsafe Double(weights[$0]) }
    case .listed(let weights): placeAll { unsafe weights[$0] }
    }
  }

  func synapse(_ place: Int) -> (target: Int, weight: Int64) {
    let cell = cells[place]
    return (Int(cell & 0xFFFF), Int64(bitPattern: cell) >> 16)
  }

  func deliver(_ entries: UnsafePointer<UInt32>, _ count: Int, to sums: UnsafeMutablePointer<Int64>, stride: Int) {
    let cells = unsafe UnsafePointer(self.cells.base)
    switch block {
    case 16: unsafe deliverBlocks(of: 16, cells, entries, count, sums, stride)
    case 8: unsafe deliverBlocks(of: 8, cells, entries, count, sums, stride)
    default: unsafe deliverBlocks(of: 4, cells, entries, count, sums, stride)
    }
  }
}

/// As for 4-byte synapses, with two cache lines to a block of sixteen.
@inline(__always)
private func deliverBlocks(
  of block: Int,
  _ cells: UnsafePointer<UInt64>,
  _ entries: UnsafePointer<UInt32>,
  _ count: Int,
  _ sums: UnsafeMutablePointer<Int64>,
  _ stride: Int
) {
  for i in 0..<count {
    let ahead = unsafe cells + Int(entries[i &+ readAheadBlocks] & 0x7FFF_FFFF) &* block
    unsafe synfire_prefetch_once(ahead)
    if block > 8 { unsafe synfire_prefetch_once(ahead + 8) }
    let entry = unsafe entries[i]
    let cells = unsafe cells + Int(entry & 0x7FFF_FFFF) &* block
    let row = unsafe sums + Int(entry >> 31) &* stride
    for k in 0..<block {
      let cell = unsafe cells[k]
      unsafe row[Int(cell & 0xFFFF)] &+= Int64(bitPattern: cell) >> 16
    }
  }
}

/// Synapses for double precision with weights beyond 48 bits: 32-bit targets, weights on a grid of 2⁻³² of their unit.
@safe
final class WideSynapses: SynapseStore {
  private let targets: Column<UInt32>
  private let weights: Column<Int64>
  private let block: Int

  init(count: Int, block: Int, kernels: KernelTable) {
    self.block = block
    targets = Column(count + block)
    weights = Column(count + block)
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

  func place(_ columns: SynapseColumns, at places: UnsafePointer<UInt32>, perUnit: Double) {
    for i in 0..<columns.count {
      let weight =
        switch columns.weights {
        case .same(let weight): weight
        case .drawn(let weights): unsafe Double(weights[i])
        case .listed(let weights): unsafe weights[i]
        }
      unsafe put(Int(places[i]), target: columns.targets[i], weight: Self.fixedPoint(weight, perUnit: perUnit))
    }
  }

  func synapse(_ place: Int) -> (target: Int, weight: Int64) { (Int(targets[place]), weights[place]) }

  func deliver(_ entries: UnsafePointer<UInt32>, _ count: Int, to sums: UnsafeMutablePointer<Int64>, stride: Int) {
    let (targets, weights, block) = unsafe (self.targets.base, self.weights.base, self.block)
    for i in 0..<count {
      let entry = unsafe entries[i]
      let first = Int(entry & 0x7FFF_FFFF) &* block
      let row = unsafe sums + Int(entry >> 31) &* stride
      for k in first..<first &+ block { unsafe row[Int(targets[k])] &+= weights[k] }
    }
  }
}
