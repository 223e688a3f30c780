import Basics
import Forecasting
import Foundation
import Testing
import Wire
import Workloads

struct ForecastPartTests {
  static let configuration = {
    do {
      return try ForecastConfiguration(
        tickMilliseconds: 3_600_000,
        calls: [
          Call(caller: "gateway", callee: "checkout"), Call(caller: "gateway", callee: "catalog"),
          Call(caller: "checkout", callee: "payment"), Call(caller: "catalog", callee: "payment"),
          Call(caller: "payment", callee: "gateway"),
        ]
      )
    } catch {
      fatalError("\(error)")
    }
  }()

  /// Hourly ticks of a shop; `payment` appears late, `checkout/cpu` later still, and values are missing now and then.
  static let ticks: [SealedTick] = {
    var noise = Noise(seed: 11)
    let (first, length) = (Int64(480_000), Int64(3_600_000))
    return (0..<130).map { t in
      let base = 100 * (1 + 0.5 * sin(2 * .pi * Double(t % 24) / 24))
      var values: [SeriesValue] = []
      for (service, metrics) in [
        ("catalog", ["cpu", "requests"]), ("checkout", ["cpu", "requests"]), ("gateway", ["latency", "requests"]),
        ("payment", ["requests"]),
      ] {
        for metric in metrics {
          let value = base * exp(0.2 * noise.normal())
          if service == "payment" && t < 40 || service == "checkout" && metric == "cpu" && t < 55 { continue }
          if noise.uniform() < 0.03 { continue }
          values.append(SeriesValue(series: SeriesName(service: service, metric: metric), value: value))
        }
      }
      let effect = CalendarEffect(kind: .campaign, uplift: 0.5, shape: 1)
      let calendar =
        (90..<96).contains(t) ? [ServiceCalendar(service: "checkout", now: effect, ahead: [effect, nil, nil])] : []
      return SealedTick(tick: Tick(first + Int64(t)), lengthMilliseconds: length, values: values, calendar: calendar)
    }
  }()

  private static func bytes(_ forecasts: [SeriesForecast]) -> [UInt8] {
    var writer = ByteWriter()
    for forecast in forecasts { forecast.encode(into: &writer) }
    return writer.bytes
  }

  /// All forecasts and the digest at the end with everything on one part.
  static let alone: (forecasts: [[UInt8]], digest: UInt64) = {
    do {
      var cluster = SmallCluster(configuration, parts: 1) { _ in 0 }
      let forecasts = try ticks.map { bytes(try cluster.step($0)) }
      return (forecasts, cluster.digest)
    } catch {
      fatalError("\(error)")
    }
  }()

  private static let splits: [@Sendable (String) -> Int] = [
    { _ in 0 }, { $0 == "gateway" ? 0 : 1 }, { $0 < "d" ? 1 : $0 == "payment" ? 2 : 0 },
  ]

  @Test(arguments: [1, 2, 3])
  func `any split of the services gives the same bits`(parts: Int) throws {
    var cluster = SmallCluster(Self.configuration, parts: parts, place: Self.splits[parts - 1])
    for (t, sealed) in Self.ticks.enumerated() {
      let bytes = Self.bytes(try cluster.step(sealed))
      #expect(bytes == Self.alone.forecasts[t], "tick \(t)")
    }
    #expect(cluster.digest == Self.alone.digest)
  }

  @Test(arguments: [(1, 3), (2, 2), (3, 1), (3, 2)])
  func `snapshots restored into another split give the same bits`(from: Int, to: Int) throws {
    var cluster = SmallCluster(Self.configuration, parts: from, place: Self.splits[from - 1])
    for (t, sealed) in Self.ticks.enumerated() {
      if [20, 41, 93].contains(t) {
        let parts = cluster.parts.count == from ? to : from
        try cluster.move(toParts: parts, place: Self.splits[parts - 1])
      }
      let bytes = Self.bytes(try cluster.step(sealed))
      #expect(bytes == Self.alone.forecasts[t], "tick \(t)")
    }
    #expect(cluster.digest == Self.alone.digest)
  }

