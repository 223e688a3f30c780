internal import Basics

// Single precision, four lanes, plain operations in a fixed order: the same bits on every machine.

/// Converts lane by lane; the initialiser of the vector type is a call that is not inlined.
@inline(__always) private func floats(_ x: SIMD4<Int32>) -> SIMD4<Float> {
  SIMD4(Float(x[0]), Float(x[1]), Float(x[2]), Float(x[3]))
}

/// Maps words to the middles of 2²⁴ equal slices of (-1, 1).
@inline(__always) func symmetric(_ words: Words4) -> SIMD4<Float> {
  let steps = SIMD4<Int32>(truncatingIfNeeded: words) &>> SIMD4(repeating: 8)
  return (floats(steps) + 0.5) * Float(0x1p-23)
}

/// Moves what is below or above two bounds onto them.
///
/// Masks come from the signs of differences, which are 0 for equal numbers only: comparisons of vectors compile to loops.
@inline(__always) func clamp(_ x: SIMD4<Float>, _ low: Float, _ high: Float) -> SIMD4<Float> {
  let atLeast = select(SIMD4(repeating: low), where: x - low, else: x)
  return select(SIMD4(repeating: high), where: high - atLeast, else: atLeast)
}

/// Takes one vector in the lanes where a sign is negative, another elsewhere.
@inline(__always)
private func select(_ a: SIMD4<Float>, where sign: SIMD4<Float>, else b: SIMD4<Float>) -> SIMD4<Float> {
  let mask = unsafe unsafeBitCast(sign, to: SIMD4<Int32>.self) &>> SIMD4(repeating: 31)
  let (x, y) = unsafe (unsafeBitCast(a, to: SIMD4<Int32>.self), unsafeBitCast(b, to: SIMD4<Int32>.self))
  return unsafe unsafeBitCast((x & mask) | (y & ~mask), to: SIMD4<Float>.self)
}

/// Natural logarithm of positive normal numbers, relative error about 1e-7 (polynomial of Cephes' `logf`).
@inline(__always) private func logarithm(_ x: SIMD4<Float>) -> SIMD4<Float> {
  let bits = unsafe unsafeBitCast(x, to: SIMD4<Int32>.self) &- SIMD4(repeating: 0x3F35_04F3)
  let exponent = bits &>> SIMD4(repeating: 23)
  let mantissa = (bits & SIMD4(repeating: 0x007F_FFFF)) &+ SIMD4(repeating: 0x3F35_04F3)
  let m = unsafe unsafeBitCast(mantissa, to: SIMD4<Float>.self) - 1
  var p = SIMD4<Float>(repeating: 7.0376836292e-2)
  p = p * m + -1.1514610310e-1
  p = p * m + 1.1676998740e-1
  p = p * m + -1.2420140846e-1
  p = p * m + 1.4249322787e-1
  p = p * m + -1.6668057665e-1
  p = p * m + 2.0000714765e-1
  p = p * m + -2.4999993993e-1
  p = p * m + 3.3333331174e-1
  let m2 = m * m
  return floats(exponent) * 0.69314718 + (m + (m2 * m * p + m2 * -0.5))
}

/// Quantile of the standard normal at (x + 1) / 2 for x in (-1, 1), which is √2 · erfinv(x).
///
/// Source: Giles M., "Approximating the erfinv function", GPU Computing Gems 2 (2010), single precision. Within 1e-6
/// inside four deviations and 3e-3 at five.
@inline(__always) func normalQuantile(_ x: SIMD4<Float>) -> SIMD4<Float> {
  let w = SIMD4<Float>.zero - logarithm((1 - x) * (1 + x))
  let c = w - 2.5
  var p = SIMD4<Float>(repeating: 2.81022636e-08)
  p = p * c + 3.43273939e-07
  p = p * c + -3.5233877e-06
  p = p * c + -4.39150654e-06
  p = p * c + 0.00021858087
  p = p * c + -0.00125372503
  p = p * c + -0.00417768164
  p = p * c + 0.246640727
  p = p * c + 1.50140941
  let z = p * x
  let signs = unsafe unsafeBitCast(SIMD4<Float>(repeating: 5) - w, to: SIMD2<UInt64>.self)
  let isTail = (signs[0] | signs[1]) & 0x8000_0000_8000_0000 != 0
  return (isTail ? withTails(z, x, w) : z) * 1.41421356
}

/// Replaces the lanes with w > 5, one draw in 300; a function of its own, since taking lanes out of the vectors here would
/// make the compiler compute everything before lane by lane as well.
@inline(never) private func withTails(_ z: SIMD4<Float>, _ x: SIMD4<Float>, _ w: SIMD4<Float>) -> SIMD4<Float> {
  var result = z
  for lane in 0..<4 where w[lane] > 5 {
    let s = w[lane].squareRoot() - 3
    var q: Float = -0.000200214257
    q = q * s + 0.000100950558
    q = q * s + 0.00134934322
    q = q * s + -0.00367342844
    q = q * s + 0.00573950773
    q = q * s + -0.0076224613
    q = q * s + 0.00943887047
    q = q * s + 1.00167406
    q = q * s + 2.83297682
    result[lane] = q * x[lane]
  }
  return result
}
