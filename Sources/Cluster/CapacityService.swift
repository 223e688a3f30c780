public import Basics
public import Planning
public import Wire
public import Workloads

/// Turns what the cores forecast after each tick into plans and alerts, and publishes all of it.
///
/// A pure function of the sealed ticks and the outputs, tick by tick; its state is checkpointed with the cores', so
/// that a rerun after a failure publishes the same bytes again.
public final class CapacityService: GatherProgram {
  /// Everything that is known after a tick: what is published, and what queries read.
  public struct View: Equatable, Sendable {
    /// The tick.
    public var tick: Tick
    /// Forecasts in ascending order of series.
    public var forecasts: [SeriesForecast]
    /// Plans in ascending order of service.
    public var plans: [Plan]
    /// What began, went on or ended in this tick.
    public var anomalies: [AnomalyEvent]

    /// Returns the view as bytes (version 1): what a rerun must reproduce.
    public func encoded() -> [UInt8] {
      var w = ByteWriter(reserving: forecasts.count * 700 + 256)
      w.write(1 as UInt8)
      w.write(tick.index)
      w.writeVarint(UInt64(forecasts.count))
      for forecast in forecasts { forecast.encode(into: &w) }
      w.writeVarint(UInt64(plans.count))
      for plan in plans { plan.encode(into: &w) }
      w.writeVarint(UInt64(anomalies.count))
      for anomaly in anomalies { anomaly.encode(into: &w) }
      return w.bytes
    }

    /// Reads a view.
    public init(decoding bytes: [UInt8]) throws(WireError) {
      var r = ByteReader(bytes, reading: "published tick")
      guard try r.read(UInt8.self) == 1 else { throw r.error("unknown version") }
      tick = Tick(try r.read())
      forecasts = []
      for _ in 0..<(try r.readCount(elementBytes: 20)) { forecasts.append(try SeriesForecast(from: &r)) }
      plans = []
      for _ in 0..<(try r.readCount(elementBytes: 20)) { plans.append(try Plan(from: &r)) }
      anomalies = []
      for _ in 0..<(try r.readCount(elementBytes: 10)) { anomalies.append(try AnomalyEvent(from: &r)) }
      try r.finish()
    }

    init(tick: Tick, forecasts: [SeriesForecast], plans: [Plan], anomalies: [AnomalyEvent]) {
      (self.tick, self.forecasts, self.plans, self.anomalies) = (tick, forecasts, plans, anomalies)
    }
  }

  /// Epochs of a tick: spikes between services take half a tick.
  public static let epochsPerTick = 2

  private let configuration: ServiceConfiguration
  private let calls: [Call]
  private let ticks: any TickReader
  private let publisher: any TickPublisher
  private var planners: [String: Planner] = [:]
  /// Advice beside what came, by service.
  public private(set) var scorecards: [String: Scorecard] = [:]
  private var detector: AnomalyDetector
  private var scaling = ScalingWatch()
  /// The last tick's view; nil before the first.
  public private(set) var view: View?
  /// The last incidents.
  private var log = IncidentLog()
  /// The last incidents, newest last, at most a thousand.
  public var incidents: [AnomalyEvent] { log.incidents }
  /// Ticks published since the start of the run, and a digest of all their bytes.
  public private(set) var published: (ticks: Int64, digest: UInt64) = (0, 0)
  /// When each series last had a value.
  public private(set) var lastSeen: [SeriesName: Tick] = [:]
  /// Called after every tick with its view.
  public var onPublished: ((View) -> Void)?

  /// Makes a service that has seen no tick.
  public init(configuration: ServiceConfiguration, ticks: any TickReader, publisher: any TickPublisher) {
    (self.configuration, self.ticks, self.publisher) = (configuration, ticks, publisher)
    detector = AnomalyDetector(tickMilliseconds: configuration.tickMilliseconds)
    calls = configuration.calls
  }

