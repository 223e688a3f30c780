internal import CIntrinsics
internal import Circuits
internal import Glibc

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

/// `iaf_psc_exp` in single precision, four neurons at a time.
///
/// Neurons with equal time constants keep one current, the sum of both, which is exact by linearity. Per step, with one
/// current: V ← V·P22 + (I·P21 + drive), I ← I·P11 + (noise + sum·quantum); with two: V ← V·P22 + (E·P21 + (N·P21' + drive)).
@safe
final class IafPscExpSingle: NeuronGroup {
  static let words = ["V_m", "I_syn_ex", "I_syn_in", "refractory"]

  private struct Constants {
    let p22, p11Ex, p11In, p21Ex, p21In, quantum: Float
    let p20: Double
    let limit: Threshold<Float>
  }

  private let plan: TilePlan
  private let rows: InputRows<Int32, Float>
  private let constants: [Constants]
  private let v: Column<Float>
  private let excitatory: Column<Float>
  private let inhibitory: Column<Float>
  private let drive: Column<Float>
  private let freeAt: Column<Int32>

  init(_ plan: TilePlan, _ rows: InputRows<Int32, Float>) {
    (self.plan, self.rows) = (plan, rows)
    constants = plan.slices.indices.map { slice in
      let population = plan.population(slice)
      let h = plan.circuit.stepMilliseconds
      let propagators = MembranePropagators(population, stepMilliseconds: h)
      let (ex, inh) = (population.parameters["tau_syn_ex"] ?? 2, population.parameters["tau_syn_in"] ?? 2)
      return Constants(
        p22: Float(propagators.p22),
        p11Ex: Float(exp(-h / ex)),
        p11In: Float(exp(-h / inh)),
        p21Ex: Float(propagators.p21(synaptic: ex)),
        p21In: Float(propagators.p21(synaptic: inh)),
        quantum: Float(plan.slices[slice].quantum),
        p20: propagators.p20,
        limit: Threshold(population, stepMilliseconds: h)
      )
    }
    v = Column(plan.width)
    excitatory = Column(plan.width)
    inhibitory = Column(rows.sums.count > rows.stride ? plan.width : 0)
    drive = Column(plan.width)
    freeAt = Column(plan.width)
  }

  func advance(_ slices: Range<Int>, clock: Int32, into list: UnsafeMutablePointer<UInt32>, from start: Int) -> Int {
    var end = start
    for slice in slices {
      let twoRows = plan.slices[slice].twoRows
      switch unsafe rows.slices[slice].mode {
      case .none where twoRows: unsafe end = advanceTwo(slice, .none, clock, list, end)
      case .none: unsafe end = advanceOne(slice, .none, clock, list, end)
      case .packed where twoRows: unsafe end = advanceTwo(slice, .packed, clock, list, end)
      case .packed: unsafe end = advanceOne(slice, .packed, clock, list, end)
      case .rows where twoRows: unsafe end = advanceTwo(slice, .rows, clock, list, end)
      case .rows: unsafe end = advanceOne(slice, .rows, clock, list, end)
      }
    }
    return end
  }

  @inline(__always)
  private func advanceOne(
    _ slice: Int,
    _ mode: SliceNoise.Mode,
    _ clock: Int32,
    _ list: UnsafeMutablePointer<UInt32>,
    _ end: Int
  ) -> Int {
    unsafe advance(slice, mode, twoRows: false, clock, list, end)
  }

  @inline(__always)
  private func advanceTwo(
    _ slice: Int,
    _ mode: SliceNoise.Mode,
    _ clock: Int32,
    _ list: UnsafeMutablePointer<UInt32>,
    _ end: Int
  ) -> Int {
    unsafe advance(slice, mode, twoRows: true, clock, list, end)
  }

