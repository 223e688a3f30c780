import Basics
import Testing
import Wire
import Workloads

private func tick(_ index: Int64, _ names: (String, String)...) -> SealedTick {
  let values = names.map { SeriesValue(series: SeriesName(service: $0.0, metric: $0.1), value: 1) }
  return SealedTick(
    tick: Tick(index),
    lengthMilliseconds: 60_000,
    values: values.sorted { $0.series < $1.series },
    calendar: []
  )
}

@Test func `services and series are numbered as they appear, within a tick by name`() {
  var registry = ServiceRegistry()
  let first = registry.add(tick(1, ("m", "cpu"), ("b", "requests"), ("b", "cpu")))
  #expect(first.services == 0..<2)
  #expect(first.series == 0..<3)
  let second = registry.add(tick(2, ("a", "cpu"), ("b", "cpu"), ("m", "latency")))
  #expect(second.services == 2..<3)
  #expect(second.series == 3..<5)
  #expect(registry.services == ["b", "m", "a"])
  #expect(registry.series.map(\.description) == ["b/cpu", "b/requests", "m/cpu", "a/cpu", "m/latency"])
  #expect(registry.serviceOfSeries == [0, 0, 1, 2, 1])
  #expect(registry.number(ofService: "a") == 2)
  #expect(registry.number(of: SeriesName(service: "m", metric: "latency")) == 4)
  #expect(registry.number(ofService: "z") == nil)
  #expect(registry.add(tick(3, ("a", "cpu"))).series.isEmpty)
}

@Test func `a registry reads back from its bytes with the same digest`() throws {
  var registry = ServiceRegistry()
  registry.add(tick(1, ("m", "cpu"), ("b", "requests")))
  registry.add(tick(2, ("a", "cpu"), ("m", "latency")))
  let copy = try ServiceRegistry(decoding: registry.encoded())
  #expect(copy == registry)
  #expect(copy.digest == registry.digest)
  var other = ServiceRegistry()
  other.add(tick(1, ("a", "cpu"), ("m", "latency")))
  other.add(tick(2, ("m", "cpu"), ("b", "requests")))
  #expect(other.digest != registry.digest)
  let bytes = registry.encoded()
  for length in 0..<bytes.count {
    #expect(throws: WireError.self) { try ServiceRegistry(decoding: Array(bytes[..<length])) }
  }
}

@Test func `a registry with a name twice or out of order is refused`() {
  func encoded(_ services: [String], _ series: [(UInt64, String)]) -> [UInt8] {
    var w = ByteWriter()
    w.write(1 as UInt8)
    w.writeVarint(UInt64(services.count))
    for name in services { w.writeString(name) }
    w.writeVarint(UInt64(series.count))
    for (service, metric) in series {
      w.writeVarint(service)
      w.writeString(metric)
    }
    return w.bytes
  }
  #expect(throws: WireError.self) { try ServiceRegistry(decoding: encoded(["a"], [(0, "x"), (0, "x")])) }
  #expect(throws: WireError.self) { try ServiceRegistry(decoding: encoded(["a", "b"], [(1, "x"), (0, "x")])) }
  #expect(throws: WireError.self) { try ServiceRegistry(decoding: encoded(["a", "b"], [(0, "x")])) }
  #expect(throws: WireError.self) { try ServiceRegistry(decoding: encoded(["a"], [(1, "x")])) }
}
