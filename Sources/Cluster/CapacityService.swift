public import Basics
public import Planning
public import Wire
public import Workloads

/// Turns what the cores forecast after each tick into plans and alerts, and publishes all of it.
///
/// A pure function of the sealed ticks and the outputs, tick by tick; its state is checkpointed with the cores', so
/// that a rerun after a failure publishes the same bytes again.
public final class CapacityService: GatherProgram {
  /// Epochs of a tick: spikes between services take half a tick.
  public static let epochsPerTick = 2

  let configuration: ServiceConfiguration
  private let calls: [Call]
  /// Services by slice of a checkpoint, while one is written; see `snapshot`.
  var slicedServices: [String] = []
  private let ticks: any TickReader
  private let publisher: any TickPublisher
  var planners: [String: Planner] = [:]
  /// Advice beside what came, by service.
  public internal(set) var scorecards: [String: Scorecard] = [:]
  var detector: AnomalyDetector
  /// The last tick's view; nil before the first.
  public internal(set) var view: View?
  var log = IncidentLog()
  /// The last incidents, newest last, at most a thousand.
  public var incidents: [AnomalyEvent] { log.incidents }
  /// Ticks published since the start of the run, and a digest of all their bytes.
  public internal(set) var published: (ticks: Int64, digest: UInt64) = (0, 0)
  /// When each series last had a value.
  public internal(set) var lastSeen: [SeriesName: Tick] = [:]
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
      let objective = ServiceObjective(configuration.settings(for: service), at: sealed)
      // In place: a planner has tens of KB.
      let new = Planner(service: service, tickMilliseconds: configuration.tickMilliseconds)
      let plan = planners[service, default: new].advance(
        to: sealed.tick,
        forecasts: Array(forecasts[start..<end]),
        events: sealed.hints(for: service),
        runningReplicas: instances[service],
        objective: objective
      )
      plans.append(plan)
      let requests = forecasts[start..<end].first { $0.series.metric == "requests" }
      let card = Scorecard(service: service, tickMilliseconds: configuration.tickMilliseconds)
      scorecards[service, default: card].record(plan, forecast: requests, objective: objective)
      start = end
    }
    let anomalies = detector.advance(to: sealed.tick, forecasts: forecasts, calls: calls, replicas: instances)
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
