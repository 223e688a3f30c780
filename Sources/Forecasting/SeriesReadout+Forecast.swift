internal import KernelTypes

private typealias C = ReadoutConstants

/// What a readout says after a tick.
public struct ReadoutForecast: Equatable, Sendable {
  /// Quantiles of each horizon at `SeriesForecast.levels`, ascending; zeros before the first value.
  public var quantiles: [[Double]]
  /// The upper tail of each horizon at `SeriesForecast.upperLevels`, ascending, at least the last quantile.
  public var upper: [[Double]]
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
    finish(counts: spikes, prior: prior, scratch: &scratch, next: nil)
  }

  /// The same; meanwhile fetches what is wanted next.
  mutating func finish(
    counts spikes: borrowing Span<UInt8>,
    prior: Prior,
    scratch: inout ReadoutScratch,
    next: WantedLines?
  ) -> ReadoutForecast {
    precondition(spikes.count == shape.counts && pending.kind != .nothing, "observe and finish alternate")
    defer { pending.kind = .nothing }
    guard pending.kind != .silent else {
      return ReadoutForecast(
        quantiles: Array(repeating: Array(repeating: 0, count: 7), count: 3),
        upper: Array(repeating: [0, 0], count: 3),
        level: 0
      )
    }
    scratch.fit(shape, prior)
    own()
    let counts = counts(ofTick: ticks)
    for i in spikes.indices { counts[i] = min(spikes[i], UInt8(C.stepsPerTick)) }
    if ticks % shape.stride(2) == 0 {
      let packed = packedCounts(ofTick: ticks)
      for i in 0..<packed.count {
        let other = 2 * i + 1 < shape.counts ? PackedCounts.pack(counts[2 * i + 1]) : 0
        packed[i] = PackedCounts.pack(counts[2 * i]) | other << 4
      }
    }
    unsafe scratch.loadFeatures(counts.base, count: shape.counts, at: 0)
    let real = pending.kind == .real
    keepOrigin(isReal: real)
    if real { updateRange() }
    for j in 0..<3 {
      next?.fetch(part: j, of: 3)
      forecast(j, prior, scratch)
    }
    let expanded = unsafe scratch.expanded
    unsafe scratch.kernels.expandCompressed(CompressedValues(groups: 4, offset: scalars.offset, values: expanded))
    func inRange(_ y: Double) -> Double { scalars.least >= 0 ? max(y, 0) : y }
    var (quantiles, upper): ([[Double]], [[Double]]) = ([], [])
    quantiles.reserveCapacity(3)
    upper.reserveCapacity(3)
    for j in 0..<3 {
      quantiles.append(
        unsafe [Double](unsafeUninitializedCapacity: 7) { target, count in
          for q in 0..<7 {
            unsafe target.initializeElement(at: q, to: inRange(expanded[8 * j + q]))
          }
          count = 7
          unsafe sort(target)
        }
      )
      let first = max(quantiles[j][6], inRange(unsafe expanded[24 + 2 * j]))
      upper.append([first, max(first, inRange(unsafe expanded[25 + 2 * j]))])
    }
    ticks += 1
    // The eighth number of the first horizon is the slow trailing median.
    return ReadoutForecast(quantiles: quantiles, upper: upper, level: unsafe expanded[7])
  }

  /// The median that a horizon's forecast gave for the coming tick, or for one just before it where not all are kept; nil
  /// while the series is younger than the horizon.
  public func median(horizon j: Int) -> Double? {
    let h = shape.horizons[j]
    guard ticks >= h else { return nil }
    let tick = (ticks - h) / shape.stride(j) * shape.stride(j)
    let origin = origin(ofTick: tick)
    let x = origin.level + keptMedian(j, ofTick: tick) * abs(origin.scale)
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

  /// What the prior's quantiles of a horizon are added to: the last value, or a mean of earlier days.
  func priorBase(_ j: Int) -> Float {
    let first = j * C.bases
    guard j == 2 else { return pending.bases[first] }
    return 0.25
      * ((pending.bases[first + 1] + pending.bases[first + 2])
        + (pending.bases[first + 3] + pending.bases[first + 4]))
  }

  /// Forecasts a horizon; leaves its quantiles as compressed values in `scratch`.
  private func forecast(_ j: Int, _ prior: Prior, _ scratch: ReadoutScratch) {
    let (level, scale, h) = (pending.level, pending.scale, shape.horizons[j])
    let (low, high, inverse) = (scalars.low, scalars.high, 1 / pending.scale)
    let range = high - low
    func bounds(_ margin: Double) -> (Double, Double) {
      let room = min(margin * range, C.room)
      return ((low - room - level) * inverse, (high + room - level) * inverse)
    }
    let first = j * C.bases
    let points = unsafe scratch.points
    for i in C.naiveColumns.indices {
      unsafe points[C.heads + 1 + i] = pending.bases[first + C.naiveColumns[i]]
    }
    unsafe points[C.linear] = linearPoint(j)
    let span = bounds(0.1)
    let learned = horizon(j)
    let answer = scratch.kernels.forecastHorizon(
      slice(j, features: 0, prior, scratch),
      HorizonQuestion(
        priorBase: priorBase(j),
        lastValue: pending.bases[0],
        least: Float(span.0),
        greatest: Float(span.1)
      )
    )
    unsafe scratch.slot[Slot.median] = answer.quantiles[C.median]
    unsafe scratch.slot[Slot.lower] = answer.quantiles[1]
    unsafe scratch.slot[Slot.upper] = answer.quantiles[5]
    unsafe scratch.slot[Slot.priorMedian] = answer.priorMedian
    if ticks % shape.stride(j) == 0 {
      storePoints(scratch)
      keepSlot(j, scratch)
    }
    // A young state repeats the last value as far as the mixture has not shown that it does better.
    let trust = trust(j)
    let wide = min(3, (Double(h + gap) / Double(h)).squareRoot())
    let (least, most) = bounds(0.15)
    func quantile(_ q: Int) -> Double {
      let (last, mixed) = (unsafe Double(scratch.fans[8 * C.lastValue + q]), Double(answer.quantiles[8 + q]))
      return trust == 1 ? mixed : last + trust * (mixed - last)
    }
    let median = quantile(C.median)
    func compressed(_ z: Double) -> Double {
      min(most, max(least, median + wide * (z - median))) * scale + level
    }
    let expanded = unsafe scratch.expanded
    for q in 0..<7 { unsafe expanded[8 * j + q] = compressed(quantile(q)) }
    unsafe expanded[8 * j + 7] = scalars.trailing[5]
    let start = quantile(5)
    let unit = Double(tailUnit(j, Float(start - median)))
    for k in 0..<2 {
      let reach = Double(learned[HorizonColumns.tails + k])
      unsafe expanded[24 + 2 * j + k] = compressed(start + unit * reach)
    }
    for k in 30..<32 { unsafe expanded[k] = 0 }
  }
}

/// Sorts a few numbers.
private func sort(_ values: UnsafeMutableBufferPointer<Double>) {
  for i in 1..<7 {
    var k = i
    while k > 0, unsafe values[k - 1] > values[k] {
      unsafe values.swapAt(k - 1, k)
      k -= 1
    }
  }
}
