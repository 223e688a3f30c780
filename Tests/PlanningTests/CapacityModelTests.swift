import Basics
import Planning
import Testing

@Suite struct CapacityModelTests {
  @Test func `a line is found among outliers`() {
    var dice = Dice(seed: 5)
    var line = RobustLine()
    for i in 0..<2000 {
      let x = dice.uniform(100...500)
      var y = 2 + 0.03 * x + 0.1 * dice.normal()
      if i > 50, i % 20 == 0 { y *= 10 }
      line.observe(x: x, y: y)
    }
    #expect(abs(line.slope - 0.03) < 0.001)
    #expect(abs(line.intercept - 2) < 0.3)
    #expect(line.slopeError < 0.002)
  }

  @Test func `a line follows a change`() {
    var line = RobustLine()
    for i in 0..<3000 { line.observe(x: Double(i % 100), y: 1 + 2 * Double(i % 100)) }
    for i in 0..<20_000 { line.observe(x: Double(i % 100), y: 1 + 3 * Double(i % 100)) }
    #expect(abs(line.slope - 3) < 0.1)
  }

  @Test func `a given capacity overrules what was learned`() {
    let model = CapacityModel()
    let e = model.estimate(for: ServiceObjective(capacityPerReplica: 25))
    #expect(e?.requestsPerReplica == 25)
    #expect(e?.relativeError == 0)
    #expect(e?.source == .given)
    #expect(model.estimate(for: ServiceObjective()) == nil)
  }

  @Test func `CPU per request and the cores of a replica give its capacity`() throws {
    var dice = Dice(seed: 6)
    var model = CapacityModel()
    for _ in 0..<500 {
      let requests = dice.uniform(50...400)
      // 0.04 cores per request/s, base load 0.4 cores over 4 replicas of 2 cores: (2 − 0.1) / 0.04 = 47.5 requests/s.
      model.observe(
        requests: requests,
        cpuCores: (0.4 + 0.04 * requests) * (1 + 0.03 * dice.normal()),
        latencySeconds: nil,
        replicas: 4
      )
    }
    let e = try #require(model.estimate(for: ServiceObjective(coresPerReplica: 2)))
    #expect(e.source == .cores)
    #expect(abs(e.requestsPerReplica - 47.5) < 3)
    #expect(e.relativeError < 0.05)
    #expect(model.estimate(for: ServiceObjective()) == nil, "cores of a replica are not known")
    let cores = try #require(model.cores(forRequests: 300))
    #expect(cores > 12.4)
    #expect(cores < 14)
  }

  /// Mean latency of an M/M/1 queue with processor sharing: 40 ms unloaded, full at 30 requests/s per replica.
  private func learned(upTo share: Double, seed: UInt64 = 7, ticks: Int = 2000) -> CapacityModel {
    var dice = Dice(seed: seed)
    var model = CapacityModel()
    for _ in 0..<ticks {
      let load = dice.uniform(5...30 * share)
      let latency = 0.04 / (1 - load / 30) * (1 + 0.05 * dice.normal())
      model.observe(requests: load * 6, cpuCores: nil, latencySeconds: latency, replicas: 6)
    }
    return model
  }

  @Test func `latency that rises with load gives the capacity`() throws {
    let e = try #require(learned(upTo: 0.9).estimate(for: ServiceObjective()))
    #expect(e.source == .latency)
    #expect(e.requestsPerReplica > 26)
    #expect(e.requestsPerReplica <= 30.5)
  }

  @Test func `capacity is never put far beyond what was seen`() throws {
    let e = try #require(learned(upTo: 0.3).estimate(for: ServiceObjective(targetUtilisation: 0.7)))
    #expect(e.requestsPerReplica * 0.7 <= 1.25 * 9)
    #expect(e.requestsPerReplica >= 9)
  }

  @Test func `latency that does not depend on load, or a few ticks, say nothing`() {
    var dice = Dice(seed: 8)
    var model = CapacityModel()
    for _ in 0..<2000 {
      model.observe(
        requests: dice.uniform(30...180),
        cpuCores: 1,
        latencySeconds: 0.04 * (1 + 0.1 * dice.normal()),
        replicas: 6
      )
    }
    #expect(model.estimate(for: ServiceObjective()) == nil)
    #expect(learned(upTo: 0.9, ticks: 20).estimate(for: ServiceObjective()) == nil)
  }

