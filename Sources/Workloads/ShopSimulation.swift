internal import Basics

/// The course of the shop, one column per quantity, a row of all services per step of one sample's length.
struct ShopSimulation: Sendable {
  /// Requests per second that are offered.
  private(set) var rates: [Double] = []
  /// Seconds until a request is answered, the services waited for included.
  private(set) var latencies: [Double] = []
  /// Requests per second and replica, smoothed over half an hour: what fills caches and pools.
  private(set) var memoryLoads: [Double] = []
  /// Replicas that serve, a dropped-out one included.
  private(set) var replicas: [UInt16] = []

  /// Utilisation beyond which a queue's length is cut off.
  private static let saturation = 0.97

  private let start: Timestamp
  private let step: Int64
  private let plan: ShopPlan
  private var entryWander: [ShopWander] = []
  private var serviceWander: [ShopWander] = []

  init(seed: UInt64, start: Timestamp, days: Int, stepMilliseconds: Int64, plan: ShopPlan) {
    (self.start, step, self.plan) = (start, stepMilliseconds, plan)
    let services = ShopGraph.services
    entryWander = Self.wanders(2, spread: 0.04, minutes: 30, stepMilliseconds)
    serviceWander = Self.wanders(services.count, spread: 0.02, minutes: 10, stepMilliseconds)
    let steps = Int(Int64(days) * 86_400_000 / step)
    for count in [steps * services.count] {
      rates.reserveCapacity(count)
      latencies.reserveCapacity(count)
      memoryLoads.reserveCapacity(count)
      replicas.reserveCapacity(count)
    }
    let entryNoise = ShopNoise(seed: seed, .entry), serviceNoise = ShopNoise(seed: seed, .service)
    var scalers: [ShopScaler] = []
    for n in 0..<steps {
      let now = Timestamp(milliseconds: start.milliseconds + Int64(n) * step)
      appendRates(n, now, entryNoise, serviceNoise)
      if n == 0 { scalers = startedScalers() }
      appendQueues(n, now, &scalers)
    }
  }

  /// The incident of a kind in force at a moment, if any.
  static func incident(_ kind: Shop.IncidentKind, at now: Timestamp, in incidents: [Shop.Incident]) -> Shop.Incident? {
    incidents.first { $0.kind == kind && $0.start <= now && now < $0.end }
  }

  private static func wanders(_ count: Int, spread: Double, minutes: Double, _ step: Int64) -> [ShopWander] {
    Array(
      repeating: ShopWander(
        spread: spread,
        correlationMilliseconds: minutes * 60_000,
        stepMilliseconds: Double(step)
      ),
      count: count
    )
  }

  // MARK: Demand

  private mutating func appendRates(_ n: Int, _ now: Timestamp, _ entry: ShopNoise, _ service: ShopNoise) {
    let count = ShopGraph.services.count
    let base = n * count
    rates += repeatElement(0, count: count)
    let days = Double(now.milliseconds - start.milliseconds) / 86_400_000
    let common = (1 + 0.004 * days) * campaignFactor(now)
    let spike = Self.incident(.trafficSpike, at: now, in: plan.incidents)?.severity ?? 1
    rates[base] = 300 * ShopRhythm.browsers(now) * common * spike * (1 + entryWander[0].step(entry.normal(n, 0)))
    rates[base + 1] = 120 * ShopRhythm.phones(now) * common * (1 + entryWander[1].step(entry.normal(n, 1)))
    var next = 0
    for caller in 0..<count {
      // Every caller of a service stands before it, so its own demand is complete here.
      rates[base + caller] *= 1 + serviceWander[caller].step(service.normal(n, caller))
      while next < ShopGraph.edges.count, ShopGraph.edges[next].caller == caller {
        let edge = ShopGraph.edges[next]
        let lag = Int(edge.lagMilliseconds / step)
        rates[base + edge.callee] += edge.demand(of: rates[max(0, n - lag) * count + caller])
        next += 1
      }
    }
  }