  @Test func `a part simulates the encoders as the plain loop does`() throws {
    let part = ForecastPart(try ForecastConfiguration(tickMilliseconds: 3_600_000))
    let series = SeriesName(service: "a", metric: "queue")
    part.join(series, number: 3, isHere: true)
    var slow = try SlowForecaster(ticksPerDay: 24)
    var noise = Noise(seed: 12)
    // Tick 0 of the plain forecaster is a Monday's first hour; 1970-01-05 was one.
    for t in 0..<200 {
      let value = 20 + 5 * noise.normal()
      let sealed = SealedTick(
        tick: Tick(96 + Int64(t)),
        lengthMilliseconds: 3_600_000,
        values: [SeriesValue(series: series, value: value)],
        calendar: []
      )
      try part.beginTick(sealed)
      _ = part.advance(half: 0)
      _ = part.advance(half: 1)
      let forecast = part.finishTick()[0]
      #expect(forecast.horizons.map(\.quantiles) == slow.step(value), "tick \(t)")
      #expect(forecast.age == t + 1)
      #expect(forecast.observed == value)
    }
  }

  @Test func `an outcome carries what was expected of it`() throws {
    var cluster = SmallCluster(Self.configuration, parts: 1) { _ in 0 }
    var last: [SeriesName: [Double]] = [:]
    for sealed in Self.ticks.prefix(60) {
      for forecast in try cluster.step(sealed) {
        #expect(forecast.expected == last[forecast.series] ?? [])
        #expect(forecast.horizons.map(\.ticks) == [1, 12, 24])
        last[forecast.series] = forecast.horizons[0].quantiles
      }
    }
  }

  @Test func `a series that is silent for a day sleeps until it has a value`() throws {
    let part = ForecastPart(try ForecastConfiguration(tickMilliseconds: 3_600_000))
    let series = SeriesName(service: "a", metric: "cpu")
    part.join(series, number: 0, isHere: true)
    var answered: [Int] = []
    for t in 0..<100 {
      let values = (30..<80).contains(t) ? [] : [SeriesValue(series: series, value: Double(10 + t % 3))]
      try part.beginTick(
        SealedTick(tick: Tick(Int64(t)), lengthMilliseconds: 3_600_000, values: values, calendar: [])
      )
      _ = part.advance(half: 0)
      _ = part.advance(half: 1)
      if let forecast = part.finishTick().first {
        answered.append(t)
        #expect(forecast.horizons.allSatisfy { $0.quantiles.allSatisfy { $0.isFinite } })
      }
    }
    #expect(answered == Array(0..<54) + Array(80..<100))
  }

