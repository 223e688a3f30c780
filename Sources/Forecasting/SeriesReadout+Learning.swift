internal import KernelTypes

private typealias C = ReadoutConstants

extension SeriesReadout {
  /// Adds the last tick's features to the covariance, with directional forgetting, and leaves in `scratch` the features,
  /// gains and leverages of the three horizons whose target is the present tick.
  ///
  /// It waits until here so that the covariance is touched in one phase of the tick only. A tick whose value was missing
  /// adds nothing, and the features of what is not learned from do not matter.
  func addLastTick(_ scratch: ReadoutScratch, next: WantedLines?) {
    guard ticks > 0 else { return }
    for j in 0..<3 {
      let origin = (ticks + shape.memory - min(ticks, shape.horizons[j])) % shape.memory
      unsafe scratch.loadFeatures(counts.base + origin * shape.counts, count: shape.counts, at: j)
    }
    let step = unsafe CovarianceStep(
      order: shape.features,
      adds: origins[3 * ((ticks + shape.memory - 1) % shape.memory) + 1] > 0,
      forgetting: C.forgetting,
      cells: base + layout.covariance,
      features: scratch.features,
      gains: scratch.gains,
      leverages: scratch.leverages,
      next: next?.start,
      nextLines: (next?.count ?? 0) / 2
    )
    scratch.kernels.stepCovariance(step)
  }

  /// Learns from a value, for each horizon as the target of the forecast made that many ticks ago.
  mutating func learn(_ x: Double, prior: Prior, scratch: ReadoutScratch, next: WantedLines?) {
    for j in 0..<3 {
      // The first half was fetched while the covariance was multiplied.
      next?.fetch(part: j + 3, of: 6)
      let h = shape.horizons[j]
      guard ticks >= h else { continue }
      let origin = 3 * ((ticks - h) % shape.memory)
      let scale = Double(origins[origin + 1])
      // The sign of the scale marks a missing value: such a tick is no origin to learn from.
      guard scale > 0 else { continue }
      targets[j] += 1
      let target = Float(min(30, max(-30, (x - Double(origins[origin])) / scale)))
      loadSlot(j, ofTick: ticks - h, scratch)
      loadPoints(j, lastValue: origins[origin + 2], scratch)
      scratch.kernels.learnHorizon(slice(j, features: j, prior, scratch), lesson(j, target, scratch))
    }
  }

  /// What a horizon has learned, with features in `scratch`.
  func slice(_ j: Int, features vector: Int, _ prior: Prior, _ scratch: ReadoutScratch) -> HorizonSlice {
    let length = shape.paddedFeatures
    return unsafe HorizonSlice(
      length: length,
      priorLength: prior.headLength,
      priorWeights: prior.headWeights.base + j * 8 * prior.headLength,
      priorBiases: prior.headBiases.base + j * 16,
      features: scratch.features + vector * length,
      state: base + layout.horizons[j],
      points: scratch.points,
      fans: scratch.fans
    )
  }

  private func lesson(_ j: Int, _ target: Float, _ scratch: ReadoutScratch) -> HorizonLesson {
    let (isFar, count) = (shape.isFar(j), Double(targets[j]))
    let lastValue = unsafe scratch.points[C.lastValue]
    return unsafe HorizonLesson(
      target: target,
      headBases: SIMD4(scratch.slot[Slot.priorMedian], lastValue, 0, 0),
      gain: scratch.gains + j * shape.paddedFeatures,
      leverage: scratch.leverages[j],
      gainFactor: isFar ? C.gains.far : (j == 0 ? C.gains.next : C.gains.near),
      clip: C.clip,
      quantiles: scratch.slot + Slot.quantiles,
      headRate: Float(max(0.01, 1 / Double(ticks - shape.horizons[j] + 1))),
      scaleRate: Float(max(0.002, 1 / (count + 1))),
      mixtureRate: Float((isFar ? C.mixtureRate.far : C.mixtureRate.near) * max(1, 8 / (1 + count / 12))),
      shiftRate: Float((isFar ? C.coverageRate.far : C.coverageRate.near) * max(1, 5 / (1 + count / 50))),
      offsetRate: Float(C.offsetRate * max(1, 20 / (1 + count / 20))),
      fanRate: Float(C.fanRate * max(1, 20 / (1 + count / 20))),
      errorRate: Float(max(isFar ? C.scaleRate.far : C.scaleRate.near, 1 / (count + 1))),
      uniformShare: C.uniformShare
    )
  }

  /// Loads the points that an origin's experts gave.
  private func loadPoints(_ j: Int, lastValue: Float, _ scratch: ReadoutScratch) {
    let (points, slot) = unsafe (scratch.points, scratch.slot)
    for i in 0..<C.lastValue { unsafe points[i] = slot[Slot.points + i] }
    unsafe points[C.lastValue] = lastValue
    unsafe points[C.lastValue + 1] = shape.isWholeDay(j) ? lastValue : slot[Slot.dayBefore]
    for i in C.lastValue + 2..<C.experts { unsafe points[i] = slot[Slot.points + i - 2] }
  }

  /// Lays the points of the experts out to be kept.
  func storePoints(_ scratch: ReadoutScratch) {
    let (points, slot) = unsafe (scratch.points, scratch.slot)
    for i in 0..<C.lastValue { unsafe slot[Slot.points + i] = points[i] }
    unsafe slot[Slot.dayBefore] = points[C.lastValue + 1]
    for i in C.lastValue + 2..<C.experts { unsafe slot[Slot.points + i - 2] = points[i] }
  }
}
