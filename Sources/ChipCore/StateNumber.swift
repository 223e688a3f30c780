internal import Circuits
internal import KernelTypes

/// A precision of tiles: how numbers lie in the words of a snapshot, and which kernels advance them.
protocol StateNumber: BinaryFloatingPoint, BitwiseCopyable, Sendable {
  /// The fixed-point sums of weights that arrive at neurons of this precision.
  associatedtype Sum: FixedWidthInteger & BitwiseCopyable & SignedInteger & Sendable

  /// The bits.
  var word: UInt64 { get }

  /// Takes the bits of `word`.
  init(word: UInt64)

  // A loop for each precision: the compiler specialises functions of a precision, but not methods of a generic class.

  /// Advances `iaf_psc_exp` neurons of some slices by a step.
  static func advance(
    _ slices: [IafPscExpSlice<Self, Sum>],
    _ range: Range<Int>,
    _ plan: TilePlan,
    _ rows: InputRows<Sum, Self>,
    into spikes: inout SpikeList
  )

  /// Advances `iaf_psc_delta` neurons of some slices by a step.
  static func advance(
    _ slices: [IafPscDeltaSlice<Self, Sum>],
    _ range: Range<Int>,
    _ plan: TilePlan,
    _ rows: InputRows<Sum, Self>,
    into spikes: inout SpikeList
  )
}

extension Float: StateNumber {
  typealias Sum = Int32

  var word: UInt64 { UInt64(bitPattern) }

  init(word: UInt64) { self.init(bitPattern: UInt32(truncatingIfNeeded: word)) }

  static func advance(
    _ slices: [IafPscExpSlice<Float, Int32>],
    _ range: Range<Int>,
    _ plan: TilePlan,
    _ rows: InputRows<Int32, Float>,
    into spikes: inout SpikeList
  ) {
    for slice in range { plan.kernels.advanceIafPscExp(slices[slice], rows.slices[slice], &spikes) }
  }

  static func advance(
    _ slices: [IafPscDeltaSlice<Float, Int32>],
    _ range: Range<Int>,
    _ plan: TilePlan,
    _ rows: InputRows<Int32, Float>,
    into spikes: inout SpikeList
  ) {
    for slice in range { plan.kernels.advanceIafPscDelta(slices[slice], rows.slices[slice], &spikes) }
  }
}

extension Double: StateNumber {
  typealias Sum = Int64

  var word: UInt64 { bitPattern }

  init(word: UInt64) { self.init(bitPattern: word) }

  static func advance(
    _ slices: [IafPscExpSlice<Double, Int64>],
    _ range: Range<Int>,
    _ plan: TilePlan,
    _ rows: InputRows<Int64, Double>,
    into spikes: inout SpikeList
  ) {
    for slice in range { plan.kernels.advanceIafPscExpDouble(slices[slice], rows.slices[slice], &spikes) }
  }

  static func advance(
    _ slices: [IafPscDeltaSlice<Double, Int64>],
    _ range: Range<Int>,
    _ plan: TilePlan,
    _ rows: InputRows<Int64, Double>,
    into spikes: inout SpikeList
  ) {
    for slice in range { plan.kernels.advanceIafPscDeltaDouble(slices[slice], rows.slices[slice], &spikes) }
  }
}
