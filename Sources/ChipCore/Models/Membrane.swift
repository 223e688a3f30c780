internal import Circuits
internal import Glibc
internal import KernelTypes

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

  /// Potential per pA/ms of the derivative of an alpha-shaped current, at the start of the step.
  ///
  /// The integral of exp(-(h - s)/tau_m) s exp(-s/tau_syn) over the step is exp(-h/tau_m) (x e^x - (e^x - 1)) / d² with
  /// x = h d; a series takes over where that difference would lose digits.
  func p31(synaptic: Double) -> Double {
    let d = (synaptic - tau) / (tau * synaptic)
    let x = step * d
    if abs(x) > 0.5 { return p22 * (x * exp(x) - expm1(x)) / (d * d * capacitance) }
    // Σ x^k / (k! (k + 2)), of which the terms fall by more than a factor of k / |x|.
    var (sum, term, k) = (0.5, 1.0, 1.0)
    while k < 20 {
      term *= x / k
      sum += term / (k + 2)
      k += 1
    }
    return p22 * step * step * sum / capacitance
  }
}

/// Threshold, reset and refractory time of a slice, potentials relative to the resting potential.
struct Threshold<Real: BinaryFloatingPoint> {
  let resting: Double
  let threshold: Real
  let reset: Real
  let refractorySteps: UInt16

  init(_ population: Population, stepMilliseconds: Double) {
    let p = population.parameters
    resting = p["E_L"] ?? -70
    threshold = Real((p["V_th"] ?? -55) - resting)
    reset = Real((p["V_reset"] ?? -70) - resting)
    // The model's check refuses longer times; models without a refractory time never use this one.
    refractorySteps = UInt16(clamping: StepGrid.nearest(p["t_ref"] ?? 2, stepMilliseconds: stepMilliseconds))
  }
}
