internal import Basics
internal import Documents
internal import Planning
internal import Wire
public import Workloads

/// Answers people's questions from what the coordinator holds in memory: nothing here waits for anything.
public final class QueryAnswers {
  private let service: CapacityService
  private let source: TickSource
  private let configuration: ServiceConfiguration
  private let startedMilliseconds = WallClock.nowMilliseconds()
  private var unreadable = 0

  /// Answers about a service.
  public init(service: CapacityService, source: TickSource, configuration: ServiceConfiguration) {
    (self.service, self.source, self.configuration) = (service, source, configuration)
  }

  typealias Refusal = ClusterAnswers.Refusal

  /// Returns the reply to a request: `{"result": …, "stale": …}` or `{"error": {"code": …, "message": …}}`.
  ///
  /// `dropped` is how many messages came that cannot be read.
  public func answer(_ request: [UInt8], _ machine: CoordinatorMachine, dropped: Int) -> QueryReply {
    ClusterAnswers.reply(to: request, machine, isStale: isStale) { question in
      if question == nil { unreadable += 1 }
      return try question.map { try answer($0, machine, dropped) } ?? .null
    }
  }

  private func answer(_ question: JSONValue, _ machine: CoordinatorMachine, _ dropped: Int) throws -> JSONValue {
    let name = question["service"]?.text
    switch question["query"]?.text {
    case "status": return status(machine, dropped + unreadable)
    case "services": return try services()
    case "forecast": return try forecasts(of: name)
    case "recommend": return try recommendations(of: name)
    case "explain": return try explanation(of: name)
    case "anomalies": return anomalies()
    case "scorecard": return try scorecards(of: name)
    case "whatif": return try whatIf(question, of: name)
    case let other:
      throw Refusal(code: "bad_request", message: "there is no query '\(other ?? "")' in this version")
    }
  }

  /// Whether the last tick lies too far back to rely on; recorded time never gets old.
  private var isStale: Bool {
    guard configuration.clock == .wall, let view = service.view else { return service.view == nil }
    let end = (view.tick.index + 1) * configuration.tickMilliseconds
    return WallClock.nowMilliseconds() - end > 3 * configuration.tickMilliseconds + configuration.graceMilliseconds
  }

  private func view() throws -> CapacityService.View {
    guard let view = service.view else {
      throw Refusal(
        code: "stale",
        message: "no tick has been published yet; the first comes a tick after the first sample"
      )
    }
    return view
  }

  private func status(_ machine: CoordinatorMachine, _ dropped: Int) -> JSONValue {
    let members = machine.memberViews
    var rejected: [JSONValue.Member] = []
    for (reason, count) in source.rejected.sorted(by: { $0.key < $1.key }) {
      rejected.append(.init(reason, .integer(Int64(count))))
    }
    return [
      "tenant": .string(configuration.tenant),
      "phase": .string(machine.phase.rawValue),
      "run": .string(String(machine.setup.run, radix: 16)),
      "generation": .integer(Int64(machine.generation.number)),
      "cores_ready": .integer(Int64(members.filter(\.isReady).count)),
      "cores_wanted": .integer(Int64(machine.wantedCores)),
      "cores_without_store": .integer(Int64(machine.cores.values.count { $0.statistics.storeFailures > 0 })),
      "spares": .integer(Int64(machine.cores.count - members.count)),
      "tick": service.view.map { .integer($0.tick.index) } ?? .null,
      "tick_end": service.view.map {
        .string(Timestamp(milliseconds: ($0.tick.index + 1) * configuration.tickMilliseconds).rfc3339)
      } ?? .null,
      "ticks_sealed": .integer(source.nextOrdinal),
      "ticks_published": .integer(service.published.ticks),
      "published_digest": .string(String(service.published.digest, radix: 16)),
      "epoch_committed": .integer(machine.committed.epoch.index),
      "recoveries": .integer(Int64(machine.recoveries)), "moves": .integer(Int64(machine.moves)),
      "redundancy": .string(machine.setup.redundancy.rawValue), "copies": .integer(Int64(machine.presentCopies)),
      "promotions": .integer(Int64(machine.promotions)), "divergences": .integer(Int64(machine.divergences)),
      "last_failure": machine.lastFailure.isEmpty ? .null : .string(machine.lastFailure),
      "services": .integer(Int64(service.view.map { Set($0.forecasts.map(\.series.service)).count } ?? 0)),
      "services_asleep": .integer(Int64(service.view.map { sleeping($0).count } ?? 0)),
      "series": .integer(Int64(service.view?.forecasts.count ?? 0)),
      "samples_folded": .integer(Int64(source.folded)),
      "samples_rejected": .object(rejected),
      "messages_dropped": .integer(Int64(dropped)),
      "uptime_seconds": .integer((WallClock.nowMilliseconds() - startedMilliseconds) / 1000),
    ]
  }

