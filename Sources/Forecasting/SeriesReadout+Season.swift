private typealias C = ReadoutConstants

/// What is known of a phase of the day, of which a target has one.
extension SeriesReadout {
  /// What is known of a horizon's target phase.
  struct TargetValues {
    /// One day before, day profile, one week before, week profile, class profile, two days before; least, most and mean
    /// of the last seven days.
    var inputs: [9 of Double]
    /// Usual distance from the day's profile.
    var residual: Double
    /// The smoothed class profile, and the median of the last seven days.
    var smooth: Double, median: Double
  }

  /// The mean of the class profile over an hour around a phase.
  func smoothClassProfile(_ phase: Int, isWeekend: Bool, or other: Double) -> Double {
    let (m, first, profile) = (shape.ticksPerDay, isWeekend ? shape.ticksPerDay : 0, classProfile)
    let width = min(C.smoothing.most, m / C.smoothing.share)
    var (sum, count) = (0.0, 0.0)
    for near in phase + m - width...phase + m + width {
      let value = profile[first + near % m]
      guard !value.isNaN else { continue }
      sum += value
      count += 1
    }
    return count > 0 ? sum / count : other
  }

  /// What is known of the phase of the tick that lies some ticks ahead: the profiles of the day and of the class of days,
  /// least, most, mean and median of the last seven days; what is not known yet falls back on the day's profile.
  struct SeasonalValues {
    var ofDay, ofClass, least, most, mean, median: Double
  }

  /// Looks up the profiles and the last seven days at the phase of a tick.
  func seasonalValues(ahead h: Int, _ calendar: TickCalendar) -> SeasonalValues {
    let (m, t) = (shape.ticksPerDay, ticks)
    let phase = (calendar.phase + h) % m
    let isWeekend = (calendar.weekday * m + calendar.phase + h) % shape.week / m >= 5
    let (day, ofItsClass) = (dayProfile[phase], classProfile[(isWeekend ? m : 0) + phase])
    let ofDay = day.isNaN ? scalars.averages[2] : day
    var (least, most, sum, count) = (1e30, -1e30, 0.0, 0)
    var sorted = [7 of Double](repeating: 0)
    for days in 1...7 where t + h >= days * m {
      let value = value(ofTick: t + h - days * m)
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
    return SeasonalValues(
      ofDay: ofDay,
      ofClass: ofItsClass.isNaN ? ofDay : ofItsClass,
      least: least,
      most: most,
      mean: mean,
      median: median
    )
  }

  /// Looks up earlier values and profiles at the phase of the target; what is not known yet falls back on the day's profile.
  func targetValues(_ h: Int, _ calendar: TickCalendar) -> TargetValues {
    let (m, w, t) = (shape.ticksPerDay, shape.week, ticks)
    let known = seasonalValues(ahead: h, calendar)
    let phase = (calendar.phase + h) % m
    let weekCell = (calendar.weekday * m + calendar.phase + h) % w
    let (ofWeek, residual) = (weekProfile[weekCell], residualProfile[phase])
    let dayBefore = t + h >= m ? value(ofTick: t + h - m) : known.ofDay
    let twoDaysBefore = t + h >= 2 * m ? value(ofTick: t + h - 2 * m) : dayBefore
    let weekBefore = t + h >= w ? value(ofTick: t + h - w) : known.ofDay
    return TargetValues(
      inputs: [
        dayBefore, known.ofDay, weekBefore, ofWeek.isNaN ? known.ofDay : ofWeek, known.ofClass, twoDaysBefore,
        known.least, known.most, known.mean,
      ],
      residual: residual.isNaN ? scalars.volatilities[3] * pending.scale : residual,
      smooth: smoothClassProfile(phase, isWeekend: weekCell / m >= 5, or: known.ofClass),
      median: known.median
    )
  }
}
