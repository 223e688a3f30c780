internal import Circuits
internal import KernelTypes

/// `iaf_psc_delta` in double precision, in the order of operations of NEST's.
@safe
final class IafPscDeltaDouble: NeuronGroup {
  static let words = ["V_m", "refractory"]

  private let plan: TilePlan
  private let rows: InputRows<Int64, Double>
  // Potential per pA of constant current, and the resting potential, by slice.
  private let p20: [Double]
  private let resting: [Double]
  private var slices: [IafPscDeltaSlice<Double, Int64>]
  private let v: Column<Double>
  private let drive: Column<Double>
  private let refractory: Column<UInt16>

  init(_ plan: TilePlan, _ rows: InputRows<Int64, Double>) {
    (self.plan, self.rows) = (plan, rows)
    let h = plan.circuit.stepMilliseconds
    v = Column(plan.width)
    drive = Column(plan.width)
    refractory = Column(plan.width)
    let propagators = plan.slices.indices.map { MembranePropagators(plan.population($0), stepMilliseconds: h) }
    p20 = propagators.map(\.p20)
    resting = plan.slices.indices.map { Threshold<Double>(plan.population($0), stepMilliseconds: h).resting }
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
          p22: propagators[slice].p22,
          least: (population.parameters["V_min"] ?? -.infinity) - resting[slice]
        )
      )
    }
  }

  func advance(_ slices: Range<Int>, into spikes: inout SpikeList) {
    for slice in slices { plan.kernels.advanceIafPscDeltaDouble(self.slices[slice], rows.slices[slice], &spikes) }
  }

  func setCurrents(_ currents: [Double], of slice: Int) {
    for (k, current) in currents.enumerated() { drive[plan.slices[slice].start + k] = current * p20[slice] }
  }

  func value(_ variable: String, of local: Int, in slice: Int) -> Double {
    precondition(variable == "V_m")
    return v[local] + resting[slice]
  }

  func setValue(_ variable: String, to value: Double, of local: Int, in slice: Int) {
    precondition(variable == "V_m")
    v[local] = value - resting[slice]
  }

  func word(_ index: Int, of local: Int) -> UInt64 {
    index == 0 ? v[local].bitPattern : UInt64(refractory[local])
  }

  func setWord(_ index: Int, to word: UInt64, of local: Int) {
    if index == 0 {
      v[local] = Double(bitPattern: word)
    } else {
      refractory[local] = UInt16(truncatingIfNeeded: word)
    }
  }
}
