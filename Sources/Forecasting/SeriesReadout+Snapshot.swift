public import Wire

extension SeriesReadout {
  /// Appends the whole state, bit for bit; only between `finish` and the next `observe`.
  public func snapshot(into w: inout ByteWriter) {
    precondition(pending.kind == .nothing, "a snapshot is taken between ticks")
    w.write(UInt32(shape.ticksPerDay))
    for h in shape.horizons { w.write(UInt32(h)) }
    w.write(UInt16(shape.encoders))
    w.write(UInt16(shape.listeners))
    for n in [ticks, gap, seen] { w.write(Int64(n)) }
    w.writeArray(scalars.columns)
    for column in [week, dayProfile, classProfile, weekProfile, residualProfile, origins, covariance.cells] {
      w.writeArray(column)
    }
    w.writeArray(phaseCounts)
    w.writeArray(counts)
    for j in horizons.indices { horizons[j].snapshot(into: &w) }
  }

  /// Reads a state that `snapshot` wrote.
  ///
  /// - Throws: `WireError` when the bytes are cut off or do not fit the shape they announce.
  public init(from r: inout ByteReader, prior: Prior) throws(WireError) {
    let m = Int(try r.read(UInt32.self))
    var ahead: [Int] = []
    for _ in 0..<3 { ahead.append(Int(try r.read(UInt32.self))) }
    let encoders = Int(try r.read(UInt16.self))
    let listeners = Int(try r.read(UInt16.self))
    let shape: ReadoutShape
    do {
      shape = try ReadoutShape(ticksPerDay: m, horizons: ahead, encoders: encoders, listeners: listeners)
    } catch {
      throw r.error("\(error)")
    }
    guard encoders == prior.neurons else {
      throw r.error("\(encoders) encoder neurons a series, this program's prior has \(prior.neurons)")
    }
    // The least a state of this shape can take; keeps a damaged header from claiming memory.
    guard r.remaining >= 4 * 7 * m else { throw r.error("\(r.remaining) bytes are too few for \(m) ticks a day") }
    self.init(shape: shape, prior: prior)
    func count() throws(WireError) -> Int {
      let n = try r.read(Int64.self)
      guard (0...(1 << 40)).contains(n) else { throw r.error("a count of \(n)") }
      return Int(n)
    }
    ticks = try count()
    gap = try count()
    seen = try count()
    guard seen <= ticks, ticks == 0 || seen > 0 else { throw r.error("\(seen) values in \(ticks) ticks") }
    scalars.columns = try r.readColumn(like: scalars.columns)
    week = try r.readColumn(like: week)
    dayProfile = try r.readColumn(like: dayProfile)
    classProfile = try r.readColumn(like: classProfile)
    weekProfile = try r.readColumn(like: weekProfile)
    residualProfile = try r.readColumn(like: residualProfile)
    origins = try r.readColumn(like: origins)
    covariance.cells = try r.readColumn(like: covariance.cells)
    phaseCounts = try r.readColumn(like: phaseCounts)
    counts = try r.readColumn(like: counts)
    for j in 0..<3 { try horizons[j].restore(from: &r) }
  }
}

extension SeriesReadout.Scalars {
  /// All of them in one column.
  fileprivate var columns: [Double] {
    get {
      [level, spread, offset, low, high, sum, magnitude, least]
        + (0..<4).map { averages[$0] } + (0..<4).map { volatilities[$0] } + (0..<8).map { trailing[$0] }
    }
    set {
      (level, spread, offset, low) = (newValue[0], newValue[1], newValue[2], newValue[3])
      (high, sum, magnitude, least) = (newValue[4], newValue[5], newValue[6], newValue[7])
      for i in 0..<4 { (averages[i], volatilities[i]) = (newValue[8 + i], newValue[12 + i]) }
      for i in 0..<8 { trailing[i] = newValue[16 + i] }
    }
  }
}

extension HorizonState {
  fileprivate func snapshot(into w: inout ByteWriter) {
    w.write(Int64(targets))
    w.writeArray([scale] + headErrors + expertErrors + shifts)
    for column in [heads, offsets, fanLogs, mixture, slots] { w.writeArray(column) }
  }

  fileprivate mutating func restore(from r: inout ByteReader) throws(WireError) {
    targets = Int(truncatingIfNeeded: try r.read(Int64.self))
    guard targets >= 0 else { throw r.error("\(targets) targets") }
    let numbers = try r.readColumn(like: [scale] + headErrors + expertErrors + shifts)
    scale = numbers[0]
    let (afterHeads, afterExperts) = (1 + headErrors.count, 1 + headErrors.count + expertErrors.count)
    headErrors = Array(numbers[1..<afterHeads])
    expertErrors = Array(numbers[afterHeads..<afterExperts])
    shifts = Array(numbers[afterExperts...])
    heads = try r.readColumn(like: heads)
    offsets = try r.readColumn(like: offsets)
    fanLogs = try r.readColumn(like: fanLogs)
    mixture = try r.readColumn(like: mixture)
    slots = try r.readColumn(like: slots)
  }
}

extension ByteReader {
  /// Reads a column that must be as long as the one it replaces.
  fileprivate mutating func readColumn<Value: BitwiseCopyable>(like old: [Value]) throws(WireError) -> [Value] {
    let column: [Value] = try readArray()
    guard column.count == old.count else {
      throw error("a column of \(column.count) elements where \(old.count) are wanted")
    }
    return column
  }
}
