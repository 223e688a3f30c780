internal import Circuits
internal import Glibc
internal import KernelTypes

extension ModelEntry {
  /// `iaf_cond_exp`.
  static let iafCondExp = ModelEntry(
    model: .iafCondExp,
    takesCurrents: true,
    listsAllSpikes: true,
    splitsSigns: { _ in true },
    alwaysSplits: true,
    perNeuron: ["I_e"],
    words: IafCondExpSingle.words,
    single: { IafCondExpSingle($0, $1) },
    double: { IafCondExpDouble($0, $1) }
  )
}

/// `iaf_cond_exp` in single precision.
///
/// With u = V_m - E_L the equation du/dt = -k(t) u + b(t) is linear. A step takes Magnus's expansion of it to the second
/// term, whose error is of the order h⁵: with K and B the integrals of k and b over the step, and c half the integral of
/// k(s) b(t) - k(t) b(s) over s < t < h, which differs from 0 because the conductances decay meanwhile,
///
///     u ← u + (B + c - K u) (1 - exp(-K)) / K
///
/// B, K and c are polynomials in g_ex, g_in and the current, whose coefficients are worked out once in double precision.
/// Where the membrane is faster than a step (K > 1) c is left out, so that u stays between the reversal potentials.
/// Source: Blanes S., Casas F., Oteo J. A. & Ros J., "The Magnus expansion and some of its applications", Physics Reports
/// 470 (2009).
@safe
final class IafCondExpSingle: LeakyGroup {
  static let words = IafCondExpDouble.words

  let state: LeakyState<Float>
  private let plan: TilePlan
  private let rows: InputRows<Int32, Float>
  private var slices: [IafCondExpSlice] = []

  init(_ plan: TilePlan, _ rows: InputRows<Int32, Float>) {
    (self.plan, self.rows) = (plan, rows)
    let h = plan.circuit.stepMilliseconds
    state = LeakyState(
      plan,
      words: Self.words,
      hasInhibitoryRows: true,
      drivePerCurrent: plan.slices.indices.map { h / (plan.population($0).parameters["C_m"] ?? 250) }
    )
    for (slice, place) in plan.slices.enumerated() {
      slices.append(
        unsafe IafCondExpSlice(
          membrane: state.membrane(slice, rows),
          terms: IafCondExpSlice.Terms(plan.population(slice), stepMilliseconds: h),
          excitatory: state.excitatory() + place.start,
          inhibitory: state.inhibitory() + place.start,
          inhibitorySums: rows.sums.base + rows.stride + place.start
        )
      )
    }
  }

  func advance(_ slices: Range<Int>, into spikes: inout SpikeList) {
    for slice in slices { plan.kernels.advanceIafCondExp(self.slices[slice], rows.slices[slice], &spikes) }
  }
}

extension IafCondExpSlice.Terms {
  /// Works out the terms of a population in double precision.
  fileprivate init(_ population: Population, stepMilliseconds h: Double) {
    let p = population.parameters
    let (tauEx, tauIn) = (p["tau_syn_ex"] ?? 0.2, p["tau_syn_in"] ?? 2)
    let (g, perC) = (p["g_L"] ?? 16.6667, 1 / (p["C_m"] ?? 250))
    let resting = Threshold<Float>(population, stepMilliseconds: h).resting
    let (toEx, toIn) = ((p["E_ex"] ?? 0) - resting, (p["E_in"] ?? -85) - resting)
    let drive = h * perC
    let (integralEx, integralIn) = (-tauEx * expm1(-h / tauEx), -tauIn * expm1(-h / tauIn))
    /// The integral of exp(-t/tau) - exp(-s/tau) over s < t < h.
    func lag(_ tau: Double) -> Double {
      let x = h / tau
      // -x³/6 + x⁴/12 - … where the difference would lose digits.
      return x < 0.01
        ? tau * tau * x * x * x * (-1 / 6 + x * (1 / 12 - x / 40)) : tau * tau * (2 - x - exp(-x) * (x + 2))
    }
    let half = perC * perC / 2
    let both = -tauEx * tauIn / (tauEx + tauIn) * expm1(-h * (1 / tauEx + 1 / tauIn))
    self.init(
      left: (Float(exp(-h / tauEx)), Float(exp(-h / tauIn))),
      leak: Float(g * h * perC),
      decay: (Float(integralEx * perC), Float(integralIn * perC)),
      mean: (Float(integralEx * perC * toEx), Float(integralIn * perC * toIn)),
      bend: (Float(half * g * toEx * lag(tauEx)), Float(half * g * toIn * lag(tauIn))),
      lag: (Float(half * lag(tauEx) / drive), Float(half * lag(tauIn) / drive)),
      cross: Float(half * (toIn - toEx) * (tauEx * (integralIn - both) - tauIn * (integralEx - both)))
    )
  }
}
