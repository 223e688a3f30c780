internal import CIntrinsics
internal import Circuits
internal import Glibc

/// Exact propagators of a leaky membrane over one step of length h.
///
/// They are computed with `exp` and `expm1` of the C library: all hosts of a cluster need the same one.
struct MembranePropagators {
  /// Decay of the potential.
  let p22: Double
  /// Potential per pA of constant current.
  let p20: Double
  private let capacitance: Double
  private let tau: Double
  private let step: Double

  init(_ population: Population, stepMilliseconds h: Double) {
    let parameters = population.parameters
    (capacitance, tau, step) = (parameters["C_m"] ?? 250, parameters["tau_m"] ?? 10, h)
    p22 = exp(-h / tau)
    p20 = -tau / capacitance * expm1(-h / tau)
  }

  /// Potential per pA of a current that decays with a time constant of its own, at the start of the step.
  ///
  /// The integral of exp(-(h - s)/tau_m) exp(-s/tau_syn) over the step is exp(-h/tau_m) (exp(h d) - 1)/d with
  /// d = 1/tau_m - 1/tau_syn; `expm1` keeps it exact while d tends to 0.
  func p21(synaptic: Double) -> Double {
    let d = (synaptic - tau) / (tau * synaptic)
    let integral = abs(step * d) < 1e-12 ? step * (1 + step * d / 2) : expm1(step * d) / d
    return p22 * integral / capacitance
  }
}

/// Threshold, reset and refractory time of a slice, potentials relative to the resting potential.
struct Threshold<Real: BinaryFloatingPoint> {
  let resting: Double
  let threshold: Real
  let reset: Real
  let refractorySteps: Int32

  init(_ population: Population, stepMilliseconds: Double) {
    let p = population.parameters
    resting = p["E_L"] ?? -70
    threshold = Real((p["V_th"] ?? -55) - resting)
    reset = Real((p["V_reset"] ?? -70) - resting)
    refractorySteps = Int32(StepGrid.nearest(p["t_ref"] ?? 2, stepMilliseconds: stepMilliseconds))
  }
}

/// Resets the neurons of a group of 64 places that reached the threshold, and lists those which are neurons.
///
/// A few in a hundred groups come here; padding places are reset unheard.
@inline(never)
func collectCrossings<Real: BinaryFloatingPoint>(
  _ v: UnsafeMutablePointer<Real>,
  _ freeAt: UnsafeMutablePointer<Int32>,
  _ limit: Threshold<Real>,
  clock: Int32,
  neurons: Int,
  firstID: Int,
  stride: Int,
  into list: UnsafeMutablePointer<UInt32>,
  from start: Int
) -> Int {
  var end = start
  for i in 0..<64 where unsafe v[i] >= limit.threshold {
    unsafe v[i] = limit.reset
    unsafe freeAt[i] = clock &+ 1 &+ limit.refractorySteps
    guard i < neurons else { continue }
    unsafe list[end] = UInt32(truncatingIfNeeded: firstID &+ i &* stride)
    end &+= 1
  }
  return end
}

/// The weighted Poisson input of four neurons from their packed counts.
@inline(__always)
func packedNoise(_ word: SIMD4<UInt32>, byte: UInt32, weight: SIMD4<Float>) -> SIMD4<Float> {
  let counts = (word &>> SIMD4(repeating: 8 &* byte)) & 255
  return synfire_floats(SIMD4<Int32>(truncatingIfNeeded: counts)) * weight
}

/// Words of state that leaky neurons share in snapshots: steps still refractory, from a clock.
@inline(__always)
func refractoryWord(_ freeAt: Int32, clock: Int32) -> UInt64 { UInt64(max(0, freeAt &- clock)) }

/// Moves refractory ends back with the tile's base; what is over stays over.
func rebase(_ freeAt: borrowing Column<Int32>, by steps: Int32) {
  for i in 0..<freeAt.count { freeAt[i] = max(freeAt[i] &- steps, 0) }
}
