import Documents
import Testing
import Workloads

private let contract = """
  tenant: shop
  sample: 10 s
  tick: 60 s
  grace: 5 s
  horizons: [1 tick, 10 min, 1 h, 1 d]
  chip: host
  services:
    checkout: {replicas: {min: 2, max: 60}, capacity: 25 requests/s per replica, target: 0.7, provisioning: 2 min, slo: {latency: 300 ms, quantile: 0.95}, price: 0.04 per replica hour}
    "*": {replicas: {min: 1, max: 20}}         # whatever appears in the stream; capacity is learned from data
  calls: [[gateway, checkout], [checkout, payment]]
  events: events.yaml
  """

@Test func `the contract's example says what it means`() throws {
  let c = try configuration(contract)
  #expect(c.tenant == "shop")
  #expect(c.sampleMilliseconds == 10_000)
  #expect(c.tickMilliseconds == 60_000)
  #expect(c.graceMilliseconds == 5_000)
  #expect(c.horizonTicks == [1, 10, 60, 1440])
  #expect(c.chip == "host")
  #expect(c.clock == .wall)
  #expect(c.eventsPath == "events.yaml")
  #expect(
    c.calls == [Call(caller: "checkout", callee: "payment"), Call(caller: "gateway", callee: "checkout")]
  )
  #expect(
    c.settings(for: "checkout")
      == ServiceSettings(
        minReplicas: 2,
        maxReplicas: 60,
        capacityPerReplica: 25,
        targetUtilization: 0.7,
        provisioningMilliseconds: 120_000,
        objective: LatencyObjective(latencyMilliseconds: 300, quantile: 0.95),
        pricePerReplicaHour: 0.04
      )
  )
  #expect(c.settings(for: "anything else") == ServiceSettings(minReplicas: 1, maxReplicas: 20))
}

@Test func `an empty mapping and no file mean the same defaults`() throws {
  #expect(try configuration("{}") == ServiceConfiguration())
  #expect(ServiceConfiguration().horizonTicks == [1, 10, 60, 1440])
}

@Test func `a named service inherits what it does not say`() throws {
  let c = try configuration("services: {\"*\": {target: 0.5, provisioning: 1 min}, a: {target: 0.6}}")
  #expect(c.settings(for: "a").targetUtilization == 0.6)
  #expect(c.settings(for: "a").provisioningMilliseconds == 60_000)
}

@Test(arguments: [
  ("25 requests/s per replica", 25.0), ("25 requests/s", 25), ("90 requests/min per replica", 1.5),
  ("3600 requests/h", 1), ("2.5 rps", 2.5),
])
func `a capacity may be given in several rates`(text: String, rate: Double) throws {
  #expect(try configuration("services: {a: {capacity: \(text)}}").settings(for: "a").capacityPerReplica == rate)
}

@Test(arguments: [("0.48 per replica day", 0.02), ("73 per replica month", 0.1), ("0 per replica hour", 0)])
func `a price may be given per hour, day or month`(text: String, price: Double) throws {
  #expect(try configuration("services: {a: {price: \(text)}}").settings(for: "a").pricePerReplicaHour == price)
}

