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

/// `iaf_psc_alpha` in single precision.
///
/// Neurons with equal time constants keep one current, the sum of both, which is exact by linearity. Per step:
/// V ← max(V·P22 + ((D·P31 + E·P32) + (D'·P31' + N·P32') + drive), V_min), E ← D·P21 + E·P11, D ← D·P11 + input·jump.
@safe
final class IafPscAlphaSingle: NeuronGroup {
  static let words = IafPscAlphaDouble.words

  private struct Constants {
    let p22, least, quantum: Float
    let p20: Double
    let ex, inh: (p11: Float, p21: Float, p31: Float, p32: Float, jump: Float)
    let limit: Threshold<Float>
  }

  private let plan: TilePlan
  private let rows: InputRows<Int32, Float>
  private let constants: [Constants]
  private let v: Column<Float>
  private let risingEx: Column<Float>
  private let excitatory: Column<Float>
  private let risingIn: Column<Float>
  private let inhibitory: Column<Float>
  private let drive: Column<Float>
  private let refractory: Column<UInt16>

  init(_ plan: TilePlan, _ rows: InputRows<Int32, Float>) {
    (self.plan, self.rows) = (plan, rows)
    constants = plan.slices.indices.map { slice in
      let population = plan.population(slice)
      let h = plan.circuit.stepMilliseconds
      let propagators = MembranePropagators(population, stepMilliseconds: h)
      let limit = Threshold<Float>(population, stepMilliseconds: h)
      func alpha(_ name: String) -> (Float, Float, Float, Float, Float) {
        let a = AlphaPropagators(propagators, synaptic: population.parameters[name] ?? 2, stepMilliseconds: h)
        return (Float(a.p11), Float(a.p21), Float(a.p31), Float(a.p32), Float(a.jump))
      }
      return Constants(
        p22: Float(propagators.p22),
        least: Float((population.parameters["V_min"] ?? -.infinity) - limit.resting),
        quantum: Float(plan.slices[slice].quantum),
        p20: propagators.p20,
        ex: alpha("tau_syn_ex"),
        inh: alpha("tau_syn_in"),
        limit: limit
      )
    }
    let second = rows.sums.count > rows.stride ? plan.width : 0
    v = Column(plan.width)
    risingEx = Column(plan.width)
    excitatory = Column(plan.width)
    risingIn = Column(second)
    inhibitory = Column(second)
    drive = Column(plan.width)
    refractory = Column(plan.width)
  }

  func advance(_ slices: Range<Int>, into spikes: inout SpikeList) {
    for slice in slices {
      let (place, c) = (plan.slices[slice], constants[slice])
      let (v, dEx, ex) = unsafe (self.v.base, risingEx.base, excitatory.base)
      let (dIn, inh) = unsafe (risingIn.base, inhibitory.base)
      let twoRows = place.twoRows
      for k in 0..<place.slice.count {
        let i = place.start + k
        var input = unsafe (c.ex.p31 * dEx[i] + c.ex.p32 * ex[i])
        let (arriving, inhibiting) = rows.take(slice, place: i, k, quantum: c.quantum, twoRows: twoRows)
        if twoRows {
          unsafe input = input + (c.inh.p31 * dIn[i] + c.inh.p32 * inh[i])
          unsafe inh[i] = c.inh.p21 * dIn[i] + c.inh.p11 * inh[i]
          unsafe dIn[i] = dIn[i] * c.inh.p11 + c.inh.jump * inhibiting
        }
        let rest = refractory[i]
        refractory[i] = rest > 0 ? rest - 1 : 0
        if rest == 0 { unsafe v[i] = max(v[i] * c.p22 + (input + drive[i]), c.least) }
        unsafe ex[i] = c.ex.p21 * dEx[i] + c.ex.p11 * ex[i]
        unsafe dEx[i] = dEx[i] * c.ex.p11 + c.ex.jump * arriving
        if unsafe v[i] >= c.limit.threshold {
          unsafe v[i] = c.limit.reset
          refractory[i] = c.limit.refractorySteps
          spikes.append(UInt32(truncatingIfNeeded: place.id(k)))
        }
      }
    }
  }

  func setCurrents(_ currents: [Double], of slice: Int) {
    for (k, current) in currents.enumerated() {
      drive[plan.slices[slice].start + k] = Float(current * constants[slice].p20)
    }
  }

  func value(_ variable: String, of local: Int, in slice: Int) -> Double {
    switch variable {
    case "V_m": Double(v[local]) + constants[slice].limit.resting
    case "I_syn_ex": Double(excitatory[local])
    case "I_syn_in": inhibitory.count > 0 ? Double(inhibitory[local]) : 0
    default: preconditionFailure("iaf_psc_alpha has no variable \(variable)")
    }
  }

  func setValue(_ variable: String, to value: Double, of local: Int, in slice: Int) {
    switch variable {
    case "V_m": v[local] = Float(value - constants[slice].limit.resting)
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

extension InputRows where Sum == Int32, Real == Float {
  /// Takes what arrives at one neuron, the `k`-th of a slice, and leaves its sums zero.
  @inline(__always)
  func take(_ slice: Int, place: Int, _ k: Int, quantum: Float, twoRows: Bool) -> (first: Float, second: Float) {
    let first = unsafe Float(sums.base[place]) * quantum
    var second: Float = 0
    unsafe sums.base[place] = 0
    if twoRows {
      unsafe second = Float(sums.base[stride &+ place]) * quantum
      unsafe sums.base[stride &+ place] = 0
    }
    let noise = slices[slice].input(of: k, as: Float.self)
    return (noise.first + first, twoRows ? noise.second + second : 0)
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
