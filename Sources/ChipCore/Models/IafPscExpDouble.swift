internal import Circuits
internal import Glibc

/// `iaf_psc_exp` in double precision, in the order of operations of NEST's: for comparison, not for speed.
@safe
final class IafPscExpDouble: NeuronGroup {
  static let words = ["V_m", "I_syn_ex", "I_syn_in", "refractory"]

  private struct Constants {
    let p22, p20, p11Ex, p11In, p21Ex, p21In: Double
    let limit: Threshold<Double>
  }

  private let plan: TilePlan
  private let rows: InputRows<Int64, Double>
  private let constants: [Constants]
  private let v: Column<Double>
  private let excitatory: Column<Double>
  private let inhibitory: Column<Double>
  private let current: Column<Double>
  private let freeAt: Column<Int32>

  init(_ plan: TilePlan, _ rows: InputRows<Int64, Double>) {
    (self.plan, self.rows) = (plan, rows)
    constants = plan.slices.indices.map { slice in
      let population = plan.population(slice)
      let h = plan.circuit.stepMilliseconds
      let propagators = MembranePropagators(population, stepMilliseconds: h)
      let (ex, inh) = (population.parameters["tau_syn_ex"] ?? 2, population.parameters["tau_syn_in"] ?? 2)
      return Constants(
        p22: propagators.p22,
        p20: propagators.p20,
        p11Ex: exp(-h / ex),
        p11In: exp(-h / inh),
        p21Ex: propagators.p21(synaptic: ex),
        p21In: propagators.p21(synaptic: inh),
        limit: Threshold(population, stepMilliseconds: h)
      )
    }
    v = Column(plan.width)
    excitatory = Column(plan.width)
    inhibitory = Column(plan.width)
    current = Column(plan.width)
    freeAt = Column(plan.width)
  }

  func advance(_ slices: Range<Int>, clock: Int32, into list: UnsafeMutablePointer<UInt32>, from start: Int) -> Int {
    var end = start
    for slice in slices {
      let (place, c) = (plan.slices[slice], constants[slice])
      let (v, ex, inh) = unsafe (self.v.base, excitatory.base, inhibitory.base)
      let (sums, noise) = unsafe (rows.sums.base, rows.noise.base)
      let hasNoise = unsafe rows.slices[slice].mode == .rows
      for k in 0..<place.slice.count {
        let i = place.start + k
        if freeAt[i] <= clock {
          unsafe v[i] = v[i] * c.p22 + ex[i] * c.p21Ex + inh[i] * c.p21In + current[i] * c.p20
        }
        unsafe ex[i] = ex[i] * c.p11Ex + Double(sums[i]) * fixedPointUnit
        unsafe inh[i] = inh[i] * c.p11In + Double(sums[rows.stride + i]) * fixedPointUnit
        unsafe sums[i] = 0
        unsafe sums[rows.stride + i] = 0
        if hasNoise {
          unsafe ex[i] += noise[i]
          unsafe inh[i] += noise[rows.width + i]
        }
        if unsafe v[i] >= c.limit.threshold {
          unsafe v[i] = c.limit.reset
          freeAt[i] = clock &+ 1 &+ c.limit.refractorySteps
          unsafe list[end] = UInt32(truncatingIfNeeded: place.id(k))
          end += 1
        }
      }
    }
    return end
  }

  func setCurrent(_ value: Double, of local: Int, in slice: Int) { current[local] = value }

  func value(_ variable: String, of local: Int, in slice: Int) -> Double {
    switch variable {
    case "V_m": v[local] + constants[slice].limit.resting
    case "I_syn_ex": excitatory[local]
    case "I_syn_in": inhibitory[local]
    default: preconditionFailure("iaf_psc_exp has no variable \(variable)")
    }
  }

  func setValue(_ variable: String, to value: Double, of local: Int, in slice: Int) {
    switch variable {
    case "V_m": v[local] = value - constants[slice].limit.resting
    case "I_syn_ex": excitatory[local] = value
    case "I_syn_in": inhibitory[local] = value
    default: preconditionFailure("iaf_psc_exp has no variable \(variable)")
    }
  }

  func word(_ index: Int, of local: Int, clock: Int32) -> UInt64 {
    switch index {
    case 0: v[local].bitPattern
    case 1: excitatory[local].bitPattern
    case 2: inhibitory[local].bitPattern
    default: refractoryWord(freeAt[local], clock: clock)
    }
  }

  func setWord(_ index: Int, to word: UInt64, of local: Int, clock: Int32) {
    switch index {
    case 0: v[local] = Double(bitPattern: word)
    case 1: excitatory[local] = Double(bitPattern: word)
    case 2: inhibitory[local] = Double(bitPattern: word)
    default: freeAt[local] = clock &+ Int32(truncatingIfNeeded: word)
    }
  }

  func rebase(by steps: Int32) { ChipCore.rebase(freeAt, by: steps) }
}
