internal import CIntrinsics
internal import KernelTypes

/// Advances `iaf_psc_exp` neurons in double precision by a step, in the order of operations of NEST's.
///
/// V ← V·P22 + E·P21 + N·P21' + I·P20, E ← E·P11 + sum·unit (+ noise), N alike; the drive is the product I·P20.
func advanceIafPscExpDouble(
  _ slice: borrowing IafPscExpSlice<Double, Int64>,
  _ noise: StepNoise,
  _ spikes: inout SpikeList
) {
  switch noise.form {
  case .none: advance(slice, noise, .none, &spikes)
  case .counts: advance(slice, noise, .counts, &spikes)
  case .rows: advance(slice, noise, .rows, &spikes)
  }
}

/// The loop, of which the compiler makes one for each form of noise.
@inline(__always)
private func advance(
  _ slice: borrowing IafPscExpSlice<Double, Int64>,
  _ noise: StepNoise,
  _ form: NoiseForm,
  _ spikes: inout SpikeList
) {
  let membrane = slice.membrane
  let p22 = Doubles(repeating: slice.p22)
  let (p11Ex, p11In) = (Doubles(repeating: slice.p11Ex), Doubles(repeating: slice.p11In))
  let (p21Ex, p21In) = (Doubles(repeating: slice.p21Ex), Doubles(repeating: slice.p21In))
  let unit = Doubles(repeating: membrane.quantum)
  let threshold = Doubles(repeating: membrane.threshold)
  let weight = Doubles(repeating: noise.weight)
  let (v, ex, drive) = unsafe (lanes(membrane.v), lanes(slice.excitatory), lanes(membrane.drive))
  let sums = unsafe lanes(membrane.sums)
  let refractory = unsafe UnsafeMutableRawPointer(membrane.refractory).assumingMemoryBound(to: SIMD8<UInt16>.self)
  guard let inhibitory = unsafe slice.inhibitory, let inhibitorySums = unsafe slice.inhibitorySums else { return }
  let (inh, sumsIn) = unsafe (lanes(inhibitory), lanes(inhibitorySums))
  let counts = unsafe noise.counts.map { unsafe UnsafeRawPointer($0).assumingMemoryBound(to: SIMD8<UInt8>.self) }
  let rowEx = unsafe noise.excitatory.map { unsafe $0.assumingMemoryBound(to: Doubles.self) }
  let rowIn = unsafe noise.inhibitory.map { unsafe $0.assumingMemoryBound(to: Doubles.self) }
  for group in 0..<membrane.groups {
    var crossed = Longs.zero
    for b in group &* 8..<group &* 8 &+ 8 {
      let rest = unsafe refractory[b]
      unsafe refractory[b] = synfire_count_down8(rest)
      let (old, e, n) = unsafe (v[b], ex[b], inh[b])
      let moved = unsafe ((old * p22 + e * p21Ex) + n * p21In) + drive[b]
      var nextEx = unsafe e * p11Ex + synfire_doubles8(sums[b]) * unit
      var nextIn = unsafe n * p11In + synfire_doubles8(sumsIn[b]) * unit
      switch form {
      case .none: break
      case .counts: unsafe nextEx += synfire_bytes_as_doubles(counts.unsafelyUnwrapped[b]) * weight
      case .rows:
        unsafe nextEx += rowEx.unsafelyUnwrapped[b]
        unsafe nextIn += rowIn.unsafelyUnwrapped[b]
      }
      unsafe (sums[b], sumsIn[b]) = (.zero, .zero)
      unsafe (ex[b], inh[b]) = (nextEx, nextIn)
      let next = synfire_choose8(synfire_is_positive8(rest), old, moved)
      unsafe v[b] = next
      crossed |= synfire_not_less8(next, threshold)
    }
    if synfire_sign_bits8(crossed) != 0 { collectCrossings(membrane, group: group, &spikes) }
  }
}

/// Advances `iaf_psc_delta` neurons in double precision by a step, in the order of operations of NEST's.
///
/// Unless refractory, V ← max(I·P20 + V·P22 + (sum·unit + noise), V_min); the drive is the product I·P20.
func advanceIafPscDeltaDouble(
  _ slice: borrowing IafPscDeltaSlice<Double, Int64>,
  _ noise: StepNoise,
  _ spikes: inout SpikeList
) {
  switch noise.form {
  case .none: advance(slice, noise, .none, &spikes)
  case .counts: advance(slice, noise, .counts, &spikes)
  case .rows: advance(slice, noise, .rows, &spikes)
  }
}

/// The loop, of which the compiler makes one for each form of noise.
@inline(__always)
private func advance(
  _ slice: borrowing IafPscDeltaSlice<Double, Int64>,
  _ noise: StepNoise,
  _ form: NoiseForm,
  _ spikes: inout SpikeList
) {
  let membrane = slice.membrane
  let (p22, least) = (Doubles(repeating: slice.p22), Doubles(repeating: slice.least))
  let unit = Doubles(repeating: membrane.quantum)
  let threshold = Doubles(repeating: membrane.threshold)
  let weight = Doubles(repeating: noise.weight)
  let (v, drive, sums) = unsafe (lanes(membrane.v), lanes(membrane.drive), lanes(membrane.sums))
  let refractory = unsafe UnsafeMutableRawPointer(membrane.refractory).assumingMemoryBound(to: SIMD8<UInt16>.self)
  let counts = unsafe noise.counts.map { unsafe UnsafeRawPointer($0).assumingMemoryBound(to: SIMD8<UInt8>.self) }
  let row = unsafe noise.excitatory.map { unsafe $0.assumingMemoryBound(to: Doubles.self) }
  for group in 0..<membrane.groups {
    var crossed = Longs.zero
    for b in group &* 8..<group &* 8 &+ 8 {
      let rest = unsafe refractory[b]
      unsafe refractory[b] = synfire_count_down8(rest)
      let old = unsafe v[b]
      var arriving = unsafe synfire_doubles8(sums[b]) * unit
      switch form {
      case .none: break
      case .counts: unsafe arriving += synfire_bytes_as_doubles(counts.unsafelyUnwrapped[b]) * weight
      case .rows: unsafe arriving += row.unsafelyUnwrapped[b]
      }
      unsafe sums[b] = .zero
      let moved = unsafe synfire_greater8((drive[b] + old * p22) + arriving, least)
      let next = synfire_choose8(synfire_is_positive8(rest), old, moved)
      unsafe v[b] = next
      crossed |= synfire_not_less8(next, threshold)
    }
    if synfire_sign_bits8(crossed) != 0 { collectCrossings(membrane, group: group, &spikes) }
  }
}
