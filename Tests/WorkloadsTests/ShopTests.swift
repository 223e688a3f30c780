import Basics
import Testing
import Workloads

/// 2025-11-24, a Monday.
private let start = time("2025-11-24T00:00:00Z")
private let shop = Shop(seed: 1, start: start)

private func digest(_ shop: Shop, ticks: Int) -> UInt64 {
  var digest = Digest64()
  for tick in shop.ticks.prefix(ticks) {
    for sample in shop.samples(in: tick) {
      digest.combine(sample.service)
      digest.combine(sample.instance)
      digest.combine(UInt64(bitPattern: sample.time?.milliseconds ?? 0))
      for reading in sample.readings { digest.combine(reading.value.bitPattern) }
    }
  }
  for incident in shop.incidents {
    digest.combine(incident.kind.rawValue)
    digest.combine(UInt64(bitPattern: incident.start.milliseconds))
    digest.combine(incident.severity.bitPattern)
  }
  for event in shop.events { digest.combine(event.json) }
  return digest.value
}

@Test func `the shop of a seed is the same on every machine`() {
  #expect(digest(shop, ticks: 300) == 2_147_792_701_035_041_474)
  #expect(digest(Shop(seed: 1, start: start), ticks: 300) == digest(shop, ticks: 300))
  #expect(digest(Shop(seed: 2, start: start), ticks: 300) != digest(shop, ticks: 300))
}

@Test func `what a tick reports does not depend on which ticks were asked before`() {
  let tick = shop.ticks[2000]
  #expect(Shop(seed: 1, start: start).samples(in: tick) == shop.samples(in: tick))
  #expect(shop.samples(in: Tick(shop.ticks[0].index - 1)).isEmpty)
  #expect(shop.samples(in: shop.ticks[4031] + 1).isEmpty)
}

