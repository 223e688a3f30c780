/// The greatest demand until an order placed now would serve, as the fast clock sees it.
public struct WindowForecast: Equatable, Sendable {
  /// Half of all windows stay below it, in requests/s.
  public var median: Double
  /// 99 and 99.5 of a hundred stay below these.
  public var upper99: Double, upper995: Double
}

extension Planner {
  /// The greatest demand until an order would serve; nil before the fast clock has a day of experience.
  public var windowForecast: WindowForecast? {
    guard let lead, lead.isExperienced else { return nil }
    return WindowForecast(
      median: lead.demand(lead.outlook.medians[1]),
      upper99: lead.demand(head: 1, exceededWith: 0.01),
      upper995: lead.demand(head: 1, exceededWith: 0.005)
    )
  }
}
