internal import CIntrinsics

/// What a tick touches, fetched while the series before is computed.
extension SeriesReadout {
  /// Fetches what the coming forecast touches here and there, and returns what it touches whole.
  func fetchForFinish() -> WantedLines {
    unsafe synfire_prefetch_level2(counts(ofTick: ticks).base)
    unsafe synfire_prefetch_level2(packedCounts(ofTick: ticks).base)
    fetchOrigin(ticks)
    for j in 1..<3 { unsafe synfire_prefetch_level2(slot(j, ofTick: ticks).base) }
    let (start, end) = (layout.horizons[0], layout.slots[1])
    return unsafe WantedLines(start: UnsafePointer(base + start), count: (end - start) / 16)
  }

  /// Fetches what the coming tick touches here and there, while something else is computed; returns what it touches whole.
  func fetch(_ calendar: TickCalendar) -> WantedLines {
    func fetch(_ cells: Cells<Float>, _ index: Int) { unsafe synfire_prefetch_level2(cells.base + index) }
    let (m, t, w) = (shape.ticksPerDay, ticks, shape.week + 1)
    let (week, dayProfile, classProfile, weekProfile) = (week, dayProfile, classProfile, weekProfile)
    week.fetch(t % w)
    fetch(phaseCells, calendar.phase)
    fetch(recent, t % ReadoutConstants.recentTicks)
    for j in -1..<3 {
      let h = j < 0 ? 0 : shape.horizons[j]
      for days in 1...7 where t + h >= days * m { week.fetch((t + h - days * m) % w) }
      let (phase, weekCell) = ((calendar.phase + h) % m, (calendar.weekday * m + calendar.phase + h) % shape.week)
      dayProfile.fetch(phase)
      residualProfile.fetch(phase)
      classProfile.fetch((weekCell / m >= 5 ? m : 0) + phase)
      weekProfile.fetch(weekCell)
    }
    for j in 0..<3 where t >= shape.horizons[j] {
      fetchOrigin(t - shape.horizons[j])
      fetch(slot(j, ofTick: t - shape.horizons[j]), 0)
      let counts = j < 2 ? counts(ofTick: t - shape.horizons[j]) : packedCounts(ofTick: t - shape.horizons[j])
      unsafe synfire_prefetch_level2(counts.base)
      unsafe synfire_prefetch_level2(counts.base + counts.count - 1)
    }
    return unsafe WantedLines(start: UnsafePointer(base), count: layout.slots[0] / 16)
  }
}
