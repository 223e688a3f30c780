public import Wire

extension Scorecard {
  /// Appends the whole state (version 1).
  public func encode(into w: inout ByteWriter) {
    w.write(1 as UInt8)
    w.writeString(service)
    w.write(tickMilliseconds)
    w.writeVarint(UInt64(days.count))
    for day in days { day.encode(into: &w) }
    w.writeVarint(UInt64(windows.count))
    for window in windows {
      w.write(window.end)
      for number in [window.median, window.planned, window.quantile, window.greatest] { w.write(number) }
    }
    w.writeVarint(UInt64(fleets.count))
    for fleet in fleets { fleet.encode(into: &w) }
    for number in totals + [step] { w.write(int: number) }
    w.writeVarint(UInt64(recentWants.count))
    for number in recentWants { w.write(int: number) }
    w.writeArray(week)
  }

  /// Reads a state written by `encode`.
  public init(from r: inout ByteReader) throws(WireError) {
    try r.readVersion(1)
    let service = try r.readString()
    let length: Int64 = try r.read()
    guard length > 0 else { throw r.error("a tick's length is positive, found \(length) ms") }
    self.init(service: service, tickMilliseconds: length)
    for _ in 0..<(try r.readCount(elementBytes: 100)) { days.append(try ScoreDay(from: &r)) }
    for _ in 0..<(try r.readCount(elementBytes: 40)) {
      let end: Int64 = try r.read()
      let (median, planned) = (try r.readDouble(), try r.readDouble())
      let (quantile, greatest) = (try r.readDouble(), try r.readDouble())
      windows.append(Window(end: end, median: median, planned: planned, quantile: quantile, greatest: greatest))
    }
    for _ in 0..<(try r.readCount(elementBytes: 18)) { fleets.append(try FleetState(from: &r)) }
    for i in totals.indices { totals[i] = try r.readAmount() }
    step = try r.readAmount()
    for _ in 0..<(try r.readCount(elementBytes: 8)) { recentWants.append(try r.readAmount()) }
    week = try r.readArray()
    guard [0, 3].contains(fleets.count), [0, Self.halfHours].contains(week.count) else {
      throw r.error("\(fleets.count) fleets and a week of \(week.count) half hours")
    }
  }
}
