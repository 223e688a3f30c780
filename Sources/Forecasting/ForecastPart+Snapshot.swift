public import Wire
public import Workloads

internal import Basics

extension ForecastPart {
  /// Returns the whole state of some services' series placed here (version 4); between ticks only.
  ///
  /// Equal bytes mean equal state. The bytes do not depend on what else is placed here.
  public func snapshot(of services: Set<String>) -> [UInt8] {
    let state = states { services.contains($0.service) ? 0 : nil }[0] ?? emptyState
    var w = ByteWriter(reserving: state.mostBytes)
    state.encode(into: &w)
    return w.bytes
  }

  /// Returns the state of the series placed here by group, without copying it; between ticks only.
  ///
  /// Series without a group are left out. A series that goes on while a state still holds it is copied then.
  public func states(by group: (SeriesName) -> Int?) -> [Int: ForecastPartState] {
    var states: [Int: ForecastPartState] = [:]
    for (number, forecaster) in sortedMembers {
      guard let key = group(forecaster.series) else { continue }
      states[key, default: emptyState].add(number, forecaster)
    }
    return states
  }

  /// The state of no series.
  public var emptyState: ForecastPartState { ForecastPartState(lastTick: lastTick, prior: prior.digest) }

  /// Adds the series of a snapshot to this part; between ticks only.
  ///
  /// - Throws: `WireError` when the bytes are damaged, belong to another configuration or prior, name a series that is here
  ///   already, or were taken after another tick than the part's last.
  public func restore(_ bytes: [UInt8]) throws(WireError) {
    var r = ByteReader(bytes, reading: "snapshot of forecasters")
    try restore(from: &r)
    try r.finish()
  }

  /// The same, from bytes in which a snapshot comes next.
  public func restore(from r: inout ByteReader) throws(WireError) {
    try r.readVersion(4)
    let digest: UInt64 = try r.read()
    guard digest == prior.digest else {
      throw r.error("these series were forecast from another prior; give that one again, or start a new run")
    }
    let hasTick = try r.readBool()
    let index = try r.read(Int64.self)
    let tick = hasTick ? Tick(index) : nil
    var read: [(number: Int, forecaster: SeriesForecaster)] = []
    for _ in 0..<(try r.readCount(elementBytes: 1000)) {
      let number = try r.readVarint()
      guard number < UInt64(UInt32.max) / UInt64(SeriesPopulation.stride) else { throw r.error("the number \(number)") }
      let name = try SeriesName(from: &r)
      let forecaster = try SeriesForecaster(name, from: &r, prior: prior)
      guard forecaster.readout.shape == configuration.shape(ofService: name.service, prior: prior) else {
        throw r.error("\(name) was forecast with other ticks, horizons or calls than are configured; start a new run")
      }
      guard !holds(name), !read.contains(where: { $0.forecaster.series == name }) else {
        throw r.error("\(name) is here already")
      }
      read.append((Int(number), forecaster))
    }
    try goOn(after: tick, with: read)
  }

  /// A digest of the state of all series placed here; the sum over all parts is the same for every placement.
  public var digest: UInt64 {
    series.reduce(0) { sum, name in
      let (number, forecaster) = state(of: name)
      var w = ByteWriter()
      w.writeVarint(UInt64(number))
      name.encode(into: &w)
      forecaster.snapshot(into: &w)
      var digest = Digest64()
      digest.combine(UInt64(w.bytes.count))
      digest.combine(UInt64(CRC32C.checksum(w.bytes)))
      return sum &+ digest.value
    }
  }
}
