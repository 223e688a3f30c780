private typealias C = ReadoutConstants

extension SeriesReadout {
  /// Adds the last tick's features to the covariance, with directional forgetting, and leaves its new gain in `scratch`.
  ///
  /// It waits until here so that the covariance is touched in one phase of the tick only and stays in the cache. A tick
  /// whose value was missing adds nothing.
  mutating func addLastTick(_ scratch: inout ReadoutScratch) {
    let origin = (ticks + shape.memory - 1) % shape.memory
    guard ticks > 0, origins[3 * origin + 1] > 0 else { return }
    scratch.loadFeatures(counts[origin * shape.counts..<(origin + 1) * shape.counts])
    covariance.multiply(scratch.features, into: &scratch.gain)
    let leverage = scratch.leverage
    var share = 1 / (1 + leverage)
    if leverage > 1e-9 {
      let epsilon = C.forgetting - (1 - C.forgetting) / leverage
      share = abs(epsilon) > 1e-6 ? 1 / (1 / epsilon + leverage) : 0
    }
    covariance.subtractOuterProduct(of: scratch.gain, scaledBy: share)
    // The new covariance times the same features, without another pass: z - c z (z·f).
    let rest = Float(1 - share * leverage)
    for i in scratch.gain.indices { scratch.gain[i] *= rest }
  }

  /// Learns from a value, for each horizon as the target of the forecast made that many ticks ago.
  mutating func learn(_ x: Double, prior: Prior, scratch: inout ReadoutScratch) {
    for j in 0..<3 {
      let h = shape.horizons[j]
      guard ticks >= h else { continue }
      let origin = (ticks - h) % shape.memory
      let scale = Double(origins[3 * origin + 1])
      // The sign of the scale marks a missing value: such a tick is no origin to learn from.
      guard scale > 0 else { continue }
      let target = min(30, max(-30, (x - Double(origins[3 * origin])) / scale))
      let slot = (ticks - h) % h * Slot.size(j, shape)
      horizons[j].targets += 1
      loadPoints(j, slot, origin, &scratch)
      scratch.loadFeatures(counts[origin * shape.counts..<(origin + 1) * shape.counts])
      learnHeads(j, slot, target, &scratch)
      prior.fan(j, features: scratch.features, into: &scratch.priorFan)
      horizons[j].loadFans(&scratch)
      learnMixture(j, slot, target, &scratch)
      horizons[j].learnFans(target, isFar: shape.isFar(j), &scratch)
    }
  }

  /// Loads the points that an origin's experts gave.
  private func loadPoints(_ j: Int, _ slot: Int, _ origin: Int, _ scratch: inout ReadoutScratch) {
    var next = slot + Slot.points
    for i in 0..<C.experts {
      if i == C.lastValue || i == C.lastValue + 1 && shape.isWholeDay(j) {
        scratch.points[i] = origins[3 * origin + 2]
      } else {
        scratch.points[i] = horizons[j].slots[next]
        next += 1
      }
    }
  }

  private mutating func learnHeads(_ j: Int, _ slot: Int, _ target: Double, _ scratch: inout ReadoutScratch) {
    // For the next tick's forecast the features are those that `addLastTick` has just multiplied.
    if j > 0 { covariance.multiply(scratch.features, into: &scratch.gain) }
    let factor = shape.isFar(j) ? C.gains.far : (j == 0 ? C.gains.next : C.gains.near)
    let priorMedian = Double(horizons[j].slots[slot + Slot.priorMedian])
    horizons[j].learnHeads(
      towards: [target - priorMedian, target - Double(scratch.points[C.lastValue]), target],
      gain: factor,
      rate: max(0.01, 1 / Double(ticks - shape.horizons[j] + 1)),
      &scratch
    )
  }

  /// Exponentiated gradient on the pinball loss, one simplex of weights per quantile; then the coverage tracker.
  private mutating func learnMixture(_ j: Int, _ slot: Int, _ target: Double, _ scratch: inout ReadoutScratch) {
    let isFar = shape.isFar(j)
    let count = Double(horizons[j].targets)
    let median = Double(horizons[j].slots[slot + Slot.quantiles + C.median])
    horizons[j].scale += max(0.002, 1 / (count + 1)) * (abs(median - target) - horizons[j].scale)
    let scale = horizons[j].scale + 1e-9
    let rate = (isFar ? C.mixtureRate.far : C.mixtureRate.near) * max(1, 8 / (1 + count / 12))
    FanMixture.learn(
      &horizons[j].mixture,
      scratch.fans,
      target: target,
      scale: scale,
      rate: rate,
      factors: &scratch.factors
    )
    let shiftRate = (isFar ? C.coverageRate.far : C.coverageRate.near) * max(1, 5 / (1 + count / 50))
    for q in 0..<C.levels.count where q != C.median {
      let forecast = Double(horizons[j].slots[slot + Slot.quantiles + q]) + horizons[j].shifts[q] * scale
      horizons[j].shifts[q] += shiftRate * (C.levels[q] - (target < forecast ? 1 : 0))
    }
  }
}

