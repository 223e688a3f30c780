internal import Circuits
internal import Glibc
internal import KernelTypes

/// Propagators of an alpha-shaped current over one step of length h.
struct AlphaPropagators {
  /// Decay of the current and of its derivative.
  let p11: Double
  /// Current per derivative.
  let p21: Double
  /// Potential per derivative, and per current, at the start of the step.
  let p31, p32: Double
  /// What a weight of 1 adds to the derivative, so that the current peaks at 1.
  let jump: Double

  init(_ membrane: MembranePropagators, synaptic tau: Double, stepMilliseconds h: Double) {
    p11 = exp(-h / tau)
    p21 = h * p11
    p31 = membrane.p31(synaptic: tau)
    p32 = membrane.p21(synaptic: tau)
    jump = exp(1) / tau
  }
}

/// `iaf_psc_alpha` in double precision, in the order of operations of NEST's: for comparison, not for speed.
@safe
final class IafPscAlphaDouble: LeakyGroup {
  static let words = LeakyState<Double>.words(["dI_syn_ex", "I_syn_ex"], ["dI_syn_in", "I_syn_in"])

  private struct Constants {
    let expm1Membrane, least: Double
    let ex, inh: AlphaPropagators
    let limit: Threshold<Double>
  }

  let state: LeakyState<Double>
  private let plan: TilePlan
  private let rows: InputRows<Int64, Double>
  private let constants: [Constants]

  init(_ plan: TilePlan, _ rows: InputRows<Int64, Double>) {
    (self.plan, self.rows) = (plan, rows)
    let h = plan.circuit.stepMilliseconds
    let propagators = plan.slices.indices.map { MembranePropagators(plan.population($0), stepMilliseconds: h) }
    state = LeakyState(
      plan,
      words: Self.words,
      hasInhibitoryRows: true,
      drivePerCurrent: propagators.map(\.p20)
    )
    constants = plan.slices.indices.map { slice in
      let parameters = plan.population(slice).parameters
      let limit = Threshold<Double>(plan.population(slice), stepMilliseconds: h)
      func alpha(_ name: String) -> AlphaPropagators {
        AlphaPropagators(propagators[slice], synaptic: parameters[name] ?? 2, stepMilliseconds: h)
      }
      return Constants(
        expm1Membrane: expm1(-h / (parameters["tau_m"] ?? 10)),
        least: (parameters["V_min"] ?? -.infinity) - limit.resting,
        ex: alpha("tau_syn_ex"),
        inh: alpha("tau_syn_in"),
        limit: limit
      )
    }
  }

  func advance(_ slices: Range<Int>, into spikes: inout SpikeList) {
    for slice in slices {
      let (place, c) = (plan.slices[slice], constants[slice])
      let (v, dEx, ex) = unsafe (state.v, state.excitatory(0), state.excitatory(1))
      let (dIn, inh) = unsafe (state.inhibitory(0), state.inhibitory(1))
      let (drive, refractory) = unsafe (state.drive.base, state.refractory.base)
      let sums = unsafe rows.sums.base
      let noise = rows.slices[slice]
      for k in 0..<place.slice.count {
        let i = place.start + k
        let rest = unsafe refractory[i]
        unsafe refractory[i] = rest > 0 ? rest - 1 : 0
        if rest == 0 {
          let synaptic = unsafe c.ex.p31 * dEx[i] + c.ex.p32 * ex[i] + c.inh.p31 * dIn[i] + c.inh.p32 * inh[i]
          unsafe v[i] = max(drive[i] + synaptic + c.expm1Membrane * v[i] + v[i], c.least)
        }
        var arriving = unsafe Double(sums[i]) * fixedPointUnit
        var inhibiting = unsafe Double(sums[rows.stride + i]) * fixedPointUnit
        unsafe sums[i] = 0
        unsafe sums[rows.stride + i] = 0
        let noise = noise.input(of: k, as: Double.self)
        (arriving, inhibiting) = (arriving + noise.first, inhibiting + noise.second)
        unsafe ex[i] = c.ex.p21 * dEx[i] + c.ex.p11 * ex[i]
        unsafe dEx[i] = dEx[i] * c.ex.p11 + c.ex.jump * arriving
        unsafe inh[i] = c.inh.p21 * dIn[i] + c.inh.p11 * inh[i]
        unsafe dIn[i] = dIn[i] * c.inh.p11 + c.inh.jump * inhibiting
        if unsafe v[i] >= c.limit.threshold {
          unsafe v[i] = c.limit.reset
          unsafe refractory[i] = c.limit.refractorySteps
          spikes.append(UInt32(truncatingIfNeeded: place.id(k)))
        }
      }
    }
  }
}