@Test(arguments: [
  ("tick: 1 min\nsampel: 10 s", "shop.yaml:2: the configuration: unknown key 'sampel'; did you mean 'sample'?"),
  ("services:\n  a: {replica: {min: 1}}", "shop.yaml:2: service a: unknown key 'replica'; did you mean 'replicas'?"),
  ("services:\n  a: {replicas: {mx: 1}}", "shop.yaml:2: service a: replicas: unknown key 'mx'; did you mean 'max'?"),
  ("services:\n  a: {slo: {quantil: 0.5}}", "shop.yaml:2: service a: slo: 'latency' is missing"),
  ("tick: 60", "shop.yaml:1: tick: '60' has no unit"),
  ("tick: 60 mV", "shop.yaml:1: tick: '60 mV': 'mV' is a unit of voltage, not of time"),
  ("\ntick: 7 min", "shop.yaml:2: tick: 7 min does not divide a day; the nearest that does is 432 s"),
  ("tick: 100 ms", "shop.yaml:1: tick: '100 ms' is out of range; between 1000 ms and 21600000 ms"),
  ("tick: 1.5 s\nsample: 0.1004 s", "shop.yaml:2: sample: a whole number of milliseconds is wanted, found '0.1004 s'"),
  ("tick: 60 s\nsample: 2 min", "shop.yaml:2: sample: 2 min is longer than a tick (60000 ms)"),
  ("grace: -1 s", "shop.yaml:1: grace: '-1 s' is out of range"),
  ("horizons: [10 min, 1 tick]", "shop.yaml:1: horizons: they must ascend, but 1 tick is not beyond the one before it"),
  ("horizons: [1 h, 60 ticks]", "shop.yaml:1: horizons: they must ascend"),
  ("horizons: [2 d]", "shop.yaml:1: horizons: 2 d is not between one tick and one day (1440 ticks)"),
  ("horizons: [0 ticks]", "shop.yaml:1: horizons: 0 ticks is not between one tick and one day"),
  ("horizons: [90 s]", "shop.yaml:1: horizons: 90 s is not a whole number of ticks of 60000 ms"),
  ("horizons: [12]", "shop.yaml:1: horizons: 12 has no unit; write '12 ticks' or a time such as '10 min'"),
  ("horizons: []", "shop.yaml:1: horizons: one to six are wanted, found 0"),
  ("horizons: 1 tick", "shop.yaml:1: a list is wanted, found '1 tick'"),
  ("clock: streem", "shop.yaml:1: clock: 'streem' is not known; did you mean 'stream'?"),
  ("tenant: 'a b'", "shop.yaml:1: tenant: only letters, digits, '-', '_' and '.' may stand in it, found 'a b'"),
  ("tenant: ''", "shop.yaml:1: tenant: the name is empty"),
  ("services: {a: {replicas: {min: 5, max: 2}}}", "shop.yaml:1: service a: replicas: min 5 is above max 2"),
  ("services: {a: {replicas: {min: -1}}}", "shop.yaml:1: service a: replicas: min is between 0 and 100000, found -1"),
  ("services: {a: {replicas: {max: 0}}}", "shop.yaml:1: service a: replicas: max is between 1 and 100000, found 0"),
  ("services: {a: {replicas: {max: two}}}", "shop.yaml:1: a whole number is wanted, found 'two'"),
  (
    "services: {a: {target: 1.2}}", "shop.yaml:1: service a: target: more than 0.0 and at most 1.0 is wanted, found 1.2"
  ),
  ("services: {a: {target: 0}}", "shop.yaml:1: service a: target: more than 0.0 and at most 1.0 is wanted, found 0.0"),
  ("services: {a: {capacity: 25}}", "shop.yaml:1: service a: capacity: '25' has no unit; write for example"),
  ("services: {a: {capacity: 25 CPU}}", "shop.yaml:1: service a: capacity: 'CPU' is not a rate; write for example"),
  ("services: {a: {capacity: many}}", "shop.yaml:1: service a: capacity: 'many' is not a number with its unit"),
  ("services: {a: {capacity: 0 rps}}", "shop.yaml:1: service a: capacity: more than 0 requests are wanted, found 0.0"),
  ("services: {a: {price: 1 per hour}}", "shop.yaml:1: service a: price: 'per hour' is not known; write for example"),
  ("services: {a: {price: -1 per replica hour}}", "shop.yaml:1: service a: price: 0 or more is wanted, found -1.0"),
  ("services: {a: {slo: {latency: 1}}}", "shop.yaml:1: service a: slo: latency: '1' has no unit"),
  ("services: {a: {slo: {latency: 0 s}}}", "shop.yaml:1: service a: slo: latency: more than 0 ms"),
  ("services: {a: {slo: {latency: [1]}}}", "shop.yaml:1: service a: slo: latency: a list is not a time"),
  (
    "services: {a: {slo: {latency: 1 s, quantile: 1}}}",
    "shop.yaml:1: service a: slo: quantile: more than 0.0 and below"
  ),
  ("services: {a: {provisioning: 2 d}}", "shop.yaml:1: service a: provisioning: '2 d' is out of range"),
  ("services:\n  *: {}", "shop.yaml:2: did not find expected alphabetic or numeric character; the star that stands"),
  ("services: [a]", "shop.yaml:1: a mapping is wanted, found a list"),
  ("services: {'': {}}", "shop.yaml:1: services: a name is empty"),
  (
    "services: {check: {}}\ncalls:\n- [chekc, check]", "shop.yaml:3: calls: 'chekc' is not under services, and no \"*\""
  ),
  ("services: {check: {}}\ncalls:\n- [chekc, check]", "did you mean 'check'?"),
  ("calls: [[a]]", "shop.yaml:1: calls: [caller, callee] is wanted, found 1 names"),
  ("calls: [[a, '*']]", "shop.yaml:1: calls: \"*\" is not a service; name the one that is meant"),
  ("calls: [[a, a]]", "shop.yaml:1: calls: 'a' cannot call itself"),
  ("calls: [[a, b], [a, b]]", "shop.yaml:1: calls: [a, b] stands here twice"),
  ("events: [a]", "shop.yaml:1: a text is wanted, found a list"),
  ("[]", "shop.yaml:1: the configuration: a mapping is wanted, found a list"),
])
func `a mistake is named with file and line`(text: String, message: String) {
  let found = complaint(of: { _ = try configuration(text) })
  #expect(found.contains(message), "found: \(found)")
}

