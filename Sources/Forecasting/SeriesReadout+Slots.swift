internal import KernelTypes

/// The forecasts that wait for their targets.
extension SeriesReadout {
  /// The forecast made at an origin for a horizon, as it is kept (`Slot`).
  func slot(_ j: Int, ofTick tick: Int) -> Cells<Float> {
    let size = Slot.size(j, shape)
    return cells(layout.slots[j] + tick / shape.stride(j) % shape.keptOrigins(j) * size, size)
  }

  private func halves(_ j: Int, ofTick tick: Int, _ scratch: ReadoutScratch) -> HalfPrecision {
    let kept = slot(j, ofTick: tick)
    return unsafe HalfPrecision(
      groups: 2,
      floats: scratch.slot,
      halves: UnsafeMutableRawPointer(kept.base).assumingMemoryBound(to: UInt16.self)
    )
  }

  /// Keeps the forecast for a horizon that is laid out in `scratch`.
  func keepSlot(_ j: Int, _ scratch: ReadoutScratch) {
    let kept = slot(j, ofTick: ticks)
    if j == 0 {
      unsafe kept.base.update(from: scratch.slot, count: 32)
    } else if shape.isWholeDay(j) {
      let (group, slot) = unsafe (scratch.halfGroup, scratch.slot)
      for (i, place) in Slot.keptOfDay.enumerated() { unsafe group.floats[i] = slot[place] }
      scratch.kernels.packHalves(group)
      let packed = unsafe UnsafeMutableRawPointer(group.halves).assumingMemoryBound(to: Float.self)
      unsafe kept.base.update(from: packed, count: kept.count)
    } else {
      scratch.kernels.packHalves(halves(j, ofTick: ticks, scratch))
    }
  }

  /// Lays a forecast for a horizon out in `scratch`.
  func loadSlot(_ j: Int, ofTick tick: Int, _ scratch: ReadoutScratch) {
    let kept = slot(j, ofTick: tick)
    if j == 0 {
      unsafe scratch.slot.update(from: kept.base, count: 32)
    } else if shape.isWholeDay(j) {
      let (group, slot) = unsafe (scratch.halfGroup, scratch.slot)
      let packed = unsafe UnsafeMutableRawPointer(group.halves).assumingMemoryBound(to: Float.self)
      unsafe packed.update(from: kept.base, count: kept.count)
      scratch.kernels.unpackHalves(group)
      for (i, place) in Slot.keptOfDay.enumerated() { unsafe slot[place] = group.floats[i] }
      unsafe slot[Slot.priorMedian] = slot[Slot.points + 3]
    } else {
      scratch.kernels.unpackHalves(halves(j, ofTick: tick, scratch))
    }
  }

  /// The median that was forecast for a horizon at an origin.
  func keptMedian(_ j: Int, ofTick tick: Int) -> Double {
    let (kept, median) = (slot(j, ofTick: tick), Slot.median)
    guard j > 0 else { return Double(kept[median]) }
    let word = kept[median / 2].bitPattern >> (16 * UInt32(median % 2))
    return Double(Float16(bitPattern: UInt16(truncatingIfNeeded: word)))
  }
}
