public import Basics

/// Where a tick lies in the day and the week, and the calendar inputs that follow from it; the same for all series.
public struct TickCalendar: Equatable, Sendable {
  /// Ticks since the start of the day.
  public let phase: Int
  /// Day of the week, 0 for Monday.
  public let weekday: Int
  /// Day and week harmonics, weekend and weekday flags, hour harmonics: 28 inputs.
  let inputs: [Double]

  /// Places a tick by phase and weekday in days of a number of ticks.
  public init(phase: Int, weekday: Int, ticksPerDay m: Int) {
    precondition((0..<m).contains(phase) && (0..<7).contains(weekday), "a phase within the day and a weekday 0…6")
    (self.phase, self.weekday) = (phase, weekday)
    var u: [Double] = []
    for k in 1...4 {
      let (sine, cosine) = Elementary.turn(k * phase, of: m)
      u += [1.4 * sine, 1.4 * cosine]
    }
    let week = Elementary.turn(weekday * m + phase, of: 7 * m)
    let halfWeek = Elementary.turn(2 * (weekday * m + phase), of: 7 * m)
    u += [1.4 * week.sine, 1.4 * week.cosine, weekday >= 5 ? 1.5 : 0, (weekday + 1) % 7 >= 5 ? 1.5 : 0]
    u += [1.4 * halfWeek.sine, 1.4 * halfWeek.cosine]
    for day in [0, 2, 3, 4, 5, 6] { u.append(weekday == day ? 1.5 : 0) }
    let ticksPerHour = m / 24
    for k in 1...4 {
      // Ticks of half an hour and longer show nothing within the hour.
      guard m > 48 else {
        u += [0, 0]
        continue
      }
      let (sine, cosine) = Elementary.turn(k * (phase % ticksPerHour), of: ticksPerHour)
      u += [1.4 * sine, 1.4 * cosine]
    }
    inputs = u
  }

  /// Places a tick of a length that divides the day, in UTC.
  public init(tick: Tick, lengthMilliseconds: Int64) {
    let start = Timestamp(milliseconds: tick.index * lengthMilliseconds)
    self.init(
      phase: Int(start.day.millisecondsIntoDay / lengthMilliseconds),
      weekday: start.weekday,
      ticksPerDay: Int(86_400_000 / lengthMilliseconds)
    )
  }
}
