internal import Basics
internal import Wire
internal import Workloads

/// Knows which services just changed their number of instances: their memory then changes with it, and that is no news.
struct ScalingWatch {
  /// Ticks after a change in which the sum of memory says nothing about the service's health.
  static let calmTicks: Int64 = 3

  private var instances: [String: Int] = [:]
  private var changed: [String: Tick] = [:]
  private var now = Tick(0)

  init() {}

  /// Takes the instances of a tick.
  mutating func observe(_ sealed: SealedTick) {
    now = sealed.tick
    for count in sealed.instances {
      if let before = instances.updateValue(count.instances, forKey: count.service), before != count.instances {
        changed[count.service] = now
      }
    }
    changed = changed.filter { now.index - $0.value.index < Self.calmTicks }
  }

  /// A forecast with its surprise taken back where a change of instances explains it.
  func calmed(_ forecast: SeriesForecast) -> SeriesForecast {
    guard forecast.series.metric == "memory", changed[forecast.series.service] != nil else { return forecast }
    var calm = forecast
    calm.surprise = min(1, forecast.surprise)
    return calm
  }

  func encode(into w: inout ByteWriter) {
    w.write(now.index)
    w.writeVarint(UInt64(instances.count))
    for service in instances.keys.sorted() {
      w.writeString(service)
      w.writeVarint(UInt64(instances[service] ?? 0))
      w.write(changed[service]?.index ?? -1)
    }
  }

  init(from r: inout ByteReader) throws(WireError) {
    now = Tick(try r.read())
    for _ in 0..<(try r.readCount(elementBytes: 10)) {
      let service = try r.readString()
      instances[service] = Int(truncatingIfNeeded: try r.readVarint())
      let tick: Int64 = try r.read()
      if tick >= 0 { changed[service] = Tick(tick) }
    }
  }
}
