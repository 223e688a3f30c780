internal import KernelTypes

extension SeriesReadout {
  /// Takes the value of a tick, learns from it, and computes the currents that drive the encoder neurons in this tick.
  ///
  /// Nil, NaN and infinity count as missing. The flags say whether a known event is in force now and at each horizon's
  /// target. `drives` receives (1 - alpha) · I of each encoder neuron; zeros before the first value.
  public mutating func observe(
    _ value: Double?,
    at calendar: TickCalendar,
    eventNow: Bool = false,
    eventsAhead: [Bool] = [],
    prior: Prior,
    scratch: inout ReadoutScratch,
    drives: inout MutableSpan<Float>
  ) {
    observe(
      value,
      at: calendar,
      eventNow: eventNow,
      eventsAhead: eventsAhead,
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
      learn(x, prior: prior, scratch: scratch, next: next)
    } else {
      gap += 1
      x = standIn()
    }
    pending.kind = real ? .real : .missing
    updateContext(x, calendar, eventNow, eventsAhead, real: real, scratch)
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
    let share = ReadoutConstants.offset
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
    let origin = (ticks - 1) % shape.memory
    let (level, scale) = (Double(origins[3 * origin]), Double(abs(origins[3 * origin + 1])))
    let median = keptMedian(0, ofTick: 0)
    return min(scalars.high, max(scalars.low, level + scale * median))
  }

  private mutating func updateContext(
    _ x: Double,
    _ calendar: TickCalendar,
    _ eventNow: Bool,
    _ eventsAhead: [Bool],
    real: Bool,
    _ scratch: ReadoutScratch
  ) {
    let (m, t, length) = (shape.ticksPerDay, ticks, shape.week + 1)
    let phase = calendar.phase
    let (ofDay, ofClass) = (dayProfile[phase], classProfile[(calendar.weekday >= 5 ? m : 0) + phase])
    let previous = t > 0 ? Double(week[(t - 1) % length]) : x
    week[t % length] = Float(x)
    if real { updateLevel(x) }
    let level = scalars.level
    let scale = max(1.25 * scalars.spread, 1e-6 * (abs(level) + 1e-9))
    if real { updateProfiles(x, calendar, previous: previous, level: level, scale: scale) }
    pending.x = x
    pending.level = level
    pending.scale = scale

    let (u, inverse, week) = unsafe (scratch.inputCells, 1 / scale, week)
    var next = 0
    func put(_ value: Double) {
      unsafe u[next] = Float(min(6, max(-6, value)))
      next += 1
    }
    func normal(_ value: Double) -> Double { (value - level) * inverse }
    func at(_ tick: Int) -> Double { Double(week[tick % length]) }
    for lag in ReadoutConstants.lags { put(lag <= t ? normal(at(t - lag)) : 0) }
    for i in 0..<3 { put(normal(scalars.averages[i])) }
    for (j, h) in shape.horizons.enumerated() {
      let target = targetValues(j, h, calendar)
      for i in target.inputs.indices { put(normal(target.inputs[i])) }
      put(4 * target.residual * inverse - 2)
      let bases: [13 of Double] = [
        x, target.inputs[0], target.inputs[4], target.inputs[2], target.inputs[8], scalars.averages[2],
        scalars.averages[1], scalars.averages[3], scalars.trailing[5], target.smooth, target.median,
        target.smooth + scalars.residuals[1], target.smooth + scalars.residuals[2],
      ]
      for i in bases.indices { pending.bases[j * ReadoutConstants.bases + i] = Float(normal(bases[i])) }
    }
    let aDayAgo = t >= m ? normal(at(t - m)) : 0
    put(aDayAgo)
    put(t >= shape.week ? normal(at(t - shape.week)) : aDayAgo)
    let profile = normal(ofDay.isNaN ? x : Double(ofDay))
    put(profile)
    put(ofClass.isNaN ? profile : normal(Double(ofClass)))
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
    keepLinearInputs(inverse, scratch)
  }

  private mutating func updateLevel(_ x: Double) {
    let earlier = seen - 1
    guard earlier > 0 else {
      scalars.level = x
      scalars.spread = abs(x) * 0.1 + 1e-9
      return
    }
    let rate = max(1 / Double(earlier + 1), 1 / (7 * Double(shape.ticksPerDay)))
    scalars.level += rate * (x - scalars.level)
    var deviation = abs(x - scalars.level)
    if earlier > shape.ticksPerDay { deviation = min(deviation, 5 * scalars.spread + 1e-12) }
    scalars.spread += rate * (deviation - scalars.spread)
  }

