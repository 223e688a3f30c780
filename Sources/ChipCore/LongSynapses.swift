internal import CIntrinsics
internal import Circuits
internal import KernelTypes

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
