public import Wire

/// Sizes the CPU or memory request of one replica: quantiles of use with a margin, never below what was seen.
///
/// The request covers the 95 % quantile of the forecast with 15 % above it, and the greatest use of the last eight days
/// with 5 % (eight days as in the Kubernetes vertical autoscaler). Where use ran out, 20 % above the request or the use of
/// that moment is asked for, and remembered for thirty days: what was refused cannot be seen. It rises at once and sinks
/// only by 15 % or more, once a day.
public struct ResourceSizing: Equatable, Sendable {
  /// What the request rests on.
  public enum Basis: UInt8, Sendable, CaseIterable { case peak, forecast, shortage, kept }

  private var peaks: [Double] = []
  private var day = Int64.min
  private var loweredDay = Int64.min
  /// What a shortage asked for, and its day.
  private var shortage = 0.0, shortageDay = Int64.min
  /// The request, or nil before the first value.
  public private(set) var request: Double?
  /// What it rests on.
  public private(set) var basis = Basis.peak

  private static let days = 8, shortageDays: Int64 = 30
  private static let forecastMargin = 1.15, peakMargin = 1.05, shortageMargin = 1.2, release = 0.85

  /// Starts without values.
  public init() {}

  /// Takes the use per replica seen in a tick, and what is forecast for the next ones; returns the request.
  ///
  /// Missing values raise and lower nothing. `isShort` tells that a replica was ended for want of it in this tick,
  /// `isFresh` whether the request may sink.
  public mutating func update(
    used: Double?,
    forecast: Double?,
    isShort: Bool = false,
    dayNumber: Int64,
    isFresh: Bool
  ) -> Double? {
    if dayNumber > day {
      // A day without values has no peak, but days pass.
      let passed = day == .min ? 1 : day < dayNumber - Int64(Self.days) ? Self.days : Int(dayNumber - day)
      peaks = Array((peaks + Array(repeating: 0, count: passed)).suffix(Self.days))
      day = dayNumber
    }
    if let used, used >= 0, used.isFinite, !peaks.isEmpty {
      peaks[peaks.count - 1] = max(peaks[peaks.count - 1], used)
    }
    let peak = peaks.max() ?? 0
    if isShort {
      (shortage, shortageDay) = (max(shortage, Self.shortageMargin * max(request ?? 0, peak)), dayNumber)
    } else if shortage > 0, dayNumber - shortageDay > Self.shortageDays {
      shortage = 0
    }
    var wanted = (amount: peak * Self.peakMargin, basis: Basis.peak)
    if let forecast, forecast.isFinite, forecast * Self.forecastMargin > wanted.amount {
      wanted = (forecast * Self.forecastMargin, .forecast)
    }
    if shortage > wanted.amount { wanted = (shortage, .shortage) }
    guard wanted.amount > 0 else { return request }
    let mayFall = isFresh && wanted.amount < (request ?? 0) * Self.release && dayNumber > loweredDay
    if request.map({ wanted.amount > $0 }) ?? true {
      (request, basis) = wanted
    } else if mayFall {
      (request, basis) = wanted
      loweredDay = dayNumber
    } else if wanted.amount < request ?? 0 {
      basis = .kept
    }
    return request
  }

  /// Why the request is what it is, in a sentence; nil before there is one.
  public var sentence: String? {
    guard request != nil else { return nil }
    return switch basis {
    case .peak: "5 % above the greatest use of the last 8 days"
    case .forecast: "15 % above the 95 % quantile of the forecast"
    case .shortage: "20 % above what ran out within the last 30 days"
    case .kept: "kept: less would do, but not by 15 % or not since yesterday"
    }
  }

  /// Appends the state.
  public func encode(into w: inout ByteWriter) {
    w.writeArray(peaks)
    w.write(day)
    w.write(loweredDay)
    w.write(shortage)
    w.write(shortageDay)
    w.write(optional: request)
    w.write(basis.rawValue)
  }

  /// Reads a state.
  public init(from r: inout ByteReader) throws(WireError) {
    peaks = try r.readArray()
    day = try r.read()
    loweredDay = try r.read()
    shortage = try r.readDouble()
    shortageDay = try r.read()
    request = try r.readOptionalDouble()
    basis = try r.readCase()
  }
}
