internal import CIntrinsics
internal import KernelTypes

/// Lets a spike pass the synapses of a segment, and returns how many it left to the caller.
///
/// With S the sum of E over the target's spikes that facilitate, in a fixed order, and F that of the last one before:
/// w ← min(w + facilitation · S, greatest), then w ← max(w - depression · F, 0); the rounded weight goes to the target's sum.
/// No branch depends on data but the one for targets that fired more often than a line holds.
func passPlasticSegment(_ segment: borrowing PlasticSegment) -> Int {
  switch (segment.isFacilitationRelative, segment.isDepressionRelative) {
  case (false, false): pass(segment, facilitationIsRelative: false, depressionIsRelative: false)
  case (false, true): pass(segment, facilitationIsRelative: false, depressionIsRelative: true)
  case (true, false): pass(segment, facilitationIsRelative: true, depressionIsRelative: false)
  case (true, true): pass(segment, facilitationIsRelative: true, depressionIsRelative: true)
  }
}

/// The loop, of which the compiler makes one for each combination of constant arguments.
@inline(__always)
private func pass(
  _ segment: borrowing PlasticSegment,
  facilitationIsRelative: Bool,
  depressionIsRelative: Bool
) -> Int {
  let (targets, weights, lines) = unsafe (segment.targets, segment.weights, segment.lines)
  let (sums, rest) = unsafe (segment.sums, segment.rest)
  let (after, upTo) = (SIMD8<Float>(repeating: segment.after), SIMD8<Float>(repeating: segment.upTo))
  let (facilitation, depression) = (segment.facilitation, segment.depression)
  let (greatest, perUnit) = (segment.greatest, segment.perUnit)
  var left = 0
  for cell in 0..<segment.count {
    let target = unsafe Int(targets[cell])
    let line = unsafe UnsafeRawPointer(lines + target &* PlasticSegment.lineLength)
    let e = unsafe line.load(as: SIMD8<Float>.self)
    let f = unsafe line.load(fromByteOffset: 32, as: SIMD8<Float>.self)
    let later = synfire_less_of8(e, after)
    if synfire_sign_bits_of8(later) == 0xFF {
      unsafe rest[left] = UInt32(truncatingIfNeeded: cell)
      left &+= 1
      continue
    }
    let meant = later & ~synfire_less_of8(e, upTo)
    var weight = unsafe weights[cell]
    if facilitationIsRelative {
      weight += (greatest - weight) * (1 - synfire_product_of8(e * facilitation, meant))
    } else {
      weight += facilitation * synfire_sum_of8(e, meant)
    }
    weight = synfire_lesser(weight, greatest)
    let trace = depression * synfire_greatest_of8(f, synfire_less_of8(upTo, e))
    weight -= depressionIsRelative ? trace * weight : trace
    weight = synfire_greater(weight, 0)
    unsafe weights[cell] = weight
    // The shift constant leaves the nearest integer in the low bits, ties to even.
    let rounded = weight * perUnit + 0x1.8p23
    unsafe sums[target] &+= Int32(bitPattern: rounded.bitPattern &- 0x4B40_0000)
  }
  return left
}
