internal import CIntrinsics
internal import KernelTypes

/// Advances `iaf_psc_delta` neurons by a step: unless refractory, V ← max((V·P22 + drive) + (noise + sum·quantum), V_min).
func advanceIafPscDelta(
  _ slice: borrowing IafPscDeltaSlice<Float, Int32>,
  _ noise: StepNoise,
  _ spikes: inout SpikeList
) {
  switch (noise.form, slice.hasUniformDrive) {
  case (.none, false): advance(slice, noise, .none, uniform: false, &spikes)
  case (.none, true): advance(slice, noise, .none, uniform: true, &spikes)
  case (.counts, false): advance(slice, noise, .counts, uniform: false, &spikes)
  case (.counts, true): advance(slice, noise, .counts, uniform: true, &spikes)
  case (.rows, _): advance(slice, noise, .rows, uniform: false, &spikes)
  }
}

/// The loop, of which the compiler makes one for each combination of constant arguments.
@inline(__always)
private func advance(
  _ slice: borrowing IafPscDeltaSlice<Float, Int32>,
  _ noise: StepNoise,
  _ form: NoiseForm,
  uniform: Bool,
  _ spikes: inout SpikeList
) {
  let membrane = slice.membrane
  let (p22, least) = (Floats(repeating: slice.p22), Floats(repeating: slice.least))
  let quantum = Floats(repeating: membrane.quantum)
  let threshold = Floats(repeating: membrane.threshold)
  let steady = unsafe Floats(repeating: membrane.drive[0])
  let weight = Floats(repeating: Float(noise.weight))
  let (v, drive) = unsafe (lanes(membrane.v), lanes(membrane.drive))
  let (refractory, sums) = unsafe (lanes(membrane.refractory), lanes(membrane.sums))
  // What a form does not use is never read.
  let counts = unsafe noise.counts.map { unsafe lanes($0) }
  let row = unsafe noise.excitatory.map { unsafe $0.assumingMemoryBound(to: Floats.self) }
  for group in 0..<membrane.groups {
    var crossed = Integers.zero
    @inline(__always) func sixteen(_ b: Int) {
      let rest = unsafe refractory[b]
      unsafe refractory[b] = synfire_count_down(rest)
      let old = unsafe v[b]
      var arriving = unsafe synfire_floats16(sums[b]) * quantum
      switch form {
      case .none: break
      case .counts: unsafe arriving = synfire_bytes_as_floats(counts.unsafelyUnwrapped[b]) * weight + arriving
      case .rows: unsafe arriving = row.unsafelyUnwrapped[b] + arriving
      }
      unsafe sums[b] = .zero
      let driven = unsafe uniform ? steady : drive[b]
      let moved = synfire_greater16((old * p22 + driven) + arriving, least)
      let next = synfire_choose16(synfire_is_positive(rest), old, moved)
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
