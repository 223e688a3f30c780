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
final class IafCondExpSingle: NeuronGroup {
  static let words = IafCondExpDouble.words

  struct Constants {
    /// Decay of the conductances over a step.
    let leftEx, leftIn: Float
    /// K = leak + g_ex · decayEx + g_in · decayIn.
    let leak, decayEx, decayIn: Float
    /// B = d + g_ex · meanEx + g_in · meanIn with d = I · drive.
    let meanEx, meanIn: Float
    /// c = g_ex (bendEx - d · lagEx) + g_in (bendIn - d · lagIn) + g_ex g_in · cross.
    let bendEx, bendIn, lagEx, lagIn, cross: Float
    let drive: Double
    let quantum: Float
    let limit: Threshold<Float>

    init(_ plan: TilePlan, slice: Int) {
      let population = plan.population(slice)
      let (h, p) = (plan.circuit.stepMilliseconds, population.parameters)
      let (tauEx, tauIn) = (p["tau_syn_ex"] ?? 0.2, p["tau_syn_in"] ?? 2)
      let (g, perC) = (p["g_L"] ?? 16.6667, 1 / (p["C_m"] ?? 250))
      limit = Threshold(population, stepMilliseconds: h)
      let (toEx, toIn) = ((p["E_ex"] ?? 0) - limit.resting, (p["E_in"] ?? -85) - limit.resting)
      quantum = Float(plan.slices[slice].quantum)
      drive = h * perC
      (leftEx, leftIn) = (Float(exp(-h / tauEx)), Float(exp(-h / tauIn)))
      let (integralEx, integralIn) = (-tauEx * expm1(-h / tauEx), -tauIn * expm1(-h / tauIn))
      leak = Float(g * h * perC)
      (decayEx, decayIn) = (Float(integralEx * perC), Float(integralIn * perC))
      /// The integral of exp(-t/tau) - exp(-s/tau) over s < t < h.
      func lag(_ tau: Double) -> Double {
        let x = h / tau
        // -x³/6 + x⁴/12 - … where the difference would lose digits.
        return x < 0.01
          ? tau * tau * x * x * x * (-1 / 6 + x * (1 / 12 - x / 40)) : tau * tau * (2 - x - exp(-x) * (x + 2))
      }
      let half = perC * perC / 2
      (meanEx, meanIn) = (Float(integralEx * perC * toEx), Float(integralIn * perC * toIn))
      (bendEx, bendIn) = (Float(half * g * toEx * lag(tauEx)), Float(half * g * toIn * lag(tauIn)))
      (lagEx, lagIn) = (Float(half * lag(tauEx) / drive), Float(half * lag(tauIn) / drive))
      let both = -tauEx * tauIn / (tauEx + tauIn) * expm1(-h * (1 / tauEx + 1 / tauIn))
      cross = Float(half * (toIn - toEx) * (tauEx * (integralIn - both) - tauIn * (integralEx - both)))
    }
  }

  private let plan: TilePlan
  private let rows: InputRows<Int32, Float>
  private let constants: [Constants]
  private let v: Column<Float>
  private let excitatory: Column<Float>
  private let inhibitory: Column<Float>
  private let drive: Column<Float>
  private let refractory: Column<UInt16>

  init(_ plan: TilePlan, _ rows: InputRows<Int32, Float>) {
    (self.plan, self.rows) = (plan, rows)
    constants = plan.slices.indices.map { Constants(plan, slice: $0) }
    v = Column(plan.width)
    excitatory = Column(plan.width)
    inhibitory = Column(plan.width)
    drive = Column(plan.width)
    refractory = Column(plan.width)
  }

  func advance(_ slices: Range<Int>, into spikes: inout SpikeList) {
    for slice in slices {
      let (place, c) = (plan.slices[slice], constants[slice])
      let (v, ex, inh, drive) = unsafe (self.v.base, excitatory.base, inhibitory.base, self.drive.base)
      let (refractory, sums, sumsIn) = unsafe (
        self.refractory.base, rows.sums.base, rows.sums.base + rows.stride
      )
      let noise = rows.slices[slice]
      for k in 0..<place.slice.count {
        let i = place.start &+ k
        let input = noise.input(of: k, as: Float.self)
        let arriving = unsafe input.first + Float(sums[i]) * c.quantum
        let inhibiting = unsafe input.second + Float(sumsIn[i]) * c.quantum
        unsafe (sums[i], sumsIn[i]) = (0, 0)
        let (u, e, n, d) = unsafe (v[i], ex[i], inh[i], drive[i])
        let rest = unsafe refractory[i]
        unsafe refractory[i] = rest > 0 ? rest - 1 : 0
        if rest == 0 {
          let decay = c.leak + (e * c.decayEx + n * c.decayIn)
          let mean = d + (e * c.meanEx + n * c.meanIn)
          let bend = e * (c.bendEx - d * c.lagEx) + n * (c.bendIn - d * c.lagIn) + e * n * c.cross
          let pull = decay > 1 ? mean : mean + bend
          unsafe v[i] = u + (pull - decay * u) * meanDecay(decay)
        }
        unsafe ex[i] = e * c.leftEx + arriving
        unsafe inh[i] = n * c.leftIn - inhibiting
        if unsafe v[i] >= c.limit.threshold {
          unsafe v[i] = c.limit.reset
          unsafe refractory[i] = c.limit.refractorySteps
          spikes.append(UInt32(truncatingIfNeeded: place.id(k)))
        }
      }
    }
  }

  func setCurrents(_ currents: [Double], of slice: Int) {
    for (k, current) in currents.enumerated() {
      drive[plan.slices[slice].start + k] = Float(current * constants[slice].drive)
    }
  }

  func value(_ variable: String, of local: Int, in slice: Int) -> Double {
    switch variable {
    case "V_m": Double(v[local]) + constants[slice].limit.resting
    case "g_ex": Double(excitatory[local])
    case "g_in": Double(inhibitory[local])
    default: preconditionFailure("iaf_cond_exp has no variable \(variable)")
    }
  }

  func setValue(_ variable: String, to value: Double, of local: Int, in slice: Int) {
    switch variable {
    case "V_m": v[local] = Float(value - constants[slice].limit.resting)
    case "g_ex": excitatory[local] = Float(value)
    case "g_in": inhibitory[local] = Float(value)
    default: preconditionFailure("iaf_cond_exp has no variable \(variable)")
    }
  }

  func word(_ index: Int, of local: Int) -> UInt64 {
    switch index {
    case 0: UInt64(v[local].bitPattern)
    case 1: UInt64(excitatory[local].bitPattern)
    case 2: UInt64(inhibitory[local].bitPattern)
    default: UInt64(refractory[local])
    }
  }

  func setWord(_ index: Int, to word: UInt64, of local: Int) {
    let bits = UInt32(truncatingIfNeeded: word)
    switch index {
    case 0: v[local] = Float(bitPattern: bits)
    case 1: excitatory[local] = Float(bitPattern: bits)
    case 2: inhibitory[local] = Float(bitPattern: bits)
    default: refractory[local] = UInt16(truncatingIfNeeded: word)
    }
  }
}

/// (1 - exp(-x)) / x for positive x: a Taylor polynomial up to 1, right to 3e-8.
@inline(__always)
private func meanDecay(_ x: Float) -> Float {
  if x > 1 { return -expm1(-x) / x }
  let high = 1 / 5040 - x * (1 / 40_320 - x * (1 / 362_880 - x / 3_628_800))
  return 1 - x * (1 / 2 - x * (1 / 6 - x * (1 / 24 - x * (1 / 120 - x * (1 / 720 - x * high)))))
}
