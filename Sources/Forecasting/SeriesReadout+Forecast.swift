private typealias C = ReadoutConstants

/// What a readout says after a tick.
public struct ReadoutForecast: Equatable, Sendable {
  /// Quantiles of each horizon at `SeriesForecast.levels`, ascending; zeros before the first value.
  public var quantiles: [[Double]]
  /// The series' slow trailing median.
  public var level: Double
}

extension SeriesReadout {
  /// Takes the spike counts of the tick (encoders, then listeners) and forecasts every horizon.
  public mutating func finish(
    counts spikes: borrowing Span<UInt8>,
    prior: Prior,
    scratch: inout ReadoutScratch
  ) -> ReadoutForecast {
    precondition(spikes.count == shape.counts && pending.kind != .nothing, "observe and finish alternate")
    defer { pending.kind = .nothing }
    guard pending.kind != .silent else {
      return ReadoutForecast(quantiles: Array(repeating: Array(repeating: 0, count: 7), count: 3), level: 0)
    }
    scratch.fit(shape)
    let origin = ticks % shape.memory
    for i in spikes.indices { counts[origin * shape.counts + i] = min(spikes[i], UInt8(C.stepsPerTick)) }
    scratch.loadFeatures(counts[origin * shape.counts..<(origin + 1) * shape.counts])
    let real = pending.kind == .real
    origins[3 * origin] = Float(pending.level)
    origins[3 * origin + 1] = Float(real ? pending.scale : -pending.scale)
    origins[3 * origin + 2] = Float(pending.bases[0])
    if real { updateRange() }
    let quantiles = (0..<3).map { forecast($0, prior, &scratch) }
    ticks += 1
    return ReadoutForecast(
      quantiles: quantiles,
      level: Compression.expand(scalars.trailing[5], offset: scalars.offset)
    )
  }

  /// The median that a horizon's forecast gave for the coming tick, nil while the series is younger than the horizon.
  public func median(horizon j: Int) -> Double? {
    let h = shape.horizons[j]
    guard ticks >= h else { return nil }
    let origin = (ticks - h) % shape.memory
    let z = Double(horizons[j].slots[(ticks - h) % h * Slot.size(j, shape) + Slot.quantiles + C.median])
    let x = Double(origins[3 * origin]) + z * Double(abs(origins[3 * origin + 1]))
    let y = Compression.expand(x, offset: scalars.offset)
    return scalars.least >= 0 ? max(y, 0) : y
  }

  private mutating func updateRange() {
    let (x, level) = (pending.x, pending.level)
    guard seen > 1 else {
      (scalars.low, scalars.high) = (x, x)
      return
    }
    let leak = 14 * Double(shape.ticksPerDay)
    scalars.low = min(scalars.low + (level - scalars.low) / leak, x)
    scalars.high = max(scalars.high + (level - scalars.high) / leak, x)
  }

  private mutating func forecast(_ j: Int, _ prior: Prior, _ scratch: inout ReadoutScratch) -> [Double] {
    let (level, scale, m, h) = (pending.level, pending.scale, shape.ticksPerDay, shape.horizons[j])
    let (low, high) = (scalars.low, scalars.high)
    func base(_ i: Int) -> Double { pending.bases[j * C.bases + i] }
    let range = high - low
    func bounds(_ margin: Double) -> (Double, Double) {
      ((low - margin * range - level) / scale, (high + margin * range - level) / scale)
    }
    let priorBase = j < 2 ? base(0) : 0.25 * (base(1) + base(2) + base(3) + base(4))
    prior.fan(j, features: scratch.features, into: &scratch.priorFan)
    let priorMedian = Float(priorBase + scratch.priorFan[C.median])
    loadNewPoints(j, priorMedian: Double(priorMedian), within: bounds(0.1), &scratch)
    horizons[j].loadFans(&scratch)

    let slot = ticks % h * Slot.size(j, shape)
    let mixed = FanMixture.mix(horizons[j].mixture, scratch.fans)
    var quantiles = [Double](repeating: 0, count: 7)
    for q in 0..<7 {
      horizons[j].slots[slot + Slot.quantiles + q] = Float(mixed[q])
      quantiles[q] = mixed[q] + horizons[j].shifts[q] * horizons[j].scale
    }
    horizons[j].slots[slot + Slot.priorMedian] = priorMedian
    var next = slot + Slot.points
    for i in 0..<C.experts where i != C.lastValue && !(i == C.lastValue + 1 && shape.isWholeDay(j)) {
      horizons[j].slots[next] = scratch.points[i]
      next += 1
    }
    // A young state repeats the last value until the mixture has beaten it.
    let targets = horizons[j].targets
    if targets < 1 || h <= m / 4 && targets < m && horizons[j].scale > horizons[j].expertErrors[C.lastValue] {
      for q in 0..<7 { quantiles[q] = scratch.fans[8 * C.lastValue + q] }
    }
    let wide = min(3, (Double(h + gap) / Double(h)).squareRoot())
    let (least, most) = bounds(0.15)
    let median = quantiles[C.median]
    for q in 0..<7 {
      let z = min(most, max(least, median + wide * (quantiles[q] - median)))
      let y = Compression.expand(z * scale + level, offset: scalars.offset)
      quantiles[q] = scalars.least >= 0 ? max(y, 0) : y
    }
    sortSeven(&quantiles)
    return quantiles
  }

  /// Loads the points of the experts at the present origin, each within the range seen.
  private func loadNewPoints(
    _ j: Int,
    priorMedian: Double,
    within bounds: (Double, Double),
    _ scratch: inout ReadoutScratch
  ) {
    let size = shape.paddedFeatures
    unsafe scratch.features.withUnsafeBufferPointer { features in
      unsafe horizons[j].heads.withUnsafeBufferPointer { heads in
        guard let f = features.baseAddress, let w = heads.baseAddress else { return }
        let bases: [3 of Double] = [priorMedian, pending.bases[0], 0]
        for i in 0..<C.heads {
          scratch.points[i] = unsafe Float(
            min(bounds.1, max(bounds.0, dot(f, w + i * size, count: size) + bases[i]))
          )
        }
      }
    }
    scratch.points[C.heads] = Float(min(bounds.1, max(bounds.0, priorMedian)))
    for (i, column) in C.naiveColumns.enumerated() {
      let point = pending.bases[j * C.bases + column]
      scratch.points[C.heads + 1 + i] = Float(min(bounds.1, max(bounds.0, point)))
    }
  }
}
