import Basics
import Planning
import Testing
import Wire
import Workloads

@Suite struct AnomalyDetectorTests {
  private let metrics = ["cpu", "latency", "memory", "requests"]
  private let calls = [
    Call(caller: "gateway", callee: "checkout"), Call(caller: "checkout", callee: "payment"),
  ]

  /// A forecast with the band 90…110 around 100, and a value so many half-bands above (or below) the median.
  private func forecast(
    _ service: String,
    _ metric: String,
    _ t: Int,
    _ surprise: Double?,
    age: Int = 5000
  )
    -> SeriesForecast
  {
    let value = surprise.map { 100 + 10 * $0 }
    return SeriesForecast(
      series: SeriesName(service: service, metric: metric),
      origin: Tick(Int64(t)),
      observed: value,
      expected: [90, 92, 96, 100, 104, 108, 110],
      surprise: min(20, abs(surprise ?? 0)),
      age: age,
      horizons: []
    )
  }

  private func detector() -> AnomalyDetector { AnomalyDetector(tickMilliseconds: minute) }

  /// Runs a script of (service, metric, surprises by tick); other ticks are calm.
  private func run(
    _ d: inout AnomalyDetector,
    _ script: [(String, String, [Int: Double])],
    ticks: Range<Int>
  )
    -> [AnomalyEvent]
  {
    ticks.flatMap { t in
      d.advance(
        to: Tick(Int64(t)),
        forecasts: script.map { forecast($0.0, $0.1, t, $0.2[t] ?? 0.3) },
        calls: calls
      )
    }
  }

  private enum Tail: String, CaseIterable { case normal, laplace, student }

  /// Draws a surprise whose 95 % quantile is 1.
  private func draw(_ tail: Tail, _ dice: inout Dice) -> Double {
    switch tail {
    case .normal: return dice.normal() / 1.645
    case .laplace:
      // P(|x| > s) = 10^-s.
      var s = 0.0, u = dice.uniform()
      while u < 0.1 {
        u *= 10
        s += 1
      }
      s += (1 - u) / 0.9 * 0.9999
      return dice.uniform() < 0.5 ? s : -s
    case .student:
      // Four degrees of freedom: normal over the root of a chi-square/4; its 95 % quantile is 2.132.
      var chi = 0.0
      for _ in 0..<4 {
        let z = dice.normal()
        chi += z * z
      }
      return dice.normal() / (chi / 4).squareRoot() / 2.132
    }
  }

  @Test(arguments: [0, 1, 2])
  func `at most one false alarm a service and week`(kind: Int) {
    let tail = Tail.allCases[kind]
    var dice = Dice(seed: 41)
    var d = detector()
    let services = (0..<8).map { "s\($0)" }
    var opened = 0, exceeded = 0
    for t in 0..<10_080 {
      let forecasts = services.flatMap { service in
        metrics.map { metric in
          let s = draw(tail, &dice)
          if abs(s) > 1 { exceeded += 1 }
          return forecast(service, metric, t, s)
        }
      }
      opened += d.advance(to: Tick(Int64(t)), forecasts: forecasts).filter { $0.kind == .opened }.count
    }
    let share = Double(exceeded) / Double(8 * 4 * 10_080)
    #expect(abs(share - 0.1) < 0.02, "\(tail): the surprises themselves are calibrated, found \(share)")
    #expect(opened <= (tail == .student ? 8 : 1), "\(tail): \(opened) false alarms in eight weeks of a service")
  }

  @Test func `noise that lingers for minutes raises no alarm`() {
    var dice = Dice(seed: 42)
    var d = detector()
    var state = [Double](repeating: 0, count: 32), opened = 0
    for t in 0..<10_080 {
      var forecasts: [SeriesForecast] = []
      for i in 0..<32 {
        state[i] = 0.8 * state[i] + 0.6 * dice.normal()
        forecasts.append(forecast("s\(i / 4)", metrics[i % 4], t, state[i] / 1.645))
      }
      opened += d.advance(to: Tick(Int64(t)), forecasts: forecasts).filter { $0.kind == .opened }.count
    }
    #expect(opened == 0)
  }

