internal import CIntrinsics
internal import KernelTypes

/// The greatest number of a packed cell.
private let greatest: Float = 32767
private let rootOfTwo: Float = 0x1.6a09e6p+0
/// Bounds of scales.
private let (least, most): (Float, Float) = (0x1p-40, 0x1p40)

/// Reads cells: each is its correlation times the scales of its row and column.
func unpackTriangle(_ triangle: borrowing PackedTriangle) {
  let (scales, rows) = unsafe (lanes(triangle.scales), triangle.scales)
  var (to, from) = unsafe (lanes(triangle.cells), shorts(triangle.packed))
  for row in 0..<triangle.order {
    let own = unsafe rows[row] * (1 / greatest)
    let width = row &>> 4 &+ 1
    for k in 0..<width { unsafe to[k] = synfire_shorts_as_floats(from[k]) * (scales[k] * own) }
    unsafe (to, from) = (to + width, from + width)
  }
}

/// Follows the diagonal with the scales, then rounds every cell to the nearest unit.
func packTriangle(_ triangle: borrowing PackedTriangle) {
  let (scales, inverses, rows) = unsafe (lanes(triangle.scales), lanes(triangle.inverses), triangle.scales)
  for row in 0..<triangle.order {
    let cell = unsafe triangle.cells[TriangleRows.start(ofRow: row) &+ row]
    var scale = unsafe min(most, max(least, rows[row]))
    while scale * scale < cell, scale < most { scale *= rootOfTwo }
    while scale * scale >= 2 * cell, scale > least { scale *= 1 / rootOfTwo }
    unsafe rows[row] = scale
  }
  for k in 0..<TriangleRows.paddedLength(triangle.order) &>> 4 { unsafe inverses[k] = 1 / scales[k] }
  // Adding it leaves the nearest whole number.
  let shift: Float = 0x1.8p23
  let (low, high) = (Floats(repeating: -greatest), Floats(repeating: greatest))
  var (from, to) = unsafe (lanes(triangle.cells), shorts(triangle.packed))
  for row in 0..<triangle.order {
    let own = unsafe greatest / rows[row]
    let width = row &>> 4 &+ 1
    for k in 0..<width {
      let units = unsafe from[k] * (inverses[k] * own)
      let inside = synfire_greater16(synfire_lesser16(units, high), low)
      unsafe to[k] = synfire_floats_as_shorts((inside + shift) - shift)
    }
    unsafe (from, to) = (from + width, to + width)
  }
}

@inline(__always)
private func shorts(_ start: UnsafeMutablePointer<Int16>) -> UnsafeMutablePointer<SIMD16<Int16>> {
  unsafe UnsafeMutableRawPointer(start).assumingMemoryBound(to: SIMD16<Int16>.self)
}
