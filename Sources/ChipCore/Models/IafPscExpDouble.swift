internal import Circuits
internal import Glibc
internal import KernelTypes

/// `iaf_psc_exp` in double precision, in the order of operations of NEST's.
@safe
final class IafPscExpDouble: NeuronGroup {
  static let words = ["V_m", "I_syn_ex", "I_syn_in", "refractory"]

  private let plan: TilePlan
  private let rows: InputRows<Int64, Double>
  // Potential per pA of constant current, and the resting potential, by slice.
  private let p20: [Double]
  private let resting: [Double]
  private var slices: [IafPscExpSlice<Double, Int64>]
  private let v: Column<Double>
  private let excitatory: Column<Double>
  private let inhibitory: Column<Double>
  private let drive: Column<Double>
  private let refractory: Column<UInt16>

  init(_ plan: TilePlan, _ rows: InputRows<Int64, Double>) {
    (self.plan, self.rows) = (plan, rows)
    let h = plan.circuit.stepMilliseconds
    v = Column(plan.width)
    excitatory = Column(plan.width)
    inhibitory = Column(rows.sums.count > rows.stride ? plan.width : 0)
    drive = Column(plan.width)
    refractory = Column(plan.width)
    let propagators = plan.slices.indices.map { MembranePropagators(plan.population($0), stepMilliseconds: h) }
    p20 = propagators.map(\.p20)
    resting = plan.slices.indices.map { Threshold<Double>(plan.population($0), stepMilliseconds: h).resting }
    slices = []
    for (slice, place) in plan.slices.enumerated() {
      let population = plan.population(slice)
      let (ex, inh) = (population.parameters["tau_syn_ex"] ?? 2, population.parameters["tau_syn_in"] ?? 2)
      slices.append(
        unsafe IafPscExpSlice(
          membrane: plan.membrane(
            slice,
            Threshold(population, stepMilliseconds: h),
            v: v,
            refractory: refractory,
            drive: drive,
            sums: rows.sums
          ),
          p22: propagators[slice].p22,
          p11Ex: exp(-h / ex),
          p11In: exp(-h / inh),
          p21Ex: propagators[slice].p21(synaptic: ex),
          p21In: propagators[slice].p21(synaptic: inh),
          excitatory: excitatory.base + place.start,
          inhibitory: place.twoRows ? inhibitory.base + place.start : nil,
          inhibitorySums: place.twoRows ? rows.sums.base + rows.stride + place.start : nil
        )
      )
    }
  }

  func advance(_ slices: Range<Int>, into spikes: inout SpikeList) {
    for slice in slices { plan.kernels.advanceIafPscExpDouble(self.slices[slice], rows.slices[slice], &spikes) }
  }

  func setCurrents(_ currents: [Double], of slice: Int) {
    for (k, current) in currents.enumerated() { drive[plan.slices[slice].start + k] = current * p20[slice] }
  }

  func value(_ variable: String, of local: Int, in slice: Int) -> Double {
    switch variable {
    case "V_m": v[local] + resting[slice]
    case "I_syn_ex": excitatory[local]
    case "I_syn_in": inhibitory.count > 0 ? inhibitory[local] : 0
    default: preconditionFailure("iaf_psc_exp has no variable \(variable)")
    }
  }

  func setValue(_ variable: String, to value: Double, of local: Int, in slice: Int) {
    switch variable {
    case "V_m": v[local] = value - resting[slice]
    case "I_syn_ex": excitatory[local] = value
    case "I_syn_in":
      if plan.slices[slice].twoRows { inhibitory[local] = value } else { excitatory[local] += value }
    default: preconditionFailure("iaf_psc_exp has no variable \(variable)")
    }
  }

  func word(_ index: Int, of local: Int) -> UInt64 {
    switch index {
    case 0: v[local].bitPattern
    case 1: excitatory[local].bitPattern
    case 2: inhibitory.count > 0 ? inhibitory[local].bitPattern : 0
    default: UInt64(refractory[local])
    }
  }

  func setWord(_ index: Int, to word: UInt64, of local: Int) {
    switch index {
    case 0: v[local] = Double(bitPattern: word)
    case 1: excitatory[local] = Double(bitPattern: word)
    case 2: if inhibitory.count > 0 { inhibitory[local] = Double(bitPattern: word) }
    default: refractory[local] = UInt16(truncatingIfNeeded: word)
    }
  }
}