  @Test func `two clear surprises open, calm closes`() throws {
    var d = detector()
    let news = run(&d, [("checkout", "latency", [50: 5, 51: 6, 52: 5.5])], ticks: 0..<80)
    #expect(news.map(\.kind) == [.opened, .closed])
    let (opened, closed) = (try #require(news.first), try #require(news.last))
    #expect(opened.tick == Tick(51))
    #expect(opened.id == "checkout-51")
    #expect(opened.service == "checkout")
    #expect(opened.severity == .minor)
    #expect(opened.cause == SeriesName(service: "checkout", metric: "latency"))
    #expect(opened.members.map(\.onset) == [Tick(50)])
    #expect(opened.members.first?.observed == 160)
    #expect(opened.members.first?.low == 90)
    #expect(opened.members.first?.high == 110)
    #expect(opened.sentence.hasPrefix("checkout/latency 160 where 90…110 was expected"))
    #expect(closed.id == opened.id)
    #expect(closed.tick == Tick(57))
    #expect(d.openIncidents.isEmpty)
  }

  @Test func `one clear surprise alone opens nothing, one huge does`() {
    var d = detector()
    #expect(run(&d, [("checkout", "latency", [50: 9, 60: -9, 70: 12])], ticks: 0..<80).isEmpty)
    #expect(run(&d, [("checkout", "latency", [90: 16])], ticks: 80..<91).map(\.kind) == [.opened])
  }

  @Test func `opposite sides, or a gap between them, are not one excursion`() {
    var d = detector()
    #expect(run(&d, [("checkout", "latency", [50: 5, 51: -5, 60: 5, 62: 5])], ticks: 0..<80).isEmpty)
  }

  @Test func `a large surprise opens with another metric's support`() {
    var d = detector()
    #expect(run(&d, [("a", "latency", [50: 11]), ("b", "cpu", [50: 3.5])], ticks: 0..<60).isEmpty)
    let news = run(&d, [("a", "latency", [70: 11]), ("a", "cpu", [70: 3.5])], ticks: 60..<71)
    #expect(news.map(\.kind) == [.opened])
    #expect(news.first?.members.count == 2)
  }

  @Test func `neighbours join, and the upstream service that changed first is named`() throws {
    var d = detector()
    let news = run(
      &d,
      [
        ("gateway", "requests", [47: 3.5, 48: 3.5, 49: 3.5, 50: 4, 51: 4.5, 52: 4]),
        ("checkout", "requests", [50: 6, 51: 8, 52: 6]),
        ("payment", "latency", [51: 3.5, 52: 5, 53: 9]),
        ("search", "cpu", [50: 5, 51: 5]),
      ],
      ticks: 0..<60
    )
    let opened = news.filter { $0.kind == .opened }
    #expect(opened.map(\.service) == ["checkout", "search"], "search calls nobody: its own incident")
    let first = try #require(opened.first)
    #expect(first.cause == SeriesName(service: "gateway", metric: "requests"))
    #expect(first.sentence.contains("gateway/requests"))
    #expect(first.sentence.hasSuffix("changed first, 3 min before"))
    #expect(first.severity == .critical, "three services")
    #expect(Set(first.members.map(\.series.service)) == ["gateway", "checkout", "payment"])
    #expect(Set(news.filter { $0.kind == .closed }.map(\.id)) == Set(opened.map(\.id)))
  }

  @Test func `an incident that spreads or worsens is updated, not opened again`() {
    var d = detector()
    let news = run(
      &d,
      [("checkout", "requests", [50: 5, 51: 5, 52: 5, 53: 9, 54: 5]), ("payment", "cpu", [54: 4])],
      ticks: 0..<62
    )
    #expect(news.map(\.kind) == [.opened, .updated, .updated, .closed])
    #expect(news.map(\.tick.index) == [51, 53, 54, 59])
    #expect(news.map(\.severity) == [.minor, .major, .major, .major])
  }

  @Test func `missing values neither alarm nor calm`() {
    var d = detector()
    var news: [AnomalyEvent] = []
    for t in 0..<300 {
      let s: Double? = t == 50 || t == 51 ? 6 : t > 51 ? nil : 0.2
      news += d.advance(to: Tick(Int64(t)), forecasts: [forecast("a", "cpu", t, s)])
    }
    #expect(news.map(\.kind) == [.opened, .closed])
    #expect(news.last?.tick == Tick(111), "an hour without any value ends what nobody can see")
  }

  @Test func `young series, old forecasts and repeated ticks do not count`() {
    var d = detector()
    for t in 0..<10 { #expect(d.advance(to: Tick(Int64(t)), forecasts: [forecast("a", "cpu", t, 9, age: t)]).isEmpty) }
    for t in 10..<20 { #expect(d.advance(to: Tick(Int64(t)), forecasts: [forecast("a", "cpu", 3, 9)]).isEmpty) }
    #expect(d.advance(to: Tick(20), forecasts: [forecast("a", "cpu", 20, 6)]).isEmpty)
    #expect(d.advance(to: Tick(20), forecasts: [forecast("a", "cpu", 20, 6)]).isEmpty)
  }

  @Test func `a series whose bands are too narrow by habit alarms once, then is measured by its habit`() {
    var dice = Dice(seed: 43)
    var d = detector()
    var opened: [Int] = []
    for t in 0..<10_080 {
      let s = draw(.laplace, &dice) * 4
      for e in d.advance(to: Tick(Int64(t)), forecasts: [forecast("a", "cpu", t, s)]) where e.kind == .opened {
        opened.append(t)
      }
    }
    #expect(opened.filter { $0 > 2000 }.count <= 2, "\(opened)")
  }

  @Test func `a restored detector goes on bit for bit, and events survive their encoding`() throws {
    var dice = Dice(seed: 44)
    var d = detector()
    var seen = 0
    for t in 0..<600 {
      if t % 41 == 0 {
        let bytes = [UInt8].written { d.encode(into: &$0) }
        var r = ByteReader(bytes, reading: "detector")
        let restored = try AnomalyDetector(from: &r)
        try r.finish()
        #expect(restored == d)
        #expect([UInt8].written { restored.encode(into: &$0) } == bytes)
        d = restored
      }
      let forecasts = ["gateway", "checkout", "payment", "search"].flatMap { service in
        metrics.map { forecast(service, $0, t, draw(.laplace, &dice) * (t % 100 < 6 ? 6 : 1)) }
      }
      for event in d.advance(to: Tick(Int64(t)), forecasts: forecasts, calls: calls) {
        seen += 1
        let bytes = [UInt8].written { event.encode(into: &$0) }
        var r = ByteReader(bytes, reading: "event")
        #expect(try AnomalyEvent(from: &r) == event)
        try r.finish()
      }
    }
    #expect(seen > 5)
    let bytes = [UInt8].written { d.encode(into: &$0) }
    for cut in stride(from: 0, to: bytes.count, by: 7) {
      #expect(throws: WireError.self) {
        var r = ByteReader(Array(bytes.prefix(cut)), reading: "detector")
        _ = try AnomalyDetector(from: &r)
      }
    }
  }

  @Test func `the order of forecasts and calls does not matter`() {
    var a = detector(), b = detector()
    var left = Dice(seed: 45), right = Dice(seed: 45)
    for t in 0..<400 {
      func tick(_ dice: inout Dice) -> [SeriesForecast] {
        ["gateway", "checkout", "payment"].flatMap { service in
          metrics.map { forecast(service, $0, t, draw(.laplace, &dice) * (t % 50 < 4 ? 4 : 1)) }
        }
      }
      let one = a.advance(to: Tick(Int64(t)), forecasts: tick(&left), calls: calls)
      let other = b.advance(to: Tick(Int64(t)), forecasts: tick(&right).reversed(), calls: calls.reversed())
      #expect(one == other)
    }
  }
}
