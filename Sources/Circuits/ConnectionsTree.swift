internal import Basics

/// Spreads the synapses of fixed_total_number over the targets by halving them again and again.
///
/// Every part walks the same tree, only as deep as it leads to own targets; the numbers are keyed by (first, end) of a node.
struct InDegreeTree {
  private let random: CounterRandom
  private let neurons: Range<Int>
  private let slices: [Slice]
  private let candidates: Int
  private let multapses: Bool

  /// Prepares the tree of a projection for the targets in some slices.
  init(of circuit: Circuit, number: Int, slices: [Slice]) {
    let p = circuit.projections[number]
    random = CounterRandom(seed: circuit.seed, stream: RandomStream.projection(number))
    neurons = circuit.populations[p.target].neurons
    self.slices = slices
    candidates = circuit.populations[p.source].size - (p.source == p.target && !p.autapses ? 1 : 0)
    multapses = p.multapses
  }

  /// Calls back with each own target that has synapses and their number, in ascending order.
  func forEachTarget(_ total: Int, _ body: (_ id: Int, _ count: Int) -> Void) {
    split(0, neurons.count, total, body)
  }

  private func split(_ low: Int, _ high: Int, _ count: Int, _ body: (Int, Int) -> Void) {
    guard count > 0, ownsAny(of: low, high) else { return }
    if high - low == 1 { return body(neurons.lowerBound + low, count) }
    let middle = (low + high) / 2
    var stream = SplitStream(random, UInt32(truncatingIfNeeded: low), UInt32(truncatingIfNeeded: high))
    let left =
      multapses
      ? binomial(count, Double(middle - low) / Double(high - low), &stream)
      : hypergeometric(
        total: (high - low) * candidates,
        good: (middle - low) * candidates,
        draws: count,
        &stream
      )
    split(low, middle, left, body)
    split(middle, high, count - left, body)
  }

  private func ownsAny(of low: Int, _ high: Int) -> Bool {
    let (from, to) = (neurons.lowerBound + low, neurons.lowerBound + high)
    for slice in slices {
      let k = from <= slice.first ? 0 : (from - slice.first + slice.stride - 1) / slice.stride
      if k < slice.count, slice.first + k * slice.stride < to { return true }
    }
    return false
  }
}
