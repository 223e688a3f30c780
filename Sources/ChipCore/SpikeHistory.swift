internal import Basics

/// The spikes received in the last steps, from which the queues can be built anew.
struct SpikeHistory {
  private var steps: [Int64]
  private var spikes: [[UInt32]]
  private let mask: Int

  /// Keeps as many steps as a ring of delivery slots has.
  init(length: Int) {
    mask = length - 1
    steps = Array(repeating: -1, count: length)
    spikes = Array(repeating: [], count: length)
  }

  /// Adds spikes that left their neurons in a step.
  mutating func append(_ neurons: UnsafeBufferPointer<UInt32>, at step: Int64) {
    let slot = Int(truncatingIfNeeded: step) & mask
    if steps[slot] != step {
      steps[slot] = step
      spikes[slot].removeAll(keepingCapacity: true)
    }
    unsafe spikes[slot].append(contentsOf: neurons)
  }

  /// Returns the neurons that fired in a step, ascending and each once, however many tables it was found in.
  func spikes(at step: Int64) -> [UInt32] {
    let slot = Int(truncatingIfNeeded: step) & mask
    guard step >= 0, steps[slot] == step else { return [] }
    let sorted = spikes[slot].sorted()
    return sorted.indices.filter { $0 == 0 || sorted[$0] != sorted[$0 - 1] }.map { sorted[$0] }
  }

  /// Removes everything.
  mutating func clear() {
    for i in steps.indices { steps[i] = -1 }
  }
}
