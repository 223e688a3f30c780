internal import Basics
internal import Wire
internal import Workloads

/// What a planner sees of its service in one tick: only what is of this tick.
struct Sight {
  let tick: Tick
  let requests: SeriesForecast?, cpu: SeriesForecast?, memory: SeriesForecast?, latency: SeriesForecast?
  let running: Int?
  /// Whether a replica was ended for want of memory in the tick.
  let memoryRanOut: Bool
  let events: [EventHint]

  init(of service: String, at tick: Tick, forecasts: [SeriesForecast], events: [EventHint], running: Int?) {
    func current(_ metric: String) -> SeriesForecast? {
      forecasts.first { $0.series.service == service && $0.series.metric == metric && $0.origin == tick }
    }
    self.tick = tick
    requests = current("requests")
    cpu = current("cpu")
    memory = current("memory")
    latency = current("latency")
    memoryRanOut = ["oom", "oom_kills"].contains { (current($0)?.observed ?? 0) > 0 }
    let counted = (current("instances") ?? current("replicas"))?.observed
    self.running =
      running ?? counted.flatMap { $0 >= 0.5 && $0 < 1e6 ? Int($0.rounded()) : nil }
    self.events = events
  }

  /// The values of the tick that are there, in a fixed order.
  var values: [Double] { [requests, cpu, memory, latency].compactMap { $0?.observed } }

  /// Whether an announced event is in force in the tick or starts within so many ticks after it.
  func eventIsNear(within ticks: Int) -> Bool {
    events.contains { $0.start <= tick + ticks && tick < $0.end }
  }
}

/// What of a tick's values may be believed.
struct Judged {
  var verdict = SampleGuard.Verdict.missing
  var requests: Double?, cpu: Double?, memory: Double?, latency: Double?
  /// What was seen instead, if `requests` is not believed.
  var doubted: Double?

  var isBelieved: Bool { verdict.isBelieved }
}

/// One guard per metric.
struct MetricGuards: Equatable {
  private var requests = SampleGuard(), cpu = SampleGuard(), memory = SampleGuard(), latency = SampleGuard()

  init() {}

  mutating func judge(_ sight: Sight, zeroBeliefTicks: Int, dropBeliefTicks: Int) -> Judged {
    func jumps(_ forecast: SeriesForecast?, _ guarded: SampleGuard) -> Bool {
      guard let value = forecast?.observed, let last = guarded.lastBelieved, last > 0 else { return false }
      return value > 2 * last
    }
    let others = jumps(sight.cpu, cpu) || jumps(sight.latency, latency)
    func judge(_ guarded: inout SampleGuard, _ forecast: SeriesForecast?, _ corroborated: Bool) -> SampleGuard.Verdict {
      guarded.judge(
        forecast?.observed,
        expected: forecast?.expected ?? [],
        corroborated: corroborated,
        zeroBeliefTicks: zeroBeliefTicks,
        dropBeliefTicks: dropBeliefTicks
      )
    }
    func believed(_ guarded: inout SampleGuard, _ forecast: SeriesForecast?) -> Double? {
      judge(&guarded, forecast, false).isBelieved ? forecast?.observed : nil
    }
    var result = Judged()
    result.verdict = judge(&requests, sight.requests, others)
    if result.isBelieved {
      result.requests = sight.requests?.observed
    } else {
      result.doubted = sight.requests?.observed
    }
    result.cpu = believed(&cpu, sight.cpu)
    result.memory = believed(&memory, sight.memory)
    result.latency = believed(&latency, sight.latency)
    return result
  }

  func encode(into w: inout ByteWriter) {
    for part in [requests, cpu, memory, latency] { part.encode(into: &w) }
  }

  init(from r: inout ByteReader) throws(WireError) {
    requests = try SampleGuard(from: &r)
    cpu = try SampleGuard(from: &r)
    memory = try SampleGuard(from: &r)
    latency = try SampleGuard(from: &r)
  }
}
