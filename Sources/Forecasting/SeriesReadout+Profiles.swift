private typealias C = ReadoutConstants

/// How level, scale, profiles and running means follow the values.
extension SeriesReadout {
  mutating func updateLevel(_ x: Double) {
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

  mutating func updateProfiles(
    _ x: Double,
    _ calendar: TickCalendar,
    previous: Double,
    level: Double,
    scale: Double
  ) {
    let (m, phase, isWeekend) = (shape.ticksPerDay, calendar.phase, calendar.weekday >= 5)
    var word = phaseCounts[phase]
    defer { phaseCounts[phase] = word }
    let residual = abs(x - dayProfile[phase])
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

  private static func move(_ cells: HalfColumn, _ at: Int, to value: Double, rate: Double, _ count: Double) {
    let old = cells[at]
    cells[at] = count == 1 ? value : old + rate * (value - old)
  }

  /// Moves the anchor of the halves to the level where that has gone far from it.
  ///
  /// It is looked at when the number of values is a power of two, and eight times a day, for all halves move with it.
  mutating func followLevel(_ scale: Double) {
    guard seen & (seen - 1) == 0 || ticks % max(1, shape.ticksPerDay / 8) == 0 else { return }
    guard abs(scalars.level - scalars.anchor) > C.anchorRoom * scale else { return }
    moveAnchor(to: scalars.level) { $0 }
  }

  /// Changes everything that is kept as a distance from the anchor, and keeps it as one from another.
  mutating func moveAnchor(to anchor: Double, _ change: (Double) -> Double) {
    for column in [week, dayProfile, classProfile, weekProfile, farLevels] { column.move(to: anchor, change) }
    scalars.anchor = anchor
  }

  /// How far a value lies from the level as it was until now, in scales and within ±6; 0 before the first value.
  func deviation(of y: Double) -> Float {
    guard seen > 0 else { return 0 }
    let scale = max(1.25 * scalars.spread, 1e-6 * (abs(scalars.level) + 1e-9))
    let z = (Compression.compress(y, offset: scalars.offset) - scalars.level) / scale
    return Float(min(6, max(-6, z)))
  }
}
