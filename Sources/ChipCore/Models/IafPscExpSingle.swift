internal import Circuits
internal import Glibc
internal import KernelTypes

extension ModelEntry {
  /// `iaf_psc_exp`.
  static let iafPscExp = ModelEntry(
    model: .iafPscExp,
    takesCurrents: true,
    listsAllSpikes: true,
    splitsSigns: { _ in true },
    perNeuron: ["I_e"],
    words: IafPscExpSingle.words,
    single: { IafPscExpSingle($0, $1) },
    double: { IafPscExpDouble($0, $1) }
  )
}

/// `iaf_psc_exp` in single precision, advanced by a kernel.
///
/// Neurons with equal time constants keep one current, the sum of both, which is exact by linearity.
@safe
final class IafPscExpSingle: NeuronGroup {
  static let words = ["V_m", "I_syn_ex", "I_syn_in", "refractory"]

  private let plan: TilePlan
  private let rows: InputRows<Int32, Float>
  // Potential per pA of constant current, and the resting potential, by slice.
  private let p20: [Double]
  private let resting: [Double]
  private var slices: [IafPscExpSlice<Float, Int32>]
  private let v: Column<Float>
  private let excitatory: Column<Float>
  private let inhibitory: Column<Float>
  private let drive: Column<Float>
  private let refractory: Column<UInt16>

  init(_ plan: TilePlan, _ rows: InputRows<Int32, Float>) {
    (self.plan, self.rows) = (plan, rows)
    let h = plan.circuit.stepMilliseconds
    v = Column(plan.width)
    excitatory = Column(plan.width)
    inhibitory = Column(rows.sums.count > rows.stride ? plan.width : 0)
    drive = Column(plan.width)
    refractory = Column(plan.width)
    let propagators = plan.slices.indices.map { MembranePropagators(plan.population($0), stepMilliseconds: h) }
    p20 = propagators.map(\.p20)
    resting = plan.slices.indices.map { Threshold<Float>(plan.population($0), stepMilliseconds: h).resting }
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
          p22: Float(propagators[slice].p22),
          p11Ex: Float(exp(-h / ex)),
          p11In: Float(exp(-h / inh)),
          p21Ex: Float(propagators[slice].p21(synaptic: ex)),
          p21In: Float(propagators[slice].p21(synaptic: inh)),
          excitatory: excitatory.base + place.start,
          inhibitory: place.twoRows ? inhibitory.base + place.start : nil,
          inhibitorySums: place.twoRows ? rows.sums.base + rows.stride + place.start : nil
        )
      )
    }
  }

  func advance(_ slices: Range<Int>, into spikes: inout SpikeList) {
    for slice in slices { plan.kernels.advanceIafPscExp(self.slices[slice], rows.slices[slice], &spikes) }
  }

  func setCurrents(_ currents: [Double], of slice: Int) {
    for (k, current) in currents.enumerated() { drive[plan.slices[slice].start + k] = Float(current * p20[slice]) }
    slices[slice].hasUniformDrive = currents.allSatisfy { $0 == currents[0] }
  }

  func value(_ variable: String, of local: Int, in slice: Int) -> Double {
    switch variable {
    case "V_m": Double(v[local]) + resting[slice]
    case "I_syn_ex": Double(excitatory[local])
    case "I_syn_in": inhibitory.count > 0 ? Double(inhibitory[local]) : 0
    default: preconditionFailure("iaf_psc_exp has no variable \(variable)")
    }
  }

  func setValue(_ variable: String, to value: Double, of local: Int, in slice: Int) {
    switch variable {
    case "V_m": v[local] = Float(value - resting[slice])
    case "I_syn_ex": excitatory[local] = Float(value)
    case "I_syn_in":
      if plan.slices[slice].twoRows { inhibitory[local] = Float(value) } else { excitatory[local] += Float(value) }
    default: preconditionFailure("iaf_psc_exp has no variable \(variable)")
    }
  }

  func word(_ index: Int, of local: Int) -> UInt64 {
    switch index {
    case 0: UInt64(v[local].bitPattern)
    case 1: UInt64(excitatory[local].bitPattern)
    case 2: inhibitory.count > 0 ? UInt64(inhibitory[local].bitPattern) : 0
    default: UInt64(refractory[local])
    }
  }

  func setWord(_ index: Int, to word: UInt64, of local: Int) {
    let bits = UInt32(truncatingIfNeeded: word)
    switch index {
    case 0: v[local] = Float(bitPattern: bits)
    case 1: excitatory[local] = Float(bitPattern: bits)
    case 2: if inhibitory.count > 0 { inhibitory[local] = Float(bitPattern: bits) }
    default: refractory[local] = UInt16(truncatingIfNeeded: word)
    }
  }
}
