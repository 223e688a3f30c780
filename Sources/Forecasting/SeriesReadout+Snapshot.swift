public import Wire

extension SeriesReadout {
  /// Appends the whole state, bit for bit; only between `finish` and the next `observe`.
  public func snapshot(into w: inout ByteWriter) {
    precondition(pending.kind == .nothing, "a snapshot is taken between ticks")
    w.write(UInt32(shape.ticksPerDay))
    for h in shape.horizons { w.write(UInt32(h)) }
    w.write(UInt16(shape.encoders))
    w.write(UInt16(shape.listeners))
    for n in [ticks, gap, seen, targets[0], targets[1], targets[2]] { w.write(Int64(n)) }
    w.writeArray(scalars.columns)
    unsafe w.writeRaw(UnsafeRawBufferPointer(start: base, count: 4 * layout.floats))
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
    for j in 0..<3 { targets[j] = try count() }
    let columns: [Double] = try r.readArray()
    guard columns.count == scalars.columns.count else { throw r.error("\(columns.count) scalars") }
    scalars.columns = columns
    try unsafe r.readRaw(into: UnsafeMutableRawBufferPointer(start: base, count: 4 * layout.floats))
  }
}

extension SeriesReadout.Scalars {
  /// All of them in one column.
  fileprivate var columns: [Double] {
    get {
      [level, spread, offset, low, high, sum, magnitude, least]
        + (0..<4).map { averages[$0] } + (0..<4).map { volatilities[$0] } + (0..<8).map { trailing[$0] }
        + (0..<4).map { residuals[$0] } + (0..<4).map { lead[$0] } + (0..<4).map { leadSquares[$0] }
        + (0..<4).map { recentLead[$0] } + [anchor]
    }
    set {
      (level, spread, offset, low) = (newValue[0], newValue[1], newValue[2], newValue[3])
      (high, sum, magnitude, least) = (newValue[4], newValue[5], newValue[6], newValue[7])
      for i in 0..<4 { (averages[i], volatilities[i]) = (newValue[8 + i], newValue[12 + i]) }
      for i in 0..<8 { trailing[i] = newValue[16 + i] }
      for i in 0..<4 {
        (residuals[i], lead[i], leadSquares[i]) = (newValue[24 + i], newValue[28 + i], newValue[32 + i])
        recentLead[i] = newValue[36 + i]
      }
      anchor = newValue[40]
    }
  }
}