  /// Plans and publishes a tick.
  public func gather(_ epoch: Epoch, _ outputs: [PartOutput]) throws {
    let ordinal = epoch.index / Int64(Self.epochsPerTick) - 1
    let sealed = try ticks.sealedTick(ordinal)
    let view = try plan(sealed, outputs)
    let bytes = view.encoded()
    var digest = Digest64()
    digest.combine(bytes: bytes)
    try publisher.publish(ordinal: ordinal, epoch: epoch, digest: digest.value, view: view, bytes: bytes)
    var chain = Digest64()
    chain.combine(published.digest)
    chain.combine(digest.value)
    published = (ordinal + 1, chain.value)
    self.view = view
    onPublished?(view)
  }

  private func plan(_ sealed: SealedTick, _ outputs: [PartOutput]) throws -> View {
    var forecasts: [SeriesForecast] = []
    for output in outputs {
      var r = ByteReader(output.bytes, reading: "forecasts of part \(output.part.index)")
      for _ in 0..<(try r.readCount(elementBytes: 20)) { forecasts.append(try SeriesForecast(from: &r)) }
      try r.finish()
    }
    forecasts.sort { $0.series < $1.series }
    for forecast in forecasts where forecast.observed != nil { lastSeen[forecast.series] = sealed.tick }
    let instances = Dictionary(uniqueKeysWithValues: sealed.instances.map { ($0.service, $0.instances) })
    var plans: [Plan] = []
    var start = 0
    while start < forecasts.count {
      let service = forecasts[start].series.service
      let end = forecasts[start...].firstIndex { $0.series.service != service } ?? forecasts.count
      var planner = planners[service] ?? Planner(service: service, tickMilliseconds: configuration.tickMilliseconds)
      let objective = ServiceObjective(configuration.settings(for: service))
      let plan = planner.advance(
        to: sealed.tick,
        forecasts: Array(forecasts[start..<end]),
        events: sealed.hints(for: service),
        runningReplicas: instances[service],
        objective: objective
      )
      plans.append(plan)
      planners[service] = planner
      var card = scorecards[service] ?? Scorecard(service: service, tickMilliseconds: configuration.tickMilliseconds)
      let requests = forecasts[start..<end].first { $0.series.metric == "requests" }
      card.record(plan, forecast: requests, objective: objective)
      scorecards[service] = card
      start = end
    }
    scaling.observe(sealed)
    let anomalies = detector.advance(
      to: sealed.tick,
      forecasts: forecasts.map { scaling.calmed($0) },
      calls: calls
    )
    for event in anomalies { log.note(event) }
    return View(tick: sealed.tick, forecasts: forecasts, plans: plans, anomalies: anomalies)
  }

  /// Returns what is advised for a service after the last tick, and what another situation would ask for; changes nothing.
  ///
  /// Returns nil for a service without a plan, or where the event to change is not announced.
  func whatIf(_ question: WhatIfQuestion, service: String) throws -> (now: Plan, then: Plan)? {
    guard let view, let planner = planners[service],
      let now = view.plans.first(where: { $0.recommendation.service == service }),
      let events = question.events(from: try ticks.sealedTick(published.ticks - 1).hints(for: service))
    else { return nil }
    let then = planner.whatIf(
      trafficFactor: question.trafficFactor,
      at: view.tick,
      forecasts: view.forecasts.filter { $0.series.service == service },
      events: events,
      objective: question.objective(from: ServiceObjective(configuration.settings(for: service)))
    )
    return (now, then)
  }

