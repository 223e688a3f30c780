/// A service of the synthetic shop.
public struct ShopService: Equatable, Sendable {
  /// Its name.
  public var name: String
  /// Requests per second at which one replica's CPU is full.
  public var capacityPerReplica: Double
  /// Latency of its own work on an idle replica, in seconds.
  public var latencySeconds: Double
  /// Memory of an idle replica, in bytes.
  public var memoryBytes: Double
  /// Memory that a request per second adds, in bytes.
  public var memoryBytesPerRequest: Double
  /// The fewest and the most replicas.
  public var replicas: ClosedRange<Int>
  /// Whether the shop's configuration states the capacity; otherwise it has to be learned.
  public var statesCapacity: Bool
}

/// A call between two services of the shop.
struct ShopEdge: Sendable {
  var caller: Int
  var callee: Int
  /// Calls per request of the caller before any cache.
  var ratio: Double
  /// Delay of an asynchronous call; 0 means that the caller waits for the answer.
  var lagMilliseconds: Int64 = 0
  /// Share of the calls that a warm cache answers at most, and the caller's requests per second at which half of it is
  /// reached: more traffic, warmer cache.
  var cache: (hit: Double, halfRate: Double)?

  /// Requests per second that arrive at the callee.
  func demand(of callerRate: Double) -> Double {
    let miss = cache.map { 1 - $0.hit * callerRate / (callerRate + $0.halfRate) } ?? 1
    return ratio * callerRate * miss
  }
}

/// The services of the shop and how they call each other.
enum ShopGraph {
  /// Callers before callees.
  static let services: [ShopService] = [
    service("web", 36, latency: 0.012, megabytes: 220, perRequest: 1.5, 2...60, states: true),
    service("gateway", 60, latency: 0.004, megabytes: 120, perRequest: 0.4, 2...40, states: true),
    service("search", 15, latency: 0.035, megabytes: 900, perRequest: 8, 2...40, states: true),
    service("catalog", 50, latency: 0.008, megabytes: 400, perRequest: 2, 2...40, states: true),
    service("recommend", 20, latency: 0.030, megabytes: 1400, perRequest: 6, 2...40),
    service("media", 60, latency: 0.006, megabytes: 300, perRequest: 3, 2...40),
    service("cart", 12, latency: 0.010, megabytes: 250, perRequest: 4, 2...30),
    service("checkout", 4, latency: 0.025, megabytes: 260, perRequest: 10, 2...30, states: true),
    service("auth", 25, latency: 0.005, megabytes: 150, perRequest: 1, 2...30),
    service("payment", 3, latency: 0.040, megabytes: 200, perRequest: 8, 2...30, states: true),
    service("orders", 4, latency: 0.020, megabytes: 300, perRequest: 9, 2...30, states: true),
    service("inventory", 20, latency: 0.006, megabytes: 350, perRequest: 2, 2...30),
    service("shipping", 3, latency: 0.050, megabytes: 180, perRequest: 6, 2...20),
    service("notify", 6, latency: 0.015, megabytes: 120, perRequest: 2, 2...20),
  ]

  /// Calls, callers in the order of the services.
  static let edges: [ShopEdge] = [
    edge("web", "gateway", 0.8),
    edge("web", "media", 2.5, cache: (hit: 0.75, halfRate: 40)),
    edge("gateway", "search", 0.3),
    edge("gateway", "catalog", 0.55),
    edge("gateway", "cart", 0.12),
    edge("gateway", "auth", 0.25),
    edge("search", "catalog", 1.0),
    edge("catalog", "recommend", 0.4),
    edge("catalog", "inventory", 0.3, cache: (hit: 0.7, halfRate: 60)),
    edge("cart", "inventory", 0.5),
    edge("cart", "checkout", 0.25),
    edge("checkout", "auth", 0.3),
    edge("checkout", "payment", 1.0),
    edge("checkout", "orders", 0.9),
    edge("orders", "inventory", 1.0),
    edge("orders", "shipping", 1.0, lagMinutes: 10),
    edge("orders", "notify", 1.0, lagMinutes: 5),
    edge("shipping", "notify", 0.8, lagMinutes: 15),
  ]

  static func index(of name: String) -> Int? { services.firstIndex { $0.name == name } }

  private static func service(
    _ name: String,
    _ capacity: Double,
    latency: Double,
    megabytes: Double,
    perRequest: Double,
    _ replicas: ClosedRange<Int>,
    states: Bool = false
  ) -> ShopService {
    ShopService(
      name: name,
      capacityPerReplica: capacity,
      latencySeconds: latency,
      memoryBytes: megabytes * 1e6,
      memoryBytesPerRequest: perRequest * 1e6,
      replicas: replicas,
      statesCapacity: states
    )
  }

  private static func edge(
    _ caller: String,
    _ callee: String,
    _ ratio: Double,
    lagMinutes: Int64 = 0,
    cache: (hit: Double, halfRate: Double)? = nil
  ) -> ShopEdge {
    guard let from = index(of: caller), let to = index(of: callee), from < to else {
      preconditionFailure("\(caller) and \(callee) are services, callers first")
    }
    return ShopEdge(caller: from, callee: to, ratio: ratio, lagMilliseconds: lagMinutes * 60_000, cache: cache)
  }
}
