internal import Documents

extension ServiceSettings {
  /// Reads the settings of a service; what is not said is inherited.
  static func read(_ node: Node, _ what: String, inheriting base: ServiceSettings) throws(DocumentError) -> Self {
    var settings = base
    if node.isNull { return settings }
    var reader = try MappingReader(node, what)
    if let replicas = reader.take("replicas") { try settings.readReplicas(replicas, what) }
    if let capacity = reader.take("capacity") {
      settings.capacityPerReplica = try readCapacity(capacity, what)
    }
    if let target = reader.take("target") {
      settings.targetUtilization = try target.number("\(what): target", over: 0, upTo: 1)
    }
    if let provisioning = reader.take("provisioning") {
      settings.provisioningMilliseconds = try provisioning.milliseconds("\(what): provisioning", in: 0...86_400_000)
    }
    if let slo = reader.take("slo") { settings.objective = try readObjective(slo, what) }
    if let price = reader.take("price") { settings.pricePerReplicaHour = try readPrice(price, what) }
    if let action = reader.take("action_price") {
      settings.actionPriceMilliseconds = try action.milliseconds("\(what): action_price", in: 0...86_400_000)
    }
    if let event = reader.take("event_price") {
      settings.eventPriceFactor = try event.number("\(what): event_price", over: 0, upTo: 1000)
    }
    if let step = reader.take("step") { try settings.readStep(step, what) }
    if let freeze = reader.take("freeze") { settings.freezes = try FreezeWindow.read(freeze, what) }
    try reader.finish()
    return settings
  }

  private mutating func readStep(_ node: Node, _ what: String) throws(DocumentError) {
    var reader = try MappingReader(node, "\(what): step")
    func count(_ key: String, _ reader: inout MappingReader) throws(DocumentError) -> Int? {
      guard let node = reader.take(key) else { return nil }
      let value = try node.int()
      guard (1...100_000).contains(value) else {
        throw node.error("\(what): step: \(key) is between 1 and 100000, found \(value)")
      }
      return value
    }
    mostAdded = try count("up", &reader) ?? mostAdded
    mostReleased = try count("down", &reader) ?? mostReleased
    try reader.finish()
  }

  private mutating func readReplicas(_ node: Node, _ what: String) throws(DocumentError) {
    var reader = try MappingReader(node, "\(what): replicas")
    if let least = reader.take("min") {
      minReplicas = try least.int()
      guard (0...100_000).contains(minReplicas) else {
        throw least.error("\(what): replicas: min is between 0 and 100000, found \(minReplicas)")
      }
    }
    if let most = reader.take("max") {
      maxReplicas = try most.int()
      guard (1...100_000).contains(maxReplicas) else {
        throw most.error("\(what): replicas: max is between 1 and 100000, found \(maxReplicas)")
      }
    }
    try reader.finish()
    guard minReplicas <= maxReplicas else {
      throw node.error("\(what): replicas: min \(minReplicas) is above max \(maxReplicas)")
    }
  }

  private static func readCapacity(_ node: Node, _ what: String) throws(DocumentError) -> Double {
    let (value, unit) = try node.numberAndUnit("\(what): capacity", example: "25 requests/s per replica")
    let perReplica = " per replica"
    let rate = unit.hasSuffix(perReplica) ? String(unit.dropLast(perReplica.count)) : unit
    let seconds: [String: Double] = [
      "requests/s": 1, "/s": 1, "rps": 1, "requests/min": 60, "/min": 60, "requests/h": 3600, "/h": 3600,
    ]
    guard let scale = seconds[rate] else {
      throw node.error("\(what): capacity: '\(unit)' is not a rate; write for example '25 requests/s per replica'")
    }
    guard value > 0, value <= MetricRule.largestValue else {
      throw node.error("\(what): capacity: more than 0 requests are wanted, found \(value)")
    }
    return value / scale
  }

  private static func readObjective(_ node: Node, _ what: String) throws(DocumentError) -> LatencyObjective {
    var reader = try MappingReader(node, "\(what): slo")
    let node = try reader.require("latency")
    let latency = try node.time("\(what): slo: latency")
    guard latency > 0, latency <= 86_400_000 else {
      throw node.error("\(what): slo: latency: more than 0 ms and at most a day is wanted, found \(latency) ms")
    }
    var objective = LatencyObjective(latencyMilliseconds: latency)
    if let quantile = reader.take("quantile") {
      objective.quantile = try quantile.number("\(what): slo: quantile", over: 0, below: 1)
    }
    try reader.finish()
    return objective
  }

  private static func readPrice(_ node: Node, _ what: String) throws(DocumentError) -> Double {
    let (value, unit) = try node.numberAndUnit("\(what): price", example: "0.04 per replica hour")
    let hours: [String: Double] = ["per replica hour": 1, "per replica day": 24, "per replica month": 730]
    guard let scale = hours[unit] else {
      throw node.error("\(what): price: '\(unit)' is not known; write for example '0.04 per replica hour'")
    }
    guard value >= 0, value <= MetricRule.largestValue else {
      throw node.error("\(what): price: 0 or more is wanted, found \(value)")
    }
    return value / scale
  }
}
