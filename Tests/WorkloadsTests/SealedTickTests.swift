import Basics
import Testing
import Wire
import Workloads

private let tick = SealedTick(
  tick: Tick(29_375_000),
  lengthMilliseconds: 60_000,
  values: [
    SeriesValue(series: SeriesName(service: "cart", metric: "cpu"), value: 0.5),
    SeriesValue(series: SeriesName(service: "cart", metric: "requests"), value: 120),
  ],
  calendar: [
    ServiceCalendar(
      service: "cart",
      now: nil,
      ahead: [CalendarEffect(kind: .campaign, uplift: 0.8, shape: 1), nil, nil]
    )
  ],
  instances: [InstanceCount(service: "cart", instances: 3)]
)

@Test func `a sealed tick reads back from its bytes`() throws {
  #expect(try SealedTick(decoding: tick.encoded()) == tick)
}

@Test func `a sealed tick that is cut off anywhere is refused`() {
  let bytes = tick.encoded()
  for length in 0..<bytes.count {
    #expect(throws: WireError.self) { try SealedTick(decoding: Array(bytes[..<length])) }
  }
}

@Test(arguments: 0..<4) func `random bytes never crash the readers of ticks, forecasts and registries`(seed: UInt64) {
  var random = SplitMix(seed)
  let good = tick.encoded()
  for _ in 0..<2000 {
    var bytes = random.next(below: 2) == 0 ? random.bytes(random.next(below: 80)) : good
    for _ in 0..<random.next(below: 4) where !bytes.isEmpty {
      bytes[random.next(below: bytes.count)] = UInt8(truncatingIfNeeded: random.next())
    }
    _ = try? SealedTick(decoding: bytes)
    _ = try? ServiceRegistry(decoding: bytes)
    var reader = ByteReader(bytes, reading: "forecast")
    _ = try? SeriesForecast(from: &reader)
  }
}

@Test func `a tick knows when it starts`() {
  #expect(tick.start.milliseconds == 29_375_000 * 60_000)
}

@Test func `a forecast reads back from its bytes`() throws {
  let horizon = SeriesForecast.Horizon(
    ticks: 12,
    quantiles: [1, 2, 3, 4, 5, 6, 7],
    level: 3.5,
    cleanMedian: 2,
    eventFactor: 2
  )
  for observed: Double? in [nil, 4.5] {
    let forecast = SeriesForecast(
      series: SeriesName(service: "cart", metric: "requests"),
      origin: Tick(7),
      observed: observed,
      expected: observed == nil ? [] : [1, 2, 3, 4, 5, 6, 7],
      surprise: 0.25,
      age: 300,
      horizons: [horizon]
    )
    var writer = ByteWriter()
    forecast.encode(into: &writer)
    var reader = ByteReader(writer.bytes, reading: "forecast")
    #expect(try SeriesForecast(from: &reader) == forecast)
    #expect(reader.remaining == 0)
  }
}

@Test func `names of series ascend by bytes of service, then metric`() {
  let names = [("a", "z"), ("a.b", "a"), ("a/b", "a"), ("ab", "a"), ("ä", "a")].map {
    SeriesName(service: $0, metric: $1)
  }
  #expect(names.reversed().sorted() == names)
  #expect(names[0].description == "a/z")
}
