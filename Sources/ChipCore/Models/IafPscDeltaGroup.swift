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
    words: IafPscDeltaGroup<Float>.words,
    single: { IafPscDeltaGroup<Float>($0, $1) },
    double: { IafPscDeltaGroup<Double>($0, $1) }
  )
}

/// `iaf_psc_delta`, advanced by a kernel.
@safe
final class IafPscDeltaGroup<Number: StateNumber>: LeakyGroup {
  static var words: [String] { LeakyState<Number>.words() }

  let state: LeakyState<Number>
  private let plan: TilePlan
  private let rows: InputRows<Number.Sum, Number>
  private var slices: [IafPscDeltaSlice<Number, Number.Sum>] = []

  init(_ plan: TilePlan, _ rows: InputRows<Number.Sum, Number>) {
    (self.plan, self.rows) = (plan, rows)
    let h = plan.circuit.stepMilliseconds
    let propagators = plan.slices.indices.map { MembranePropagators(plan.population($0), stepMilliseconds: h) }
    state = LeakyState(plan, words: Self.words, hasInhibitoryRows: false, drivePerCurrent: propagators.map(\.p20))
    for slice in plan.slices.indices {
      let least = (plan.population(slice).parameters["V_min"] ?? -.infinity) - state.resting[slice]
      slices.append(
        IafPscDeltaSlice(
          membrane: state.membrane(slice, rows),
          p22: Number(propagators[slice].p22),
          least: Number(least)
        )
      )
    }
  }

  func advance(_ slices: Range<Int>, into spikes: inout SpikeList) {
    Number.advance(self.slices, slices, plan, rows, into: &spikes)
  }

  func setCurrents(_ currents: [Double], of slice: Int) {
    state.setCurrents(currents, of: slice)
    slices[slice].hasUniformDrive = currents.allSatisfy { $0 == currents[0] }
  }
}
