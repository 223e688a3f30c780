internal import Circuits
internal import KernelTypes

extension ModelEntry {
  /// `rate_encoder`.
  static let rateEncoder = ModelEntry(
    model: .rateEncoder,
    takesCurrents: false,
    listsAllSpikes: false,
    splitsSigns: { _ in false },
    perNeuron: ["alpha", "drive", "v0"],
    words: RateEncoderSingle.words,
    single: { RateEncoderSingle($0, $1) },
    double: nil
  )
}

/// `rate_encoder`, advanced by a kernel.
///
/// Populations that nothing reaches and whose spikes nobody needs run all steps of a call at once.
@safe
final class RateEncoderSingle: NeuronGroup {
  static let words = ["v", "count", "drive"]

  private let plan: TilePlan
  private let rows: InputRows<Int32, Float>
  let v: Column<Float>
  let alpha: Column<Float>
  let drive: Column<Float>
  let v0: Column<Float>
  let counts: Column<UInt32>
  private let slices: [RateEncoderSlice]

  init(_ plan: TilePlan, _ rows: InputRows<Int32, Float>) {
    (self.plan, self.rows) = (plan, rows)
    v = Column(plan.width)
    alpha = Column(plan.width)
    drive = Column(plan.width)
    v0 = Column(plan.width)
    counts = Column(plan.width)
    var slices: [RateEncoderSlice] = []
    for slice in plan.slices.indices {
      let (place, population) = (plan.slices[slice], plan.population(slice))
      slices.append(
        unsafe RateEncoderSlice(
          groups: place.groups,
          count: place.slice.count,
          firstID: UInt32(truncatingIfNeeded: place.slice.first),
          stride: UInt32(truncatingIfNeeded: place.slice.stride),
          listsSpikes: place.listsSpikes,
          quantum: Float(place.quantum),
          v: v.base + place.start,
          alpha: alpha.base + place.start,
          drive: drive.base + place.start,
          counts: counts.base + place.start,
          sums: rows.sums.base + place.start
        )
      )
      guard population.model == NeuronModel.rateEncoder.name else { continue }
      for k in 0..<place.slice.count {
        func parameter(_ name: String) -> Float {
          let own = population.perNeuron[name].map { $0[place.id(k) - population.neurons.lowerBound] }
          return Float(own ?? population.parameters[name] ?? 0)
        }
        alpha[place.start + k] = parameter("alpha")
        drive[place.start + k] = parameter("drive")
        v0[place.start + k] = parameter("v0")
      }
    }
    self.slices = slices
  }

  func advance(_ slices: Range<Int>, into spikes: inout SpikeList) {
    for slice in slices { plan.kernels.advanceRateEncoder(self.slices[slice], &spikes) }
  }

  func runFree(_ slice: Int, steps: Int) { plan.kernels.advanceFreeEncoder(slices[slice], steps) }

  func value(_ variable: String, of local: Int, in slice: Int) -> Double {
    variable == "v" ? Double(v[local]) : Double(counts[local])
  }

  func setValue(_ variable: String, to value: Double, of local: Int, in slice: Int) {
    if variable == "v" { v[local] = Float(value) } else { counts[local] = UInt32(max(0, min(value, 4e9))) }
  }

  func word(_ index: Int, of local: Int) -> UInt64 {
    switch index {
    case 0: UInt64(v[local].bitPattern)
    case 1: UInt64(counts[local])
    default: UInt64(drive[local].bitPattern)
    }
  }

  func setWord(_ index: Int, to word: UInt64, of local: Int) {
    let bits = UInt32(truncatingIfNeeded: word)
    switch index {
    case 0: v[local] = Float(bitPattern: bits)
    case 1: counts[local] = bits
    default: drive[local] = Float(bitPattern: bits)
    }
  }
}
