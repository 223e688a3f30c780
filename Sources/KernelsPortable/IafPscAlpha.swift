internal import CIntrinsics
internal import KernelTypes

/// Advances `iaf_psc_alpha` neurons by a step.
///
/// Neurons with equal time constants keep one current, the sum of both, which is exact by linearity. Per step, unless
/// refractory: V ← max(V·P22 + (((D·P31 + E·P32) + (D'·P31' + N·P32')) + drive), V_min); then E ← D·P21 + E·P11,
/// D ← D·P11 + jump · (noise + sum·quantum), N and D' alike.
func advanceIafPscAlpha(_ slice: borrowing IafPscAlphaSlice, _ noise: StepNoise, _ spikes: inout SpikeList) {
  if slice.inhibitory == nil { advanceOne(slice, noise, &spikes) } else { advanceTwo(slice, noise, &spikes) }
}

@inline(never)
private func advanceOne(_ slice: borrowing IafPscAlphaSlice, _ noise: StepNoise, _ spikes: inout SpikeList) {
  switch noise.form {
  case .none: advance(slice, slice.excitatory, noise, .none, two: false, &spikes)
  case .counts: advance(slice, slice.excitatory, noise, .counts, two: false, &spikes)
  case .rows: advance(slice, slice.excitatory, noise, .rows, two: false, &spikes)
  }
}

@inline(never)
private func advanceTwo(_ slice: borrowing IafPscAlphaSlice, _ noise: StepNoise, _ spikes: inout SpikeList) {
  guard let inhibitory = slice.inhibitory else { return }
  switch noise.form {
  case .none: advance(slice, inhibitory, noise, .none, two: true, &spikes)
  case .counts: advance(slice, inhibitory, noise, .counts, two: true, &spikes)
  case .rows: advance(slice, inhibitory, noise, .rows, two: true, &spikes)
  }
}

/// The propagators of a current, sixteen times each.
private struct CurrentLanes {
  let p11, p21, p31, p32, jump: Floats

  @inline(__always)
  init(_ current: IafPscAlphaSlice.Current) {
    (p11, p21) = (Floats(repeating: current.p11), Floats(repeating: current.p21))
    (p31, p32) = (Floats(repeating: current.p31), Floats(repeating: current.p32))
    jump = Floats(repeating: current.jump)
  }
}

/// The loop, of which the compiler makes one for each combination of constant arguments; `inhibitory` is read only with two.
@inline(__always)
private func advance(
  _ slice: borrowing IafPscAlphaSlice,
  _ inhibitory: IafPscAlphaSlice.Current,
  _ noise: StepNoise,
  _ form: NoiseForm,
  two: Bool,
  _ spikes: inout SpikeList
) {
  let (membrane, excitatory) = (slice.membrane, slice.excitatory)
  let (x, y) = (CurrentLanes(excitatory), CurrentLanes(inhibitory))
  let (p22, least) = (Floats(repeating: slice.p22), Floats(repeating: slice.least))
  let quantum = Floats(repeating: membrane.quantum)
  let threshold = Floats(repeating: membrane.threshold)
  let weight = Floats(repeating: Float(noise.weight))
  let (v, drive, refractory) = unsafe (lanes(membrane.v), lanes(membrane.drive), lanes(membrane.refractory))
  let (rising, ex, sums) = unsafe (lanes(excitatory.rising), lanes(excitatory.current), lanes(excitatory.sums))
  let (risingIn, inh, sumsIn) = unsafe (lanes(inhibitory.rising), lanes(inhibitory.current), lanes(inhibitory.sums))
  // What a form does not use is never read.
  let counts = unsafe noise.counts.map { unsafe lanes($0) }
  let noiseEx = unsafe noise.excitatory.map { unsafe $0.assumingMemoryBound(to: Floats.self) }
  let noiseIn = unsafe noise.inhibitory.map { unsafe $0.assumingMemoryBound(to: Floats.self) }
  for group in 0..<membrane.groups {
    var crossed = Integers.zero
    for b in group &* 4..<group &* 4 &+ 4 {
      let rest = unsafe refractory[b]
      unsafe refractory[b] = synfire_count_down(rest)
      let (old, slope, current) = unsafe (v[b], rising[b], ex[b])
      var arriving = unsafe synfire_floats16(sums[b]) * quantum
      switch form {
      case .none: break
      case .counts: unsafe arriving = synfire_bytes_as_floats(counts.unsafelyUnwrapped[b]) * weight + arriving
      case .rows: unsafe arriving = noiseEx.unsafelyUnwrapped[b] + arriving
      }
      unsafe sums[b] = .zero
      var input = x.p31 * slope + x.p32 * current
      if two {
        let (otherSlope, other) = unsafe (risingIn[b], inh[b])
        var inhibiting = unsafe synfire_floats16(sumsIn[b]) * quantum
        if form == .rows { unsafe inhibiting = noiseIn.unsafelyUnwrapped[b] + inhibiting }
        unsafe sumsIn[b] = .zero
        input = input + (y.p31 * otherSlope + y.p32 * other)
        unsafe inh[b] = y.p21 * otherSlope + y.p11 * other
        unsafe risingIn[b] = otherSlope * y.p11 + y.jump * inhibiting
      }
      let moved = unsafe synfire_greater16(old * p22 + (input + drive[b]), least)
      unsafe ex[b] = x.p21 * slope + x.p11 * current
      unsafe rising[b] = slope * x.p11 + x.jump * arriving
      let next = synfire_choose16(synfire_is_positive(rest), old, moved)
      unsafe v[b] = next
      crossed |= synfire_not_less16(next, threshold)
    }
    if synfire_sign_bits16(crossed) != 0 { collectCrossings(membrane, group: group, &spikes) }
  }
}