  @inline(__always)
  private func advance(
    _ slice: Int,
    _ mode: SliceNoise.Mode,
    twoRows: Bool,
    _ clock: Int32,
    _ list: UnsafeMutablePointer<UInt32>,
    _ start: Int
  ) -> Int {
    var end = start
    let (place, c) = (plan.slices[slice], constants[slice])
    let (firstID, idStride, count) = (place.slice.first, place.slice.stride, place.slice.count)
    let p22 = SIMD4(repeating: c.p22)
    let (p11Ex, p11In) = (SIMD4(repeating: c.p11Ex), SIMD4(repeating: c.p11In))
    let (p21Ex, p21In) = (SIMD4(repeating: c.p21Ex), SIMD4(repeating: c.p21In))
    let quantum = SIMD4(repeating: c.quantum)
    let threshold = SIMD4(repeating: c.limit.threshold)
    let now = SIMD4(repeating: clock)
    let v = unsafe vectors(self.v, place.start)
    let ex = unsafe vectors(excitatory, place.start)
    let inh = unsafe twoRows ? vectors(inhibitory, place.start) : ex
    let drive = unsafe vectors(self.drive, place.start)
    let freeAt = unsafe integers(self.freeAt, place.start)
    let sums = unsafe integers(rows.sums, place.start)
    let sumsIn = unsafe twoRows ? integers(rows.sums, rows.stride + place.start) : sums
    let noise = unsafe rows.slices[slice]
    let weight = unsafe SIMD4(repeating: noise.weight)
    let counts = unsafe noise.counts
    let noiseEx = unsafe mode == .rows ? vectors(rows.noise, place.start) : v
    let noiseIn = unsafe mode == .rows && twoRows ? vectors(rows.noise, rows.width + place.start) : v
    for g in 0..<place.groups {
      var crossed = SIMD4<Int32>.zero
      for q in g &* 4..<g &* 4 &+ 4 {
        let word = unsafe mode == .packed ? counts.unsafelyUnwrapped[q] : .zero
        @inline(__always) func advanceFour(_ j: Int) {
          let b = q &* 4 &+ j
          let busy = unsafe (now &- freeAt[b]) &>> SIMD4(repeating: 31)
          let (old, current) = unsafe (v[b], ex[b])
          var arriving = unsafe synfire_floats(sums[b]) * quantum
          if mode == .packed {
            arriving = packedNoise(word, byte: UInt32(truncatingIfNeeded: j), weight: weight) + arriving
          } else if mode == .rows {
            arriving = unsafe noiseEx[b] + arriving
          }
          unsafe sums[b] = .zero
          var next: SIMD4<Float>
          if twoRows {
            let other = unsafe inh[b]
            next = unsafe old * p22 + (current * p21Ex + (other * p21In + drive[b]))
            var inhibition = unsafe synfire_floats(sumsIn[b]) * quantum
            if mode == .rows { inhibition = unsafe noiseIn[b] + inhibition }
            unsafe sumsIn[b] = .zero
            unsafe inh[b] = other * p11In + inhibition
          } else {
            next = unsafe old * p22 + (current * p21Ex + drive[b])
          }
          unsafe ex[b] = current * p11Ex + arriving
          next = synfire_select(busy, old, next)
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
    switch variable {
    case "V_m": Double(v[local]) + constants[slice].limit.resting
    case "I_syn_ex": Double(excitatory[local])
    case "I_syn_in": inhibitory.count > 0 ? Double(inhibitory[local]) : 0
    default: preconditionFailure("iaf_psc_exp has no variable \(variable)")
    }
  }

  func setValue(_ variable: String, to value: Double, of local: Int, in slice: Int) {
    switch variable {
    case "V_m": v[local] = Float(value - constants[slice].limit.resting)
    case "I_syn_ex": excitatory[local] = Float(value)
    case "I_syn_in":
      if plan.slices[slice].twoRows { inhibitory[local] = Float(value) } else { excitatory[local] += Float(value) }
    default: preconditionFailure("iaf_psc_exp has no variable \(variable)")
    }
  }

  func word(_ index: Int, of local: Int, clock: Int32) -> UInt64 {
    switch index {
    case 0: UInt64(v[local].bitPattern)
    case 1: UInt64(excitatory[local].bitPattern)
    case 2: inhibitory.count > 0 ? UInt64(inhibitory[local].bitPattern) : 0
    default: refractoryWord(freeAt[local], clock: clock)
    }
  }

  func setWord(_ index: Int, to word: UInt64, of local: Int, clock: Int32) {
    let bits = UInt32(truncatingIfNeeded: word)
    switch index {
    case 0: v[local] = Float(bitPattern: bits)
    case 1: excitatory[local] = Float(bitPattern: bits)
    case 2: if inhibitory.count > 0 { inhibitory[local] = Float(bitPattern: bits) }
    default: freeAt[local] = clock &+ Int32(truncatingIfNeeded: word)
    }
  }

  func rebase(by steps: Int32) { ChipCore.rebase(freeAt, by: steps) }
}
