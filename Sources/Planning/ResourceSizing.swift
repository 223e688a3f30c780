public import Wire

/// Sizes the CPU or memory request of one replica: quantiles of use with a margin, never below what was seen.
///
/// The request covers the forecast with 15 % and the greatest use of the last eight days with 5 % above it (eight days
/// as in the Kubernetes vertical autoscaler). It rises at once and sinks only by 15 % or more, once a day.
public struct ResourceSizing: Equatable, Sendable {
  private var peaks: [Double] = []
  private var day = Int64.min
  private var loweredDay = Int64.min
  /// The request, or nil before the first value.
  public private(set) var request: Double?

  private static let days = 8, forecastMargin = 1.15, peakMargin = 1.05, release = 0.85

  /// Starts without values.
  public init() {}

  /// Takes the use per replica seen in a tick, and what is forecast for the next ones; returns the request.
  ///
  /// Missing values raise and lower nothing. `isFresh` tells whether the request may sink.
  public mutating func update(used: Double?, forecast: Double?, dayNumber: Int64, isFresh: Bool) -> Double? {
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
    var wanted = peak * Self.peakMargin
    if let forecast, forecast.isFinite { wanted = max(wanted, forecast * Self.forecastMargin) }
    guard let current = request else {
      if wanted > 0 { request = wanted }
      return request
    }
    if wanted > current {
      request = wanted
    } else if isFresh, wanted > 0, wanted < current * Self.release, dayNumber > loweredDay {
      request = wanted
      loweredDay = dayNumber
    }
    return request
  }

  /// Appends the state.
  public func encode(into w: inout ByteWriter) {
    w.writeArray(peaks)
    w.write(day)
    w.write(loweredDay)
    w.write(optional: request)
  }

  /// Reads a state.
  public init(from r: inout ByteReader) throws(WireError) {
    peaks = try r.readArray()
    day = try r.read()
    loweredDay = try r.read()
    request = try r.readOptionalDouble()
  }
}
