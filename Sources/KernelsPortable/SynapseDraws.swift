internal import Basics
internal import CIntrinsics
internal import KernelTypes

/// Draws the words of synapses, sixteen at a time.
func drawSynapseWords(_ draw: borrowing SynapseWordsDraw) {
  let (owners, numbers) = unsafe (lanes(draw.owners), lanes(draw.numbers))
  let (picks, weights) = unsafe (lanes(draw.picks), lanes(draw.weights))
  let (delays, spares) = unsafe (lanes(draw.delays), lanes(draw.spares))
  let key = draw.key
  let zero = LaneWords(.zero)
  for i in 0..<(draw.count &+ 15) / 16 {
    let r = unsafe threefry4x32(LaneWords(owners[i]), LaneWords(numbers[i]), zero, zero, key: key)
    unsafe (picks[i], weights[i]) = (r.0.words, r.1.words)
    unsafe (delays[i], spares[i]) = (r.2.words, r.3.words)
  }
}

/// Turns words into sources, sixteen at a time.
func pickSources(_ pick: borrowing SourcePick) {
  let (words, owners, sources) = unsafe (lanes(pick.words), lanes(pick.owners), lanes(pick.sources))
  let (first, candidates) = (Words(repeating: pick.first), Words(repeating: pick.candidates))
  for i in 0..<(pick.count &+ 15) / 16 {
    var place = unsafe synfire_high_products16(words[i], candidates)
    if pick.skipsOwner { unsafe place = synfire_step_over16(place, owners[i] &- first) }
    unsafe sources[i] = first &+ place
  }
}

/// Turns words into draws of a distribution, sixteen at a time.
func drawSamples(_ draw: borrowing SampleDraw) {
  switch draw.map.function {
  case .uniform: sampleUniform(draw)
  case .normal: sampleNormal(draw)
  }
}

/// Draws uniform samples.
@inline(__always)
private func sampleUniform(_ draw: borrowing SampleDraw) {
  let map = draw.map
  let values = unsafe lanes(draw.values)
  let (offset, factor) = (Floats(repeating: map.offset), Floats(repeating: map.factor))
  for i in 0..<(draw.count &+ 15) / 16 {
    let y = unsafe (argument(lanes(draw.words)[i], map) + 1) * factor + offset
    unsafe values[i] = map.isBounded ? bounded(y, map.least, map.greatest) : y
  }
}

/// Draws normal samples, in two loops: in one the compiler would compute lane by lane what it can do at once.
@inline(__always)
private func sampleNormal(_ draw: borrowing SampleDraw) {
  let map = draw.map
  let (words, values) = unsafe (lanes(draw.words), lanes(draw.values))
  let (offset, factor) = (Floats(repeating: map.offset), Floats(repeating: map.factor))
  let blocks = (draw.count &+ 15) / 16
  for i in 0..<blocks {
    let x = unsafe argument(words[i], map)
    unsafe values[i] = Floats.zero - logarithm((1 - x) * (1 + x))
  }
  for i in 0..<blocks {
    let w = unsafe values[i]
    let y = unsafe normalQuantile(argument(words[i], map), w) * factor + offset
    unsafe values[i] = map.isBounded ? bounded(y, map.least, map.greatest) : y
    let tails = unsafe synfire_sign_bits16(unsafeBitCast(Floats(repeating: 5) - w, to: Integers.self))
    if tails != 0 { sampleTails(draw, i, tails) }
  }
}

/// The arguments of the quantile function in (-1, 1).
@inline(__always)
private func argument(_ words: Words, _ map: SampleMap) -> Floats {
  let steps = unsafe unsafeBitCast(words, to: Integers.self) &>> 8
  let x = (synfire_floats16(steps) + 0.5) * Float(0x1p-23)
  return map.isCut ? bounded(x * map.half + map.center, -(1 - 0x1p-24), 1 - 0x1p-24) : x
}

/// Draws again those of sixteen samples that lie in a normal's tails, one draw in 300.
///
/// A function of its own that begins from the words: taking lanes out of the vectors of the loop above would make the
/// compiler compute all of them lane by lane.
@inline(never)
private func sampleTails(_ draw: borrowing SampleDraw, _ block: Int, _ lanes: UInt32) {
  let map = draw.map
  var rest = lanes
  while rest != 0 {
    let i = block &* 16 &+ rest.trailingZeroBitCount
    rest &= rest &- 1
    var x = unsafe (Float(Int32(bitPattern: draw.words[i]) &>> 8) + 0.5) * Float(0x1p-23)
    if map.isCut { x = min(max(x * map.half + map.center, -(1 - 0x1p-24)), 1 - 0x1p-24) }
    let s = (0 - logarithm((1 - x) * (1 + x))).squareRoot() - 3
    var q: Float = -0.000200214257
    q = q * s + 0.000100950558
    q = q * s + 0.00134934322
    q = q * s + -0.00367342844
    q = q * s + 0.00573950773
    q = q * s + -0.0076224613
    q = q * s + 0.00943887047
    q = q * s + 1.00167406
    q = q * s + 2.83297682
    unsafe draw.values[i] = min(max(q * x * 1.41421356 * map.factor + map.offset, map.least), map.greatest)
  }
}

