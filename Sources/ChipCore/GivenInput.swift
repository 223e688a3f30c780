internal import Basics
internal import Circuits

/// Given input spikes of a tile by the step in which they arrive.
final class GivenInput {
  /// One input in the tile's own terms.
  private struct Input {
    let step: Int64
    let cell: Int
    let weight: Int64
  }
  private let inputs: [Input]
  private var next = 0

  /// The step of the next input; the greatest number when none is left.
  private(set) var nextStep: Int64

  /// Sorts the inputs that end in a tile; `cells` is the stride from one row of sums to the next.
  init<Store: SynapseStore>(_ plan: TilePlan, stride: Int, as _: Store.Type) {
    var inputs: [Input] = []
    for case .events(_, let events) in plan.circuit.stimuli {
      for event in events {
        guard let (slice, local) = plan.place(of: Int(event.target.index)) else { continue }
        let h = plan.circuit.stepMilliseconds
        let due =
          StepGrid.nearest(event.timeMilliseconds, stepMilliseconds: h)
          + StepGrid.nearest(event.delayMilliseconds, stepMilliseconds: h) - 1
        let perUnit = 1 / (plan.precision == .double ? fixedPointUnit : plan.slices[slice].quantum)
        let weight = Int64(Store.fixedPoint(event.weight, perUnit: perUnit))
        let isSecond = plan.slices[slice].twoRows && event.weight < 0
        inputs.append(Input(step: Int64(due), cell: isSecond ? stride + local : local, weight: weight))
      }
    }
    inputs.sort { $0.step < $1.step }
    self.inputs = inputs
    nextStep = inputs.first?.step ?? .max
  }

  /// Adds what arrives in a step to the sums.
  func add<Sum: FixedWidthInteger>(at step: Int64, to sums: UnsafeMutablePointer<Sum>) {
    while next < inputs.count, inputs[next].step <= step {
      if inputs[next].step == step {
        unsafe sums[inputs[next].cell] &+= Sum(truncatingIfNeeded: inputs[next].weight)
      }
      next += 1
    }
    nextStep = next < inputs.count ? inputs[next].step : .max
  }

  /// Goes to the first input at or after a step.
  func seek(_ step: Int64) {
    next = inputs.firstIndex { $0.step >= step } ?? inputs.count
    nextStep = next < inputs.count ? inputs[next].step : .max
  }

  /// The greatest sum of absolute weights that arrives at a cell in one step, by cell.
  var peaks: [Int: Double] {
    var peaks: [Int: Double] = [:]
    var sums: [Int: Double] = [:]
    for (i, input) in inputs.enumerated() {
      sums[input.cell, default: 0] += abs(Double(input.weight))
      if i + 1 < inputs.count, inputs[i + 1].step == input.step { continue }
      for (cell, sum) in sums { peaks[cell] = max(peaks[cell] ?? 0, sum) }
      sums.removeAll(keepingCapacity: true)
    }
    return peaks
  }
}

extension TilePlan {
  /// The slice and local place of a neuron, or nil when it lies in another part.
  func place(of neuron: Int) -> (slice: Int, local: Int)? {
    for (index, plan) in slices.enumerated() {
      let offset = neuron - plan.slice.first
      guard offset >= 0, offset % plan.slice.stride == 0, offset / plan.slice.stride < plan.slice.count else {
        continue
      }
      return (index, plan.start + offset / plan.slice.stride)
    }
    return nil
  }
}
