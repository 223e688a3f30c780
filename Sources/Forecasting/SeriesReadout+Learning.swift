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
      let origin = ticks - min(ticks, shape.horizons[j])
      if j < 2 {
        unsafe scratch.loadFeatures(counts(ofTick: origin).base, count: shape.counts, at: j)
      } else {
        unsafe scratch.loadPackedFeatures(packedCounts(ofTick: origin).base, count: shape.counts, at: j)
      }
    }
    let (triangle, adds) = (covariance(scratch), origin(ofTick: ticks - 1).scale > 0)
    scratch.kernels.unpackTriangle(triangle)
    let step = unsafe CovarianceStep(
      order: shape.features,
      adds: adds,
      forgetting: C.forgetting,
      cells: triangle.cells,
      features: scratch.features,
      gains: scratch.gains,
      leverages: scratch.leverages,
      next: next?.start,
      nextLines: (next?.count ?? 0) / 2
    )
    scratch.kernels.stepCovariance(step)
    if adds { scratch.kernels.packTriangle(triangle) }
    stepLinear(scratch)
  }

  /// Learns from a value, for each horizon as the target of the forecast made that many ticks ago.
  mutating func learn(
    _ x: Double,
    _ calendar: TickCalendar,
    prior: Prior,
    scratch: ReadoutScratch,
    next: WantedLines?
  ) {
    for j in 0..<3 {
      // The first half was fetched while the covariance was multiplied.
      next?.fetch(part: j + 3, of: 6)
      let h = shape.horizons[j]
      guard ticks >= h, (ticks - h) % shape.stride(j) == 0 else { continue }
      let origin = origin(ofTick: ticks - h)
      // The sign of the scale marks a missing value: such a tick is no origin to learn from.
      guard origin.scale > 0 else { continue }
      targets[j] += 1
      let target = Float(min(30, max(-30, (x - origin.level) / origin.scale)))
      loadSlot(j, ofTick: ticks - h, scratch)
      loadPoints(j, origin, calendar, scratch)
      learnTail(j, target, scratch)
      learnTrust(j, x, level: origin.level, scale: origin.scale, scratch)
      if shape.isLinear(j) { learnLinear(j, rise: target - origin.lastValue, scratch) }
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

  /// Tracks the levels of the upper tail: up by much after a value beyond one, down by little after any other.
  private func learnTail(_ j: Int, _ target: Float, _ scratch: ReadoutScratch) {
    let (learned, count) = (horizon(j), Double(targets[j]))
    let shift = learned[HorizonColumns.shifts + 5] * learned[HorizonColumns.scale]
    let start = unsafe scratch.slot[Slot.upper] + shift
    let unit = unsafe tailUnit(j, start - scratch.slot[Slot.median])
    let rate = (shape.isFar(j) ? C.tailRate.far : C.tailRate.near) * max(1, 20 / (1 + count / 50))
    for k in C.tails.indices {
      let reach = learned[HorizonColumns.tails + k]
      let step = rate * (C.upperLevels[k] - (target < start + unit * reach ? 1 : 0))
      learned[HorizonColumns.tails + k] = min(C.greatestTail, max(0, reach + Float(step)))
    }
  }

  /// What the upper tail is measured in: the distance of the 90 % quantile from the median.
  func tailUnit(_ j: Int, _ distance: Float) -> Float {
    max(distance, C.leastTailUnit * horizon(j)[HorizonColumns.scale])
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
      median: scratch.slot[Slot.median],
      headRate: Float(max(0.01, 1 / Double(ticks - shape.horizons[j] + 1))),
      scaleRate: Float(max(0.002, 1 / (count + 1))),
      mixtureRate: Float(mixtureRate(j) * max(1, 8 / (1 + count / 12))),
      shiftRate: Float((isFar ? C.coverageRate.far : C.coverageRate.near) * max(1, 5 / (1 + count / 50))),
      offsetRate: Float((isFar ? C.offsetRate.far : C.offsetRate.near) * max(1, 20 / (1 + count / 20))),
      fanRate: Float(C.fanRate * max(1, 20 / (1 + count / 20))),
      errorRate: Float(max(isFar ? C.scaleRate.far : C.scaleRate.near, 1 / (count + 1))),
      uniformShare: C.uniformShare
    )
  }

  private func mixtureRate(_ j: Int) -> Double {
    shape.isFar(j) ? C.mixtureRate.far : j == 0 ? C.mixtureRate.next : C.mixtureRate.near
  }

  /// Loads the points that an origin's experts gave.
  private func loadPoints(_ j: Int, _ origin: Origin, _ calendar: TickCalendar, _ scratch: ReadoutScratch) {
    let (points, slot, lastValue) = unsafe (scratch.points, scratch.slot, origin.lastValue)
    for i in 0..<C.lastValue { unsafe points[i] = slot[Slot.points + i] }
    unsafe points[C.lastValue] = lastValue
    unsafe points[C.lastValue + 1] = shape.isWholeDay(j) ? lastValue : slot[Slot.dayBefore]
    for i in C.lastValue + 2..<C.experts { unsafe points[i] = slot[Slot.points + i - 2] }
    if shape.isWholeDay(j) {
      let known = seasonalValues(ahead: 0, calendar)
      func normal(_ value: Double) -> Float { Float((value - origin.level) / origin.scale) }
      unsafe points[Slot.lookedUp.ofClass] = normal(known.ofClass)
      unsafe points[Slot.lookedUp.mean] = normal(known.mean)
      unsafe points[Slot.lookedUp.median] = normal(known.median)
    }
    // The kernel tracks the coverage of the outer quantiles as they were forecast.
    unsafe points[HorizonColumns.experts] = slot[Slot.lower]
    unsafe points[HorizonColumns.experts + 1] = slot[Slot.upper]
  }

  /// Lays the points of the experts out to be kept.
  func storePoints(_ scratch: ReadoutScratch) {
    let (points, slot) = unsafe (scratch.points, scratch.slot)
    for i in 0..<C.lastValue { unsafe slot[Slot.points + i] = points[i] }
    unsafe slot[Slot.dayBefore] = points[C.lastValue + 1]
    for i in C.lastValue + 2..<C.experts { unsafe slot[Slot.points + i - 2] = points[i] }
  }
}
