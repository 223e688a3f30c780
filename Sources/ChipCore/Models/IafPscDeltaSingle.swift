internal import CIntrinsics
internal import Circuits

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

/// `iaf_psc_delta` in single precision, four neurons at a time.
///
/// Per step, unless refractory: V ← max((V·P22 + drive) + (noise + sum·quantum), V_min).
@safe
final class IafPscDeltaSingle: NeuronGroup {
  static let words = ["V_m", "refractory"]

  private struct Constants {
    let p22, quantum, least: Float
    let p20: Double
    let limit: Threshold<Float>
  }

  private let plan: TilePlan
  private let rows: InputRows<Int32, Float>
  private let constants: [Constants]
  private let v: Column<Float>
  private let drive: Column<Float>
  private let freeAt: Column<Int32>

  init(_ plan: TilePlan, _ rows: InputRows<Int32, Float>) {
    (self.plan, self.rows) = (plan, rows)
    constants = plan.slices.indices.map { slice in
      let population = plan.population(slice)
      let propagators = MembranePropagators(population, stepMilliseconds: plan.circuit.stepMilliseconds)
      let limit = Threshold<Float>(population, stepMilliseconds: plan.circuit.stepMilliseconds)
      return Constants(
        p22: Float(propagators.p22),
        quantum: Float(plan.slices[slice].quantum),
        least: Float((population.parameters["V_min"] ?? -.infinity) - limit.resting),
        p20: propagators.p20,
        limit: limit
      )
    }
    v = Column(plan.width)
    drive = Column(plan.width)
    freeAt = Column(plan.width)
  }

  func advance(_ slices: Range<Int>, clock: Int32, into list: UnsafeMutablePointer<UInt32>, from start: Int) -> Int {
    var end = start
    for slice in slices {
      switch unsafe rows.slices[slice].mode {
      case .none: unsafe end = advance(slice, .none, clock, list, end)
      case .packed: unsafe end = advance(slice, .packed, clock, list, end)
      case .rows: unsafe end = advance(slice, .rows, clock, list, end)
      }
    }
    return end
  }

  @inline(__always)
  private func advance(
    _ slice: Int,
    _ mode: SliceNoise.Mode,
    _ clock: Int32,
    _ list: UnsafeMutablePointer<UInt32>,
    _ start: Int
  ) -> Int {
    var end = start
    let (place, c) = (plan.slices[slice], constants[slice])
    let (firstID, idStride, count) = (place.slice.first, place.slice.stride, place.slice.count)
    let p22 = SIMD4(repeating: c.p22)
    let quantum = SIMD4(repeating: c.quantum)
    let threshold = SIMD4(repeating: c.limit.threshold)
    let least = SIMD4(repeating: c.least)
    let now = SIMD4(repeating: clock)
    let v = unsafe vectors(self.v, place.start)
    let drive = unsafe vectors(self.drive, place.start)
    let freeAt = unsafe integers(self.freeAt, place.start)
    let sums = unsafe integers(rows.sums, place.start)
    let noise = unsafe rows.slices[slice]
    let weight = unsafe SIMD4(repeating: noise.weight)
    let counts = unsafe noise.counts
    let noiseRow = unsafe mode == .rows ? vectors(rows.noise, place.start) : v
    for g in 0..<place.groups {
      var crossed = SIMD4<Int32>.zero
      for q in g &* 4..<g &* 4 &+ 4 {
        let word = unsafe mode == .packed ? counts.unsafelyUnwrapped[q] : .zero
        @inline(__always) func advanceFour(_ j: Int) {
          let b = q &* 4 &+ j
          let busy = unsafe (now &- freeAt[b]) &>> SIMD4(repeating: 31)
          let old = unsafe v[b]
          var arriving = unsafe synfire_floats(sums[b]) * quantum
          if mode == .packed {
            arriving = packedNoise(word, byte: UInt32(truncatingIfNeeded: j), weight: weight) + arriving
          } else if mode == .rows {
            arriving = unsafe noiseRow[b] + arriving
          }
          unsafe sums[b] = .zero
          let moved = unsafe synfire_greater((old * p22 + drive[b]) + arriving, least)
          let next = synfire_select(busy, old, moved)
          unsafe v[b] = next
          crossed |= synfire_at_least(next, threshold)
        }
        advanceFour(0)
        advanceFour(1)
        advanceFour(2)
        advanceFour(3)
      }
      if synfire_any_negative(crossed) != 0 {
        unsafe end = collectCrossings(
          self.v.base + (place.start &+ g &* 64),
          self.freeAt.base + (place.start &+ g &* 64),
          c.limit,
          clock: clock,
          neurons: count &- g &* 64,
          firstID: firstID &+ g &* 64 &* idStride,
          stride: idStride,
          into: list,
          from: end
        )
      }
    }
    return end
  }

  func setCurrent(_ current: Double, of local: Int, in slice: Int) {
    drive[local] = Float(current * constants[slice].p20)
  }

  func value(_ variable: String, of local: Int, in slice: Int) -> Double {
    precondition(variable == "V_m")
    return Double(v[local]) + constants[slice].limit.resting
  }

  func setValue(_ variable: String, to value: Double, of local: Int, in slice: Int) {
    precondition(variable == "V_m")
    v[local] = Float(value - constants[slice].limit.resting)
  }

  func word(_ index: Int, of local: Int, clock: Int32) -> UInt64 {
    index == 0 ? UInt64(v[local].bitPattern) : refractoryWord(freeAt[local], clock: clock)
  }

  func setWord(_ index: Int, to word: UInt64, of local: Int, clock: Int32) {
    if index == 0 {
      v[local] = Float(bitPattern: UInt32(truncatingIfNeeded: word))
    } else {
      freeAt[local] = clock &+ Int32(truncatingIfNeeded: word)
    }
  }

  func rebase(by steps: Int32) { ChipCore.rebase(freeAt, by: steps) }
}
