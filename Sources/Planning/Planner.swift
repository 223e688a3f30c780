public import Basics
public import Workloads

/// Turns the forecasts of one service into recommendations, tick by tick.
///
/// A value: the same state and the same inputs give the same plan, and `encode` keeps every bit. Its rules:
/// 1. Demand is the greatest upper quantile from now until an order placed one tick later would serve
///    (`DemandCurve`); the quantile follows from what a violation costs (`QuantileChoice`), its distance from the
///    median from how often windows were exceeded (`BandCalibration`).
/// 2. Replicas are that demand divided by capacity × target utilisation, rounded up; never fewer than the present
///    load needs. Demand of announced events is ordered by the same window: the provisioning time before they start.
/// 3. Fewer replicas only when nothing in the last and the next stabilisation time needs more, by more than a dead band.
/// 4. A missing, stale or doubtful value never lowers anything, and nor does the time after it.
/// 5. Without a known capacity, what runs is kept.
public struct Planner: Equatable, Sendable {
  /// Which service.
  public let service: String
  /// Length of a tick in ms.
  public let tickMilliseconds: Int64
  /// How careful it is.
  public var settings: PlannerSettings
  /// The replicas recommended last, or nil before a number was known.
  public internal(set) var replicas: Int?
  /// What it learned of a replica's capacity.
  public internal(set) var capacity = CapacityModel()
  /// What it learned of the bands of `requests`.
  public internal(set) var calibration = BandCalibration()

  /// The fast clock, from when capacity is known; nil where an order takes too many ticks for it.
  var lead: LeadForecaster?
  /// What waiting has cost so far, in ticks of the mean fleet: with too few replicas, and with too many.
  var regretTooFew = 0.0, regretTooMany = 0.0
  var lastTick: Tick?, lastValueTick: Tick?
  /// Demands of the last believed ticks, newest last: what a release must not go below.
  var demands: [Double] = []
  /// Demand without event of the last believed tick, and what a replica took of it at the target utilisation.
  var cleanDemand: Double?, cleanUsable: Double?
  /// Good ticks still to come before anything is released, after a value was missing, doubtful or repeated.
  var quietTicks = 0
  /// What demand is multiplied by, for questions.
  var trafficFactor = 1.0
  var missingRun = 0
  /// The last tick's values, to notice an exporter that repeats itself.
  var lastValues: [Double] = []
  var repeats = 0
  /// Whether values have stood still for so long that they tell nothing, and not yet so long that they are believed.
  var isStanding = false
  var guards = MetricGuards()
  var cpuSizing = ResourceSizing(), memorySizing = ResourceSizing(), sizingIsPerReplica = false
  /// Replicas at the end of the last tick.
  var runningBefore: Int?

  /// Starts without experience; a tick is at least 1 ms.
  public init(service: String, tickMilliseconds: Int64, settings: PlannerSettings = PlannerSettings()) {
    precondition(tickMilliseconds > 0, "a tick has a length")
    (self.service, self.tickMilliseconds, self.settings) = (service, tickMilliseconds, settings)
  }

  /// Takes what became known with a tick and returns what to do.
  ///
  /// - Parameters:
  ///   - tick: the tick that was sealed; ticks ascend, and one that does not changes nothing and is answered as stale.
  ///   - forecasts: forecasts of the service; `requests` (requests/s), `cpu` (cores), `memory` (bytes), `latency` (mean,
  ///     s) and `instances` or `replicas` (count) are used, each may be missing or from an older tick.
  ///   - events: announced events that concern the service.
  ///   - runningReplicas: how many run, if the caller knows better than the series.
  ///   - objective: what the owner asks for.
  /// - Returns: the recommendation and its explanation.
  /// - Complexity: O(provisioning + stabilisation time in ticks).
  public mutating func advance(
    to tick: Tick,
    forecasts: [SeriesForecast],
    events: [EventHint] = [],
    runningReplicas: Int? = nil,
    objective: ServiceObjective
  ) -> Plan {
    let sight = Sight(of: service, at: tick, forecasts: forecasts, events: events, running: runningReplicas)
    if let last = lastTick, tick <= last {
      return Draft(sight: sight, planner: self, objective: objective, need: nil)
        .plan(Decision(replicas: replicas, reason: .stale, sentence: "tick \(tick.index) was planned before"))
    }
    let judged = observe(sight)
    lookAhead(sight, judged, objective)
    let need = Need(sight: sight, planner: self, objective: objective)
    if judged.isBelieved, let need {
      remember(need, observed: judged.requests ?? 0)
      if need.lead == nil, !sight.eventIsNear(within: need.leadTicks) {
        calibration.expect(
          atMost: need.near.demand,
          quantile: need.quantile,
          throughTickIndex: (tick + need.leadTicks).index
        )
      }
    }
    let previous = replicas ?? sight.running
    let decision = allowed(
      decide(sight: sight, judged: judged, need: need, objective: objective),
      from: previous,
      objective
    )
    replicas = decision.replicas
    var draft = Draft(sight: sight, planner: self, objective: objective, need: need)
    (draft.previous, draft.judged) = (previous, judged)
    draft.size = size(sight: sight, judged: judged, leadTicks: need?.leadTicks ?? 1, previous: previous)
    return draft.plan(decision)
  }