@Test(arguments: 1...20) func `every seed has campaigns and incidents that do not meet`(seed: UInt64) {
  let shop = Shop(seed: seed, start: start, sampleMilliseconds: 300_000)
  #expect(shop.events.count >= 3)
  #expect(Set(shop.incidents.map(\.kind)) == Set(Shop.IncidentKind.allCases))
  for event in shop.events {
    #expect(event.problem == nil)
    #expect(event.kind == .campaign)
    #expect((1.6...2.5).contains(event.expectedUplift ?? 0))
    #expect((2 * 3_600_000...6 * 3_600_000).contains(event.lengthMilliseconds))
    #expect(event.start.milliseconds >= start.milliseconds + 86_400_000)
    for incident in shop.incidents {
      #expect(incident.end <= event.start || event.end <= incident.start, "\(incident) \(event)")
    }
  }
  for (a, b) in zip(shop.incidents, shop.incidents.dropFirst()) { #expect(a.end <= b.start) }
}

@Test func `campaigns raise demand by about what was announced`() {
  for event in shop.events {
    let tick = Tick((event.start.milliseconds + event.end.milliseconds) / 2 / 300_000)
    for service in ["web", "gateway", "checkout", "notify"] {
      let during = shop.trueDemand(service: service, tick: tick) ?? 0
      let before = shop.trueDemand(service: service, tick: Tick(tick.index - 288)) ?? 1
      let after = shop.trueDemand(service: service, tick: Tick(tick.index + 288)) ?? 1
      let ratio = during / ((before + after) / 2)
      let declared = event.expectedUplift ?? 1
      #expect(abs(ratio / declared - 1) < 0.35, "\(event.name) \(service): \(ratio) of \(declared)")
    }
  }
}

@Test func `demand has a rhythm, reaches all services and never ends`() {
  for service in Shop.services {
    let demands = shop.ticks.compactMap { shop.trueDemand(service: service.name, tick: $0) }
    #expect(demands.count == 4032)
    #expect(demands.allSatisfy { $0 > 0 })
    let day = demands[..<288]
    #expect((day.max() ?? 0) > 2.5 * (day.min() ?? 0), "\(service.name)")
  }
  #expect(shop.trueDemand(service: "nobody", tick: shop.ticks[0]) == nil)
  #expect(shop.trueDemand(service: "web", tick: Tick(0)) == nil)
}

@Test func `asynchronous calls arrive minutes later`() {
  // Shipping takes orders ten minutes, two ticks, later: that shift explains it best.
  let orders = shop.ticks.compactMap { shop.trueDemand(service: "orders", tick: $0) }
  let shipping = shop.ticks.compactMap { shop.trueDemand(service: "shipping", tick: $0) }
  let errors = (0..<5).map { lag in
    (10..<4032).reduce(0.0) { $0 + abs(shipping[$1] - orders[$1 - lag]) }
  }
  #expect(errors.indices.min { errors[$0] < errors[$1] } == 2)
}

@Test func `the replicas of the shop follow its demand at a bearable load`() {
  for service in Shop.services {
    var loads: [Double] = []
    for tick in shop.ticks {
      let demand = shop.trueDemand(service: service.name, tick: tick) ?? 0
      let replicas = shop.trueReplicas(service: service.name, tick: tick) ?? 0
      #expect(replicas >= Double(service.replicas.lowerBound) && replicas <= Double(service.replicas.upperBound))
      loads.append(demand / replicas / service.capacityPerReplica)
    }
    loads.sort()
    #expect((0.25...0.8).contains(loads[loads.count / 2]), "\(service.name): \(loads[loads.count / 2])")
    #expect(loads[loads.count * 95 / 100] < 0.95, "\(service.name)")
  }
}

/// Mean of a metric over the samples of a service in a tick.
private func mean(_ metric: String, _ service: String, _ time: Timestamp, minutes: Int64 = 0) -> Double {
  let samples = shop.samples(in: Tick((time.milliseconds + minutes * 60_000) / 300_000))
  let values = samples.filter { $0.service == service }
    .compactMap { $0.readings.first { $0.metric == metric }?.value }
  return values.reduce(0, +) / Double(max(1, values.count))
}

private func incident(_ kind: Shop.IncidentKind) throws -> Shop.Incident {
  try #require(shop.incidents.first { $0.kind == kind })
}

@Test func `a slow dependency slows down all that wait for it`() throws {
  let it = try incident(.slowDependency)
  #expect(mean("latency", "payment", it.start, minutes: 10) > 3 * mean("latency", "payment", it.start, minutes: -10))
  for caller in ["checkout", "cart"] {
    let before = mean("latency", caller, it.start, minutes: -10)
    #expect(mean("latency", caller, it.start, minutes: 10) > 1.4 * before, "\(caller)")
  }
  #expect(mean("latency", "media", it.start, minutes: 10) < 2 * mean("latency", "media", it.start, minutes: -10))
}

@Test func `a leak takes memory until the service starts again`() throws {
  let it = try incident(.memoryLeak)
  let before = mean("memory", "recommend", it.start, minutes: -10)
  #expect(mean("memory", "recommend", it.end, minutes: -10) > before + 0.8 * it.severity)
  #expect(mean("memory", "recommend", it.end, minutes: 10) < before + 0.2 * it.severity)
}

@Test func `a regression costs CPU per request`() throws {
  let it = try incident(.cpuRegression)
  func perRequest(_ minutes: Int64) -> Double {
    mean("cpu", "catalog", it.start, minutes: minutes) / mean("requests", "catalog", it.start, minutes: minutes)
  }
  #expect(abs(perRequest(90) / perRequest(-30) / it.severity - 1) < 0.2)
}

@Test func `an instance drops out and its load goes to the others`() throws {
  let it = try incident(.dropOut)
  func instances(_ minutes: Int64) -> Set<String> {
    let tick = Tick((it.start.milliseconds + minutes * 60_000) / 300_000)
    return Set(shop.samples(in: tick).filter { $0.service == "search" }.map(\.instance))
  }
  #expect(instances(-10).contains("i-1"))
  #expect(!instances(10).contains("i-1"))
  #expect(instances(10).contains("i-0"))
}

@Test func `a flat line repeats what was reported, while demand goes on`() throws {
  let it = try incident(.flatLine)
  func readings(_ minutes: Int64) -> [[Sample.Reading]] {
    shop.samples(in: Tick((it.start.milliseconds + minutes * 60_000) / 300_000))
      .filter { $0.service == "inventory" && $0.instance == "i-0" }.map(\.readings)
  }
  #expect(Set(readings(10) + readings(40)).count == 1)
  #expect(Set(readings(-10)).count > 1)
  let a = shop.trueDemand(service: "inventory", tick: Tick(it.start.milliseconds / 300_000))
  let b = shop.trueDemand(service: "inventory", tick: Tick(it.start.milliseconds / 300_000 + 5))
  #expect(a != b)
}

@Test func `a spike multiplies demand at the door within minutes`() throws {
  let it = try incident(.trafficSpike)
  let tick = Tick(it.start.milliseconds / 300_000)
  let before = shop.trueDemand(service: "web", tick: Tick(tick.index - 1)) ?? 1
  #expect((shop.trueDemand(service: "web", tick: tick) ?? 0) > 0.8 * it.severity * before)
}

@Test func `every sample passes the stream, and sums are near the true demand`() throws {
  let settings = try configuration(shop.configuration(eventsPath: "events.yaml"))
  #expect(settings.clock == .stream)
  #expect(settings.tickMilliseconds == 300_000)
  #expect(settings.eventsPath == "events.yaml")
  #expect(settings.calls.count == Shop.calls.count)
  #expect(settings.settings(for: "checkout").capacityPerReplica == 4)
  #expect(settings.settings(for: "cart").capacityPerReplica == nil)
  #expect(settings.settings(for: "cart").provisioningMilliseconds == 600_000)
  var folder = TickFolder(configuration: settings, calendar: shop.calendar)
  var sequence: UInt64 = 0
  for tick in shop.ticks[500..<600] {
    for message in shop.samples(in: tick).map(StreamMessage.sample) + [.watermark(time(of: tick + 1))] {
      sequence += 1
      if case .rejected(let problem) = folder.fold(StreamEntryID(milliseconds: sequence), message.fields) {
        Issue.record("\(problem)")
      }
    }
    let folded = try #require(folder.advance(clock: Timestamp(milliseconds: 0)).first)
    #expect(folded.sealed.tick == tick)
    #expect(folded.sealed.values.count == 56)
    for value in folded.sealed.values where value.series.metric == "requests" {
      let truth = shop.trueDemand(service: value.series.service, tick: tick) ?? 0
      #expect(abs(value.value / truth - 1) < 0.1, "\(value) \(truth)")
    }
  }
  #expect(folder.registry.services.count == 14)
}

private func time(of tick: Tick) -> Timestamp { Timestamp(milliseconds: tick.index * 300_000) }