  private mutating func updateProfiles(
    _ x: Double,
    _ calendar: TickCalendar,
    previous: Double,
    level: Double,
    scale: Double
  ) {
    let (m, phase, isWeekend) = (shape.ticksPerDay, calendar.phase, calendar.weekday >= 5)
    var word = phaseCounts[phase]
    defer { phaseCounts[phase] = word }
    let residual = dayProfile[phase].isNaN ? Double.nan : abs(x - Double(dayProfile[phase]))
    if !residual.isNaN {
      let cut = min(residual, 6 * scale)
      let count = PhaseCount.raise(PhaseCount.residual, in: &word)
      Self.move(residualProfile, phase, to: cut, rate: max(0.2, 1 / count), count)
    }
    var count = PhaseCount.raise(PhaseCount.day, in: &word)
    Self.move(dayProfile, phase, to: x, rate: max(0.25, 1 / count), count)
    count = PhaseCount.raise(PhaseCount.dayClass(isWeekend: isWeekend), in: &word)
    Self.move(classProfile, (isWeekend ? m : 0) + phase, to: x, rate: max(0.25, 1 / count), count)
    count = PhaseCount.raise(PhaseCount.week(weekday: calendar.weekday), in: &word)
    Self.move(weekProfile, calendar.weekday * m + phase, to: x, rate: max(0.4, 1 / count), count)

    let isFirst = seen == 1
    let youngest = 1 / Double(seen)
    let step = min(abs(x - previous) / scale, 6)
    let off = min(residual.isNaN ? abs(x - level) / scale : residual / scale, 6)
    let rates = SIMD4(1 / 6.0, 1 / 36.0, 1 / Double(m), 1 / (3 * Double(m)))
    for i in 0..<4 {
      scalars.averages[i] = isFirst ? x : scalars.averages[i] + max(rates[i], youngest) * (x - scalars.averages[i])
      let rate = max(i % 2 == 0 ? 1 / 12.0 : 1 / Double(m), youngest)
      let value = i < 2 ? step : off
      scalars.volatilities[i] = isFirst ? value : scalars.volatilities[i] + rate * (value - scalars.volatilities[i])
    }
    let excess = x - smoothClassProfile(phase, isWeekend: isWeekend, or: x)
    for i in 0..<3 {
      scalars.residuals[i] =
        isFirst ? 0 : scalars.residuals[i] + max(rates[i], youngest) * (excess - scalars.residuals[i])
    }
    let trailed = SIMD4(0.1, 0.5, 0.9, 0)
    for k in [0, 1, 2, 4, 5, 6] {
      let rate = max((k < 3 ? 2 : 0.4) / Double(m), 1 / (Double(seen) + 2))
      let push = trailed[k % 4] - (x < scalars.trailing[k] ? 1 : 0)
      scalars.trailing[k] = isFirst ? x : scalars.trailing[k] + rate * 2.5 * scale * push
    }
  }

  private static func move(_ cells: Cells<Float>, _ at: Int, to value: Double, rate: Double, _ count: Double) {
    let old = Double(cells[at])
    cells[at] = count == 1 ? Float(value) : Float(old + rate * (value - old))
  }

  /// What is known of a horizon's target phase.
  private struct TargetValues {
    /// One day before, day profile, one week before, week profile, class profile, two days before; least, most and mean
    /// of the last seven days.
    var inputs: [9 of Double]
    /// Usual distance from the day's profile.
    var residual: Double
    /// The smoothed class profile, and the median of the last seven days.
    var smooth: Double, median: Double
  }

  /// The mean of the class profile over an hour around a phase.
  private func smoothClassProfile(_ phase: Int, isWeekend: Bool, or other: Double) -> Double {
    let (m, first, profile) = (shape.ticksPerDay, isWeekend ? shape.ticksPerDay : 0, classProfile)
    let width = min(ReadoutConstants.smoothing.most, m / ReadoutConstants.smoothing.share)
    var (sum, count) = (0.0, 0.0)
    for near in phase + m - width...phase + m + width {
      let value = profile[first + near % m]
      guard !value.isNaN else { continue }
      sum += Double(value)
      count += 1
    }
    return count > 0 ? sum / count : other
  }

  /// Looks up earlier values and profiles at the phase of the target; what is not known yet falls back on the day's profile.
  private func targetValues(_ j: Int, _ h: Int, _ calendar: TickCalendar) -> TargetValues {
    let (m, w, t) = (shape.ticksPerDay, shape.week, ticks)
    func at(_ tick: Int) -> Double { Double(week[tick % (w + 1)]) }
    func known(_ cell: Float, or other: Double) -> Double { cell.isNaN ? other : Double(cell) }
    let phase = (calendar.phase + h) % m
    let weekCell = (calendar.weekday * m + calendar.phase + h) % w
    let classCell = (weekCell / m >= 5 ? m : 0) + phase
    let ofDay = known(dayProfile[phase], or: scalars.averages[2])
    let ofClass = known(classProfile[classCell], or: ofDay)
    let ofWeek = known(weekProfile[weekCell], or: ofDay)
    let dayBefore = t + h >= m ? at(t + h - m) : ofDay
    let twoDaysBefore = t + h >= 2 * m ? at(t + h - 2 * m) : dayBefore
    let weekBefore = t + h >= w ? at(t + h - w) : ofDay
    var (least, most, sum, count) = (1e30, -1e30, 0.0, 0)
    var sorted = [7 of Double](repeating: 0)
    for days in 1...7 where t + h >= days * m {
      let value = at(t + h - days * m)
      least = min(least, value)
      most = max(most, value)
      sum += value - scalars.level
      var place = count
      while place > 0, sorted[place - 1] > value {
        sorted[place] = sorted[place - 1]
        place -= 1
      }
      sorted[place] = value
      count += 1
    }
    let median = count == 0 ? ofDay : 0.5 * (sorted[(count - 1) / 2] + sorted[count / 2])
    let mean = count == 0 ? ofDay : scalars.level + sum / Double(count)
    if count == 0 { (least, most) = (ofDay, ofDay) }
    return TargetValues(
      inputs: [dayBefore, ofDay, weekBefore, ofWeek, ofClass, twoDaysBefore, least, most, mean],
      residual: known(residualProfile[phase], or: scalars.volatilities[3] * pending.scale),
      smooth: smoothClassProfile(phase, isWeekend: weekCell / m >= 5, or: ofClass),
      median: median
    )
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