/// Rounds delays in steps, sixteen at a time and in place.
func roundDelays(_ rounding: borrowing DelayRounding) {
  let draws = unsafe lanes(rounding.values)
  let steps = unsafe UnsafeMutableRawPointer(rounding.values).assumingMemoryBound(to: Integers.self)
  let (one, longest) = (Integers(repeating: 1), Integers(repeating: rounding.longest))
  for i in 0..<(rounding.count &+ 15) / 16 {
    unsafe steps[i] = synfire_clamp16(nearest(draws[i]), one, longest)
  }
}

/// Makes 4-byte synapses, sixteen at a time.
func packSynapses(_ packing: borrowing SynapsePacking) {
  let (targets, weights) = unsafe (lanes(packing.targets), lanes(packing.weights))
  let cells = unsafe lanes(packing.cells)
  let scale = Floats(repeating: packing.perUnit)
  for i in 0..<(packing.count &+ 15) / 16 {
    let weight = unsafe unsafeBitCast(nearest(weights[i] * scale), to: Words.self)
    unsafe cells[i] = targets[i] | weight &<< 16
  }
}

/// The nearest whole number of |x| < 2²² by the shift constant 1.5 · 2²³, ties to even.
@inline(__always)
private func nearest(_ x: Floats) -> Integers {
  unsafe unsafeBitCast(x + 12_582_912, to: Integers.self) &- 0x4B40_0000
}

/// Moves what is below or above two bounds onto them.
@inline(__always)
private func bounded(_ x: Floats, _ low: Float, _ high: Float) -> Floats {
  let (low, high) = (Floats(repeating: low), Floats(repeating: high))
  let atLeast = unsafe synfire_choose16(unsafeBitCast(x - low, to: Integers.self) &>> 31, low, x)
  return unsafe synfire_choose16(unsafeBitCast(high - atLeast, to: Integers.self) &>> 31, high, atLeast)
}

/// Natural logarithm of positive normal numbers, relative error about 1e-7 (polynomial of Cephes' `logf`).
@inline(__always)
private func logarithm(_ x: Floats) -> Floats {
  let bits = unsafe unsafeBitCast(x, to: Integers.self) &- 0x3F35_04F3
  let exponent = bits &>> 23
  let mantissa = (bits & 0x007F_FFFF) &+ 0x3F35_04F3
  let m = unsafe unsafeBitCast(mantissa, to: Floats.self) - 1
  var p = Floats(repeating: 7.0376836292e-2)
  p = p * m + -1.1514610310e-1
  p = p * m + 1.1676998740e-1
  p = p * m + -1.2420140846e-1
  p = p * m + 1.4249322787e-1
  p = p * m + -1.6668057665e-1
  p = p * m + 2.0000714765e-1
  p = p * m + -2.4999993993e-1
  p = p * m + 3.3333331174e-1
  let m2 = m * m
  return synfire_floats16(exponent) * 0.69314718 + (m + (m2 * m * p + m2 * -0.5))
}

/// The same operations for one number.
private func logarithm(_ x: Float) -> Float {
  let bits = Int32(bitPattern: x.bitPattern) &- 0x3F35_04F3
  let m = Float(bitPattern: UInt32(bitPattern: (bits & 0x007F_FFFF) &+ 0x3F35_04F3)) - 1
  var p: Float = 7.0376836292e-2
  p = p * m + -1.1514610310e-1
  p = p * m + 1.1676998740e-1
  p = p * m + -1.2420140846e-1
  p = p * m + 1.4249322787e-1
  p = p * m + -1.6668057665e-1
  p = p * m + 2.0000714765e-1
  p = p * m + -2.4999993993e-1
  p = p * m + 3.3333331174e-1
  let m2 = m * m
  return Float(bits &>> 23) * 0.69314718 + (m + (m2 * m * p + m2 * -0.5))
}

/// Quantile of the standard normal at (x + 1) / 2, which is √2 · erfinv(x), for w = -log(1 - x²) of at most 5.
///
/// Source: Giles M., "Approximating the erfinv function", GPU Computing Gems 2 (2010), single precision. Within 1e-6
/// inside four deviations and 3e-3 at five.
@inline(__always)
private func normalQuantile(_ x: Floats, _ w: Floats) -> Floats {
  let c = w - 2.5
  var p = Floats(repeating: 2.81022636e-08)
  p = p * c + 3.43273939e-07
  p = p * c + -3.5233877e-06
  p = p * c + -4.39150654e-06
  p = p * c + 0.00021858087
  p = p * c + -0.00125372503
  p = p * c + -0.00417768164
  p = p * c + 0.246640727
  p = p * c + 1.50140941
  return p * x * 1.41421356
}
