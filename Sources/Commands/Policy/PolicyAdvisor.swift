internal import Basics
internal import Forecasting
internal import Planning
internal import Workloads

/// Advises one service step by step with what the cluster runs: the planner on the steps, and behind it the spiking
/// forecaster on five-minute ticks.
struct PolicyAdvisor {
  private static let series = SeriesName(service: "service", metric: "requests")

  private let configuration: PolicyConfiguration
  private var objective: ServiceObjective
  private var planner: Planner
  private var slow: SlowClock
  private var metricTime: Double?
  private var events: [EventHint] = []
  /// The last good advice.
  private(set) var advice: Int?

  /// Starts without experience.
  init(_ configuration: PolicyConfiguration, actionPriceMinutes: Double? = nil, eventPriceFactor: Double = 1) throws {
    self.configuration = configuration
    objective = ServiceObjective(
      minimumReplicas: configuration.limits.lowerBound,
      maximumReplicas: configuration.limits.upperBound,
      capacityPerReplica: configuration.capacityPerReplica,
      targetUtilisation: configuration.limitUtilisation,
      limitUtilisation: configuration.limitUtilisation,
      provisioningMilliseconds: Int64(configuration.delaySeconds) * 1000
    )
    objective.actionPriceMinutes = actionPriceMinutes
    objective.eventPriceFactor = eventPriceFactor
    var settings = PlannerSettings()
    (settings.reportingDelayTicks, settings.reportingWindowTicks) = (1, 2)
    planner = Planner(
      service: Self.series.service,
      tickMilliseconds: Int64(configuration.stepSeconds) * 1000,
      settings: settings
    )
    slow = try SlowClock(Self.series)
  }

  /// Returns how many replicas there should be after a step.
  mutating func advise(_ step: PolicyStep) -> Int {
    let tick = tick(at: step.time - Double(configuration.stepSeconds))
    for event in step.events { remember(event) }
    events.removeAll { $0.end + 1000 < tick }
    // Metrics that stand still tell nothing.
    let isNew = step.metricTime.map { time in metricTime.map { time > $0 } ?? true } ?? false
    metricTime = step.metricTime ?? metricTime
    let value = isNew ? step.load : nil
    let stepSeconds = configuration.stepSeconds
    slow.observe(
      value,
      atSeconds: step.time - 1.5 * Double(stepSeconds),
      events: events,
      eventTickSeconds: stepSeconds
    )
    let plan = planner.advance(
      to: tick,
      forecasts: [slow.forecast(at: tick, tickSeconds: stepSeconds, observed: value)],
      events: events,
      runningReplicas: step.ready + step.pending,
      objective: objective
    )
    let replicas = plan.recommendation.replicas ?? step.ready + step.pending
    advice = replicas
    return replicas
  }

  /// The greatest demand until an order would serve, once there is experience.
  var windowForecast: WindowForecast? { planner.windowForecast }

  private func tick(at seconds: Double) -> Tick {
    Tick(Int64((seconds / Double(configuration.stepSeconds)).rounded(.down)))
  }

  private mutating func remember(_ event: PolicyStep.Event) {
    let last = tick(at: event.end - 1)
    let kind = EventKind.allCases.first { "\($0)" == event.kind } ?? .campaign
    let hint = EventHint(
      name: event.name,
      kind: kind,
      label: event.kind,
      start: tick(at: event.start),
      end: last + 1,
      uplift: 0
    )
    events.append(hint)
    if events.count > 1000 { events.removeFirst() }
  }
}
