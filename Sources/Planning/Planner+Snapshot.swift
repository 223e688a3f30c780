public import Wire

extension Planner {
  /// Appends the whole state (version 3); settings are the caller's.
  public func encode(into w: inout ByteWriter) {
    w.write(3 as UInt8)
    w.writeString(service)
    w.write(tickMilliseconds)
    w.write(optional: replicas)
    w.write(optional: lastTick)
    w.write(optional: lastValueTick)
    w.writeArray(demands)
    w.write(optional: cleanDemand)
    w.write(optional: cleanUsable)
    w.write(int: quietTicks)
    w.write(int: missingRun)
    w.writeArray(lastValues)
    w.write(int: repeats)
    w.write(isStanding)
    guards.encode(into: &w)
    capacity.encode(into: &w)
    calibration.encode(into: &w)
    cpuSizing.encode(into: &w)
    memorySizing.encode(into: &w)
    w.write(sizingIsPerReplica)
    w.write(optional: runningBefore)
    w.writeArray([regretTooFew, regretTooMany])
    w.write(lead != nil)
    lead?.encode(into: &w)
  }

  /// Reads a state written by `encode`.
  public init(from r: inout ByteReader, settings: PlannerSettings = PlannerSettings()) throws(WireError) {
    try r.readVersion(3)
    let service = try r.readString()
    let tickMilliseconds: Int64 = try r.read()
    guard tickMilliseconds > 0 else { throw r.error("a tick's length is positive, found \(tickMilliseconds) ms") }
    self.init(service: service, tickMilliseconds: tickMilliseconds, settings: settings)
    replicas = try r.readOptionalAmount()
    lastTick = try r.readOptionalTick()
    lastValueTick = try r.readOptionalTick()
    demands = try r.readArray()
    cleanDemand = try r.readOptionalDouble()
    cleanUsable = try r.readOptionalDouble()
    quietTicks = try r.readAmount()
    missingRun = try r.readAmount()
    lastValues = try r.readArray()
    repeats = try r.readAmount()
    isStanding = try r.readBool()
    guards = try MetricGuards(from: &r)
    capacity = try CapacityModel(from: &r)
    calibration = try BandCalibration(from: &r)
    cpuSizing = try ResourceSizing(from: &r)
    memorySizing = try ResourceSizing(from: &r)
    sizingIsPerReplica = try r.readBool()
    runningBefore = try r.readOptionalAmount()
    let regrets: [Double] = try r.readArray(count: 2)
    (regretTooFew, regretTooMany) = (regrets[0], regrets[1])
    lead = try r.readBool() ? try LeadForecaster(from: &r) : nil
  }
}
