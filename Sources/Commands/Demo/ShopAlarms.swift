internal import Basics
internal import Planning
internal import Workloads

/// The alarms of a service that watched the shop, against what really went wrong there.
struct ShopAlarms {
  let shop: Shop
  /// News of incidents in order.
  private(set) var news: [AnomalyEvent]
  /// Ticks before anything is judged.
  let warmUp: Int

  /// Judges news from a tick of the shop on; what was opened before is what came of meeting the shop.
  init(shop: Shop, news: [AnomalyEvent], warmUp: Int) {
    (self.shop, self.news, self.warmUp) = (shop, news, warmUp)
  }

  /// The ticks after which a shop of so many days is judged: three days, in which the forecaster meets it.
  static func warmUp(of shop: Shop) -> Int {
    min(shop.ticks.count / 2, 3 * Int(86_400_000 / shop.tickMilliseconds))
  }

  /// The first news that tells of something that went wrong, and how many ticks after its beginning: 1 is the first that
  /// could; nil where nobody noticed.
  func noticing(_ incident: Shop.Incident) -> (event: AnomalyEvent, ticks: Int)? {
    let first = incident.start.milliseconds / shop.tickMilliseconds
    let event = news.first { $0.kind != .closed && tells(of: incident, $0) }
    return event.map { ($0, Int($0.tick.index - first) + 1) }
  }

  private func tells(of incident: Shop.Incident, _ event: AnomalyEvent) -> Bool {
    let length = shop.tickMilliseconds
    guard (event.tick.index + 1) * length > incident.start.milliseconds,
      event.tick.index * length < incident.end.milliseconds + 2 * length
    else { return false }
    return event.members.contains {
      $0.series.service == incident.service && ($0.onset.index + 1) * length > incident.start.milliseconds
    }
  }

  /// Alarms after the warm-up that nothing explains that went wrong.
  var unexplained: [AnomalyEvent] {
    let first = (shop.ticks.first?.index ?? 0) + Int64(warmUp)
    return news.filter { event in
      event.kind == .opened && event.tick.index >= first && !shop.incidents.contains { tells(of: $0, event) }
    }
  }

  /// Weeks of a service that were judged, summed over the services.
  var serviceWeeks: Double {
    Double(shop.ticks.count - warmUp) * Double(shop.tickMilliseconds) / 604_800_000 * Double(Shop.services.count)
  }
}
