internal import CIntrinsics
internal import KernelTypes

/// Advances `iaf_psc_exp` neurons by a step.
///
/// Neurons with equal time constants keep one current, the sum of both, which is exact by linearity. Per step, with one
/// current: V ← V·P22 + (I·P21 + drive), I ← I·P11 + (noise + sum·quantum); with two: V ← V·P22 + (E·P21 + (N·P21' + drive)).
func advanceIafPscExp(_ slice: borrowing IafPscExpSlice<Float, Int32>, _ noise: StepNoise, _ spikes: inout SpikeList) {
  if unsafe slice.inhibitory == nil { advanceOne(slice, noise, &spikes) } else { advanceTwo(slice, noise, &spikes) }
}

// Apart and not inlined: one function with all ten loops is more than the compiler inlines into.

@inline(never)
private func advanceOne(_ slice: borrowing IafPscExpSlice<Float, Int32>, _ noise: StepNoise, _ spikes: inout SpikeList)
{
  switch (noise.form, slice.hasUniformDrive) {
  case (.none, false): advance(slice, noise, .none, uniform: false, two: false, &spikes)
  case (.none, true): advance(slice, noise, .none, uniform: true, two: false, &spikes)
  case (.counts, false): advance(slice, noise, .counts, uniform: false, two: false, &spikes)
  case (.counts, true): advance(slice, noise, .counts, uniform: true, two: false, &spikes)
  case (.rows, _): advanceOneByRows(slice, noise, &spikes)
  }
}

@inline(never)
private func advanceTwo(_ slice: borrowing IafPscExpSlice<Float, Int32>, _ noise: StepNoise, _ spikes: inout SpikeList)
{
  switch (noise.form, slice.hasUniformDrive) {
  case (.none, false): advance(slice, noise, .none, uniform: false, two: true, &spikes)
  case (.none, true): advance(slice, noise, .none, uniform: true, two: true, &spikes)
  case (.counts, false): advance(slice, noise, .counts, uniform: false, two: true, &spikes)
  case (.counts, true): advance(slice, noise, .counts, uniform: true, two: true, &spikes)
  case (.rows, _): advanceTwoByRows(slice, noise, &spikes)
  }
}

@inline(never)
private func advanceOneByRows(
  _ slice: borrowing IafPscExpSlice<Float, Int32>,
  _ noise: StepNoise,
  _ spikes: inout SpikeList
) {
  advance(slice, noise, .rows, uniform: false, two: false, &spikes)
}

@inline(never)
private func advanceTwoByRows(
  _ slice: borrowing IafPscExpSlice<Float, Int32>,
  _ noise: StepNoise,
  _ spikes: inout SpikeList
) {
  advance(slice, noise, .rows, uniform: false, two: true, &spikes)
}

/// The loop, of which the compiler makes one for each combination of constant arguments.
@inline(__always)
private func advance(
  _ slice: borrowing IafPscExpSlice<Float, Int32>,
  _ noise: StepNoise,
  _ form: NoiseForm,
  uniform: Bool,
  two: Bool,
  _ spikes: inout SpikeList
) {
  let membrane = slice.membrane
  let p22 = Floats(repeating: slice.p22)
  let (p11Ex, p11In) = (Floats(repeating: slice.p11Ex), Floats(repeating: slice.p11In))
  let (p21Ex, p21In) = (Floats(repeating: slice.p21Ex), Floats(repeating: slice.p21In))
  let quantum = Floats(repeating: membrane.quantum)
  let threshold = Floats(repeating: membrane.threshold)
  let steady = unsafe Floats(repeating: membrane.drive[0])
  let weight = Floats(repeating: Float(noise.weight))
  let (v, ex, drive) = unsafe (lanes(membrane.v), lanes(slice.excitatory), lanes(membrane.drive))
  let (refractory, sums) = unsafe (lanes(membrane.refractory), lanes(membrane.sums))
  // What a form does not use is never read.
  let inh = unsafe slice.inhibitory.map { unsafe lanes($0) } ?? ex
  let sumsIn = unsafe slice.inhibitorySums.map { unsafe lanes($0) } ?? sums
  let counts = unsafe noise.counts.map { unsafe lanes($0) }
  let noiseEx = unsafe noise.excitatory.map { unsafe $0.assumingMemoryBound(to: Floats.self) }
  let noiseIn = unsafe noise.inhibitory.map { unsafe $0.assumingMemoryBound(to: Floats.self) }
  for group in 0..<membrane.groups {
    var crossed = Integers.zero
    @inline(__always) func sixteen(_ b: Int) {
      let rest = unsafe refractory[b]
      unsafe refractory[b] = synfire_count_down(rest)
      let (old, current) = unsafe (v[b], ex[b])
      var arriving = unsafe synfire_floats16(sums[b]) * quantum
      switch form {
      case .none: break
      case .counts: unsafe arriving = synfire_bytes_as_floats(counts.unsafelyUnwrapped[b]) * weight + arriving
      case .rows: unsafe arriving = noiseEx.unsafelyUnwrapped[b] + arriving
      }
      unsafe sums[b] = .zero
      let driven = unsafe uniform ? steady : drive[b]
      var next: Floats
      if two {
        let other = unsafe inh[b]
        next = old * p22 + (current * p21Ex + (other * p21In + driven))
        var inhibition = unsafe synfire_floats16(sumsIn[b]) * quantum
        if form == .rows { unsafe inhibition = noiseIn.unsafelyUnwrapped[b] + inhibition }
        unsafe sumsIn[b] = .zero
        unsafe inh[b] = other * p11In + inhibition
      } else {
        next = old * p22 + (current * p21Ex + driven)
      }
      unsafe ex[b] = current * p11Ex + arriving
      next = synfire_choose16(synfire_is_positive(rest), old, next)
      unsafe v[b] = next
      crossed |= synfire_not_less16(next, threshold)
    }
    let b = group &* 4
    sixteen(b)
    sixteen(b &+ 1)
    sixteen(b &+ 2)
    sixteen(b &+ 3)
    if synfire_sign_bits16(crossed) != 0 {
      collectCrossings(membrane, group: group, &spikes)
    }
  }
}
