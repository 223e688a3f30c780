internal import Circuits
internal import KernelTypes

extension ModelEntry {
  /// `iaf_psc_alpha`.
  static let iafPscAlpha = ModelEntry(
    model: .iafPscAlpha,
    takesCurrents: true,
    listsAllSpikes: true,
    splitsSigns: { _ in true },
    perNeuron: ["I_e"],
    words: IafPscAlphaSingle.words,
    single: { IafPscAlphaSingle($0, $1) },
    double: { IafPscAlphaDouble($0, $1) }
  )
}

/// `iaf_psc_alpha` in single precision, advanced by a kernel.
///
/// Neurons with equal time constants keep one current, the sum of both, which is exact by linearity.
@safe
final class IafPscAlphaSingle: NeuronGroup {
  static let words = IafPscAlphaDouble.words

  private let plan: TilePlan
  private let rows: InputRows<Int32, Float>
  // Potential per pA of constant current, and the resting potential, by slice.
  private let p20: [Double]
  private let resting: [Double]
  private var slices: [IafPscAlphaSlice] = []
  private let v: Column<Float>
  private let risingEx: Column<Float>
  private let excitatory: Column<Float>
  private let risingIn: Column<Float>
  private let inhibitory: Column<Float>
  private let drive: Column<Float>
  private let refractory: Column<UInt16>

  init(_ plan: TilePlan, _ rows: InputRows<Int32, Float>) {
    (self.plan, self.rows) = (plan, rows)
    let h = plan.circuit.stepMilliseconds
    let second = rows.sums.count > rows.stride ? plan.width : 0
    v = Column(plan.width)
    risingEx = Column(plan.width)
    excitatory = Column(plan.width)
    risingIn = Column(second)
    inhibitory = Column(second)
    drive = Column(plan.width)
    refractory = Column(plan.width)
    let propagators = plan.slices.indices.map { MembranePropagators(plan.population($0), stepMilliseconds: h) }
    p20 = propagators.map(\.p20)
    resting = plan.slices.indices.map { Threshold<Float>(plan.population($0), stepMilliseconds: h).resting }
    for (slice, place) in plan.slices.enumerated() {
      let population = plan.population(slice)
      func current(
        _ tau: String,
        _ rising: UnsafeMutablePointer<Float>,
        _ current: UnsafeMutablePointer<Float>,
        _ sums: UnsafeMutablePointer<Int32>
      ) -> IafPscAlphaSlice.Current {
        let synaptic = population.parameters[tau] ?? 2
        let a = AlphaPropagators(propagators[slice], synaptic: synaptic, stepMilliseconds: h)
        return unsafe IafPscAlphaSlice.Current(
          p11: Float(a.p11),
          p21: Float(a.p21),
          p31: Float(a.p31),
          p32: Float(a.p32),
          jump: Float(a.jump),
          rising: rising + place.start,
          current: current + place.start,
          sums: sums + place.start
        )
      }
      slices.append(
        unsafe IafPscAlphaSlice(
          membrane: plan.membrane(
            slice,
            Threshold(population, stepMilliseconds: h),
            v: v,
            refractory: refractory,
            drive: drive,
            sums: rows.sums
          ),
          p22: Float(propagators[slice].p22),
          least: Float((population.parameters["V_min"] ?? -.infinity) - resting[slice]),
          excitatory: current("tau_syn_ex", risingEx.base, excitatory.base, rows.sums.base),
          inhibitory: place.twoRows
            ? current("tau_syn_in", risingIn.base, inhibitory.base, rows.sums.base + rows.stride) : nil
        )
      )
    }
  }

  func advance(_ slices: Range<Int>, into spikes: inout SpikeList) {
    for slice in slices { plan.kernels.advanceIafPscAlpha(self.slices[slice], rows.slices[slice], &spikes) }
  }

  func setCurrents(_ currents: [Double], of slice: Int) {
    for (k, current) in currents.enumerated() {
      drive[plan.slices[slice].start + k] = Float(current * p20[slice])
    }
  }

  func value(_ variable: String, of local: Int, in slice: Int) -> Double {
    switch variable {
    case "V_m": Double(v[local]) + resting[slice]
    case "I_syn_ex": Double(excitatory[local])
    case "I_syn_in": inhibitory.count > 0 ? Double(inhibitory[local]) : 0
    default: preconditionFailure("iaf_psc_alpha has no variable \(variable)")
    }
  }

  func setValue(_ variable: String, to value: Double, of local: Int, in slice: Int) {
    switch variable {
    case "V_m": v[local] = Float(value - resting[slice])
    case "I_syn_ex": excitatory[local] = Float(value)
    case "I_syn_in":
      if plan.slices[slice].twoRows { inhibitory[local] = Float(value) } else { excitatory[local] += Float(value) }
    default: preconditionFailure("iaf_psc_alpha has no variable \(variable)")
    }
  }

  func word(_ index: Int, of local: Int) -> UInt64 {
    let hasSecond = inhibitory.count > 0
    return switch index {
    case 0: UInt64(v[local].bitPattern)
    case 1: UInt64(risingEx[local].bitPattern)
    case 2: UInt64(excitatory[local].bitPattern)
    case 3: hasSecond ? UInt64(risingIn[local].bitPattern) : 0
    case 4: hasSecond ? UInt64(inhibitory[local].bitPattern) : 0
    default: UInt64(refractory[local])
    }
  }

  func setWord(_ index: Int, to word: UInt64, of local: Int) {
    let bits = UInt32(truncatingIfNeeded: word)
    let hasSecond = inhibitory.count > 0
    switch index {
    case 0: v[local] = Float(bitPattern: bits)
    case 1: risingEx[local] = Float(bitPattern: bits)
    case 2: excitatory[local] = Float(bitPattern: bits)
    case 3: if hasSecond { risingIn[local] = Float(bitPattern: bits) }
    case 4: if hasSecond { inhibitory[local] = Float(bitPattern: bits) }
    default: refractory[local] = UInt16(truncatingIfNeeded: word)
    }
  }
}

extension StepNoise {
  /// The weighted input of the `k`-th neuron of a slice: all of it or the positive part, and the negative part.
  @inline(__always)
  func input<Real: BinaryFloatingPoint>(of k: Int, as _: Real.Type) -> (first: Real, second: Real) {
    if let counts = unsafe counts { return unsafe (Real(counts[k]) * Real(weight), 0) }
    guard let excitatory = unsafe excitatory, let inhibitory = unsafe inhibitory else { return (0, 0) }
    return unsafe (
      excitatory.assumingMemoryBound(to: Real.self)[k], inhibitory.assumingMemoryBound(to: Real.self)[k]
    )
  }
}
