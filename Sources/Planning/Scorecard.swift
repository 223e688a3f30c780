internal import Basics
public import Workloads

/// Each piece of advice for one service beside what came: forecasts, promises and the bill, day by day.
///
/// Three fleets serve the demand that was seen, each sized by one policy: the advice, the Horizontal Pod Autoscaler, and
/// the autoscaler with what the same time of last week needed. The fleets are simulated (`FleetReplay`, a step a tick), so
/// the comparison does not depend on whether anybody follows the advice.
public struct Scorecard: Equatable, Sendable {
  /// Which service.
  public let service: String
  /// Length of a tick in ms.
  public let tickMilliseconds: Int64
  /// Days with a value, oldest first, at most `mostDays`.
  public internal(set) var days: [ScoreDay] = []
  /// Days that are kept.
  public static let mostDays = 14

  /// An advice whose window is still open.
  struct Window: Equatable, Sendable {
    var end: Int64
    var median: Double, planned: Double, quantile: Double, greatest: Double
  }
  var windows: [Window] = []
  var fleets: [FleetState] = []
  var totals = [0, 0, 0]
  var step = 0
  var recentWants: [Int] = []
  /// Greatest load by half hour of the week.
  var week: [Double] = []

  private static let halfHourMilliseconds: Int64 = 1_800_000
  static let halfHours = 336, mostWindows = 256

  /// Starts without experience.
  public init(service: String, tickMilliseconds: Int64) {
    (self.service, self.tickMilliseconds) = (service, tickMilliseconds)
  }

  /// All days together.
  public var total: ScoreDay { days.reduce(into: ScoreDay(number: days.last?.number ?? 0)) { $0.add($1) } }

  /// Takes the advice that was given after a tick, and what the tick saw.
  ///
  /// - Parameters:
  ///   - plan: the advice.
  ///   - forecast: the forecast of the service's requests that it rests on, with the tick's value.
  ///   - objective: what the owner asks for.
  /// - Complexity: O(open windows).
  public mutating func record(_ plan: Plan, forecast: SeriesForecast?, objective: ServiceObjective) {
    let advice = plan.recommendation
    guard advice.fresh, let value = forecast?.observed, value.isFinite, value >= 0 else {
      windows.removeAll()
      return
    }
    let number = advice.tick.index / max(1, 86_400_000 / tickMilliseconds)
    if days.last?.number != number { days.append(ScoreDay(number: number)) }
    if days.count > Self.mostDays { days.removeFirst(days.count - Self.mostDays) }
    var day = days.removeLast()
    day.judge(value, expected: forecast?.expected ?? [])
    closeWindows(with: value, at: advice.tick, day: &day)
    if let demand = advice.demand, let median = plan.explanation.demand?.median, advice.quantile > 0 {
      let lead = Arithmetic.ticks(covering: objective.provisioningMilliseconds, tickMilliseconds: tickMilliseconds) + 1
      let window = Window(
        end: advice.tick.index + Int64(lead),
        median: median,
        planned: demand,
        quantile: advice.quantile,
        greatest: 0
      )
      windows.append(window)
      if windows.count > Self.mostWindows { windows.removeFirst() }
    }
    if let capacity = advice.capacityPerReplica, let replicas = advice.replicas {
      play(value, advice: replicas, capacity: capacity, tick: advice.tick, objective: objective, day: &day)
    }
    days.append(day)
  }

  private mutating func closeWindows(with value: Double, at tick: Tick, day: inout ScoreDay) {
    for i in windows.indices { windows[i].greatest = max(windows[i].greatest, value) }
    windows.removeAll { window in
      guard window.end <= tick.index else { return false }
      day.judge(window)
      return true
    }
  }

  private mutating func play(
    _ value: Double,
    advice: Int,
    capacity: Double,
    tick: Tick,
    objective: ServiceObjective,
    day: inout ScoreDay
  ) {
    let least = max(1, objective.minimumReplicas)
    let limits = least...max(least, objective.maximumReplicas)
    var fleet = FleetReplay(
      stepSeconds: Double(tickMilliseconds) / 1000,
      capacityPerReplica: capacity,
      provisioningSteps: Arithmetic.ticks(
        covering: objective.provisioningMilliseconds,
        tickMilliseconds: tickMilliseconds
      ),
      limits: limits
    )
    let target = objective.targetUtilisation
    fleet.limitUtilisation = objective.limitUtilisation ?? target + (1 - target) / 3
    fleet.startUtilisation = target
    if fleets.isEmpty {
      fleets = Array(repeating: FleetState(for: value, in: fleet), count: 3)
      totals = fleets.map(\.ready)
    }
    var autoscaler = HPAPolicy(limits: limits, target: target)
    autoscaler.recommendations = recentWants
    for i in 0..<3 {
      let record = fleets[i].serve(value, atStep: step, in: fleet)
      day.count(record, policy: i, in: fleet)
      let view = FleetView(
        step: step,
        stepSeconds: fleet.stepSeconds,
        load: value,
        utilisation: min(1, record.rho),
        ready: record.ready,
        pending: record.pending,
        capacityPerReplica: capacity,
        provisioningSteps: fleet.provisioningSteps
      )
      var answer = advice
      if i > 0 {
        var reactive = autoscaler
        answer = reactive.decide(view)
        if i == 1 {
          recentWants = reactive.recommendations
        } else {
          answer = max(answer, lastWeek(at: tick, in: fleet))
        }
      }
      fleets[i].bring(to: answer, atStep: step, in: fleet)
      let now = fleets[i].ready + fleets[i].waiting
      if now != totals[i] { day.fleets[i].actions += 1 }
      totals[i] = now
    }
    step += 1
    remember(value, at: tick)
  }

  private func halfHour(_ tick: Tick) -> Int {
    let r = Int((tick.index * tickMilliseconds / Self.halfHourMilliseconds) % Int64(Self.halfHours))
    return r < 0 ? r + Self.halfHours : r
  }

  /// What this half hour and the next needed a week ago.
  private func lastWeek(at tick: Tick, in fleet: FleetReplay) -> Int {
    guard week.count == Self.halfHours else { return 0 }
    let slot = halfHour(tick + fleet.provisioningSteps + 1)
    return Arithmetic.ceiling(max(0, week[slot]) / (fleet.capacityPerReplica * fleet.startUtilisation))
  }

  private mutating func remember(_ value: Double, at tick: Tick) {
    if week.isEmpty { week = Array(repeating: -1, count: Self.halfHours) }
    let slot = halfHour(tick)
    let isNew = halfHour(tick + -1) != slot
    week[slot] = isNew ? value : max(week[slot], value)
  }
}
