internal import Circuits

/// `iaf_psc_delta` in double precision, in the order of operations of NEST's: for comparison, not for speed.
@safe
final class IafPscDeltaDouble: NeuronGroup {
  static let words = ["V_m", "refractory"]

  private struct Constants {
    let p22, p20, least: Double
    let limit: Threshold<Double>
  }

  private let plan: TilePlan
  private let rows: InputRows<Int64, Double>
  private let constants: [Constants]
  private let v: Column<Double>
  private let current: Column<Double>
  private let freeAt: Column<Int32>

  init(_ plan: TilePlan, _ rows: InputRows<Int64, Double>) {
    (self.plan, self.rows) = (plan, rows)
    constants = plan.slices.indices.map { slice in
      let population = plan.population(slice)
      let propagators = MembranePropagators(population, stepMilliseconds: plan.circuit.stepMilliseconds)
      let limit = Threshold<Double>(population, stepMilliseconds: plan.circuit.stepMilliseconds)
      let least = (population.parameters["V_min"] ?? -.infinity) - limit.resting
      return Constants(p22: propagators.p22, p20: propagators.p20, least: least, limit: limit)
    }
    v = Column(plan.width)
    current = Column(plan.width)
    freeAt = Column(plan.width)
  }

  func advance(_ slices: Range<Int>, clock: Int32, into list: UnsafeMutablePointer<UInt32>, from start: Int) -> Int {
    var end = start
    for slice in slices {
      let (place, c) = (plan.slices[slice], constants[slice])
      let (v, sums, noise) = unsafe (self.v.base, rows.sums.base, rows.noise.base)
      let hasNoise = unsafe rows.slices[slice].mode == .rows
      for k in 0..<place.slice.count {
        let i = place.start + k
        if freeAt[i] <= clock {
          var arriving = unsafe Double(sums[i]) * fixedPointUnit
          if hasNoise { unsafe arriving += noise[i] }
          unsafe v[i] = max(current[i] * c.p20 + v[i] * c.p22 + arriving, c.least)
        }
        unsafe sums[i] = 0
        if unsafe v[i] >= c.limit.threshold {
          unsafe v[i] = c.limit.reset
          freeAt[i] = clock &+ 1 &+ c.limit.refractorySteps
          unsafe list[end] = UInt32(truncatingIfNeeded: place.id(k))
          end += 1
        }
      }
    }
    return end
  }

  func setCurrent(_ value: Double, of local: Int, in slice: Int) { current[local] = value }

  func value(_ variable: String, of local: Int, in slice: Int) -> Double {
    precondition(variable == "V_m")
    return v[local] + constants[slice].limit.resting
  }

  func setValue(_ variable: String, to value: Double, of local: Int, in slice: Int) {
    precondition(variable == "V_m")
    v[local] = value - constants[slice].limit.resting
  }

  func word(_ index: Int, of local: Int, clock: Int32) -> UInt64 {
    index == 0 ? v[local].bitPattern : refractoryWord(freeAt[local], clock: clock)
  }

  func setWord(_ index: Int, to word: UInt64, of local: Int, clock: Int32) {
    if index == 0 {
      v[local] = Double(bitPattern: word)
    } else {
      freeAt[local] = clock &+ Int32(truncatingIfNeeded: word)
    }
  }

  func rebase(by steps: Int32) { ChipCore.rebase(freeAt, by: steps) }
}
