internal import Wire

/// What forecasts and fleets were worth on one day.
public struct ScoreDay: Equatable, Sendable {
  /// A fleet's bill and its broken promises.
  public struct Fleet: Equatable, Sendable {
    /// Minutes above the limit utilisation; billed replica hours; changes of the number.
    public var violationMinutes = 0.0, replicaHours = 0.0, actions = 0
  }

  /// Days since 1970.
  public var number: Int64
  /// Values that had a forecast, of these within their 10…90 % band, and below their 95 % quantile.
  public var values = 0, inBand = 0, below = 0
  /// Sums of |value − median| and of values.
  public var absoluteError = 0.0, sum = 0.0
  /// Closed windows of advice, of these exceeded, and the share that was promised not to be, summed.
  public var windows = 0, exceeded = 0, promised = 0.0
  /// Sums of log(greatest of the window / forecast median) and of its square: how sharp planning could see.
  public var logError = 0.0, squaredLogError = 0.0
  /// Minutes played.
  public var minutes = 0.0
  /// The fleets of the advice, of the autoscaler, and of last week.
  public var fleets = [Fleet(), Fleet(), Fleet()]
  /// Names of the fleets.
  public static let policies = ["synfire", "hpa", "last-week"]

  init(number: Int64) { self.number = number }

  /// Share of values within their 10…90 % band, or nil without one.
  public var coverage: Double? { values > 0 ? Double(inBand) / Double(values) : nil }
  /// Share of values below their 95 % quantile.
  public var belowUpper: Double? { values > 0 ? Double(below) / Double(values) : nil }
  /// Mean absolute error of the next tick, relative to demand.
  public var relativeError: Double? { values > 0 && sum > 0 ? absoluteError / sum : nil }
  /// Standard deviation of the log error of the greatest demand of a planning window.
  public var windowDeviation: Double? {
    guard windows > 1 else { return nil }
    let mean = logError / Double(windows)
    return max(0, squaredLogError / Double(windows) - mean * mean).squareRoot()
  }
  /// Share of windows that exceeded what was planned, and the share that was expected to.
  public var windowExcess: (seen: Double, expected: Double)? {
    windows > 0 ? (Double(exceeded) / Double(windows), 1 - promised / Double(windows)) : nil
  }

  mutating func judge(_ value: Double, expected: [Double]) {
    guard expected.count == 7 else { return }
    values += 1
    if expected[1] <= value, value <= expected[5] { inBand += 1 }
    if value <= expected[6] { below += 1 }
    absoluteError += abs(value - expected[3])
    sum += value
  }

  mutating func judge(_ window: Scorecard.Window) {
    windows += 1
    if window.greatest > window.planned { exceeded += 1 }
    promised += window.quantile
    guard window.greatest > 0, window.median > 0 else { return }
    let error = Arithmetic.logarithm(window.greatest / window.median)
    logError += error
    squaredLogError += error * error
  }

  mutating func count(_ record: FleetReplay.StepRecord, policy: Int, in fleet: FleetReplay) {
    let length = fleet.stepSeconds / 60
    if policy == 0 { minutes += length }
    fleets[policy].replicaHours += Double(record.ready + record.pending) * length / 60
    if record.rho > fleet.limitUtilisation + 1e-9 { fleets[policy].violationMinutes += length }
  }

  mutating func add(_ other: ScoreDay) {
    values += other.values
    inBand += other.inBand
    below += other.below
    absoluteError += other.absoluteError
    sum += other.sum
    windows += other.windows
    exceeded += other.exceeded
    promised += other.promised
    logError += other.logError
    squaredLogError += other.squaredLogError
    minutes += other.minutes
    for i in fleets.indices {
      fleets[i].violationMinutes += other.fleets[i].violationMinutes
      fleets[i].replicaHours += other.fleets[i].replicaHours
      fleets[i].actions += other.fleets[i].actions
    }
  }
}

extension ScoreDay {
  func encode(into w: inout ByteWriter) {
    w.write(number)
    for count in [values, inBand, below, windows, exceeded] + fleets.map(\.actions) { w.write(int: count) }
    w.writeArray([absoluteError, sum, promised, logError, squaredLogError, minutes])
    w.writeArray(fleets.flatMap { [$0.violationMinutes, $0.replicaHours] })
  }

  init(from r: inout ByteReader) throws(WireError) {
    self.init(number: try r.read())
    values = try r.readAmount()
    inBand = try r.readAmount()
    below = try r.readAmount()
    windows = try r.readAmount()
    exceeded = try r.readAmount()
    for i in fleets.indices { fleets[i].actions = try r.readAmount() }
    let sums: [Double] = try r.readArray(count: 6)
    (absoluteError, sum, promised) = (sums[0], sums[1], sums[2])
    (logError, squaredLogError, minutes) = (sums[3], sums[4], sums[5])
    let bills: [Double] = try r.readArray(count: 6)
    for i in fleets.indices { (fleets[i].violationMinutes, fleets[i].replicaHours) = (bills[2 * i], bills[2 * i + 1]) }
  }
}
