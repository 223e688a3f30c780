/// Where the noise of a slice comes from in the present step.
@unsafe
struct SliceNoise {
  enum Mode { case none, packed, rows }
  var mode: Mode
  /// Weight of the packed counts.
  var weight: Float = 0
  /// Packed counts of the present step: byte j of lane l of word q belongs to the slice's neuron 16 q + 4 j + l.
  var counts: UnsafePointer<SIMD4<UInt32>>?
}

/// What arrives at the neurons of a tile in the present step.
///
/// Sums are fixed-point numbers, so that the order of arrival cannot change them. The first row takes all weights of
/// neurons with one row and the positive ones of neurons with two; the second row takes the negative ones. Each row ends
/// in sixteen cells for padding synapses, which add nothing.
@safe
final class InputRows<Sum: FixedWidthInteger & BitwiseCopyable, Real: BinaryFloatingPoint & BitwiseCopyable> {
  /// Local places.
  let width: Int
  /// Cells from one row of sums to the next.
  let stride: Int
  /// The sums of weights, one or two rows.
  let sums: Column<Sum>
  /// Weighted Poisson input of slices whose noise is not packed: an excitatory and an inhibitory row.
  let noise: Column<Real>
  /// The noise of each slice.
  let slices: Column<SliceNoise>

  /// Makes empty rows.
  init(width: Int, slices: Int, twoRows: Bool, hasNoiseRows: Bool) {
    self.width = width
    stride = width + 16
    sums = Column(twoRows ? 2 * stride : stride)
    noise = Column(hasNoiseRows ? 2 * width : 0)
    unsafe self.slices = Column(slices)
    for slice in 0..<slices { unsafe self.slices[slice] = SliceNoise(mode: .none) }
  }
}

/// Unit of the fixed-point sums in double precision, of the weight's own unit.
let fixedPointUnit = 0x1p-32
