public import Basics

extension Shop {
  /// What can go wrong in the shop without anybody announcing it.
  public enum IncidentKind: String, Sendable, CaseIterable {
    /// Demand from outside multiplies within minutes.
    case trafficSpike = "traffic-spike"
    /// A service answers slowly, and everything that waits for it.
    case slowDependency = "slow-dependency"
    /// Memory grows until the service is started again.
    case memoryLeak = "memory-leak"
    /// A deployment needs more CPU per request until it is rolled back.
    case cpuRegression = "cpu-regression"
    /// One instance neither serves nor reports.
    case dropOut = "drop-out"
    /// The reported metrics stand still while the service goes on.
    case flatLine = "flat-line"
  }

  /// Something that went wrong: the truth to score anomalies against.
  public struct Incident: Equatable, Sendable {
    /// Where it began.
    public var service: String
    /// What it was.
    public var kind: IncidentKind
    /// When it began.
    public var start: Timestamp
    /// When it was over.
    public var end: Timestamp
    /// Factor of demand, latency or CPU, or extra bytes of a leak; 0 where there is no strength.
    public var severity: Double
  }
}

/// Campaigns and incidents of the shop, drawn from the seed.
///
/// From the third day on every third day has a campaign and the others an incident each, so that neither hides the
/// other. Campaigns begin at hours drawn evenly over the day, which the daily rhythm does not explain.
struct ShopPlan: Sendable {
  /// Announced, before the shop opens: at least two days ahead.
  private(set) var campaigns: [KnownEvent] = []
  /// How strongly people respond to each campaign, as a share of the declared extra demand.
  private(set) var responses: [Double] = []
  private(set) var incidents: [Shop.Incident] = []

  private static let names = ["Flash sale", "Newsletter", "TV spot", "Free shipping day", "Influencer drop"]

  init(seed: UInt64, start: Timestamp, days: Int) {
    let noise = ShopNoise(seed: seed, .plan)
    var kinds: [Shop.IncidentKind] = []
    for day in 0..<days where day >= 2 {
      let midnight = start.milliseconds + Int64(day) * 86_400_000
      if (day - 2) % 3 == 0 {
        addCampaign(noise, day, midnight)
      } else {
        if kinds.isEmpty { kinds = Self.shuffledKinds(noise, day) }
        addIncident(noise, day, midnight, kinds.removeFirst())
      }
    }
  }

  private mutating func addCampaign(_ noise: ShopNoise, _ day: Int, _ midnight: Int64) {
    let begin = midnight + Int64(noise.index(below: 68, day, 1)) * 900_000
    let length = Int64(4 + noise.index(below: 9, day, 2)) * 1_800_000
    let uplift = Double(16 + noise.index(below: 10, day, 3)) / 10
    let number = campaigns.count
    campaigns.append(
      KnownEvent(
        id: "campaign-\(number + 1)",
        name: Self.names[number % Self.names.count],
        kind: .campaign,
        start: Timestamp(milliseconds: begin),
        end: Timestamp(milliseconds: begin + length),
        expectedUplift: uplift
      )
    )
    responses.append(noise.uniform(in: 0.9...1.1, day, 4))
  }

  private mutating func addIncident(_ noise: ShopNoise, _ day: Int, _ midnight: Int64, _ kind: Shop.IncidentKind) {
    let service: String
    let severity: ClosedRange<Double>
    let minutes: ClosedRange<Double>
    switch kind {
    case .trafficSpike: (service, severity, minutes) = ("web", 1.8...2.6, 30...60)
    case .slowDependency: (service, severity, minutes) = ("payment", 5...8, 60...120)
    case .memoryLeak: (service, severity, minutes) = ("recommend", 1.5e9...3e9, 720...840)
    case .cpuRegression: (service, severity, minutes) = ("catalog", 1.4...1.7, 360...540)
    case .dropOut: (service, severity, minutes) = ("search", 0...0, 30...60)
    case .flatLine: (service, severity, minutes) = ("inventory", 0...0, 60...120)
    }
    let hour = noise.uniform(in: kind == .memoryLeak ? 2...9 : 7...14, day, 1)
    let begin = midnight + Int64(hour * 12) * 300_000
    let length = Int64(noise.uniform(in: minutes, day, 2) / 5) * 300_000
    incidents.append(
      Shop.Incident(
        service: service,
        kind: kind,
        start: Timestamp(milliseconds: begin),
        end: Timestamp(milliseconds: begin + length),
        severity: noise.uniform(in: severity, day, 3)
      )
    )
  }

  private static func shuffledKinds(_ noise: ShopNoise, _ day: Int) -> [Shop.IncidentKind] {
    var kinds = Shop.IncidentKind.allCases
    for i in stride(from: kinds.count - 1, to: 0, by: -1) { kinds.swapAt(i, noise.index(below: i + 1, day, 10 + i)) }
    return kinds
  }
}
