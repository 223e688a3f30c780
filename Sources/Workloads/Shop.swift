public import Basics

/// A seeded synthetic shop: services that call each other, campaigns that are announced, incidents that are not.
///
/// Demand enters at `web` and `gateway` with the rhythm of day and week, wanders a little, and reaches twelve more
/// services through the call graph, some of them minutes later. A reactive autoscaler runs the replicas; queues make
/// latency rise with utilisation. The same seed gives the same bits on every machine.
///
///     let shop = Shop(seed: 1, start: start, tickMilliseconds: 300_000, sampleMilliseconds: 60_000)
///     for tick in shop.ticks { send(shop.samples(in: tick)) }
public struct Shop: Sendable {
  /// What all random numbers derive from.
  public let seed: UInt64
  /// When it opens: a midnight in UTC.
  public let start: Timestamp
  /// Days until it closes.
  public let days: Int
  /// Length of a tick in ms.
  public let tickMilliseconds: Int64
  /// Time between two samples of an instance in ms.
  public let sampleMilliseconds: Int64

  private let plan: ShopPlan
  private let course: ShopSimulation
  private let jitter: ShopNoise
  private let imbalance: ShopNoise

  /// Time from ordering a replica until it serves, in ms.
  public static let provisioningMilliseconds: Int64 = 600_000

  /// Computes the whole course of the shop.
  ///
  /// The start is moved back to the midnight before it. A tick divides a day; a sample divides a tick and is a second
  /// or longer.
  ///
  /// - Complexity: 14 services × days × samples a day: two weeks of minutes take about a tenth of a second.
  public init(
    seed: UInt64,
    start: Timestamp,
    tickMilliseconds: Int64 = 300_000,
    sampleMilliseconds: Int64 = 60_000,
    days: Int = 14
  ) {
    precondition(tickMilliseconds > 0 && 86_400_000 % tickMilliseconds == 0, "a tick divides a day")
    precondition(sampleMilliseconds >= 1000 && tickMilliseconds % sampleMilliseconds == 0, "a sample divides a tick")
    precondition(days >= 1 && days <= 3660)
    let midnight = Timestamp(milliseconds: start.day.number * 86_400_000)
    (self.seed, self.start, self.days) = (seed, midnight, days)
    (self.tickMilliseconds, self.sampleMilliseconds) = (tickMilliseconds, sampleMilliseconds)
    plan = ShopPlan(seed: seed, start: midnight, days: days)
    course = ShopSimulation(
      seed: seed,
      start: midnight,
      days: days,
      stepMilliseconds: sampleMilliseconds,
      plan: plan
    )
    jitter = ShopNoise(seed: seed, .sample)
    imbalance = ShopNoise(seed: seed, .instance)
  }

  /// The services, callers first.
  public static var services: [ShopService] { ShopGraph.services }

  /// Who calls whom.
  public static var calls: [Call] {
    ShopGraph.edges.map { edge in
      Call(caller: ShopGraph.services[edge.caller].name, callee: ShopGraph.services[edge.callee].name)
    }
  }

  /// The ticks in which the shop is open.
  public var ticks: [Tick] {
    let first = start.milliseconds / tickMilliseconds
    return (first..<first + Int64(days) * 86_400_000 / tickMilliseconds).map { Tick($0) }
  }

  /// The campaigns, all announced before the shop opens and each at least two days ahead.
  public var events: [KnownEvent] { plan.campaigns }

  /// The calendar of the campaigns.
  public var calendar: EventCalendar { EventCalendar(events) }

  /// What goes wrong, ascending by start.
  public var incidents: [Incident] { plan.incidents }

  /// Requests per second truly offered to a service, the mean over a tick; nil where there is none such.
  public func trueDemand(service: String, tick: Tick) -> Double? {
    mean(of: course.rates, service, tick)
  }

  /// Replicas that served in a tick, the mean over it; nil where there is no such service or tick.
  public func trueReplicas(service: String, tick: Tick) -> Double? {
    mean(of: course.replicas.lazy.map(Double.init), service, tick)
  }