  /// Returns what traffic multiplied by a factor, or other events, would ask for; changes nothing.
  ///
  /// Holds, stabilisation and doubts do not apply: the answer is the need itself.
  public func whatIf(
    trafficFactor: Double,
    at tick: Tick,
    forecasts: [SeriesForecast],
    events: [EventHint] = [],
    objective: ServiceObjective
  ) -> Plan {
    var other = self
    (other.replicas, other.lastTick, other.demands, other.guards) = (nil, nil, [], MetricGuards())
    other.trafficFactor = max(0, trafficFactor)
    let scaled = forecasts.map { forecast in
      var copy = forecast
      // The question is about the forecast, so a value that is missing just now does not matter.
      copy.observed = forecast.observed ?? forecast.horizons.first?.cleanMedian
      return ["requests", "cpu"].contains(copy.series.metric) ? copy.scaled(by: max(0, trafficFactor)) : copy
    }
    var plan = other.advance(to: tick, forecasts: scaled, events: events, objective: objective)
    plan.recommendation.previousReplicas = replicas
    return plan
  }

  /// Lets the fast clock see the tick.
  private mutating func lookAhead(_ sight: Sight, _ judged: Judged, _ objective: ServiceObjective) {
    guard let capacity = capacity.estimate(for: objective)?.requestsPerReplica else { return }
    let timing = LeadForecaster.Timing(
      tickMilliseconds: tickMilliseconds,
      leadTicks: Arithmetic.ticks(covering: objective.provisioningMilliseconds, tickMilliseconds: tickMilliseconds) + 1,
      reportingDelayTicks: settings.reportingDelayTicks,
      reportingWindowTicks: settings.reportingWindowTicks
    )
    let offset = LeadForecaster.offsetShare * capacity
    let fits = lead.map { $0.timing == timing && $0.offset < 8 * offset && offset < 8 * $0.offset } ?? false
    if !fits { lead = timing.span <= LeadForecaster.mostSpan ? LeadForecaster(timing: timing, offset: offset) : nil }
    guard let offset = lead?.offset, trafficFactor == 1 else { return }
    let slow = sight.requests.flatMap { forecast in
      SlowView(forecast, curve: DemandCurve(forecast, events: sight.events), timing: timing, offset: offset)
    }
    lead?.advance(isStanding ? nil : judged.requests, tick: sight.tick, slow: slow, events: sight.events)
  }

  /// Learns from a tick; returns what of it may be believed.
  private mutating func observe(_ sight: Sight) -> Judged {
    let skipped = lastTick.map { max(0, sight.tick.index - $0.index - 1) } ?? 0
    lastTick = sight.tick
    let zeroTicks = Arithmetic.ticks(covering: settings.zeroBeliefMilliseconds, tickMilliseconds: tickMilliseconds)
    let dropTicks = Arithmetic.ticks(covering: settings.dropBeliefMilliseconds, tickMilliseconds: tickMilliseconds)
    let judged = guards.judge(sight, zeroBeliefTicks: zeroTicks, dropBeliefTicks: dropTicks)
    notice(sight.values)

    // Whatever was wrong has to be over for the full time: forecasts and habits remember it for a while.
    isStanding = repeats >= 2 && repeats <= zeroTicks
    let isWell = judged.isBelieved && !isStanding && skipped == 0
    // One repeat may be chance: it releases nothing itself.
    quietTicks = isWell ? max(repeats == 1 ? 1 : 0, quietTicks - 1) : stabilisationTicks + 1
    if judged.isBelieved { lastValueTick = sight.tick }
    missingRun = judged.isBelieved ? 0 : min(missingRun + 1, 1_000_000)
    if let value = judged.requests, !sight.eventIsNear(within: 0) {
      calibration.observe(value, expected: sight.requests?.expected ?? [], tickIndex: sight.tick.index)
    } else {
      calibration.forgetWindows()
    }
    capacity.observe(
      requests: judged.requests,
      cpuCores: judged.cpu,
      latencySeconds: judged.latency,
      replicas: sight.running.map(Double.init)
    )
    return judged
  }

  /// Counts how often an exporter repeated itself to the last bit, which a living service does not do.
  ///
  /// One metric that is a whole number may well be the same again.
  private mutating func notice(_ values: [Double]) {
    let isTelling = values.count >= 2 || values.contains { $0 != $0.rounded() }
    let isSame = isTelling && values == lastValues && (values.max() ?? 0) > 0
    repeats = isSame ? min(repeats + 1, 1_000_000) : 0
    lastValues = values
  }

  private mutating func remember(_ need: Need, observed: Double) {
    demands.append(max(need.near.demand, observed))
    let excess = demands.count - max(1, stabilisationTicks)
    if excess > 0 { demands.removeFirst(excess) }
    cleanDemand = need.near.demand / max(1, need.near.point.eventFactor)
    cleanUsable = need.usable
  }

  var stabilisationTicks: Int {
    Arithmetic.ticks(covering: settings.stabilisationMilliseconds, tickMilliseconds: tickMilliseconds)
  }
}
