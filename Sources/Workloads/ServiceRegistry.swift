internal import Basics
public import Wire

/// Numbers of services and series in the order of their first appearance: a pure function of the sealed ticks so far.
///
/// Within a tick names are taken in ascending order. Numbers never change and are never given twice, so that
/// coordinator and cores, which see the same sealed ticks, agree on who is who without a message.
public struct ServiceRegistry: Equatable, Sendable {
  /// Names of the services by number.
  public private(set) var services: [String] = []
  /// Names of the series by number.
  public private(set) var series: [SeriesName] = []
  /// Number of the service of each series.
  public private(set) var serviceOfSeries: [Int] = []
  private var serviceNumbers: [String: Int] = [:]
  private var seriesNumbers: [SeriesName: Int] = [:]

  /// A registry that has seen no tick.
  public init() {}

  /// The number of a service, or nil when it never appeared.
  public func number(ofService name: String) -> Int? { serviceNumbers[name] }

  /// The number of a series, or nil when it never appeared.
  public func number(of name: SeriesName) -> Int? { seriesNumbers[name] }

  /// Takes a sealed tick and returns the numbers that are new with it.
  @discardableResult
  public mutating func add(_ tick: SealedTick) -> (services: Range<Int>, series: Range<Int>) {
    let before = (services.count, series.count)
    for value in tick.values { add(value.series) }
    return (before.0..<services.count, before.1..<series.count)
  }

  private mutating func add(_ name: SeriesName) {
    guard seriesNumbers[name] == nil else { return }
    let service = serviceNumbers[name.service] ?? services.count
    if service == services.count {
      services.append(name.service)
      serviceNumbers[name.service] = service
    }
    seriesNumbers[name] = series.count
    series.append(name)
    serviceOfSeries.append(service)
  }

  /// Returns the registry as bytes (version 1).
  public func encoded() -> [UInt8] {
    var w = ByteWriter(reserving: 16 + series.count * 24)
    w.write(1 as UInt8)
    w.writeVarint(UInt64(services.count))
    for name in services { w.writeString(name) }
    w.writeVarint(UInt64(series.count))
    for (name, service) in zip(series, serviceOfSeries) {
      w.writeVarint(UInt64(service))
      w.writeString(name.metric)
    }
    return w.bytes
  }

  /// Reads a registry from bytes.
  ///
  /// - Throws: when the bytes are not what `encoded` writes, for example a name that stands there twice.
  public init(decoding bytes: [UInt8]) throws(WireError) {
    var r = ByteReader(bytes, reading: "service registry")
    try r.readVersion(1)
    var names: [String] = []
    for _ in 0..<(try r.readCount(elementBytes: 1)) { names.append(try r.readString()) }
    for _ in 0..<(try r.readCount(elementBytes: 2)) {
      let service = try r.readVarint()
      guard service < UInt64(names.count) else { throw r.error("service \(service) of \(names.count)") }
      let name = SeriesName(service: names[Int(service)], metric: try r.readString())
      guard seriesNumbers[name] == nil else { throw r.error("the series \(name) stands there twice") }
      add(name)
    }
    guard services == names else { throw r.error("the services are not in the order of their first series") }
    try r.finish()
  }

  /// A digest of all numbers: the same on all who saw the same ticks.
  public var digest: UInt64 { Digest64.of(encoded()) }
}
