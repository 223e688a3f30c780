internal import Circuits

/// The currents that flow into the neurons of a tile: constant ones and those of stimuli, which begin and end.
///
/// NEST's timing: a current from start to stop with a delay acts in the steps that end in (start + delay, stop + delay].
struct DirectCurrents {
  private struct Pulse {
    let from: Int64
    let to: Int64
    let amplitude: Double
  }
  private var pulses: [[Pulse]]
  private var changes: [Int64]
  private var next = 0

  /// Collects the currents into the slices of a tile.
  init(_ plan: TilePlan) {
    pulses = Array(repeating: [], count: plan.slices.count)
    let h = plan.circuit.stepMilliseconds
    var changes: Set<Int64> = []
    for case .directCurrent(_, let amplitude, let start, let stop, let targets, let delay) in plan.circuit.stimuli {
      let late = StepGrid.nearest(delay, stepMilliseconds: h)
      func step(_ time: Double) -> Int64 {
        Int64((min(max(time / h, -1e15), 1e15)).rounded(.toNearestOrEven)) + Int64(late)
      }
      let pulse = Pulse(from: step(start), to: step(stop), amplitude: amplitude)
      for target in targets {
        for slice in plan.slices.indices where plan.slices[slice].slice.population == target {
          pulses[slice].append(pulse)
          changes.formUnion([pulse.from, pulse.to])
        }
      }
    }
    self.changes = changes.sorted()
  }

  /// Sets the currents where one begins or ends in a step, or everywhere.
  mutating func apply(at step: Int64, to groups: [(any NeuronGroup)?], of plan: TilePlan, always: Bool = false) {
    if always { next = 0 }
    let before = next
    while next < changes.count, changes[next] <= step { next += 1 }
    guard always || next > before else { return }
    for (index, place) in plan.slices.enumerated() where plan.entry(index).takesCurrents {
      guard always || !pulses[index].isEmpty, let group = groups[place.model] else { continue }
      let population = plan.population(index)
      let own = population.perNeuron["I_e"]
      let constant = population.parameters["I_e"] ?? 0
      let stimulated = pulses[index].reduce(0.0) { $0 + ($1.from <= step && step < $1.to ? $1.amplitude : 0) }
      let currents = (0..<place.slice.count).map { k in
        (own.map { $0[place.id(k) - population.neurons.lowerBound] } ?? constant) + stimulated
      }
      group.setCurrents(currents, of: index)
    }
  }
}