  private func mean(of column: some RandomAccessCollection<Double>, _ service: String, _ tick: Tick) -> Double? {
    guard let i = ShopGraph.index(of: service), let steps = steps(of: tick) else { return nil }
    let values = steps.map { column[column.index(column.startIndex, offsetBy: $0 * ShopGraph.services.count + i)] }
    return values.reduce(0, +) / Double(values.count)
  }

  private func steps(of tick: Tick) -> Range<Int>? {
    let perTick = Int(tickMilliseconds / sampleMilliseconds)
    let offset = tick.index - start.milliseconds / tickMilliseconds
    guard offset >= 0, offset < Int64(days) * 86_400_000 / tickMilliseconds else { return nil }
    return Int(offset) * perTick..<(Int(offset) + 1) * perTick
  }

  // MARK: Samples

  /// What the instances report in a tick, in order of time; nothing where the shop is not open.
  ///
  /// Each sample carries its time and `cpu`, `latency`, `memory` and `requests`.
  public func samples(in tick: Tick) -> [Sample] {
    guard let steps = steps(of: tick) else { return [] }
    var samples: [Sample] = []
    for step in steps {
      let now = Timestamp(milliseconds: start.milliseconds + Int64(step) * sampleMilliseconds)
      let dropped = ShopSimulation.incident(.dropOut, at: now, in: incidents)
      let frozen = ShopSimulation.incident(.flatLine, at: now, in: incidents)
      let leaking = ShopSimulation.incident(.memoryLeak, at: now, in: incidents)
      let heavy = ShopSimulation.incident(.cpuRegression, at: now, in: incidents)
      for (i, service) in ShopGraph.services.enumerated() {
        let replicas = Int(course.replicas[step * ShopGraph.services.count + i])
        var extra = Extra()
        if let leaking, leaking.service == service.name { extra.memory = leaking.leaked(at: now) }
        if let heavy, heavy.service == service.name { extra.work = heavy.severity }
        extra.lost = dropped?.service == service.name && replicas > 1 ? 1 : 0
        var reported = step
        if let frozen, frozen.service == service.name {
          reported = Int((frozen.start.milliseconds - start.milliseconds) / sampleMilliseconds)
        }
        for instance in 0..<replicas where extra.lost == 0 || instance != 1 {
          let readings = self.readings(i, service, instance, reported, extra)
          samples.append(Sample(service: service.name, instance: "i-\(instance)", time: now, readings: readings))
        }
      }
    }
    return samples
  }

  /// What an incident adds to a service.
  private struct Extra {
    var memory = 0.0
    var work = 1.0
    var lost = 0
  }

  private func readings(
    _ i: Int,
    _ service: ShopService,
    _ instance: Int,
    _ step: Int,
    _ extra: Extra
  ) -> [Sample.Reading] {
    let row = step * ShopGraph.services.count + i
    let noise = jitter.jitter(step, i, instance)
    let share = 1 + 0.04 * (2 * imbalance.uniform(i, instance) - 1)
    let load = course.rates[row] / Double(max(1, Int(course.replicas[row]) - extra.lost)) * share
    let requests = load * (1 + 0.03 * noise[0])
    let cpu = min(1, 0.02 + load * extra.work / service.capacityPerReplica) * (1 + 0.03 * noise[1])
    let memory =
      (service.memoryBytes + service.memoryBytesPerRequest * course.memoryLoads[row]) * (1 + 0.01 * noise[2])
      + extra.memory
    let latency = course.latencies[row] * (1 + 0.06 * noise[3])
    return [
      Sample.Reading("cpu", (cpu * 1e4).rounded() / 1e4),
      Sample.Reading("latency", (latency * 1e6).rounded() / 1e6),
      Sample.Reading("memory", memory.rounded()),
      Sample.Reading("requests", (requests * 1e3).rounded() / 1e3),
    ]
  }
}

extension Shop.Incident {
  /// Bytes that a leak has taken by a moment.
  fileprivate func leaked(at now: Timestamp) -> Double {
    severity * Double(now.milliseconds - start.milliseconds) / Double(end.milliseconds - start.milliseconds)
  }
}
