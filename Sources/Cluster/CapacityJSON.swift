public import Basics
public import Documents
public import Planning
public import Workloads

/// What the capacity service says as JSON: one form for the store and for queries, so that they cannot disagree.
public struct CapacityJSON {
  private let configuration: ServiceConfiguration
  private let tick: Tick

  /// Writes as of a tick.
  public init(configuration: ServiceConfiguration, tick: Tick) {
    (self.configuration, self.tick) = (configuration, tick)
  }

  /// The end of a tick as text: that is when it was known.
  func time(endOf tick: Tick) -> JSONValue {
    .string(Timestamp(milliseconds: (tick.index + 1) * configuration.tickMilliseconds).rfc3339)
  }

  /// The start of a tick as text.
  func time(startOf tick: Tick) -> JSONValue {
    .string(Timestamp(milliseconds: tick.index * configuration.tickMilliseconds).rfc3339)
  }

  /// The forecasts of a service: every metric at every reported horizon.
  public func forecast(_ service: String, _ forecasts: [SeriesForecast]) -> JSONValue {
    [
      "service": .string(service), "tick": .integer(tick.index), "made_at": time(endOf: tick),
      "metrics": .array(forecasts.map(metric)),
    ]
  }

  private func metric(_ forecast: SeriesForecast) -> JSONValue {
    [
      "metric": .string(forecast.series.metric),
      "observed": forecast.observed.map { .number($0) } ?? .null,
      "surprise": .number(forecast.surprise),
      "values_seen": .integer(Int64(forecast.age)),
      "horizons": .array(
        configuration.horizonPositions.compactMap { position in
          forecast.horizon(at: position).map { horizon(position.ticks, $0) }
        }
      ),
    ]
  }

  private func horizon(_ ticks: Int, _ h: SeriesForecast.Horizon) -> JSONValue {
    [
      "ticks": .integer(Int64(ticks)),
      "seconds": .number(Double(ticks) * Double(configuration.tickMilliseconds) / 1000),
      "at": time(endOf: tick + ticks),
      "quantiles": .object(
        (Array(zip(SeriesForecast.levels, h.quantiles)) + Array(zip(SeriesForecast.upperLevels, h.upper)))
          .map { level, value in .init(Self.name(ofLevel: level), .number(value)) }
      ),
      "level": .number(h.level), "season": .number(h.cleanMedian - h.level), "event_factor": .number(h.eventFactor),
    ]
  }

  /// `p95` for 0.95.
  public static func name(ofLevel level: Double) -> String {
    let percent = (level * 1000).rounded() / 10
    return "p" + (percent == percent.rounded() ? "\(Int(percent))" : "\(percent)")
  }

  /// A recommendation.
  public func recommendation(_ r: Recommendation) -> JSONValue {
    [
      "service": .string(r.service), "tick": .integer(r.tick.index), "made_at": time(endOf: r.tick),
      "replicas": r.replicas.map { .integer(Int64($0)) } ?? .null,
      "previous_replicas": r.previousReplicas.map { .integer(Int64($0)) } ?? .null,
      "cpu_request_cores": r.cpuRequestCores.map { .number($0) } ?? .null,
      "memory_request_bytes": r.memoryRequestBytes.map { .number($0) } ?? .null,
      "cpu_request_because": r.cpuSentence.isEmpty ? .null : .string(r.cpuSentence),
      "memory_request_because": r.memorySentence.isEmpty ? .null : .string(r.memorySentence),
      "requests_are_per_replica": .bool(r.requestsArePerReplica),
      "effective_from": time(startOf: r.effectiveFrom), "valid_until": time(endOf: r.validUntil),
      "reason": .string("\(r.reason)"), "sentence": .string(r.sentence), "confidence": .number(r.confidence),
      "quantile": .number(r.quantile), "demand": r.demand.map { .number($0) } ?? .null,
      "capacity_per_replica": r.capacityPerReplica.map { .number($0) } ?? .null, "fresh": .bool(r.fresh),
      "upcoming": r.upcoming.map { step in
        [
          "event": .string(step.event), "start": time(startOf: step.start), "order_at": time(endOf: step.orderAt),
          "replicas": .integer(Int64(step.replicas)),
        ]
      } ?? .null,
    ]
  }

  /// A recommendation with the parts that add up to it.
  public func explanation(_ plan: Plan) -> JSONValue {
    let parts: [JSONValue] = plan.explanation.parts.map {
      ["part": .string("\($0.kind)"), "replicas": .number($0.replicas), "because": .string($0.sentence)]
    }
    return [
      "service": .string(plan.recommendation.service), "recommendation": recommendation(plan.recommendation),
      "parts": .array(parts), "total": .number(plan.explanation.total),
    ]
  }

  /// News of an incident.
  public func anomaly(_ event: AnomalyEvent) -> JSONValue {
    [
      "id": .string(event.id), "state": .string("\(event.kind)"), "service": .string(event.service),
      "severity": .string("\(event.severity)"), "opened_at": time(endOf: event.openedAt),
      "updated_at": time(endOf: event.tick), "cause": .string("\(event.cause)"), "sentence": .string(event.sentence),
      "members": .array(
        event.members.map { m in
          [
            "series": .string("\(m.series)"), "onset": time(endOf: m.onset), "surprise": .number(m.surprise),
            "observed": .number(m.observed), "low": .number(m.low), "high": .number(m.high),
          ]
        }
      ),
    ]
  }
}

extension SeriesForecast {
  /// The forecast at a reported horizon, interpolated between the two around it.
  public func horizon(at position: HorizonPosition) -> Horizon? {
    guard position.lower < horizons.count, position.upper < horizons.count else { return nil }
    let (a, b, w) = (horizons[position.lower], horizons[position.upper], position.weight)
    func mix(_ x: Double, _ y: Double) -> Double { w == 0 ? x : w == 1 ? y : x + (y - x) * w }
    return Horizon(
      ticks: position.ticks,
      quantiles: zip(a.quantiles, b.quantiles).map(mix),
      upper: zip(a.upper, b.upper).map(mix),
      level: mix(a.level, b.level),
      cleanMedian: mix(a.cleanMedian, b.cleanMedian),
      eventFactor: mix(a.eventFactor, b.eventFactor)
    )
  }
}

extension CapacityService.View {
  /// Forecasts in groups by service, ascending.
  public var forecastsByService: [(service: String, forecasts: [SeriesForecast])] {
    var groups: [(String, [SeriesForecast])] = []
    for forecast in forecasts {
      if groups.last?.0 == forecast.series.service {
        groups[groups.count - 1].1.append(forecast)
      } else {
        groups.append((forecast.series.service, [forecast]))
      }
    }
    return groups
  }
}
