import Basics
import Planning
import Wire
import Workloads

/// Random numbers of a test: the seed is printed by the test that fails.
struct Dice {
  let random: CounterRandom
  private var counter: UInt32 = 0

  init(seed: UInt64) { random = CounterRandom(seed: seed, stream: 7) }

  mutating func uniform() -> Double {
    counter += 1
    return random.uniform(counter)
  }

  mutating func uniform(_ range: ClosedRange<Double>) -> Double {
    range.lowerBound + uniform() * (range.upperBound - range.lowerBound)
  }

  mutating func below(_ n: Int) -> Int { min(n - 1, Int(uniform() * Double(n))) }

  /// Sum of twelve uniforms: normal enough within three standard deviations.
  mutating func normal() -> Double { (0..<12).reduce(-6.0) { sum, _ in sum + uniform() } }
}

/// A forecaster that knows the median of a series and how its values scatter around it.
struct Oracle {
  var service = "checkout", metric = "requests"
  /// Median at a tick.
  var median: (Int) -> Double
  /// Standard deviation relative to the median.
  var sigma = 0.05
  var horizons = [1, 10, 60, 1440]
  /// Factor of a known event at a tick.
  var event: (Int) -> Double = { _ in 1 }
  var age = 10_000

  static let z = [-1.645, -1.282, -0.674, 0, 0.674, 1.282, 1.645]

  func quantiles(at tick: Int) -> [Double] {
    Self.z.map { max(0, median(tick) * event(tick) * (1 + sigma * $0)) }
  }

  func forecast(at tick: Int, observed: Double?) -> SeriesForecast {
    let expected = quantiles(at: tick)
    return SeriesForecast(
      series: SeriesName(service: service, metric: metric),
      origin: Tick(Int64(tick)),
      observed: observed,
      expected: expected,
      surprise: observed.map { Surprise.measure($0, expected: expected) } ?? 0,
      age: age,
      horizons: horizons.map { h in
        .init(
          ticks: h,
          quantiles: quantiles(at: tick + h),
          level: median(tick),
          cleanMedian: median(tick + h),
          eventFactor: event(tick + h)
        )
      }
    )
  }
}

/// A forecaster that believes whatever it saw last, as badly as one can.
struct Gullible {
  var last = 100.0

  mutating func forecast(at tick: Int, observed: Double?) -> SeriesForecast {
    let before = last
    if let observed { last = observed }
    let seen = last
    return Oracle(median: { $0 <= tick ? before : seen }, sigma: 0.05).forecast(at: tick, observed: observed)
  }
}

let minute: Int64 = 60_000

func given(
  _ capacity: Double? = 25,
  min: Int = 1,
  max: Int = 1000,
  provisioning: Int64 = 2
) -> ServiceObjective {
  ServiceObjective(
    minimumReplicas: min,
    maximumReplicas: max,
    capacityPerReplica: capacity,
    provisioningMilliseconds: provisioning * minute
  )
}

func checkout() -> Planner { Planner(service: "checkout", tickMilliseconds: minute) }

extension Planner {
  /// Advances through ticks on values that meet their medians; returns the last plan.
  @discardableResult
  mutating func settle(_ oracle: Oracle, ticks: Range<Int>, objective: ServiceObjective = given()) -> Plan? {
    var last: Plan?
    for t in ticks {
      let value = oracle.median(t) * oracle.event(t)
      last = advance(to: Tick(Int64(t)), forecasts: [oracle.forecast(at: t, observed: value)], objective: objective)
    }
    return last
  }
}

extension Array where Element == UInt8 {
  /// What a value writes.
  static func written(_ body: (inout ByteWriter) -> Void) -> [UInt8] {
    var w = ByteWriter()
    body(&w)
    return w.bytes
  }
}
