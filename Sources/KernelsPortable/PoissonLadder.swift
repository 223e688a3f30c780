internal import Basics
internal import CIntrinsics
internal import KernelTypes

/// Draws the Poisson counts of eight steps, sixteen neurons at a time.
func drawPoissonCounts(_ draw: borrowing PoissonDraw) {
  let block = UInt64(bitPattern: draw.block)
  let low = Words(repeating: UInt32(truncatingIfNeeded: block))
  let high = Words(repeating: UInt32(truncatingIfNeeded: block >> 32))
  let numbers = Words(repeating: 0x7FFF_7FFF)
  let (key, ladder, thresholds) = unsafe (draw.key, draw.ladder, draw.thresholds)
  let rowBytes = draw.groups &* 64
  let first = Words(repeating: draw.firstID)
  let stride = Words(repeating: draw.stride)
  let lane = Words(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
  for q in 0..<draw.groups &* 4 {
    let id = (lane &+ UInt32(truncatingIfNeeded: q &* 16)) &* stride &+ first
    let r = threefry4x32(LaneWords(id), LaneWords(low), LaneWords(high), LaneWords(.zero), key: key)
    // Each word holds the numbers of two steps; the four climb together.
    let x0 = unsafe unsafeBitCast(r.0.words & numbers, to: SIMD32<Int16>.self)
    let x1 = unsafe unsafeBitCast(r.1.words & numbers, to: SIMD32<Int16>.self)
    let x2 = unsafe unsafeBitCast(r.2.words & numbers, to: SIMD32<Int16>.self)
    let x3 = unsafe unsafeBitCast(r.3.words & numbers, to: SIMD32<Int16>.self)
    var (n0, n1, n2, n3) = (SIMD32<Int16>.zero, SIMD32<Int16>.zero, SIMD32<Int16>.zero, SIMD32<Int16>.zero)
    for k in 0..<thresholds {
      let threshold = unsafe SIMD32<Int16>(repeating: ladder[k])
      n0 = synfire_count_above32(n0, x0, threshold)
      n1 = synfire_count_above32(n1, x1, threshold)
      n2 = synfire_count_above32(n2, x2, threshold)
      n3 = synfire_count_above32(n3, x3, threshold)
    }
    @inline(__always) func put(_ counts: SIMD32<Int16>, _ step: Int) {
      let pairs = unsafe unsafeBitCast(counts, to: Words.self)
      let at = unsafe UnsafeMutableRawPointer(draw.counts + (step &* rowBytes &+ q &* 16))
      unsafe at.storeBytes(of: synfire_low_bytes(pairs), as: SIMD16<UInt8>.self)
      unsafe (at + rowBytes).storeBytes(of: synfire_low_bytes(pairs &>> 16), as: SIMD16<UInt8>.self)
    }
    put(n0, 0)
    put(n1, 2)
    put(n2, 4)
    put(n3, 6)
  }
}
