public import Wire

/// Learns what one replica of a service can do from its requests, CPU, latency and number of replicas.
///
/// Three ways, the first that applies wins:
/// 1. The objective gives the capacity.
/// 2. The objective gives the cores of a replica: CPU is a line in requests, `cpu = base + k·requests` over the whole
///    service, so a replica is full at `(cores − base per replica) / k` requests/s.
/// 3. Replicas are counted and latency rises with load: a replica behind a random balancer is an M/M/1 queue with
///    processor sharing, whose mean latency is L = L₀ / (1 − x/C) at x requests/s per replica. So 1/L = (1/L₀)(1 − x/C)
///    is a line in x that meets zero at C. The slope's steeper end (two standard errors) is taken, and no replica is
///    planned to serve more than 1.25 times the greatest x seen so far: a plan walks to fewer replicas in small steps.
///
/// Where none applies, capacity is unknown and a planner keeps what runs.
public struct CapacityModel: Equatable, Sendable {
  /// What a capacity rests on.
  public enum Source: UInt8, Sendable { case given, cores, latency }

  /// A capacity with its uncertainty.
  public struct Estimate: Equatable, Sendable {
    /// Requests/s of a replica at utilisation 1.
    public var requestsPerReplica: Double
    /// Standard error relative to the value.
    public var relativeError: Double
    /// What it rests on.
    public var source: Source
  }

  /// CPU in cores over requests/s, for the whole service.
  public private(set) var processors = RobustLine()
  /// Inverse mean latency in 1/s over requests/s per replica.
  public private(set) var quickness = RobustLine()
  private var greatestLoad = 0.0
  private var replicas = 1.0

  private static let leastPoints = 30

  /// Starts without experience.
  public init() {}

  /// Learns from one tick; what is nil was not measured or not believed.
  public mutating func observe(requests: Double?, cpuCores: Double?, latencySeconds: Double?, replicas count: Double?) {
    guard let requests, requests.isFinite, requests >= 0 else { return }
    if let cpuCores { processors.observe(x: requests, y: cpuCores) }
    guard let count, count >= 1, count.isFinite else { return }
    replicas = count
    if let latencySeconds, latencySeconds > 0, latencySeconds.isFinite, requests > 0 {
      let load = requests / count
      greatestLoad = max(greatestLoad, load)
      quickness.observe(x: load, y: 1 / latencySeconds)
    }
  }

  /// Returns the capacity of a replica, or nil while it is unknown.
  public func estimate(for objective: ServiceObjective) -> Estimate? {
    if let given = objective.capacityPerReplica {
      return Estimate(requestsPerReplica: given, relativeError: 0, source: .given)
    }
    if let cores = objective.coresPerReplica, let k = coresPerRequest {
      let free = cores - baseCores / replicas
      let error = processors.slopeError / k
      if free > 0.05 * cores, error < 0.25 {
        return Self.estimate(free / (k * (1 + error)), relativeError: error, source: .cores)
      }
    }
    let steepness = -quickness.slope
    let error = quickness.slopeError / max(steepness, 1e-300)
    guard quickness.count >= Self.leastPoints, steepness > 0, error < 0.2, quickness.intercept > 0 else { return nil }
    let careful = quickness.intercept / (steepness + 2 * quickness.slopeError)
    let capacity = min(1.25 * greatestLoad / objective.targetUtilisation, max(careful, greatestLoad))
    return Self.estimate(capacity, relativeError: error, source: .latency)
  }

  private static func estimate(_ capacity: Double, relativeError: Double, source: Source) -> Estimate? {
    guard capacity.isFinite, capacity >= 1e-6 else { return nil }
    return Estimate(requestsPerReplica: min(capacity, 1e12), relativeError: relativeError, source: source)
  }

  /// CPU in cores that one request/s costs, or nil while unknown.
  public var coresPerRequest: Double? {
    guard processors.count >= Self.leastPoints else { return nil }
    // A base load below zero is none: then the line through the origin is meant.
    let k = processors.intercept >= 0 ? processors.slope : processors.value(at: processors.center) / processors.center
    return k > 0 && k.isFinite ? k : nil
  }

  /// CPU in cores without any request.
  public var baseCores: Double { max(0, processors.intercept) }

  /// Returns the CPU in cores that a demand needs, two residuals above the line, or nil while unknown.
  public func cores(forRequests demand: Double) -> Double? {
    coresPerRequest.map { baseCores + $0 * demand + 2 * processors.residual }
  }

  /// Returns the utilisation at which latency reaches its promised bound, or nil where that is not known.
  ///
  /// The sojourn time of M/M/1 is exponential, so its quantile p is ln(1/(1 − p)) times its mean L₀/(1 − ρ).
  public func limitUtilisation(for objective: ServiceObjective) -> Double? {
    guard let bound = objective.latencySeconds, quickness.count >= Self.leastPoints, quickness.intercept > 0,
      quickness.slope < 0, quickness.interceptError < 0.1 * quickness.intercept
    else { return nil }
    let tail = Arithmetic.logarithm(1 / (1 - objective.latencyQuantile))
    let limit = 1 - tail / quickness.intercept / bound
    return limit > 0.2 ? min(limit, 0.95) : nil
  }

  /// Appends the state.
  public func encode(into w: inout ByteWriter) {
    processors.encode(into: &w)
    quickness.encode(into: &w)
    w.write(greatestLoad)
    w.write(replicas)
  }

  /// Reads a state.
  public init(from r: inout ByteReader) throws(WireError) {
    processors = try RobustLine(from: &r)
    quickness = try RobustLine(from: &r)
    greatestLoad = try r.readDouble()
    replicas = try r.readDouble()
  }
}
