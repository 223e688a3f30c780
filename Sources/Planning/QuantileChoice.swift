/// The upper quantile of demand that costs least: the newsvendor's answer for replicas.
///
/// With a fleet F that serves the median, a price c of one minute of broken promise in minutes of that fleet, and an
/// exponential tail of scale s (relative to the median), cost n/F + c·P(demand > n's limit) is least where the chance
/// of a broken promise is s/c. A plan at the target utilisation has the reserve between target and limit beside the
/// quantile, so the quantile to plan for is the one whose demand is (target / limit) times the demand at 1 − s/c.
/// Source: Arrow, Harris, Marschak, "Optimal inventory policy", Econometrica 19 (1951).
public enum QuantileChoice {
  /// Returns the quantile to plan for, within the bounds.
  ///
  /// - Parameters:
  ///   - point: demand at the moment that decides.
  ///   - stretch: factor on distances from the median.
  ///   - reserve: target utilisation divided by limit utilisation, 0…1.
  ///   - price: cost of a minute of broken promise, in minutes of the fleet.
  ///   - bounds: least and greatest answer, from 0.95 up.
  /// - Returns: a quantile within the bounds.
  public static func quantile(
    at point: DemandCurve.Point,
    stretch: Double,
    reserve: Double,
    price: Double,
    bounds: ClosedRange<Double>
  ) -> Double {
    let scale = stretch * point.tailScale
    guard scale > 0, point.cleanMedian > 0, price > 0 else { return bounds.lowerBound }
    let chance = min(0.05, max(1e-9, scale / point.cleanMedian / price))
    let wanted = point.quantile(1 - chance, stretch: stretch) / point.eventFactor * reserve
    let beyond = (wanted - point.cleanMedian - stretch * point.spread95) / scale
    guard beyond > 0 else { return bounds.lowerBound }
    return min(bounds.upperBound, max(bounds.lowerBound, 1 - 0.05 * Arithmetic.exponential(-min(beyond, 50))))
  }
}