  /// All state that later ticks depend on.
  public func snapshot(at epoch: Epoch) throws -> [UInt8] {
    var w = ByteWriter()
    w.write(2 as UInt8)
    w.write(published.ticks)
    w.write(published.digest)
    w.writeVarint(UInt64(planners.count))
    for service in planners.keys.sorted() {
      w.writeString(service)
      var inner = ByteWriter()
      planners[service]?.encode(into: &inner)
      w.writeBlob(inner.bytes)
    }
    var inner = ByteWriter()
    detector.encode(into: &inner)
    w.writeBlob(inner.bytes)
    scaling.encode(into: &w)
    w.writeVarint(UInt64(log.incidents.count))
    for incident in log.incidents { incident.encode(into: &w) }
    w.writeVarint(UInt64(lastSeen.count))
    for series in lastSeen.keys.sorted() {
      series.encode(into: &w)
      w.write(lastSeen[series]?.index ?? 0)
    }
    w.writeBlob(view?.encoded() ?? [])
    w.writeVarint(UInt64(scorecards.count))
    for service in scorecards.keys.sorted() { scorecards[service]?.encode(into: &w) }
    return w.bytes
  }

  /// Goes back to a boundary.
  public func restore(_ epoch: Epoch, _ bytes: [UInt8]?) throws {
    (planners, view, published, lastSeen, scorecards) = ([:], nil, (0, 0), [:], [:])
    log = IncidentLog()
    scaling = ScalingWatch()
    detector = AnomalyDetector(tickMilliseconds: configuration.tickMilliseconds)
    guard let bytes else { return }
    var r = ByteReader(bytes, reading: "checkpoint of the planner")
    guard try r.read(UInt8.self) == 2 else { throw r.error("unknown version") }
    let count: Int64 = try r.read()
    published = (count, try r.read())
    for _ in 0..<(try r.readCount(elementBytes: 2)) {
      let service = try r.readString()
      var inner = ByteReader(try r.readBlob(), reading: "planner of \(service)")
      planners[service] = try Planner(from: &inner)
    }
    var inner = ByteReader(try r.readBlob(), reading: "anomaly detector")
    detector = try AnomalyDetector(from: &inner)
    scaling = try ScalingWatch(from: &r)
    for _ in 0..<(try r.readCount(elementBytes: 10)) { log.note(try AnomalyEvent(from: &r)) }
    for _ in 0..<(try r.readCount(elementBytes: 10)) {
      let series = try SeriesName(from: &r)
      lastSeen[series] = Tick(try r.read())
    }
    let last = try r.readBlob()
    if !last.isEmpty { view = try View(decoding: last) }
    for _ in 0..<(try r.readCount(elementBytes: 20)) {
      let card = try Scorecard(from: &r)
      scorecards[card.service] = card
    }
    try r.finish()
  }
}

/// Reads the ticks that a run has sealed.
public protocol TickReader: AnyObject {
  /// Returns the sealed tick of an ordinal.
  func sealedTick(_ ordinal: Int64) throws -> SealedTick
}

/// Makes a tick's results public, once.
public protocol TickPublisher: AnyObject {
  /// Publishes a tick; a repeat with the same bytes changes nothing.
  ///
  /// - Throws: `DivergenceError` when other bytes were published for this ordinal.
  func publish(ordinal: Int64, epoch: Epoch, digest: UInt64, view: CapacityService.View, bytes: [UInt8]) throws
}

extension ServiceObjective {
  /// The objective of a service's settings.
  init(_ settings: ServiceSettings) {
    self.init(
      minimumReplicas: settings.minReplicas,
      maximumReplicas: settings.maxReplicas,
      capacityPerReplica: settings.capacityPerReplica,
      targetUtilisation: settings.targetUtilization,
      provisioningMilliseconds: settings.provisioningMilliseconds,
      latencySeconds: settings.objective.map { $0.latencyMilliseconds / 1000 },
      latencyQuantile: settings.objective?.quantile ?? 0.95,
      pricePerReplicaHour: settings.pricePerReplicaHour ?? 0
    )
  }
}

extension SealedTick {
  /// The announced events that concern a service.
  func hints(for service: String) -> [EventHint] {
    announced.filter { $0.concerns(service) }.map {
      EventHint(name: $0.name, kind: $0.kind, start: $0.start, end: $0.end, uplift: $0.uplift)
    }
  }
}
