internal import Basics
internal import Circuits
internal import KernelTypes

extension ModelEntry {
  /// `replay`.
  static let replay = ModelEntry(
    model: .replay,
    takesCurrents: false,
    listsAllSpikes: true,
    splitsSigns: { _ in false },
    perNeuron: [],
    words: ReplayGroup<Int32, Float>.words,
    single: { ReplayGroup($0, $1) },
    double: { ReplayGroup($0, $1) }
  )
}

/// `replay`: neurons that fire when their list says so; what arrives is dropped.
///
/// There is no state: the position in the lists follows from the step.
@safe
final class ReplayGroup<Sum: FixedWidthInteger & BitwiseCopyable, Real: BinaryFloatingPoint & BitwiseCopyable>:
  NeuronGroup
{
  static var words: [String] { [] }

  private let plan: TilePlan
  private let rows: InputRows<Sum, Real>
  /// The spikes of each slice's neurons, ascending by step, then neuron.
  private let spikes: [[ReplayedSpike]]
  private var next: [Int]
  /// The step that comes next, by slice.
  private var now: [Int64]

  init(_ plan: TilePlan, _ rows: InputRows<Sum, Real>) {
    (self.plan, self.rows) = (plan, rows)
    spikes = plan.slices.indices.map { index in
      let slice = plan.slices[index].slice
      let own = plan.population(index).replayed.filter {
        let offset = Int($0.neuron.index) - slice.first
        return offset >= 0 && offset % slice.stride == 0 && offset / slice.stride < slice.count
      }
      return own.sorted { ($0.step, $0.neuron) < ($1.step, $1.neuron) }
    }
    next = spikes.map { _ in 0 }
    now = spikes.map { _ in 0 }
  }

  func advance(_ slices: Range<Int>, into list: inout SpikeList) {
    for slice in slices {
      let place = plan.slices[slice]
      for i in place.start..<place.start + place.slice.count { unsafe rows.sums.base[i] = 0 }
      var i = next[slice]
      while i < spikes[slice].count, spikes[slice][i].step <= now[slice] {
        if spikes[slice][i].step == now[slice] { list.append(spikes[slice][i].neuron.index) }
        i += 1
      }
      next[slice] = i
      now[slice] += 1
    }
  }

  func jump(to step: Int64) {
    for slice in spikes.indices {
      next[slice] = spikes[slice].firstIndex { $0.step >= step } ?? spikes[slice].count
      now[slice] = step
    }
  }

  func value(_ variable: String, of local: Int, in slice: Int) -> Double { .nan }
  func setValue(_ variable: String, to value: Double, of local: Int, in slice: Int) {}
  func word(_ index: Int, of local: Int) -> UInt64 { 0 }
  func setWord(_ index: Int, to word: UInt64, of local: Int) {}
}
