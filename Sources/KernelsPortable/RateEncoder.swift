internal import CIntrinsics
internal import KernelTypes

/// Advances `rate_encoder` neurons by a step.
///
/// x = (v·alpha + drive) + Float(sum)·quantum; v = max(x, -1); where v ≥ 1: v = v - 1, count + 1.
func advanceRateEncoder(_ slice: borrowing RateEncoderSlice, _ spikes: inout SpikeList) {
  let quantum = Floats(repeating: slice.quantum)
  let one = Floats(repeating: 1)
  let (v, alpha, drive) = unsafe (lanes(slice.v), lanes(slice.alpha), lanes(slice.drive))
  let (counts, sums) = unsafe (lanes(slice.counts), lanes(slice.sums))
  for q in 0..<slice.groups &* 4 {
    let x = unsafe (v[q] * alpha[q] + drive[q]) + synfire_floats16(sums[q]) * quantum
    unsafe sums[q] = .zero
    let bounded = synfire_greater16(x, -one)
    let fired = synfire_not_less16(bounded, one)
    unsafe v[q] = bounded - synfire_choose16(fired, one, .zero)
    unsafe counts[q] = counts[q] &- unsafeBitCast(fired, to: Words.self)
    if slice.listsSpikes {
      var bits = synfire_sign_bits16(fired)
      while bits != 0 {
        let place = q &* 16 &+ bits.trailingZeroBitCount
        bits &= bits &- 1
        if place < slice.count {
          spikes.append(slice.firstID &+ UInt32(truncatingIfNeeded: place) &* slice.stride)
        }
      }
    }
  }
}

/// Advances `rate_encoder` neurons that nothing reaches and nobody hears by many steps, sixteen neurons at a time in registers.
func advanceFreeEncoder(_ slice: borrowing RateEncoderSlice, _ steps: Int) {
  let one = Floats(repeating: 1)
  let (v, alpha, drive) = unsafe (lanes(slice.v), lanes(slice.alpha), lanes(slice.drive))
  let counts = unsafe lanes(slice.counts)
  // Four chains of dependent operations at a time hide the latency of each.
  for group in 0..<slice.groups {
    let b = group &* 4
    var (v0, v1, v2, v3) = unsafe (v[b], v[b &+ 1], v[b &+ 2], v[b &+ 3])
    var (n0, n1, n2, n3) = unsafe (counts[b], counts[b &+ 1], counts[b &+ 2], counts[b &+ 3])
    let (a0, a1, a2, a3) = unsafe (alpha[b], alpha[b &+ 1], alpha[b &+ 2], alpha[b &+ 3])
    let (d0, d1, d2, d3) = unsafe (drive[b], drive[b &+ 1], drive[b &+ 2], drive[b &+ 3])
    @inline(__always) func step(_ v: inout Floats, _ n: inout Words, _ alpha: Floats, _ drive: Floats) {
      let bounded = synfire_greater16(v * alpha + drive, -one)
      let fired = synfire_not_less16(bounded, one)
      v = bounded - synfire_choose16(fired, one, .zero)
      n = unsafe n &- unsafeBitCast(fired, to: Words.self)
    }
    for _ in 0..<steps {
      step(&v0, &n0, a0, d0)
      step(&v1, &n1, a1, d1)
      step(&v2, &n2, a2, d2)
      step(&v3, &n3, a3, d3)
    }
    unsafe (v[b], v[b &+ 1], v[b &+ 2], v[b &+ 3]) = (v0, v1, v2, v3)
    unsafe (counts[b], counts[b &+ 1], counts[b &+ 2], counts[b &+ 3]) = (n0, n1, n2, n3)
  }
}
