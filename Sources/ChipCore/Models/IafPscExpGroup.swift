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
    words: IafPscExpGroup<Float>.words,
    single: { IafPscExpGroup<Float>($0, $1) },
    double: { IafPscExpGroup<Double>($0, $1) }
  )
}

/// `iaf_psc_exp`, advanced by a kernel.
///
/// In single precision neurons with equal time constants keep one current, the sum of both, which is exact by linearity;
/// double precision keeps both, in the order of operations of NEST's.
@safe
final class IafPscExpGroup<Number: StateNumber>: LeakyGroup {
  static var words: [String] { LeakyState<Number>.words(["I_syn_ex"], ["I_syn_in"]) }

  let state: LeakyState<Number>
  private let plan: TilePlan
  private let rows: InputRows<Number.Sum, Number>
  private var slices: [IafPscExpSlice<Number, Number.Sum>] = []

  init(_ plan: TilePlan, _ rows: InputRows<Number.Sum, Number>) {
    (self.plan, self.rows) = (plan, rows)
    let h = plan.circuit.stepMilliseconds
    let propagators = plan.slices.indices.map { MembranePropagators(plan.population($0), stepMilliseconds: h) }
    state = LeakyState(
      plan,
      words: Self.words,
      hasInhibitoryRows: rows.sums.count > rows.stride,
      drivePerCurrent: propagators.map(\.p20)
    )
    for (slice, place) in plan.slices.enumerated() {
      let parameters = plan.population(slice).parameters
      let (ex, inh) = (parameters["tau_syn_ex"] ?? 2, parameters["tau_syn_in"] ?? 2)
      slices.append(
        unsafe IafPscExpSlice(
          membrane: state.membrane(slice, rows),
          p22: Number(propagators[slice].p22),
          p11Ex: Number(exp(-h / ex)),
          p11In: Number(exp(-h / inh)),
          p21Ex: Number(propagators[slice].p21(synaptic: ex)),
          p21In: Number(propagators[slice].p21(synaptic: inh)),
          excitatory: state.excitatory() + place.start,
          inhibitory: place.twoRows ? state.inhibitory() + place.start : nil,
          inhibitorySums: place.twoRows ? rows.sums.base + rows.stride + place.start : nil
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
