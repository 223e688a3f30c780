internal import Circuits

/// Refuses a tile where the sums of one neuron could overflow if every input came in one step.
struct SumCheck<Store: SynapseStore> {
  private let plan: TilePlan
  private let stride: Int

  /// Checks sums that lie `stride` cells from row to row.
  init(_ plan: TilePlan, stride: Int) { (self.plan, self.stride) = (plan, stride) }

  /// Checks by the loads, in which every synapse counts as its projection's greatest; only where that is too much, by what
  /// each synapse weighs.
  ///
  /// `plasticLoads` holds what plastic synapses add at most to each cell, or nothing.
  ///
  /// - Throws: `TileError.accumulatorOverflow`.
  func check(
    _ loads: borrowing Column<Double>,
    _ tables: [SynapseTable],
    _ stores: [Store],
    _ given: GivenInput,
    plasticLoads: [Double]
  ) throws(TileError) {
    let limit = Double(Store.greatestSum)
    let peaks = given.peaks
    let plastic = plasticLoads.isEmpty ? [Double](repeating: 0, count: 2 * stride) : plasticLoads
    let isLight = (0..<plan.width).allSatisfy { place in
      loads[place] + plastic[place] + plastic[stride + place] + max(peaks[place] ?? 0, peaks[stride + place] ?? 0)
        <= limit
    }
    if isLight { return }
    // A source fires at most once a step, so each synapse counts once.
    var sums = plastic
    for (table, store) in zip(tables, stores) { add(table.index, store, to: &sums) }
    for (cell, peak) in peaks { sums[cell] += peak }
    guard let cell = sums.indices.first(where: { sums[$0] > limit }) else { return }
    let local = cell % stride
    let slice = plan.slices.last { $0.start <= local && $0.slice.count > 0 } ?? plan.slices[0]
    let unit = plan.precision == .double ? fixedPointUnit : slice.quantum
    throw .accumulatorOverflow(
      neuron: slice.id(local - slice.start) + 1,
      sum: sums[cell] * unit,
      limit: limit * unit
    )
  }

  private func add(_ index: borrowing SynapseIndex, _ store: Store, to sums: inout [Double]) {
    for row in 0..<index.rows {
      var place = Int(index.firstBlock[row]) * index.block
      for s in Int(index.firstSegment[row])..<Int(index.firstSegment[row + 1]) {
        let segment = index.segments[s]
        let end = place + Int(segment >> 16 & 0x7FFF) * index.block
        let offset = segment >> 31 == 1 ? stride : 0
        while place < end {
          let (target, weight) = store.synapse(place)
          sums[offset + target] += abs(Double(weight))
          place += 1
        }
      }
    }
  }
}