  @Test func `ticks out of order or of another length are refused`() throws {
    let part = ForecastPart(try ForecastConfiguration(tickMilliseconds: 60_000))
    func tick(_ index: Int64, _ length: Int64) -> SealedTick {
      SealedTick(tick: Tick(index), lengthMilliseconds: length, values: [], calendar: [])
    }
    #expect(throws: ForecastPartError.tickLength(wanted: 60_000, given: 1)) { try part.beginTick(tick(5, 1)) }
    try part.beginTick(tick(5, 60_000))
    _ = part.advance(half: 0)
    _ = part.advance(half: 1)
    #expect(part.finishTick().isEmpty)
    #expect(throws: ForecastPartError.tickOutOfOrder(wanted: Tick(6), given: Tick(7))) {
      try part.beginTick(tick(7, 60_000))
    }
    try part.beginTick(tick(6, 60_000))
  }

  @Test func `a snapshot of another configuration, or of what is here already, is refused`() throws {
    var cluster = SmallCluster(Self.configuration, parts: 1) { _ in 0 }
    for sealed in Self.ticks.prefix(3) { _ = try cluster.step(sealed) }
    let bytes = cluster.parts[0].snapshot(of: ["checkout"])
    let other = ForecastPart(try ForecastConfiguration(tickMilliseconds: 3_600_000))
    #expect(throws: WireError.self) { try other.restore(bytes) }
    #expect(throws: WireError.self) { try cluster.parts[0].restore(bytes) }
    let fresh = ForecastPart(Self.configuration)
    try fresh.restore(bytes)
    #expect(fresh.series == [SeriesName(service: "checkout", metric: "requests")])
    #expect(fresh.lastTick == Self.ticks[2].tick)
    for length in stride(from: 0, to: bytes.count, by: 4001) {
      #expect(throws: WireError.self) { try ForecastPart(Self.configuration).restore(Array(bytes.prefix(length))) }
    }
  }

  @Test func `a state that is held stays as it was while its series go on`() throws {
    var cluster = SmallCluster(Self.configuration, parts: 1) { _ in 0 }
    for sealed in Self.ticks.prefix(30) { _ = try cluster.step(sealed) }
    let part = cluster.parts[0]
    func bytes(_ state: ForecastPartState) -> [UInt8] {
      var w = ByteWriter()
      state.encode(into: &w)
      return w.bytes
    }
    let services = Set(part.series.map(\.service)).sorted()
    let states = part.states { services.firstIndex(of: $0.service) }
    let then = states.mapValues { bytes($0) }
    #expect(then.keys.sorted() == Array(services.indices))
    for (index, state) in then { #expect(state == part.snapshot(of: [services[index]])) }
    for sealed in Self.ticks[30..<33] { _ = try cluster.step(sealed) }
    #expect(states.mapValues { bytes($0) } == then)
    #expect(then.allSatisfy { $1 != part.snapshot(of: [services[$0]]) })
  }

  @Test func `some services leave a part for another one while the others stay, and not a bit is another`() throws {
    var still = SmallCluster(Self.configuration, parts: 2) { $0 < "d" ? 0 : 1 }
    var moving = SmallCluster(Self.configuration, parts: 2, place: still.place)
    for sealed in Self.ticks.prefix(20) { #expect(try still.step(sealed) == moving.step(sealed)) }
    let gone = Set(moving.registry.services.filter { $0 < "d" }.sorted().prefix(1))
    #expect(!gone.isEmpty)
    let snapshot = moving.parts[0].snapshot(of: gone)
    moving.parts[0].leave { gone.contains($0.service) }
    try moving.parts[1].restore(snapshot)
    moving.place = { $0 < "d" && !gone.contains($0) ? 0 : 1 }
    #expect(moving.parts[0].series.allSatisfy { !gone.contains($0.service) })
    for sealed in Self.ticks[20..<40] { #expect(try still.step(sealed) == moving.step(sealed)) }
    #expect(still.digest == moving.digest)
  }

  @Test func `where many leave, those that stay move together, and not a bit is another`() throws {
    let configuration = try ForecastConfiguration(tickMilliseconds: 3_600_000)
    // More than the neurons of one tile simulate.
    let names = (10..<80).map { SeriesName(service: "s\($0)", metric: "requests") }
    let ticks = (0..<24).map { (t: Int) -> SealedTick in
      let values = names.enumerated().map { (i: Int, name: SeriesName) -> SeriesValue in
        let level: Int = 10 + (t * 7 + i * 3) % 23
        return SeriesValue(series: name, value: Double(level))
      }
      let tick = Tick(480_000 + Int64(t))
      return SealedTick(tick: tick, lengthMilliseconds: 3_600_000, values: values, calendar: [])
    }
    var still = SmallCluster(configuration, parts: 1) { _ in 0 }
    var moving = SmallCluster(configuration, parts: 1) { _ in 0 }
    for sealed in ticks.prefix(12) { #expect(try still.step(sealed) == moving.step(sealed)) }
    let gone = Set(names.enumerated().filter { $0.offset % 3 == 1 }.map(\.element.service))
    let snapshot = moving.parts[0].snapshot(of: gone)
    moving.parts[0].leave { gone.contains($0.service) }
    moving.parts.append(ForecastPart(configuration))
    try moving.parts[1].restore(snapshot)
    moving.place = { gone.contains($0) ? 1 : 0 }
    #expect(moving.parts[0].series.count == names.count - gone.count)
    for sealed in ticks.dropFirst(12) { #expect(try still.step(sealed) == moving.step(sealed)) }
    #expect(still.digest == moving.digest)
  }

  @Test func `only spikes that others may hear leave a part`() throws {
    var cluster = SmallCluster(Self.configuration, parts: 1) { _ in 0 }
    for sealed in Self.ticks.prefix(60) { _ = try cluster.step(sealed) }
    let part = cluster.parts[0]
    try part.beginTick(Self.ticks[60])
    let batch = part.advance(half: 0)
    #expect(batch.stepEnds.count == 25)
    #expect(!batch.neurons.isEmpty)
    for neuron in batch.neurons {
      #expect(cluster.registry.series[Int(neuron) / 128].metric == "requests")
      #expect([64, 75, 89, 65, 90, 66, 91, 92].contains(neuron % 128))
    }
    for offset in 0..<25 { #expect(Array(batch.spikes(at: offset)) == batch.spikes(at: offset).sorted()) }
    #expect(part.advance(half: 1).neurons.isEmpty)
    _ = part.finishTick()
  }
}
