internal import Basics
internal import Workloads

/// What is fed to a private cluster, tick by tick.
struct ClusterLoad: Sendable {
  /// The tenant.
  var tenant: String
  /// The configuration as YAML.
  var configuration: String
  /// The first tick.
  var first: Tick
  /// The length of a tick in ms.
  var tickMilliseconds: Int64
  /// The samples of a tick.
  var samples: @Sendable (Tick) -> [Sample]

  /// The first day, so that figures do not depend on today.
  static let start = Timestamp(milliseconds: 1_792_972_800_000)

  /// A shop.
  static func shop(_ shop: Shop) -> ClusterLoad {
    ClusterLoad(
      tenant: "shop",
      configuration: shop.configuration(),
      first: shop.ticks.first ?? Tick(0),
      tickMilliseconds: shop.tickMilliseconds,
      samples: { shop.samples(in: $0) }
    )
  }

  /// So many services that do not call each other, with four metrics each, that rise and fall with the day.
  static func fleet(services: Int) -> ClusterLoad {
    let tickMilliseconds: Int64 = 300_000
    return ClusterLoad(
      tenant: "fleet",
      configuration: """
        tenant: fleet
        clock: stream
        sample: 5 min
        tick: 5 min
        grace: 0 s
        services:
          "*": {replicas: {min: 1, max: 20}, provisioning: 10 min}

        """,
      first: Tick(start.milliseconds / tickMilliseconds),
      tickMilliseconds: tickMilliseconds,
      samples: { tick in
        (0..<services).map { i in
          // A triangle of a day, shifted by service: no function whose last digit depends on a library.
          let phase = Double((Int(tick.index) + i * 7) % 288) / 288
          let level = 1 + 2 * min(phase, 1 - phase)
          return Sample(
            service: "service-\(i)",
            time: Timestamp(milliseconds: tick.index * tickMilliseconds),
            readings: [
              .init("requests", 100 * level), .init("cpu", 0.2 * level), .init("memory", 1e9 + 1e8 * level),
              .init("latency", 20 * level),
            ]
          )
        }
      }
    )
  }
}
