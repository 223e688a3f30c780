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
final class IafPscAlphaSingle: LeakyGroup {
  static let words = IafPscAlphaDouble.words

  let state: LeakyState<Float>
  private let plan: TilePlan
  private let rows: InputRows<Int32, Float>
  private var slices: [IafPscAlphaSlice] = []

  init(_ plan: TilePlan, _ rows: InputRows<Int32, Float>) {
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
      func current(
        _ tau: String,
        _ rising: UnsafeMutablePointer<Float>,
        _ current: UnsafeMutablePointer<Float>,
        _ sums: UnsafeMutablePointer<Int32>
      ) -> IafPscAlphaSlice.Current {
        let a = AlphaPropagators(propagators[slice], synaptic: parameters[tau] ?? 2, stepMilliseconds: h)
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
      let sums = unsafe rows.sums.base
      slices.append(
        unsafe IafPscAlphaSlice(
          membrane: state.membrane(slice, rows),
          p22: Float(propagators[slice].p22),
          least: Float((parameters["V_min"] ?? -.infinity) - state.resting[slice]),
          excitatory: current("tau_syn_ex", state.excitatory(0), state.excitatory(1), sums),
          inhibitory: place.twoRows
            ? current("tau_syn_in", state.inhibitory(0), state.inhibitory(1), sums + rows.stride) : nil
        )
      )
    }
  }

  func advance(_ slices: Range<Int>, into spikes: inout SpikeList) {
    for slice in slices { plan.kernels.advanceIafPscAlpha(self.slices[slice], rows.slices[slice], &spikes) }
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