extension Prior {
  /// Writes the pooled quantiles of a horizon without their base, ascending.
  func fan(_ horizon: Int, features: [Float], into fan: inout [Double]) {
    var sums = SIMD8<Double>(repeating: 0)
    unsafe headWeights.withUnsafeBufferPointer { weights in
      for neuron in 0..<trained where features[neuron] != 0 {
        let f = features[neuron]
        let row = (horizon * trained + neuron) * 8
        for q in 0..<8 { unsafe sums[q] += Double(weights[row + q] * f) }
      }
    }
    for q in 0..<7 { fan[q] = sums[q] + Double(headBiases[horizon * 8 + q]) }
    sortSeven(&fan)
  }
}

/// Sorts the first seven elements.
func sortSeven(_ values: inout [Double]) {
  for i in 1..<7 {
    var k = i
    while k > 0, values[k - 1] > values[k] {
      values.swapAt(k - 1, k)
      k -= 1
    }
  }
}

extension HorizonState {
  /// Recursive least squares: Huber-clipped errors; a sample is never overshot.
  fileprivate mutating func learnHeads(
    towards targets: [3 of Double],
    gain factor: Double,
    rate: Double,
    _ scratch: inout ReadoutScratch
  ) {
    let size = scratch.features.count
    var errors = headErrors
    let rho = min(factor, 1 / (scratch.leverage + 1e-9))
    unsafe scratch.features.withUnsafeBufferPointer { features in
      unsafe scratch.gain.withUnsafeBufferPointer { gain in
        unsafe heads.withUnsafeMutableBufferPointer { heads in
          guard let f = features.baseAddress, let g = gain.baseAddress, let w = heads.baseAddress else { return }
          for i in 0..<C.heads {
            let error = unsafe targets[i] - dot(f, w + i * size, count: size)
            let clip = C.clip * errors[i]
            errors[i] += rate * (min(abs(error), 3 * clip) - errors[i])
            unsafe add(g, times: Float(rho * min(max(error, -clip), clip)), to: w + i * size, count: size)
          }
        }
      }
    }
    headErrors = errors
  }

  /// Writes the quantile candidates: each point with its own tracked offsets, and with the prior's rescaled fan.
  func loadFans(_ scratch: inout ReadoutScratch) {
    let half = C.experts * 8
    for k in 0..<half { scratch.factors[k] = Double(fanLogs[k]) }
    FanMixture.exponentiate(&scratch.factors, count: half)
    for i in 0..<C.experts {
      let (point, error) = (Double(scratch.points[i]), expertErrors[i])
      for q in 0..<7 {
        let spread = scratch.priorFan[q] - scratch.priorFan[C.median]
        scratch.fans[8 * i + q] = point + error * Double(offsets[8 * i + q])
        scratch.fans[half + 8 * i + q] = point + scratch.factors[8 * i + q] * spread
      }
      scratch.fans[8 * i + C.median] = point
    }
  }

  /// Moves the offsets and fan factors of every expert, and its running error.
  fileprivate mutating func learnFans(_ target: Double, isFar: Bool, _ scratch: inout ReadoutScratch) {
    let count = Double(targets)
    let boost = max(1, 20 / (1 + count / 20))
    let (offsetStep, fanStep) = (C.offsetRate * boost, C.fanRate * boost)
    let scaleRate = max(isFar ? C.scaleRate.far : C.scaleRate.near, 1 / (count + 1))
    for i in 0..<C.experts {
      let error = target - Double(scratch.points[i])
      let normal = error / (expertErrors[i] + 1e-9)
      for q in 0..<7 where q != C.median {
        let k = 8 * i + q
        let (level, offset) = (C.levels[q], Double(offsets[k]))
        offsets[k] = Float(offset + offsetStep * (level - (normal < offset ? 1 : 0)))
        let below = target < scratch.fans[C.experts * 8 + k] ? 1.0 : 0
        let step = fanStep * (level - below)
        fanLogs[k] = Float(min(3, max(-3, Double(fanLogs[k]) + (q > C.median ? step : -step))))
      }
      expertErrors[i] += scaleRate * (min(abs(error), 8 * expertErrors[i] + 1e-3) - expertErrors[i])
    }
  }
}