  private func services() throws -> JSONValue {
    let view = try view()
    let plans = Dictionary(uniqueKeysWithValues: view.plans.map { ($0.recommendation.service, $0.recommendation) })
    let awake = view.forecastsByService.map { service, forecasts -> (String, JSONValue) in
      let last = forecasts.compactMap { self.service.lastSeen[$0.series] }.max()
      let plan = plans[service]
      let row: JSONValue = [
        "service": .string(service), "state": last == view.tick ? "reports" : "silent",
        "metrics": .integer(Int64(forecasts.count)),
        "requests": forecasts.first { $0.series.metric == "requests" }?.observed.map { .number($0) } ?? .null,
        "replicas": plan?.replicas.map { .integer(Int64($0)) } ?? .null,
        "reason": plan.map { .string("\($0.reason)") } ?? .null, "fresh": .bool(plan?.fresh ?? false),
        "values_seen": .integer(Int64(forecasts.map(\.age).max() ?? 0)),
        "seconds_since_value": last.map { .number(seconds(from: $0, to: view.tick)) } ?? .null,
      ]
      return (service, row)
    }
    let asleep = sleeping(view).map { service, sleep -> (String, JSONValue) in
      let row: JSONValue = [
        "service": .string(service), "state": "asleep", "metrics": .integer(Int64(sleep.metrics)), "requests": .null,
        "replicas": .null, "reason": .null, "fresh": false, "values_seen": .null,
        "seconds_since_value": .number(seconds(from: sleep.last, to: view.tick)),
      ]
      return (service, row)
    }
    return .array((awake + asleep).sorted { $0.0 < $1.0 }.map(\.1))
  }

  /// Services that were silent for a day: nothing is forecast for them, and their state is kept for when they report again.
  private func sleeping(_ view: CapacityService.View) -> [String: (metrics: Int, last: Tick)] {
    let awake = Set(view.forecasts.map(\.series.service))
    var found: [String: (metrics: Int, last: Tick)] = [:]
    for (series, last) in service.lastSeen where !awake.contains(series.service) {
      let known = found[series.service] ?? (0, last)
      found[series.service] = (known.metrics + 1, max(known.last, last))
    }
    return found
  }

  private func seconds(from tick: Tick, to now: Tick) -> Double {
    Double(now.index - tick.index) * Double(configuration.tickMilliseconds) / 1000
  }

  private func forecasts(of name: String?) throws -> JSONValue {
    let view = try view()
    let json = CapacityJSON(configuration: configuration, tick: view.tick)
    guard let name else { return .array(view.forecastsByService.map { json.forecast($0.service, $0.forecasts) }) }
    guard let group = view.forecastsByService.first(where: { $0.service == name }) else { throw unknown(name, view) }
    return .array([json.forecast(name, group.forecasts)])
  }

  private func recommendations(of name: String?) throws -> JSONValue {
    let view = try view()
    let json = CapacityJSON(configuration: configuration, tick: view.tick)
    guard let name else { return .array(view.plans.map { json.recommendation($0.recommendation) }) }
    return .array([json.recommendation(try plan(of: name, view).recommendation)])
  }

  private func explanation(of name: String?) throws -> JSONValue {
    guard let name else { throw Refusal(code: "bad_request", message: "explain needs the name of a service") }
    let view = try view()
    return CapacityJSON(configuration: configuration, tick: view.tick).explanation(try plan(of: name, view))
  }

  private func scorecards(of name: String?) throws -> JSONValue {
    let view = try view()
    let json = CapacityJSON(configuration: configuration, tick: view.tick)
    if let name { _ = try plan(of: name, view) }
    let names = name.map { [$0] } ?? service.scorecards.keys.sorted()
    return .array(names.compactMap { service.scorecards[$0] }.map { json.scorecard($0) })
  }

  private func whatIf(_ question: JSONValue, of name: String?) throws -> JSONValue {
    guard let name else { throw Refusal(code: "bad_request", message: "whatif needs the name of a service") }
    let view = try view()
    _ = try plan(of: name, view)
    let parsed = try WhatIfQuestion(question, tickMilliseconds: configuration.tickMilliseconds)
    guard let (now, then) = try service.whatIf(parsed, service: name) else {
      let event = parsed.changed?.name ?? ""
      throw Refusal(
        code: "not_found",
        message: "no event '\(event)' is announced for '\(name)' within a day; see 'synfire events list'"
      )
    }
    return CapacityJSON(configuration: configuration, tick: view.tick).whatIf(now: now, then: then)
  }

  private func plan(of name: String, _ view: CapacityService.View) throws -> Plan {
    guard let plan = view.plans.first(where: { $0.recommendation.service == name }) else { throw unknown(name, view) }
    return plan
  }

  private func unknown(_ name: String, _ view: CapacityService.View) -> Refusal {
    if let sleep = sleeping(view)[name] {
      let hours = Int(seconds(from: sleep.last, to: view.tick) / 3600)
      return Refusal(
        code: "stale",
        message:
          "'\(name)' sleeps: it has not reported for \(hours) h; its state is kept, and it wakes with its next sample"
      )
    }
    let known = view.plans.map(\.recommendation.service)
    return Refusal(code: "not_found", message: "there is no service '\(name)'" + Spelling.hint(for: name, among: known))
  }

  private func anomalies() -> JSONValue {
    let json = CapacityJSON(configuration: configuration, tick: service.view?.tick ?? Tick(0))
    return .array(service.incidents.reversed().map { json.anomaly($0) })
  }
}
