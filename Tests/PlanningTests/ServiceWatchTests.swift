import Basics
import Planning
import Testing
import Wire
import Workloads

/// What demand and scaling explain is no news, and what they do not explain is.
@Suite struct ServiceWatchTests {
  /// A service whose metrics follow from its requests and replicas, with a little noise.
  private struct Checkout {
    var dice: Dice
    var requests = 200.0, replicas = 6
    /// Factors on CPU and latency, and bytes on memory, that nothing explains.
    var cpuFactor = 1.0, latencyFactor = 1.0, leak = 0.0
    /// Replicas that neither serve nor report.
    var lost = 0

    mutating func values() -> [String: Double] {
      let count = Double(replicas - lost)
      let own = requests / count
      func noisy(_ x: Double) -> Double { x * (1 + 0.01 * dice.normal()) }
      return [
        "requests": noisy(requests), "cpu": noisy((0.02 * count + requests / 50) * cpuFactor),
        "memory": noisy(count * 3e8 + 2e6 * requests + leak), "latency": noisy(0.01 / (1 - own / 50) * latencyFactor),
      ]
    }
  }

  /// Forecasts of the values' bands of 10 % around them, with the surprises that are given (0.3 where none is).
  private func forecasts(_ values: [String: Double], _ t: Int, _ surprises: [String: Double]) -> [SeriesForecast] {
    values.sorted { $0.key < $1.key }.map { metric, value in
      let surprise = surprises[metric] ?? 0.3
      let median = value / (1 + 0.05 * surprise)
      return SeriesForecast(
        series: SeriesName(service: "checkout", metric: metric),
        origin: Tick(Int64(t)),
        observed: value,
        expected: [0.95, 0.96, 0.98, 1, 1.02, 1.04, 1.05].map { $0 * median },
        surprise: surprise,
        age: 5000,
        horizons: []
      )
    }
  }

  private var detector = AnomalyDetector(tickMilliseconds: minute)
  private var checkout = Checkout(dice: Dice(seed: 51))
  private var tick = 0

  /// Plays ticks; returns the news.
  private mutating func play(
    _ ticks: Int,
    surprises: [String: Double] = [:],
    knowsReplicas: Bool = true,
    _ change: (inout Checkout, Int) -> Void = { _, _ in }
  ) -> [AnomalyEvent] {
    var news: [AnomalyEvent] = []
    for n in 0..<ticks {
      change(&checkout, n)
      news += detector.advance(
        to: Tick(Int64(tick)),
        forecasts: forecasts(checkout.values(), tick, surprises),
        replicas: knowsReplicas ? ["checkout": checkout.replicas - checkout.lost] : [:]
      )
      tick += 1
    }
    return news
  }

  /// A day in which demand rises and falls and replicas follow it.
  private mutating func settle(knowsReplicas: Bool = true) {
    let news = play(600, knowsReplicas: knowsReplicas) { checkout, n in
      checkout.requests = 200 + 100 * Double(abs(n % 200 - 100)) / 100
      if n % 5 == 0 { checkout.replicas = Int((checkout.requests / 34).rounded(.up)) }
    }
    #expect(news.isEmpty)
    (checkout.requests, checkout.replicas) = (200, 6)
    _ = play(5, knowsReplicas: knowsReplicas)
  }

  @Test(arguments: [true, false])
  mutating func `memory that more replicas explain is no news where the replicas are known`(knows: Bool) {
    settle(knowsReplicas: knows)
    let news = play(4, surprises: ["memory": 9], knowsReplicas: knows) { checkout, _ in checkout.replicas = 8 }
    #expect(news.map(\.kind) == (knows ? [] : [.opened]))
  }

  @Test mutating func `CPU and latency that requests explain do not take part`() throws {
    settle()
    let news = play(3, surprises: ["requests": 9, "cpu": 9, "latency": 9]) { checkout, _ in checkout.requests = 240 }
    let opened = try #require(news.first)
    #expect(opened.kind == .opened)
    #expect(opened.members.map(\.series.metric) == ["requests"])
  }