@Test func `calls may form a cycle, and any service may call where a star stands`() throws {
  let c = try configuration("services: {a: {}, '*': {}}\ncalls: [[b, a], [a, b]]")
  #expect(c.calls.map(\.caller) == ["a", "b"])
}

@Test(arguments: [
  (60_000, [1, 10, 60, 1440], [1, 60, 1440]), (300_000, [1, 2, 12, 288], [1, 12, 288]),
  (1_000, [1, 600, 3600, 86_400], [1, 3600, 86_400]), (600_000, [1, 6, 144], [1, 6, 144]),
  (3_600_000, [1, 24], [1, 2, 24]), (21_600_000, [1, 4], [1, 2, 4]), (2_700_000, [1, 32], [1, 2, 32]),
])
func `horizons follow the tick`(tick: Int, reported: [Int], computed: [Int]) throws {
  let c = try configuration("tick: \(tick) ms")
  #expect(c.horizonTicks == reported)
  #expect(c.forecasterHorizons == computed)
}

@Test func `a short tick shortens the default sample`() throws {
  #expect(try configuration("tick: 5 s").sampleMilliseconds == 5_000)
}

@Test func `a reported horizon lies between two that are computed`() throws {
  let positions = try configuration("horizons: [1 tick, 16 ticks, 1 h, 6 h, 1 d]").horizonPositions
  #expect(positions.map(\.lower) == [0, 0, 1, 1, 2])
  #expect(positions.map(\.upper) == [0, 1, 1, 2, 2])
  #expect(positions[0].weight == 0)
  #expect(abs(positions[1].weight - 3 / (60.0.squareRoot() - 1)) < 1e-12)
  #expect(positions[2].weight == 0)
  #expect(positions[3].weight > 0 && positions[3].weight < 1)
}

@Test func `the digest changes with what influences results and with nothing else`() throws {
  let base = try configuration(contract)
  let same = [
    ("tenant: shop", "tenant: other"), ("sample: 10 s", "sample: 20 s"), ("grace: 5 s", "grace: 9 s"),
    ("events.yaml", "e.yaml"), ("chip: host", "chip: loihi"),
    ("[[gateway, checkout], [checkout, payment]]", "[[checkout, payment], [gateway, checkout]]"),
  ]
  let different = [
    ("max: 60", "max: 61"), ("max: 20", "max: 21"), ("25 requests", "26 requests"), ("0.95", "0.96"), ("0.04", "0.05"),
    ("target: 0.7", "target: 0.8"), ("2 min", "3 min"), ("300 ms", "301 ms"), ("10 min, ", ""),
    ("tick: 60 s", "tick: 30 s"),
    ("[gateway, checkout]", "[gateway, cart]"), (", price: 0.04 per replica hour", ""),
  ]
  for (a, b) in same { #expect(try configuration(contract.replacing(a, with: b)).digest == base.digest, "\(b)") }
  for (a, b) in different { #expect(try configuration(contract.replacing(a, with: b)).digest != base.digest, "\(b)") }
  // The same in every process and on every machine: runs are told apart by it.
  #expect(base.digest == 9_717_900_081_788_379_197)
}

@Test func `the network's digest changes with tick, calls and prior only`() throws {
  let base = try configuration(contract)
  #expect(try configuration(contract.replacing("max: 60", with: "max: 61")).networkDigest == base.networkDigest)
  #expect(try configuration(contract.replacing("tick: 60 s", with: "tick: 30 s")).networkDigest != base.networkDigest)
  #expect(try configuration(contract.replacing("payment", with: "cart")).networkDigest != base.networkDigest)
  var fitted = try configuration("prior: own.json\n" + contract)
  #expect(fitted.priorPath == "own.json" && fitted.networkDigest == base.networkDigest)
  fitted.prior = Array("{}".utf8)
  #expect(fitted.networkDigest != base.networkDigest && fitted.digest != base.digest)
}

@Test(arguments: 0..<4) func `no mutation of a configuration crashes its reader`(seed: UInt64) {
  var random = SplitMix(seed)
  for _ in 0..<500 {
    var bytes = Array(contract.utf8)
    for _ in 0...random.next(below: 5) {
      switch random.next(below: 3) {
      case 0: bytes[random.next(below: bytes.count)] = UInt8(truncatingIfNeeded: random.next())
      case 1: bytes.remove(at: random.next(below: bytes.count))
      default: bytes.insert(UInt8(truncatingIfNeeded: random.next()), at: random.next(below: bytes.count))
      }
    }
    _ = try? ServiceConfiguration.read(bytes: bytes, file: "mutated.yaml")
  }
}
