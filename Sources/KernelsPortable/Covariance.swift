internal import CIntrinsics
internal import KernelTypes

/// Multiplies the covariance P with three vectors f, after adding the first with directional forgetting.
///
/// z = P f₀, r = f₀·z, P -= c z zᵀ with c = 1 / (1 / ε + r), ε = λ - (1 - λ) / r. All three products are taken with the old
/// matrix, in one pass, and corrected: P' f = P f - c (z·f) z.
func stepCovariance(_ step: borrowing CovarianceStep) {
  let chunks = TriangleRows.paddedLength(step.order) &>> 4
  let cells = unsafe lanes(step.cells)
  unsafe multiply(cells, step, chunks)
  let (f, z) = unsafe (lanes(step.features), lanes(step.gains))
  var share: Float = 0
  if step.adds {
    let r = unsafe Double(dot(f, z, chunks))
    var c = 1 / (1 + r)
    if r > 1e-9 {
      let epsilon = step.forgetting - (1 - step.forgetting) / r
      c = abs(epsilon) > 1e-6 ? 1 / (1 / epsilon + r) : 0
    }
    share = Float(c)
    unsafe subtract(cells, z, order: step.order, share)
  }
  @inline(__always) func correct(_ v: Int) {
    let (own, gain) = unsafe (f + v &* chunks, z + v &* chunks)
    let factor = unsafe Floats(repeating: share * dot(own, z, chunks))
    for k in 0..<chunks { unsafe gain[k] -= z[k] * factor }
    unsafe step.leverages[v] = dot(own, gain, chunks)
  }
  // The first one is needed as it was for the others.
  correct(2)
  correct(1)
  correct(0)
}

/// Multiplies rows four at a time: each chunk serves its row and, mirrored, its columns.
@inline(__always)
private func multiply(_ cells: UnsafeMutablePointer<Floats>, _ step: borrowing CovarianceStep, _ chunks: Int) {
  let (f, z) = unsafe (lanes(step.features), lanes(step.gains))
  for k in 0..<3 &* chunks { unsafe z[k] = .zero }
  let share = step.nextLines / max(1, step.order / 4) &+ 1
  var fetched = 0
  for block in 0..<chunks {
    let width = block &+ 1
    let rows = min(16, step.order &- block &* 16)
    var row = 0
    while row &+ 4 <= rows {
      let start = 8 &* block &* width &+ row &* width
      let r0 = unsafe cells + start
      let r1 = unsafe r0 + width
      let r2 = unsafe r1 + width
      let r3 = unsafe r2 + width
      if let next = unsafe step.next {
        let end = min(step.nextLines, fetched &+ share)
        for line in fetched..<end { unsafe synfire_prefetch_level2(next + line &* 16) }
        fetched = end
      }
      for v in 0..<3 {
        let (x, y) = unsafe (f + v &* chunks, z + v &* chunks)
        let at = (v &* chunks &+ block) &* 16 &+ row
        let own = unsafe step.features + at
        let (f0, f1) = unsafe (Floats(repeating: own[0]), Floats(repeating: own[1]))
        let (f2, f3) = unsafe (Floats(repeating: own[2]), Floats(repeating: own[3]))
        var (s0, s1, s2, s3) = (Floats.zero, Floats.zero, Floats.zero, Floats.zero)
        for k in 0..<block {
          let (a, b, c, d) = unsafe (r0[k], r1[k], r2[k], r3[k])
          let column = unsafe x[k]
          unsafe y[k] += (a * f0 + b * f1) + (c * f2 + d * f3)
          s0 += a * column
          s1 += b * column
          s2 += c * column
          s3 += d * column
        }
        let diagonal = unsafe x[block]
        s0 += unsafe r0[block] * diagonal
        s1 += unsafe r1[block] * diagonal
        s2 += unsafe r2[block] * diagonal
        s3 += unsafe r3[block] * diagonal
        let target = unsafe UnsafeMutableRawPointer(step.gains + at).assumingMemoryBound(to: SIMD4<Float>.self)
        unsafe target.pointee += synfire_sums16(s0, s1, s2, s3)
      }
      row &+= 4
    }
    while row < rows {
      let own = unsafe cells + (8 &* block &* width &+ row &* width)
      for v in 0..<3 {
        let (x, y) = unsafe (f + v &* chunks, z + v &* chunks)
        let at = (v &* chunks &+ block) &* 16 &+ row
        let factor = unsafe Floats(repeating: step.features[at])
        var s = unsafe own[block] * x[block]
        for k in 0..<block {
          let a = unsafe own[k]
          unsafe y[k] += a * factor
          s += unsafe a * x[k]
        }
        unsafe step.gains[at] += synfire_sum16(s)
      }
      row &+= 1
    }
  }
}

/// Subtracts c z zᵀ.
@inline(__always)
private func subtract(_ cells: UnsafeMutablePointer<Floats>, _ z: UnsafePointer<Floats>, order: Int, _ c: Float) {
  let elements = unsafe UnsafeRawPointer(z).assumingMemoryBound(to: Float.self)
  var own = unsafe cells
  for row in 0..<order {
    let factor = unsafe Floats(repeating: elements[row] * c)
    let width = row &>> 4 &+ 1
    for k in 0..<width { unsafe own[k] -= z[k] * factor }
    unsafe own += width
  }
}

/// The sum of the products, in sixteen lanes.
@inline(__always)
func dot(_ a: UnsafePointer<Floats>, _ b: UnsafePointer<Floats>, _ chunks: Int) -> Float {
  var sum = Floats.zero
  for k in 0..<chunks { sum += unsafe a[k] * b[k] }
  return synfire_sum16(sum)
}
