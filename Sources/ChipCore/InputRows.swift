internal import KernelTypes

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
  /// Weighted Poisson input of slices whose noise is not counts of one weight: an excitatory and an inhibitory row.
  let noise: Column<Real>
  /// The noise of each slice.
  let slices: Column<StepNoise>

  /// Makes empty rows.
  init(width: Int, slices: Int, twoRows: Bool, hasNoiseRows: Bool) {
    self.width = width
    stride = width + InputPadding.cells
    sums = Column(twoRows ? 2 * stride : stride)
    noise = Column(hasNoiseRows ? 2 * width : 0)
    self.slices = Column(slices)
    for slice in 0..<slices { self.slices[slice] = StepNoise() }
  }
}

/// Cells at the end of each row of sums for padding synapses: several, since one would chain the additions.
enum InputPadding {
  static let cells = 16
}

/// Unit of the fixed-point sums in double precision, of the weight's own unit.
let fixedPointUnit = 0x1p-32
