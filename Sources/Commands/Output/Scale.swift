internal import Basics
internal import Glibc

/// The scale of an axis: what it covers and where its ticks stand.
public struct Scale: Sendable, Equatable {
  /// How values are laid along an axis.
  public enum Kind: Sendable, Equatable {
    case linear
    /// Decades; values must be positive.
    case logarithmic
    /// Milliseconds since the Unix epoch, labelled as UTC dates and times.
    case time
  }

  /// How values are laid along the axis.
  public let kind: Kind
  /// What the axis covers.
  public let bounds: ClosedRange<Double>
  /// Where ticks stand, ascending, within the bounds.
  public let ticks: [Double]

  /// Chooses ticks at round values so that there are about as many as wanted.
  ///
  /// `snaps` widens the bounds of a linear or logarithmic axis to the round values outside.
  public init(covering range: ClosedRange<Double>, kind: Kind = .linear, ticks wanted: Int = 5, snaps: Bool = false) {
    var (low, high) = (range.lowerBound, range.upperBound)
    self.kind = kind
    switch kind {
    case .logarithmic:
      precondition(low > 0, "a logarithmic axis has positive values only")
      let powers = Self.powersOfTen(from: low, to: high)
      if snaps { (low, high) = (powers[0], powers[powers.count - 1]) }
      bounds = low...(high > low ? high : low * 10)
      let every = max(1, powers.count / max(1, wanted))
      ticks = stride(from: 0, to: powers.count, by: every).map { powers[$0] }.filter(bounds.contains)
    case .linear, .time:
      // Values that differ by rounding alone are one value: ticks between them could not be told apart.
      let magnitude = max(low.magnitude, high.magnitude)
      if high - low <= magnitude * 1e-9 {
        (low, high) = (low - max(magnitude * 0.1, 0.5), high + max(magnitude * 0.1, 0.5))
      }
      let step =
        kind == .time
        ? Self.timeStep((high - low) / Double(max(1, wanted))) : Self.roundStep((high - low) / Double(max(1, wanted)))
      if snaps, kind == .linear {
        low = (low / step).rounded(.down) * step
        high = (high / step).rounded(.up) * step
      }
      bounds = low...high
      let first = (low / step - 1e-9).rounded(.up)
      let last = (high / step + 1e-9).rounded(.down)
      // Dividing by a whole number keeps ticks such as 0.3 free of rounding noise.
      let inverse = (1 / step).rounded()
      ticks =
        last < first
        ? []
        : stride(from: first, through: last, by: 1).map {
          step < 1 && (1 / step - inverse).magnitude < 1e-6 ? $0 / inverse : $0 * step
        }
    }
  }

  /// Lays out an axis with given ticks.
  public init(covering range: ClosedRange<Double>, kind: Kind = .linear, at ticks: [Double]) {
    let bounds = Scale(covering: range, kind: kind, ticks: 2).bounds
    self.kind = kind
    self.bounds = min(bounds.lowerBound, ticks.min() ?? .infinity)...max(bounds.upperBound, ticks.max() ?? -.infinity)
    self.ticks = ticks.sorted()
  }

  /// Returns where a value lies: 0 at the lower bound, 1 at the upper.
  public func place(_ value: Double) -> Double {
    switch kind {
    case .linear, .time: (value - bounds.lowerBound) / (bounds.upperBound - bounds.lowerBound)
    case .logarithmic:
      log(value / bounds.lowerBound) / log(bounds.upperBound / bounds.lowerBound)
    }
  }

  /// Returns the text beside a tick.
  public func label(_ tick: Double) -> String {
    guard kind == .time else { return NumberText.significant(tick, digits: 6) }
    let text = Timestamp(milliseconds: Int64(tick)).rfc3339
    let isMidnight = tick.truncatingRemainder(dividingBy: 8.64e7) == 0
    return isMidnight ? String(text.prefix(10).dropFirst(5)) : String(text.dropFirst(11).prefix(5))
  }

  private static func powersOfTen(from low: Double, to high: Double) -> [Double] {
    let first = Int(log10(low).rounded(.down)), last = Int(log10(max(high, low)).rounded(.up))
    return (first...max(last, first + 1)).map { pow(10, Double($0)) }
  }

  /// The least of 1, 2, 2.5, 5 times a power of ten that is not below the wanted step.
  private static func roundStep(_ wanted: Double) -> Double {
    let power = pow(10, log10(wanted).rounded(.down))
    return ([1, 2, 2.5, 5, 10].first { $0 * power >= wanted * 0.999 } ?? 10) * power
  }

  private static func timeStep(_ wanted: Double) -> Double {
    let minute = 6e4, hour = 3.6e6, day = 8.64e7
    let steps = [
      1e3, 5e3, 15e3, minute, 5 * minute, 15 * minute, hour, 3 * hour, 6 * hour, 12 * hour, day, 2 * day, 7 * day,
      14 * day, 28 * day,
    ]
    return steps.first { $0 >= wanted * 0.999 } ?? roundStep(wanted / day) * day
  }
}
