internal import Basics
internal import Documents
internal import Planning
internal import Workloads

/// What would be if: more traffic, another event, another objective, fewer hosts.
struct WhatIfQuestion: Equatable {
  /// What traffic is multiplied by.
  var trafficFactor = 1.0
  /// An event that is not in the calendar.
  var added: AnnouncedEvent?
  /// An event of the calendar, and by how many ticks it is moved; nil takes it out.
  var changed: (name: String, ticks: Int?)?
  var minimumReplicas: Int?, maximumReplicas: Int?
  var provisioningMilliseconds: Int64?, targetUtilisation: Double?

  static func == (a: Self, b: Self) -> Bool {
    a.trafficFactor == b.trafficFactor && a.added == b.added && a.changed?.name == b.changed?.name
      && a.changed?.ticks == b.changed?.ticks && a.minimumReplicas == b.minimumReplicas
      && a.maximumReplicas == b.maximumReplicas && a.provisioningMilliseconds == b.provisioningMilliseconds
      && a.targetUtilisation == b.targetUtilisation
  }

  /// Reads a question; times are in ms.
  ///
  /// - Throws: `QueryAnswers.Refusal` naming the member that cannot be used.
  init(_ json: JSONValue, tickMilliseconds length: Int64) throws {
    func number(_ name: String, _ range: ClosedRange<Double>) throws -> Double? {
      guard let value = json[name], value != .null else { return nil }
      guard let x = value.double, range.contains(x) else {
        throw QueryAnswers.Refusal(
          code: "bad_request",
          message: "'\(name)' must be a number from \(range.lowerBound) to \(range.upperBound)"
        )
      }
      return x
    }
    trafficFactor = try number("traffic_factor", 0...1000) ?? 1
    minimumReplicas = try number("minimum_replicas", 0...1e6).map { Int($0) }
    maximumReplicas = try number("maximum_replicas", 0...1e6).map { Int($0) }
    provisioningMilliseconds = try number("provisioning_milliseconds", 0...86_400_000).map { Int64($0) }
    targetUtilisation = try number("target_utilisation", 0.05...1)
    let span = 1e15
    if let name = json["event"]?.text {
      guard let start = try number("event_start_milliseconds", -span...span),
        let end = try number("event_end_milliseconds", -span...span), start < end
      else {
        throw QueryAnswers.Refusal(code: "bad_request", message: "event '\(name)' needs a start and a later end")
      }
      let kind = EventKind.allCases.first { "\($0)" == json["event_kind"]?.text } ?? .campaign
      added = AnnouncedEvent(
        name: name,
        kind: kind,
        start: Tick(Int64(start) / length),
        end: Tick((Int64(end) + length - 1) / length),
        uplift: (try number("event_uplift", 0.01...1000) ?? 1) - 1,
        services: nil
      )
    }
    if let name = json["move"]?.text {
      guard let by = try number("move_milliseconds", -span...span) else {
        throw QueryAnswers.Refusal(code: "bad_request", message: "moving '\(name)' needs a duration")
      }
      changed = (name, Int((by / Double(length)).rounded()))
    } else if let name = json["cancel"]?.text {
      changed = (name, nil)
    }
  }

  /// The events as they would be; nil when the one to change is not among them.
  func events(from hints: [EventHint]) -> [EventHint]? {
    var result = hints
    if let changed {
      guard let i = result.firstIndex(where: { $0.name == changed.name }) else { return nil }
      let old = result.remove(at: i)
      if let ticks = changed.ticks {
        result.append(
          EventHint(
            name: old.name,
            kind: old.kind,
            start: old.start + ticks,
            end: old.end + ticks,
            uplift: old.uplift
          )
        )
      }
    }
    if let added {
      result.append(
        EventHint(name: added.name, kind: added.kind, start: added.start, end: added.end, uplift: added.uplift)
      )
    }
    return result.sorted { ($0.start, $0.name) < ($1.start, $1.name) }
  }

  /// The objective as it would be.
  func objective(from present: ServiceObjective) -> ServiceObjective {
    ServiceObjective(
      minimumReplicas: minimumReplicas ?? min(present.minimumReplicas, maximumReplicas ?? .max),
      maximumReplicas: maximumReplicas ?? max(present.maximumReplicas, minimumReplicas ?? 0),
      capacityPerReplica: present.capacityPerReplica,
      coresPerReplica: present.coresPerReplica,
      targetUtilisation: targetUtilisation ?? present.targetUtilisation,
      limitUtilisation: present.limitUtilisation,
      provisioningMilliseconds: provisioningMilliseconds ?? present.provisioningMilliseconds,
      latencySeconds: present.latencySeconds,
      latencyQuantile: present.latencyQuantile,
      pricePerReplicaHour: present.pricePerReplicaHour
    )
  }
}
