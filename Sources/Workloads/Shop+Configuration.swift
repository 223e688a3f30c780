extension Shop {
  /// A configuration for the shop as YAML: time from the stream, capacities of half of the services.
  ///
  /// `eventsPath` is the file to which the calendar (`calendar.yaml`) is written, if it is.
  public func configuration(eventsPath: String? = nil) -> String {
    var text = """
      # The synthetic shop: recorded time, told by watermarks in the stream.
      tenant: shop
      clock: stream
      sample: \(sampleMilliseconds) ms
      tick: \(tickMilliseconds) ms
      grace: 0 s
      services:

      """
    for service in Shop.services {
      var settings = ["replicas: {min: \(service.replicas.lowerBound), max: \(service.replicas.upperBound)}"]
      if service.statesCapacity {
        settings.append("capacity: \(Int(service.capacityPerReplica)) requests/s per replica")
      }
      settings.append("provisioning: \(Shop.provisioningMilliseconds / 60_000) min")
      if let latency = Self.objectives[service.name] {
        settings.append("slo: {latency: \(latency) ms, quantile: 0.95}")
      }
      settings.append("price: 0.04 per replica hour")
      text += "  \(service.name): {\(settings.joined(separator: ", "))}\n"
    }
    text += "  \"*\": {replicas: {min: 1, max: 20}, provisioning: \(Shop.provisioningMilliseconds / 60_000) min}\n"
    text += "calls:\n" + Shop.calls.map { "  - [\($0.caller), \($0.callee)]\n" }.joined()
    if let eventsPath { text += "events: \(eventsPath)\n" }
    return text
  }

  private static let objectives = ["web": 600, "gateway": 400, "checkout": 800]
}
