internal import KernelTypes

/// The two covariances, kept in sixteen bits a cell and worked on in single precision.
extension SeriesReadout {
  /// The covariance of the features, with room in `scratch` for it as floats.
  func covariance(_ scratch: ReadoutScratch) -> PackedTriangle {
    packed(layout.covariance, scales: layout.scales, order: shape.features, scratch)
  }

  /// The covariance of the linear expert's inputs; it has the same room.
  func linearCovariance(_ scratch: ReadoutScratch) -> PackedTriangle {
    packed(layout.linearCovariance, scales: layout.linearScales, order: ReadoutConstants.linearLength, scratch)
  }

  private func packed(_ start: Int, scales: Int, order: Int, _ scratch: ReadoutScratch) -> PackedTriangle {
    unsafe PackedTriangle(
      order: order,
      cells: scratch.triangle,
      packed: words(start, order).base,
      scales: cells(scales, TriangleRows.paddedLength(order)).base,
      inverses: scratch.inverses
    )
  }

  private func words(_ start: Int, _ order: Int) -> Cells<Int16> {
    let count = TriangleRows.start(ofRow: order)
    let cells = cells(start, (count + 1) / 2)
    return unsafe Cells(
      base: UnsafeMutableRawPointer(cells.base).assumingMemoryBound(to: Int16.self),
      count: count
    )
  }

  /// Starts a covariance from the unit matrix.
  func startCovariance(_ start: Int, scales: Int, order: Int) {
    cells(scales, TriangleRows.paddedLength(order)).fill(1)
    let words = words(start, order)
    for row in 0..<order { words[TriangleRows.start(ofRow: row) + row] = .max }
  }
}