  private func campaignFactor(_ now: Timestamp) -> Double {
    let end = Timestamp(milliseconds: now.milliseconds + step)
    var factor = 1.0
    for (event, response) in zip(plan.campaigns, plan.responses) where event.start < end && event.end > now {
      factor *= 1 + response * ((event.expectedUplift ?? 1) - 1) * event.shape(from: now, to: end)
    }
    return factor
  }

  // MARK: Supply

  private func startedScalers() -> [ShopScaler] {
    ShopGraph.services.enumerated().map { i, service in
      let wanted = rates[i] / (service.capacityPerReplica * ShopScaler.target)
      return ShopScaler(
        ready: Int(wanted.rounded(.up)),
        replicas: service.replicas,
        provisioningMilliseconds: Shop.provisioningMilliseconds,
        stepMilliseconds: step
      )
    }
  }

  private mutating func appendQueues(_ n: Int, _ now: Timestamp, _ scalers: inout [ShopScaler]) {
    let services = ShopGraph.services
    let base = n * services.count
    let slow = Self.incident(.slowDependency, at: now, in: plan.incidents)
    let heavy = Self.incident(.cpuRegression, at: now, in: plan.incidents)
    let dropped = Self.incident(.dropOut, at: now, in: plan.incidents)
    for (i, service) in services.enumerated() {
      scalers[i].begin(step: n)
      let serving = max(1, scalers[i].ready - (dropped?.service == service.name ? 1 : 0))
      let work = heavy?.service == service.name ? heavy?.severity ?? 1 : 1
      let load = rates[base + i] / Double(serving)
      let utilization = load * work / service.capacityPerReplica
      let own = service.latencySeconds * (slow?.service == service.name ? slow?.severity ?? 1 : 1)
      // Mean response time of M/M/1 with processor sharing; beyond saturation the queue is cut off.
      latencies.append(own / (1 - min(utilization, Self.saturation)))
      let memory = n == 0 ? load : memoryLoads[base - services.count + i]
      memoryLoads.append(memory + (load - memory) * min(1, Double(step) / 1_800_000))
      replicas.append(UInt16(scalers[i].ready))
      scalers[i].decide(utilization: min(1, utilization), at: n)
    }
    for edge in ShopGraph.edges.reversed() where edge.lagMilliseconds == 0 && rates[base + edge.caller] > 0 {
      let calls = edge.demand(of: rates[base + edge.caller]) / rates[base + edge.caller]
      latencies[base + edge.caller] += calls * latencies[base + edge.callee]
    }
  }
}

/// The rhythm of the shop's customers over day and week, in UTC, about 1 at its highest.
enum ShopRhythm {
  /// People with a browser: noon and evening on working days, afternoons at the weekend.
  static func browsers(_ now: Timestamp) -> Double {
    let hour = Double(now.day.millisecondsIntoDay) / 3_600_000
    let isWeekend = now.weekday >= 5
    let day =
      isWeekend
      ? 0.24 + 0.6 * bump(hour, 15, 8) + 0.35 * bump(hour, 20.5, 4)
      : 0.2 + 0.4 * bump(hour, 12.5, 6) + 0.7 * bump(hour, 20, 5)
    return day * [1.0, 0.97, 0.98, 1.02, 1.06, 1.15, 1.12][now.weekday]
  }

  /// People with a phone: on the way to work, at noon, and late in the evening.
  static func phones(_ now: Timestamp) -> Double {
    let hour = Double(now.day.millisecondsIntoDay) / 3_600_000
    let commute = now.weekday >= 5 ? 0.15 : 0.5
    return 0.18 + commute * bump(hour, 8, 3) + 0.4 * bump(hour, 13, 5) + 0.75 * bump(hour, 21.5, 5)
  }

  /// A smooth hill of height 1 around an hour, 0 beyond its half width; the day is a circle.
  private static func bump(_ hour: Double, _ centre: Double, _ halfWidth: Double) -> Double {
    let distance = abs(hour - centre)
    let x = min(distance, 24 - distance) / halfWidth
    return x < 1 ? (1 - x * x) * (1 - x * x) : 0
  }
}
