internal import CIntrinsics
internal import Circuits

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

/// `rate_encoder`, four neurons at a time.
///
/// Per step: x = (v·alpha + drive) + Float(sum)·quantum; v = max(x, -1); where v ≥ 1: v = v - 1, count + 1. Populations that
/// nothing reaches leave the sum out; where nobody needs their spikes, all steps of a call run while 64 neurons are in the
/// first-level cache.
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
  // Marks of the group of 64 neurons at hand, to list those that fired.
  private let marks: Column<Int32>

  init(_ plan: TilePlan, _ rows: InputRows<Int32, Float>) {
    (self.plan, self.rows) = (plan, rows)
    v = Column(plan.width)
    alpha = Column(plan.width)
    drive = Column(plan.width)
    v0 = Column(plan.width)
    counts = Column(plan.width)
    marks = Column(64)
    for slice in plan.slices.indices {
      let (place, population) = (plan.slices[slice], plan.population(slice))
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
  }

  func advance(_ slices: Range<Int>, clock: Int32, into list: UnsafeMutablePointer<UInt32>, from start: Int) -> Int {
    var end = start
    for slice in slices {
      let place = plan.slices[slice]
      let quantum = SIMD4(repeating: Float(place.quantum))
      let one = SIMD4<Float>(repeating: 1)
      let (v, alpha) = unsafe (vectors(self.v, place.start), vectors(self.alpha, place.start))
      let (drive, counts) = unsafe (vectors(self.drive, place.start), words4(self.counts, place.start))
      let sums = unsafe integers(rows.sums, place.start)
      let marks = unsafe integers(self.marks, 0)
      for g in 0..<place.groups {
        var crossed = SIMD4<Int32>.zero
        for j in 0..<16 {
          let b = g &* 16 &+ j
          let x = unsafe (v[b] * alpha[b] + drive[b]) + synfire_floats(sums[b]) * quantum
          unsafe sums[b] = .zero
          let bounded = synfire_greater(x, -one)
          let fired = synfire_at_least(bounded, one)
          unsafe v[b] = bounded - synfire_select(fired, one, .zero)
          unsafe counts[b] = counts[b] &- SIMD4<UInt32>(truncatingIfNeeded: fired)
          unsafe marks[j] = fired
          crossed |= fired
        }
        if place.listsSpikes, synfire_any_negative(crossed) != 0 {
          unsafe end = collect(place, group: g, into: list, from: end)
        }
      }
    }
    return end
  }

  @inline(never)
  private func collect(_ place: SlicePlan, group: Int, into list: UnsafeMutablePointer<UInt32>, from start: Int) -> Int
  {
    var end = start
    let (first, stride) = (place.id(group * 64), place.slice.stride)
    let marks = unsafe self.marks.base
    for i in 0..<min(64, place.slice.count - group * 64) {
      // Without a branch: what did not fire is overwritten by the next.
      unsafe list[end] = UInt32(truncatingIfNeeded: first &+ i &* stride)
      unsafe end &-= Int(marks[i])
    }
    return end
  }

  func runFree(_ slice: Int, steps: Int) {
    let place = plan.slices[slice]
    let one = SIMD4<Float>(repeating: 1)
    let (v, alpha) = unsafe (vectors(self.v, place.start), vectors(self.alpha, place.start))
    let (drive, counts) = unsafe (vectors(self.drive, place.start), words4(self.counts, place.start))
    for g in 0..<place.groups {
      for _ in 0..<steps {
        for b in g &* 16..<g &* 16 &+ 16 {
          let bounded = unsafe synfire_greater(v[b] * alpha[b] + drive[b], -one)
          let fired = synfire_at_least(bounded, one)
          unsafe v[b] = bounded - synfire_select(fired, one, .zero)
          unsafe counts[b] = counts[b] &- SIMD4<UInt32>(truncatingIfNeeded: fired)
        }
      }
    }
  }

  func value(_ variable: String, of local: Int, in slice: Int) -> Double {
    variable == "v" ? Double(v[local]) : Double(counts[local])
  }

  func setValue(_ variable: String, to value: Double, of local: Int, in slice: Int) {
    if variable == "v" { v[local] = Float(value) } else { counts[local] = UInt32(max(0, min(value, 4e9))) }
  }

  func word(_ index: Int, of local: Int, clock: Int32) -> UInt64 {
    switch index {
    case 0: UInt64(v[local].bitPattern)
    case 1: UInt64(counts[local])
    default: UInt64(drive[local].bitPattern)
    }
  }

  func setWord(_ index: Int, to word: UInt64, of local: Int, clock: Int32) {
    let bits = UInt32(truncatingIfNeeded: word)
    switch index {
    case 0: v[local] = Float(bitPattern: bits)
    case 1: counts[local] = bits
    default: drive[local] = Float(bitPattern: bits)
    }
  }
}
