public import Basics
internal import Planning
internal import Wire
internal import Workloads

/// All state that later ticks depend on: a head of some hundred bytes a service, and a slice for every so many services,
/// so that no blob becomes too large and no more than one is in memory besides the state itself.
extension CapacityService {
  /// Services of a slice: each takes up to some 100 KB.
  static let servicesPerSlice = 64

  /// What belongs to no service alone.
  public func snapshot(at epoch: Epoch) throws -> [UInt8] {
    slicedServices = sortedServices
    var w = ByteWriter()
    w.write(3 as UInt8)
    w.write(published.ticks)
    w.write(published.digest)
    var inner = ByteWriter()
    detector.encode(into: &inner)
    w.writeBlob(inner.bytes)
    w.writeVarint(UInt64(incidents.count))
    for incident in incidents { incident.encode(into: &w) }
    w.writeVarint(UInt64(lastSeen.count))
    for series in lastSeen.keys.sorted() {
      series.encode(into: &w)
      w.write(lastSeen[series]?.index ?? 0)
    }
    w.writeBlob(
      view.map { View(tick: $0.tick, forecasts: [], plans: [], anomalies: $0.anomalies).encoded() } ?? []
    )
    return w.bytes
  }

  /// How many slices follow the head.
  public var sliceCount: Int { (planners.count + Self.servicesPerSlice - 1) / Self.servicesPerSlice }

  /// Planners, scorecards and last forecasts of some services.
  public func slice(_ number: Int) throws -> [UInt8] {
    let first = number * Self.servicesPerSlice
    let services = slicedServices[first..<min(slicedServices.count, first + Self.servicesPerSlice)]
    var w = ByteWriter()
    w.write(1 as UInt8)
    w.writeVarint(UInt64(services.count))
    for service in services {
      w.writeString(service)
      var inner = ByteWriter()
      planners[service]?.encode(into: &inner)
      w.writeBlob(inner.bytes)
      w.write(scorecards[service] != nil)
      scorecards[service]?.encode(into: &w)
    }
    let forecasts = Self.part(of: view?.forecasts ?? [], services) { $0.series.service }
    let plans = Self.part(of: view?.plans ?? [], services) { $0.recommendation.service }
    w.writeVarint(UInt64(forecasts.count))
    for forecast in forecasts { forecast.encode(into: &w) }
    w.writeVarint(UInt64(plans.count))
    for plan in plans { plan.encode(into: &w) }
    return w.bytes
  }

  /// What of a list in the order of services is of the services of a slice.
  private static func part<Item>(
    of list: [Item],
    _ services: ArraySlice<String>,
    name: (Item) -> String
  ) -> ArraySlice<Item> {
    guard let first = services.first, let last = services.last else { return [] }
    func place(_ isBefore: (SeriesName) -> Bool) -> Int {
      var (low, high) = (0, list.count)
      while low < high {
        let middle = (low + high) / 2
        if isBefore(SeriesName(service: name(list[middle]), metric: "")) { low = middle + 1 } else { high = middle }
      }
      return low
    }
    let start = place { $0 < SeriesName(service: first, metric: "") }
    let end = place { !(SeriesName(service: last, metric: "") < $0) }
    return list[start..<max(start, end)]
  }

  /// Services in the order of their series.
  private var sortedServices: [String] {
    planners.keys.map { SeriesName(service: $0, metric: "") }.sorted().map(\.service)
  }

  /// Goes back to a boundary, but for the slices.
  public func restore(_ epoch: Epoch, _ bytes: [UInt8]?) throws {
    (planners, view, published, lastSeen, scorecards) = ([:], nil, (0, 0), [:], [:])
    log = IncidentLog()
    detector = AnomalyDetector(tickMilliseconds: configuration.tickMilliseconds)
    guard let bytes else { return }
    var r = ByteReader(bytes, reading: "checkpoint of the planner")
    try r.readVersion(3)
    let count: Int64 = try r.read()
    published = (count, try r.read())
    var inner = ByteReader(try r.readBlob(), reading: "anomaly detector")
    detector = try AnomalyDetector(from: &inner)
    for _ in 0..<(try r.readCount(elementBytes: 10)) { log.note(try AnomalyEvent(from: &r)) }
    for _ in 0..<(try r.readCount(elementBytes: 10)) {
      let series = try SeriesName(from: &r)
      lastSeen[series] = Tick(try r.read())
    }
    let last = try r.readBlob()
    if !last.isEmpty { view = try View(decoding: last) }
    try r.finish()
  }

  /// Takes a slice, in their order.
  public func restore(slice bytes: [UInt8]) throws {
    var r = ByteReader(bytes, reading: "slice of the planner's checkpoint")
    try r.readVersion(1)
    for _ in 0..<(try r.readCount(elementBytes: 3)) {
      let service = try r.readString()
      var inner = ByteReader(try r.readBlob(), reading: "planner of \(service)")
      planners[service] = try Planner(from: &inner)
      if try r.readBool() { scorecards[service] = try Scorecard(from: &r) }
    }
    for _ in 0..<(try r.readCount(elementBytes: 20)) { view?.forecasts.append(try SeriesForecast(from: &r)) }
    for _ in 0..<(try r.readCount(elementBytes: 20)) { view?.plans.append(try Plan(from: &r)) }
    try r.finish()
  }
}
