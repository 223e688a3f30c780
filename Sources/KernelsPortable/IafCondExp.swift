internal import CIntrinsics
internal import KernelTypes

/// Advances `iaf_cond_exp` neurons by a step, by Magnus's expansion to its second term.
///
/// Unless refractory, V ← V + (B + c - K V) (1 - exp(-K)) / K; then G ← G · left + (noise + sum · quantum). Where K > 1, c is
/// left out, so that V stays between the reversal potentials.
func advanceIafCondExp(_ slice: borrowing IafCondExpSlice, _ noise: StepNoise, _ spikes: inout SpikeList) {
  switch noise.form {
  case .none: advance(slice, noise, .none, &spikes)
  case .counts: advance(slice, noise, .counts, &spikes)
  case .rows: advance(slice, noise, .rows, &spikes)
  }
}

/// The loop, of which the compiler makes one for each form of noise.
@inline(__always)
private func advance(
  _ slice: borrowing IafCondExpSlice,
  _ noise: StepNoise,
  _ form: NoiseForm,
  _ spikes: inout SpikeList
) {
  let (membrane, terms) = (slice.membrane, slice.terms)
  let quantum = Floats(repeating: membrane.quantum)
  let threshold = Floats(repeating: membrane.threshold)
  let weight = Floats(repeating: Float(noise.weight))
  let (v, drive) = unsafe (lanes(membrane.v), lanes(membrane.drive))
  let (ex, inh) = unsafe (lanes(slice.excitatory), lanes(slice.inhibitory))
  let (refractory, sums) = unsafe (lanes(membrane.refractory), lanes(membrane.sums))
  let sumsIn = unsafe lanes(slice.inhibitorySums)
  // What a form does not use is never read.
  let counts = unsafe noise.counts.map { unsafe lanes($0) }
  let noiseEx = unsafe noise.excitatory.map { unsafe $0.assumingMemoryBound(to: Floats.self) }
  let noiseIn = unsafe noise.inhibitory.map { unsafe $0.assumingMemoryBound(to: Floats.self) }
  for group in 0..<membrane.groups {
    var crossed = Integers.zero
    for b in group &* 4..<group &* 4 &+ 4 {
      let rest = unsafe refractory[b]
      unsafe refractory[b] = synfire_count_down(rest)
      let (u, e, n, d) = unsafe (v[b], ex[b], inh[b], drive[b])
      var arriving = unsafe synfire_floats16(sums[b]) * quantum
      var inhibiting = unsafe synfire_floats16(sumsIn[b]) * quantum
      switch form {
      case .none: break
      case .counts: unsafe arriving = synfire_bytes_as_floats(counts.unsafelyUnwrapped[b]) * weight + arriving
      case .rows:
        unsafe arriving = noiseEx.unsafelyUnwrapped[b] + arriving
        unsafe inhibiting = noiseIn.unsafelyUnwrapped[b] + inhibiting
      }
      unsafe (sums[b], sumsIn[b]) = (.zero, .zero)
      let decay = terms.leak + (e * terms.decayEx + n * terms.decayIn)
      let mean = d + (e * terms.meanEx + n * terms.meanIn)
      let bend = e * (terms.bendEx - d * terms.lagEx) + (n * (terms.bendIn - d * terms.lagIn) + e * n * terms.cross)
      var moved = u + ((mean + bend) - decay * u) * nearMeanDecay(decay)
      // Seldom: a conductance of the order of C / h.
      let isFar = synfire_less16(Floats(repeating: 1), decay)
      if synfire_sign_bits16(isFar) != 0 {
        moved = synfire_choose16(isFar, u + (mean - decay * u) * farMeanDecay(decay), moved)
      }
      unsafe ex[b] = e * terms.leftEx + arriving
      unsafe inh[b] = n * terms.leftIn - inhibiting
      let next = synfire_choose16(synfire_is_positive(rest), u, moved)
      unsafe v[b] = next
      crossed |= synfire_not_less16(next, threshold)
    }
    if synfire_sign_bits16(crossed) != 0 { collectCrossings(membrane, group: group, &spikes) }
  }
}

/// (1 - exp(-x)) / x from 0 to 1: a Taylor polynomial, right to 3e-8.
@inline(__always)
private func nearMeanDecay(_ x: Floats) -> Floats {
  var p = Floats(repeating: 1 / 362_880) - x * Float(1.0 / 3_628_800)
  p = Float(1.0 / 40_320) - x * p
  p = Float(1.0 / 5040) - x * p
  p = Float(1.0 / 720) - x * p
  p = Float(1.0 / 120) - x * p
  p = Float(1.0 / 24) - x * p
  p = Float(1.0 / 6) - x * p
  p = Float(0.5) - x * p
  return Float(1) - x * p
}

/// (1 - exp(-x)) / x from 1 on.
@inline(never)
private func farMeanDecay(_ x: Floats) -> Floats {
  // Beyond 80 the power is nothing beside 1. Adding `shift` leaves the nearest integer in the low bits of the sum.
  let y = -synfire_lesser16(x, Floats(repeating: 80))
  let shift: Float = 0x1.8p23
  let shifted = y * 1.442_695 + shift
  let k = shifted - shift
  let r = (y - k * 0x1.62e4p-1) - k * 0x1.7f7d1cp-20
  var p = r * Float(1.0 / 5040) + Float(1.0 / 720)
  p = p * r + Float(1.0 / 120)
  p = p * r + Float(1.0 / 24)
  p = p * r + Float(1.0 / 6)
  p = p * r + Float(0.5)
  p = p * r + Float(1)
  p = p * r + Float(1)
  let bits = unsafe unsafeBitCast(shifted, to: Words.self)
  let power = unsafe p * unsafeBitCast((bits &+ 127) &<< 23, to: Floats.self)
  return (Floats(repeating: 1) - power) / x
}
