internal import KernelTypes

private typealias C = ReadoutConstants

extension SeriesReadout {
  /// Takes the value of a tick, learns from it, and computes the currents that drive the encoder neurons in this tick.
  ///
  /// Nil, NaN and infinity count as missing. The flags say whether a known event is in force now and at each horizon's
  /// target. `others` are the deviations of other metrics of the service in this tick. `drives` receives (1 - alpha) · I of
  /// each encoder neuron; zeros before the first value.
  public mutating func observe(
    _ value: Double?,
    at calendar: TickCalendar,
    eventNow: Bool = false,
    eventsAhead: [Bool] = [],
    others: SIMD4<Float> = .zero,
    prior: Prior,
    scratch: inout ReadoutScratch,
    drives: inout MutableSpan<Float>
  ) {
    observe(
      value,
      at: calendar,
      eventNow: eventNow,
      eventsAhead: eventsAhead,
      others: others,
      prior: prior,
      scratch: &scratch,
      next: nil,
      drives: &drives
    )
  }

  /// The same; meanwhile fetches what is wanted next.
  mutating func observe(
    _ value: Double?,
    at calendar: TickCalendar,
    eventNow: Bool,
    eventsAhead: [Bool],
    others: SIMD4<Float>,
    prior: Prior,
    scratch: inout ReadoutScratch,
    next: WantedLines?,
    drives: inout MutableSpan<Float>
  ) {
    let isDriven = observe(
      value,
      at: calendar,
      eventNow: eventNow,
      eventsAhead: eventsAhead,
      others: others,
      prior: prior,
      scratch: &scratch,
      next: next
    )
    if isDriven {
      drive(&drives, prior, scratch)
    } else {
      for i in drives.indices { drives[i] = 0 }
    }
  }

  /// Takes the value of a tick and learns from it; leaves the context inputs in `scratch` and says whether there are any.
  private mutating func observe(
    _ value: Double?,
    at calendar: TickCalendar,
    eventNow: Bool,
    eventsAhead: [Bool],
    others: SIMD4<Float>,
    prior: Prior,
    scratch: inout ReadoutScratch,
    next: WantedLines?
  ) -> Bool {
    precondition(pending.kind == .nothing, "observe and finish alternate")
    precondition(calendar.phase < shape.ticksPerDay)
    scratch.fit(shape, prior)
    let real = value.map(\.isFinite) ?? false
    guard real || seen > 0 else {
      pending.kind = .silent
      return false
    }
    own()
    addLastTick(scratch, next: next)
    let x: Double
    if real, let value {
      x = accept(min(max(value, -1e300), 1e300))
      learn(x, calendar, prior: prior, scratch: scratch, next: next)
    } else {
      gap += 1
      x = standIn()
    }
    pending.kind = real ? .real : .missing
    updateContext(x, calendar, eventNow, eventsAhead, others, real: real, scratch)
    return true
  }

  /// Follows the magnitude of the raw values and returns the compressed value.
  private mutating func accept(_ y: Double) -> Double {
    let m = shape.ticksPerDay
    if seen < 3 * m {
      scalars.sum += seen >= 12 ? min(abs(y), 10 * scalars.sum / Double(seen) + 1e-9) : abs(y)
    }
    if seen == 0 {
      scalars.magnitude = abs(y)
      scalars.least = y
    } else {
      let limit = seen >= 12 ? 10 * scalars.magnitude + 1e-9 : 1e300
      scalars.magnitude += max(1 / Double(seen + 1), 1 / (7 * Double(m))) * (min(abs(y), limit) - scalars.magnitude)
      scalars.least = min(scalars.least, y)
    }
    seen += 1
    gap = 0
    let share = C.offset
    if seen == 1 {
      scalars.offset = y != 0 ? max(share * abs(y), Compression.leastOffset) : 1
    } else if seen == 12 || seen == m || seen == 3 * m {
      if scalars.sum > 0 { rebase(to: share * scalars.sum / Double(seen)) }
    } else if seen > 3 * m, seen % m == 0, scalars.magnitude > 0 {
      // The unit or the order of magnitude changed for good.
      let ratio = share * scalars.magnitude / scalars.offset
      if ratio > 5 || ratio < 0.2 { rebase(to: share * scalars.magnitude) }
    }
    return Compression.compress(y, offset: scalars.offset)
  }

  /// The own one-step median, within the range seen: stands in for a missing value.
  private func standIn() -> Double {
    let origin = origin(ofTick: ticks - 1)
    return min(scalars.high, max(scalars.low, origin.level + abs(origin.scale) * keptMedian(0, ofTick: 0)))
  }

