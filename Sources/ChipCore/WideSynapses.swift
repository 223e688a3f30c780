internal import Circuits
internal import KernelTypes

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
