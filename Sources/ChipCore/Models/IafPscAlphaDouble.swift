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
final class IafPscAlphaDouble: NeuronGroup {
  static let words = ["V_m", "dI_syn_ex", "I_syn_ex", "dI_syn_in", "I_syn_in", "refractory"]

  private struct Constants {
    let p30, expm1Membrane, least: Double
    let ex, inh: AlphaPropagators
    let limit: Threshold<Double>
  }

  private let plan: TilePlan
  private let rows: InputRows<Int64, Double>
  private let constants: [Constants]
  private let v: Column<Double>
  private let risingEx: Column<Double>
  private let excitatory: Column<Double>
  private let risingIn: Column<Double>
  private let inhibitory: Column<Double>
  private let drive: Column<Double>
  private let refractory: Column<UInt16>

  init(_ plan: TilePlan, _ rows: InputRows<Int64, Double>) {
    (self.plan, self.rows) = (plan, rows)
    constants = plan.slices.indices.map { slice in
      let population = plan.population(slice)
      let h = plan.circuit.stepMilliseconds
      let propagators = MembranePropagators(population, stepMilliseconds: h)
      let limit = Threshold<Double>(population, stepMilliseconds: h)
      func alpha(_ name: String) -> AlphaPropagators {
        AlphaPropagators(propagators, synaptic: population.parameters[name] ?? 2, stepMilliseconds: h)
      }
      return Constants(
        p30: propagators.p20,
        expm1Membrane: expm1(-h / (population.parameters["tau_m"] ?? 10)),
        least: (population.parameters["V_min"] ?? -.infinity) - limit.resting,
        ex: alpha("tau_syn_ex"),
        inh: alpha("tau_syn_in"),
        limit: limit
      )
    }
    v = Column(plan.width)
    risingEx = Column(plan.width)
    excitatory = Column(plan.width)
    risingIn = Column(plan.width)
    inhibitory = Column(plan.width)
    drive = Column(plan.width)
    refractory = Column(plan.width)
  }

  func advance(_ slices: Range<Int>, into spikes: inout SpikeList) {
    for slice in slices {
      let (place, c) = (plan.slices[slice], constants[slice])
      let (v, dEx, ex) = unsafe (self.v.base, risingEx.base, excitatory.base)
      let (dIn, inh) = unsafe (risingIn.base, inhibitory.base)
      let sums = unsafe rows.sums.base
      let noise = rows.slices[slice]
      for k in 0..<place.slice.count {
        let i = place.start + k
        let rest = refractory[i]
        refractory[i] = rest > 0 ? rest - 1 : 0
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
          refractory[i] = c.limit.refractorySteps
          spikes.append(UInt32(truncatingIfNeeded: place.id(k)))
        }
      }
    }
  }

  func setCurrents(_ currents: [Double], of slice: Int) {
    for (k, current) in currents.enumerated() {
      drive[plan.slices[slice].start + k] = constants[slice].p30 * current
    }
  }

  func value(_ variable: String, of local: Int, in slice: Int) -> Double {
    switch variable {
    case "V_m": v[local] + constants[slice].limit.resting
    case "I_syn_ex": excitatory[local]
    case "I_syn_in": inhibitory[local]
    default: preconditionFailure("iaf_psc_alpha has no variable \(variable)")
    }
  }

  func setValue(_ variable: String, to value: Double, of local: Int, in slice: Int) {
    switch variable {
    case "V_m": v[local] = value - constants[slice].limit.resting
    case "I_syn_ex": excitatory[local] = value
    case "I_syn_in": inhibitory[local] = value
    default: preconditionFailure("iaf_psc_alpha has no variable \(variable)")
    }
  }

  func word(_ index: Int, of local: Int) -> UInt64 {
    switch index {
    case 0: v[local].bitPattern
    case 1: risingEx[local].bitPattern
    case 2: excitatory[local].bitPattern
    case 3: risingIn[local].bitPattern
    case 4: inhibitory[local].bitPattern
    default: UInt64(refractory[local])
    }
  }

  func setWord(_ index: Int, to word: UInt64, of local: Int) {
    switch index {
    case 0: v[local] = Double(bitPattern: word)
    case 1: risingEx[local] = Double(bitPattern: word)
    case 2: excitatory[local] = Double(bitPattern: word)
    case 3: risingIn[local] = Double(bitPattern: word)
    case 4: inhibitory[local] = Double(bitPattern: word)
    default: refractory[local] = UInt16(truncatingIfNeeded: word)
    }
  }
}
