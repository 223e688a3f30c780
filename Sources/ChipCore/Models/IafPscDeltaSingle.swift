internal import Circuits
internal import KernelTypes

extension ModelEntry {
  /// `iaf_psc_delta`.
  static let iafPscDelta = ModelEntry(
    model: .iafPscDelta,
    takesCurrents: true,
    listsAllSpikes: true,
    splitsSigns: { _ in false },
    perNeuron: ["I_e"],
    words: IafPscDeltaSingle.words,
    single: { IafPscDeltaSingle($0, $1) },
    double: { IafPscDeltaDouble($0, $1) }
  )
}

/// `iaf_psc_delta` in single precision, advanced by a kernel.
@safe
final class IafPscDeltaSingle: NeuronGroup {
  static let words = ["V_m", "refractory"]

  private let plan: TilePlan
  private let rows: InputRows<Int32, Float>
  // Potential per pA of constant current, and the resting potential, by slice.
  private let p20: [Double]
  private let resting: [Double]
  private var slices: [IafPscDeltaSlice<Float, Int32>]
  private let v: Column<Float>
  private let drive: Column<Float>
  private let refractory: Column<UInt16>

  init(_ plan: TilePlan, _ rows: InputRows<Int32, Float>) {
    (self.plan, self.rows) = (plan, rows)
    let h = plan.circuit.stepMilliseconds
    v = Column(plan.width)
    drive = Column(plan.width)
    refractory = Column(plan.width)
    let propagators = plan.slices.indices.map { MembranePropagators(plan.population($0), stepMilliseconds: h) }
    p20 = propagators.map(\.p20)
    resting = plan.slices.indices.map { Threshold<Float>(plan.population($0), stepMilliseconds: h).resting }
    slices = []
    for slice in plan.slices.indices {
      let population = plan.population(slice)
      slices.append(
        IafPscDeltaSlice(
          membrane: plan.membrane(
            slice,
            Threshold(population, stepMilliseconds: h),
            v: v,
            refractory: refractory,
            drive: drive,
            sums: rows.sums
          ),
          p22: Float(propagators[slice].p22),
          least: Float((population.parameters["V_min"] ?? -.infinity) - resting[slice])
        )
      )
    }
  }

  func advance(_ slices: Range<Int>, into spikes: inout SpikeList) {
    for slice in slices { plan.kernels.advanceIafPscDelta(self.slices[slice], rows.slices[slice], &spikes) }
  }

  func setCurrents(_ currents: [Double], of slice: Int) {
    for (k, current) in currents.enumerated() { drive[plan.slices[slice].start + k] = Float(current * p20[slice]) }
    slices[slice].hasUniformDrive = currents.allSatisfy { $0 == currents[0] }
  }

  func value(_ variable: String, of local: Int, in slice: Int) -> Double {
    precondition(variable == "V_m")
    return Double(v[local]) + resting[slice]
  }

  func setValue(_ variable: String, to value: Double, of local: Int, in slice: Int) {
    precondition(variable == "V_m")
    v[local] = Float(value - resting[slice])
  }

  func word(_ index: Int, of local: Int) -> UInt64 {
    index == 0 ? UInt64(v[local].bitPattern) : UInt64(refractory[local])
  }

  func setWord(_ index: Int, to word: UInt64, of local: Int) {
    if index == 0 {
      v[local] = Float(bitPattern: UInt32(truncatingIfNeeded: word))
    } else {
      refractory[local] = UInt16(truncatingIfNeeded: word)
    }
  }
}