  @Test func `a learned capacity walks to fewer replicas and never over the edge`() {
    var dice = Dice(seed: 10)
    var p = checkout()
    var running = 20, worst = 0.0, wanted: [Int] = []
    for t in 0..<6000 {
      func load(_ tick: Int) -> Double { 200 + 50 * Double(abs(tick % 720 - 360) - 180) / 180 }
      let requests = load(t) * (1 + 0.03 * dice.normal())
      let utilisation = requests / Double(running) / 30
      worst = max(worst, utilisation)
      let latency = 0.04 / max(0.02, 1 - utilisation) * (1 + 0.05 * dice.normal())
      let forecasts = [
        Oracle(median: load, sigma: 0.03).forecast(at: t, observed: requests),
        Oracle(metric: "latency", median: { _ in 0.04 / max(0.02, 1 - utilisation) }).forecast(
          at: t,
          observed: latency
        ),
      ]
      let plan = p.advance(to: Tick(Int64(t)), forecasts: forecasts, runningReplicas: running, objective: given(nil))
      #expect(plan.recommendation.replicas != nil)
      // Orders serve after two ticks, releases at once.
      wanted.append(plan.recommendation.replicas ?? running)
      running = max(1, wanted.suffix(3).min() ?? running)
    }
    #expect(worst < 0.9, "the replicas were never full")
    #expect(running <= 14, "and half of them were not needed: load / (30 · 0.7) is 7 to 12")
    #expect(running >= 7)
  }

  @Test func `the promised latency bounds utilisation`() throws {
    // p95 = ln 20 · 40 ms / (1 − ρ) is 300 ms at ρ = 0.6.
    let objective = ServiceObjective(latencySeconds: 0.3)
    let limit = try #require(learned(upTo: 0.9).limitUtilisation(for: objective))
    #expect(abs(limit - 0.6) < 0.03)
    #expect(learned(upTo: 0.9).limitUtilisation(for: ServiceObjective()) == nil)
    #expect(learned(upTo: 0.9).limitUtilisation(for: ServiceObjective(latencySeconds: 0.1)) == nil, "cannot be kept")
  }

  @Test func `requests of CPU and memory cover what was seen and what is forecast`() throws {
    var p = checkout()
    var dice = Dice(seed: 9)
    var seenCPU = 0.0, seenMemory = 0.0
    let requests = Oracle(median: { _ in 350 }, sigma: 0.02)
    let cpu = Oracle(metric: "cpu", median: { _ in 12 }, sigma: 0.1)
    let memory = Oracle(metric: "memory", median: { _ in 8e9 }, sigma: 0.02)
    for t in 0..<3000 {
      let (c, m) = (12 * (1 + 0.1 * dice.normal()), 8e9 * (1 + 0.02 * dice.normal()))
      let forecasts = [
        requests.forecast(at: t, observed: 350), cpu.forecast(at: t, observed: c), memory.forecast(at: t, observed: m),
      ]
      let plan = p.advance(to: Tick(Int64(t)), forecasts: forecasts, runningReplicas: 20, objective: given())
      (seenCPU, seenMemory) = (max(seenCPU, c / 20), max(seenMemory, m / 20))
      let r = plan.recommendation
      #expect(r.requestsArePerReplica)
      #expect(try #require(r.cpuRequestCores) >= seenCPU)
      #expect(try #require(r.memoryRequestBytes) >= seenMemory)
      #expect(try #require(r.cpuRequestCores) <= 1.3)
      #expect(try #require(r.memoryRequestBytes) <= 6e8)
    }
  }

  @Test func `requests are for the whole service until its replicas are known`() throws {
    var p = checkout()
    let cpu = Oracle(metric: "cpu", median: { _ in 12 }, sigma: 0.01)
    func plan(_ t: Int, running: Int?) -> Recommendation {
      let forecasts = [cpu.forecast(at: t, observed: 12)]
      return p.advance(to: Tick(Int64(t)), forecasts: forecasts, runningReplicas: running, objective: given(nil))
        .recommendation
    }
    let whole = plan(0, running: nil)
    #expect(!whole.requestsArePerReplica)
    #expect(try #require(whole.cpuRequestCores) > 12)
    let each = plan(1, running: 10)
    #expect(each.requestsArePerReplica)
    #expect(try #require(each.cpuRequestCores) >= 1.2)
    #expect(try #require(each.cpuRequestCores) < 1.5)
  }

  @Test func `an absurd use of memory is not asked for`() throws {
    var p = checkout()
    let memory = Oracle(metric: "memory", median: { _ in 8e9 }, sigma: 0.02)
    var requests: [Double] = []
    for t in 0..<60 {
      let value = t == 40 ? 8e10 : 8e9
      let plan = p.advance(
        to: Tick(Int64(t)),
        forecasts: [memory.forecast(at: t, observed: value)],
        runningReplicas: 8,
        objective: given()
      )
      requests.append(try #require(plan.recommendation.memoryRequestBytes))
    }
    #expect((requests.max() ?? 0) < 1.3e9)
  }
}