  private mutating func updateContext(
    _ x: Double,
    _ calendar: TickCalendar,
    _ eventNow: Bool,
    _ eventsAhead: [Bool],
    _ others: SIMD4<Float>,
    real: Bool,
    _ scratch: ReadoutScratch
  ) {
    let (m, t) = (shape.ticksPerDay, ticks)
    let phase = calendar.phase
    if seen == 1, real { scalars.anchor = x }
    let (ofDay, ofClass) = (dayProfile[phase], classProfile[(calendar.weekday >= 5 ? m : 0) + phase])
    let previous = t > 0 ? value(ofTick: t - 1) : x
    recent[t % C.recentTicks] = Float(x)
    week[t % (shape.week + 1)] = x
    if real { updateLevel(x) }
    let level = scalars.level
    let scale = max(1.25 * scalars.spread, 1e-6 * (abs(level) + 1e-9))
    followLevel(scale)
    if real { updateProfiles(x, calendar, previous: previous, level: level, scale: scale) }
    pending.x = x
    pending.level = level
    pending.scale = scale

    let (u, inverse) = unsafe (scratch.inputCells, 1 / scale)
    var next = 0
    func put(_ value: Double) {
      unsafe u[next] = Float(min(6, max(-6, value)))
      next += 1
    }
    func normal(_ value: Double) -> Double { (value - level) * inverse }
    func at(_ tick: Int) -> Double { value(ofTick: tick) }
    for lag in C.lags { put(lag <= t ? normal(at(t - lag)) : 0) }
    for i in 0..<3 { put(normal(scalars.averages[i])) }
    for (j, h) in shape.horizons.enumerated() {
      let target = targetValues(h, calendar)
      for i in target.inputs.indices { put(normal(target.inputs[i])) }
      put(4 * target.residual * inverse - 2)
      let bases: [13 of Double] = [
        x, target.inputs[0], target.inputs[4], target.inputs[2], target.inputs[8], scalars.averages[2],
        scalars.averages[1], scalars.averages[3], scalars.trailing[5], target.smooth, target.median,
        target.smooth + scalars.residuals[1], target.smooth + scalars.residuals[2],
      ]
      for i in bases.indices { pending.bases[j * C.bases + i] = Float(normal(bases[i])) }
    }
    let aDayAgo = t >= m ? normal(at(t - m)) : 0
    put(aDayAgo)
    put(t >= shape.week ? normal(at(t - shape.week)) : aDayAgo)
    let profile = normal(ofDay.isNaN ? x : ofDay)
    put(profile)
    put(ofClass.isNaN ? profile : normal(ofClass))
    for i in 0..<4 { put(4 * scalars.volatilities[i] - 1.5) }
    for i in [0, 1, 2, 4, 5, 6] { put(normal(scalars.trailing[i])) }
    put(normal(scalars.averages[3]))
    put(Elementary.log((scalars.volatilities[2] + 0.02) / (scalars.volatilities[3] + 0.02)))
    for value in calendar.inputs { put(value) }
    for j in 0..<3 { put(j < eventsAhead.count && eventsAhead[j] ? 3 : 0) }
    put(eventNow ? 3 : 0)
    put(2 * min(1, Double(t) / Double(m)) - 1)
    put(2 * min(1, Double(t) / Double(shape.week)) - 1)
    put(0.6 * Elementary.log(Double(m) / 288))
    put(2 * min(1, Double(t) / (3 * Double(shape.week))) - 1)
    precondition(next == Prior.inputs)
    keepLinearInputs(inverse, others, scratch)
  }

  /// Computes the share of a step of the constant currents, (1 - alpha) · (b + Σ W u), from the inputs in `scratch`.
  func drive(_ drives: inout MutableSpan<Float>, _ prior: Prior, _ scratch: ReadoutScratch) {
    precondition(drives.count == shape.encoders)
    let (inputs, trained) = unsafe (scratch.inputCells, scratch.drives)
    let drive = unsafe EncoderDrive(
      inputs: Prior.inputs,
      neurons: prior.paddedTrained,
      weights: prior.trainedWeights.base,
      biases: prior.trainedBiases.base,
      shares: prior.trainedShares.base,
      values: inputs,
      drives: trained
    )
    scratch.kernels.driveEncoders(drive)
    for i in 0..<prior.trained { unsafe drives[i] = trained[i] }
    for i in prior.trained..<drives.count {
      let source = prior.single[i - prior.trained]
      drives[i] = unsafe (1 - prior.decays[i]) * (prior.biases[i] + source.weight * inputs[source.input])
    }
  }
}
