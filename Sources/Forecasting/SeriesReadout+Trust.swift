private typealias C = ReadoutConstants

/// How far a young series' forecasts follow what it has learned: the rest is the last value, which needs no learning.
///
/// The mean lead of the mixture over the last value, in the series' unit, is compared with what chance gives: with n targets,
/// of which one in `overlap` tells something new, the ratio of mean and root mean square is about √(overlap / n) where neither
/// is better. Trust grows from 0 where the mixture does not lead to 1 at `sureLead` times that, so that on a random walk
/// nothing follows a mixture that happened to lead for some minutes; and it is 0 while the mixture does not lead over the
/// latest targets, because losses come in bursts, as jobs and rare peaks do. Quantiles are mixed, not points.
extension SeriesReadout {
  /// The share of the mixture in a horizon's forecast, 0 to 1; the rest is the fan of the last value.
  func trust(_ j: Int) -> Double {
    let count = Double(targets[j])
    guard count > 0 else { return 0 }
    guard isOnTrial(j) else { return 1 }
    guard scalars.recentLead[j] > 0 else { return 0 }
    let ratio = scalars.lead[j] / (scalars.leadSquares[j] + 1e-30).squareRoot()
    // Errors a day ahead are of one piece for a day, where a series wanders.
    let overlap = Double(shape.isFar(j) ? shape.ticksPerDay : shape.horizons[j])
    return min(1, max(0, ratio / (C.sureLead * (overlap / count).squareRoot())))
  }

  private func isOnTrial(_ j: Int) -> Bool {
    targets[j] < (shape.isFar(j) ? C.trialDays.far : C.trialDays.near) * shape.ticksPerDay
  }

  /// Follows how much closer than the last value of its origin the mixture came to a target.
  mutating func learnTrust(_ j: Int, _ x: Double, level: Double, scale: Double, _ scratch: ReadoutScratch) {
    guard isOnTrial(j) else { return }
    func value(_ x: Double) -> Double { Compression.expand(x, offset: scalars.offset) }
    let (last, mixed) = unsafe (Double(scratch.points[C.lastValue]), Double(scratch.slot[Slot.median]))
    let y = value(x)
    let lead = abs(y - value(level + scale * last)) - abs(y - value(level + scale * mixed))
    let share = min(C.mostLead, max(-C.mostLead, lead / max(scalars.magnitude, Compression.leastOffset)))
    let rate = 1 / Double(targets[j])
    scalars.lead[j] += rate * (share - scalars.lead[j])
    scalars.leadSquares[j] += rate * (share * share - scalars.leadSquares[j])
    let latest = shape.isFar(j) ? shape.ticksPerDay / 4 : C.latestTargets
    scalars.recentLead[j] += max(rate, 1 / Double(latest)) * (share - scalars.recentLead[j])
  }
}
