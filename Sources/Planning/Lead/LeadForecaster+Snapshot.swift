internal import Wire

extension LeadForecaster {
  func encode(into w: inout ByteWriter) {
    w.write(timing.tickMilliseconds)
    for count in [timing.leadTicks, timing.reportingDelayTicks, timing.reportingWindowTicks] { w.write(int: count) }
    w.write(offset)
    inputs.encode(into: &w)
    errors.encode(into: &w)
    events.encode(into: &w)
    means.encode(into: &w)
    sizes.encode(into: &w)
    w.writeArray(clipScales + cuts + [lastValue, meanDemand])
    for tail in tails { tail.encode(into: &w) }
    for origin in origins { origin.encode(into: &w) }
    w.write(optional: slowNow)
    w.write(int: lastBad)
    w.write(int: learned)
    w.writeArray([outlook.level] + outlook.medians + outlook.eventShares + outlook.scales)
    for number in outlook.classes { w.write(int: number) }
  }

  init(from r: inout ByteReader) throws(WireError) {
    let length: Int64 = try r.read()
    let counts = (try r.readAmount(), try r.readAmount(), try r.readAmount())
    let timing = Timing(
      tickMilliseconds: length,
      leadTicks: counts.0,
      reportingDelayTicks: counts.1,
      reportingWindowTicks: counts.2
    )
    let offset = try r.readDouble()
    guard length > 0, timing.span <= Self.mostSpan, offset > 0, offset.isFinite else {
      throw r.error("a window of \(timing.span) ticks of \(length) ms with offset \(offset)")
    }
    self.init(timing: timing, offset: offset)
    try inputs.decode(from: &r)
    try errors.decode(from: &r)
    events = try EventCells(from: &r)
    try means.decode(from: &r)
    try sizes.decode(from: &r)
    let numbers: [Double] = try r.readArray(count: 6)
    (clipScales, cuts) = (Array(numbers[..<2]), Array(numbers[2..<4]))
    (lastValue, meanDemand) = (numbers[4], numbers[5])
    for i in tails.indices { tails[i] = try TailRecord(from: &r) }
    for i in origins.indices { origins[i] = try LeadOrigin(from: &r) }
    guard origins.allSatisfy({ ($0.cell ?? -1) < events.cells }) else { throw r.error("an origin in an unknown cell") }
    slowNow = try r.readOptionalDouble()
    lastBad = try r.readInt()
    learned = try r.readAmount()
    let said: [Double] = try r.readArray(count: 7)
    (outlook.level, outlook.medians) = (said[0], Array(said[1..<3]))
    (outlook.eventShares, outlook.scales) = (Array(said[3..<5]), Array(said[5...]))
    outlook.classes = [try LeadOrigin.readClass(from: &r), try LeadOrigin.readClass(from: &r)]
    guard outlook.scales.allSatisfy({ $0 > 0 }) else { throw r.error("a scale that is not positive") }
  }
}

extension LeadOrigin {
  func encode(into w: inout ByteWriter) {
    w.writeArray(inputs)
    w.writeArray(scaleInputs)
    w.writeArray([decision] + bases + medians + cellShares + scales)
    for number in classes { w.write(int: number) }
    w.write(int: cell ?? -1)
  }

  init(from r: inout ByteReader) throws(WireError) {
    inputs = try r.readArray(count: inputs.count)
    scaleInputs = try r.readArray(count: scaleInputs.count)
    let numbers: [Double] = try r.readArray(count: 9)
    (decision, bases) = (numbers[0], Array(numbers[1..<3]))
    (medians, cellShares, scales) = (Array(numbers[3..<5]), Array(numbers[5..<7]), Array(numbers[7...]))
    classes = [try Self.readClass(from: &r), try Self.readClass(from: &r)]
    let number = try r.readInt()
    guard number >= -1, scales.allSatisfy({ $0 > 0 }) else {
      throw r.error("an origin in cell \(number)")
    }
    cell = number < 0 ? nil : number
  }

  static func readClass(from r: inout ByteReader) throws(WireError) -> Int {
    let number = try r.readInt()
    guard (0...1).contains(number) else { throw r.error("class \(number) of errors") }
    return number
  }
}