  @Test mutating func `CPU that a release needs more of is told within two samples, and goes on`() throws {
    settle()
    let surprises = ["cpu": 9.0]
    let news = play(2, surprises: surprises) { checkout, _ in checkout.cpuFactor = 1.4 }
    #expect(news.map(\.kind) == [.opened])
    #expect(news.first?.cause.metric == "cpu")
    let later = play(20)
    #expect(
      !later.contains { $0.kind == .closed },
      "forecasts have got used to it, its requests still do not explain it"
    )
  }

  @Test mutating func `a leak too slow for any band is told, with what was expected instead`() throws {
    settle()
    let news = play(30) { checkout, n in checkout.leak = 3e7 * Double(n) }
    let opened = try #require(news.first { $0.kind == .opened })
    #expect(opened.cause.metric == "memory")
    let member = try #require(opened.members.first)
    #expect(member.observed > member.high)
    #expect((1.9e9...2.5e9).contains(member.high), "six replicas and 200 requests/s explain 2.2e9 bytes")
    #expect(opened.sentence.contains("was expected"))
  }

  @Test mutating func `a replica that is lost under load is told at once`() throws {
    settle()
    checkout.requests = 260
    checkout.replicas = 8
    _ = play(3)
    checkout.requests = 262
    let news = play(1, surprises: ["latency": 6, "memory": 4]) { checkout, _ in checkout.lost = 3 }
    let opened = try #require(news.first)
    #expect(opened.kind == .opened)
    #expect(opened.sentence.contains("3 of 8 replicas no longer report"), "\(opened.sentence)")
  }

  @Test mutating func `replicas that are released in a lull are no loss`() {
    settle()
    let news = play(6, surprises: ["memory": 9, "latency": 4]) { checkout, n in
      checkout.requests = 150
      checkout.replicas = n < 2 ? 6 : 5
    }
    #expect(news.isEmpty, "\(news.map(\.sentence))")
  }

  /// Days in which an autoscaler follows demand and leaves up to 34 requests/s to each replica.
  private mutating func release(_ days: Int) {
    let news = play(200 * days) { checkout, n in
      checkout.requests = 200 + 100 * Double(abs(n % 200 - 100)) / 100
      if n % 5 == 0 { checkout.replicas = Int((checkout.requests / 34).rounded(.up)) }
    }
    #expect(news.isEmpty, "\(news.map(\.sentence))")
  }

  @Test mutating func `a replica is told as lost although no metric shows it, if no release left so much to the rest`()
    throws
  {
    release(8)
    (checkout.requests, checkout.replicas) = (260, 8)
    _ = play(3)
    let news = play(1) { checkout, _ in checkout.lost = 1 }
    let opened = try #require(news.first)
    #expect(opened.kind == .opened)
    #expect(opened.cause.metric == "requests")
    #expect(opened.sentence.contains("1 of 8 replicas no longer report"), "\(opened.sentence)")
    let later = play(40) { checkout, n in checkout.lost = n < 6 ? 1 : 0 }
    #expect(
      later.last?.kind == .closed && !later.contains { $0.kind == .opened },
      "it is over when the replica is back"
    )
  }

  @Test mutating func `a replica that nobody misses is no incident, and nor is one of a service without a history`() {
    var young = self
    release(8)
    (checkout.requests, checkout.replicas) = (230, 8)
    _ = play(3)
    #expect(
      play(6) { checkout, _ in checkout.lost = 1 }.isEmpty,
      "the rest bears 33 requests/s each, as after a release"
    )
    young.release(2)
    (young.checkout.requests, young.checkout.replicas) = (240, 8)
    _ = young.play(3)
    #expect(young.play(6) { checkout, _ in checkout.lost = 1 }.isEmpty)
  }

  @Test mutating func `metrics that stand still are told at the second equal sample, unless that is their habit`()
    throws
  {
    settle()
    let values = checkout.values()
    func still(_ n: Int) -> [AnomalyEvent] {
      (0..<n).flatMap { _ in
        defer { tick += 1 }
        return detector.advance(
          to: Tick(Int64(tick)),
          forecasts: forecasts(values, tick, [:]),
          replicas: ["checkout": 6]
        )
      }
    }
    let news = still(2)
    let opened = try #require(news.first)
    #expect(opened.kind == .opened)
    #expect(opened.sentence.contains("all metrics stand still to the last bit"))
    _ = still(300)
    _ = play(30)
    #expect(still(4).allSatisfy { $0.kind != .opened }, "every third tick of its life stood still")
  }

  @Test mutating func `what was learned of a service is in the detector's state`() throws {
    settle()
    _ = play(7) { checkout, n in checkout.leak = 4e7 * Double(n) }
    let bytes = [UInt8].written { detector.encode(into: &$0) }
    var r = ByteReader(bytes, reading: "detector")
    let restored = try AnomalyDetector(from: &r)
    try r.finish()
    #expect(restored == detector)
    #expect([UInt8].written { restored.encode(into: &$0) } == bytes)
  }
}
