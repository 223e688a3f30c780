internal import CIntrinsics
internal import KernelTypes

/// Resets the neurons of a group of 64 places that reached the threshold, and lists those which are neurons.
///
/// A few in a hundred groups come here; the loops above only test whether one must.
@inline(never)
func collectCrossings(_ slice: LeakySlice<Float, Int32>, group: Int, _ spikes: inout SpikeList) {
  let v = unsafe lanes(slice.v)
  let threshold = Floats(repeating: slice.threshold)
  for q in group &* 4..<group &* 4 &+ 4 {
    var bits = unsafe synfire_sign_bits16(synfire_not_less16(v[q], threshold))
    while bits != 0 {
      let place = q &* 16 &+ bits.trailingZeroBitCount
      bits &= bits &- 1
      unsafe slice.v[place] = slice.reset
      unsafe slice.refractory[place] = slice.refractorySteps
      if place < slice.count {
        spikes.append(slice.firstID &+ UInt32(truncatingIfNeeded: place) &* slice.stride)
      }
    }
  }
}

/// Resets the neurons of a group of 64 places that reached the threshold, and lists those which are neurons.
///
/// A few in a hundred groups come here; the loops above only test whether one must.
@inline(never)
func collectCrossings(_ slice: LeakySlice<Double, Int64>, group: Int, _ spikes: inout SpikeList) {
  let v = unsafe lanes(slice.v)
  let threshold = Doubles(repeating: slice.threshold)
  for q in group &* 8..<group &* 8 &+ 8 {
    var bits = unsafe synfire_sign_bits8(synfire_not_less8(v[q], threshold))
    while bits != 0 {
      let place = q &* 8 &+ bits.trailingZeroBitCount
      bits &= bits &- 1
      unsafe slice.v[place] = slice.reset
      unsafe slice.refractory[place] = slice.refractorySteps
      if place < slice.count {
        spikes.append(slice.firstID &+ UInt32(truncatingIfNeeded: place) &* slice.stride)
      }
    }
  }
}
