internal import Circuits
internal import KernelTypes

/// The state of the leaky neurons of a tile, a row of all local places for each variable.
///
/// Rows are the potential relative to rest, then what excitation and what inhibition brings. Where all synapses of a tile
/// act alike there is no row for inhibition, and none is read or written.
@safe
final class LeakyState<Number: StateNumber> {
  /// Names of the rows.
  private let names: [String]
  /// Variables of each sign.
  private let perSign: Int
  private let plan: TilePlan
  private let numbers: Column<Number>
  /// Steps that each neuron still rests.
  let refractory: Column<UInt16>
  /// What the constant current adds in a step.
  let drive: Column<Number>
  /// What a pA of constant current adds in a step, by slice.
  private let drivePerCurrent: [Double]
  /// The resting potential in mV, by slice.
  let resting: [Double]

  /// Names of the words of a neuron, in the order of snapshots.
  static func words(_ excitatory: [String] = [], _ inhibitory: [String] = []) -> [String] {
    ["V_m"] + excitatory + inhibitory + ["refractory"]
  }

  /// Makes the state of rest; variables that excitation and inhibition bring are named in the same order.
  init(
    _ plan: TilePlan,
    words: [String],
    hasInhibitoryRows: Bool,
    drivePerCurrent: [Double]
  ) {
    (self.plan, self.drivePerCurrent) = (plan, drivePerCurrent)
    names = Array(words.dropLast())
    perSign = (names.count - 1) / 2
    let rows = hasInhibitoryRows ? names.count : names.count - perSign
    numbers = Column(rows * plan.width)
    refractory = Column(plan.width)
    drive = Column(plan.width)
    resting = plan.slices.indices.map { plan.population($0).parameters["E_L"] ?? -70 }
  }

  /// The potentials relative to rest.
  var v: UnsafeMutablePointer<Number> { unsafe numbers.base }

  /// A variable that excitation brings.
  func excitatory(_ variable: Int = 0) -> UnsafeMutablePointer<Number> {
    unsafe numbers.base + (1 + variable) * plan.width
  }

  /// A variable that inhibition brings; only where there are rows for it.
  func inhibitory(_ variable: Int = 0) -> UnsafeMutablePointer<Number> {
    precondition(hasRow(1 + perSign + variable))
    return unsafe numbers.base + (1 + perSign + variable) * plan.width
  }

  private func hasRow(_ row: Int) -> Bool { (row + 1) * plan.width <= numbers.count }

  /// Sets the constant currents in pA of a slice.
  func setCurrents(_ currents: [Double], of slice: Int) {
    let (start, factor) = (plan.slices[slice].start, drivePerCurrent[slice])
    for (k, current) in currents.enumerated() { drive[start + k] = Number(current * factor) }
  }

  /// Returns a variable in the unit of the model's description.
  func value(_ variable: String, of local: Int, in slice: Int) -> Double {
    let row = row(of: variable)
    guard hasRow(row) else { return 0 }
    return Double(numbers[row * plan.width + local]) + (row == 0 ? resting[slice] : 0)
  }

  /// Sets a variable; what inhibition brings joins excitation's in a slice whose synapses all act alike.
  func setValue(_ variable: String, to value: Double, of local: Int, in slice: Int) {
    let row = row(of: variable)
    if row == 0 {
      numbers[local] = Number(value - resting[slice])
    } else if row > perSign, !plan.slices[slice].twoRows {
      numbers[(row - perSign) * plan.width + local] += Number(value)
    } else {
      numbers[row * plan.width + local] = Number(value)
    }
  }

  private func row(of variable: String) -> Int {
    guard let row = names.firstIndex(of: variable) else {
      preconditionFailure("the model's description has a variable \(variable) that its group does not keep")
    }
    return row
  }

  /// Returns a word of a neuron.
  func word(_ index: Int, of local: Int) -> UInt64 {
    if index == names.count { return UInt64(refractory[local]) }
    return hasRow(index) ? numbers[index * plan.width + local].word : 0
  }

  /// Sets a word of a neuron.
  func setWord(_ index: Int, to word: UInt64, of local: Int) {
    if index == names.count {
      refractory[local] = UInt16(truncatingIfNeeded: word)
    } else if hasRow(index) {
      numbers[index * plan.width + local] = Number(word: word)
    }
  }

  /// Where the columns of a slice lie.
  func membrane(_ slice: Int, _ rows: InputRows<Number.Sum, Number>) -> LeakySlice<Number, Number.Sum> {
    let place = plan.slices[slice]
    let limit = Threshold<Number>(plan.population(slice), stepMilliseconds: plan.circuit.stepMilliseconds)
    return unsafe LeakySlice(
      groups: place.groups,
      count: place.slice.count,
      firstID: UInt32(truncatingIfNeeded: place.slice.first),
      stride: UInt32(truncatingIfNeeded: place.slice.stride),
      threshold: limit.threshold,
      reset: limit.reset,
      refractorySteps: limit.refractorySteps,
      quantum: Number(plan.precision == .double ? fixedPointUnit : place.quantum),
      v: v + place.start,
      refractory: refractory.base + place.start,
      drive: drive.base + place.start,
      sums: rows.sums.base + place.start
    )
  }
}

/// A group of leaky neurons: its state is read and set as `LeakyState` lays it out.
protocol LeakyGroup: NeuronGroup {
  associatedtype Number: StateNumber
  var state: LeakyState<Number> { get }
}

extension LeakyGroup {
  func setCurrents(_ currents: [Double], of slice: Int) { state.setCurrents(currents, of: slice) }

  func value(_ variable: String, of local: Int, in slice: Int) -> Double {
    state.value(variable, of: local, in: slice)
  }

  func setValue(_ variable: String, to value: Double, of local: Int, in slice: Int) {
    state.setValue(variable, to: value, of: local, in: slice)
  }

  func word(_ index: Int, of local: Int) -> UInt64 { state.word(index, of: local) }

  func setWord(_ index: Int, to word: UInt64, of local: Int) { state.setWord(index, to: word, of: local) }
}
