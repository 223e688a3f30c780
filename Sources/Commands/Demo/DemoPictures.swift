internal import Basics
internal import Cluster
internal import Planning
internal import Workloads

/// What a demonstration published, as pictures.
struct DemoPictures {
  let shop: Shop
  let history: DemoHistory
  /// The service that is shown, and the campaign.
  let service: ShopService, campaign: KnownEvent

  private var values: [Double] { history.requests[service.name] ?? [] }
  private var perDay: Int { Int(86_400_000 / shop.tickMilliseconds) }

  private func tick(of time: Timestamp) -> Int {
    Int((time.milliseconds - shop.start.milliseconds) / shop.tickMilliseconds)
  }

  private func times(_ ticks: Range<Int>) -> [Double] {
    ticks.map { Double(shop.start.milliseconds + Int64($0) * shop.tickMilliseconds) }
  }

  private func plot(_ title: String, _ quantity: String) -> SVGPlot {
    SVGPlot(title, x: .init("time (UTC)", kind: .time), y: .init(quantity, covering: 0...1))
  }

  /// The ticks around the campaign.
  private var around: Range<Int> {
    let margin = perDay / 8
    return max(0, tick(of: campaign.start) - margin)..<min(values.count, tick(of: campaign.end) + margin)
  }

  private func markCampaign(_ plot: inout SVGPlot) {
    plot.mark(Double(campaign.start.milliseconds), campaign.name)
    plot.mark(Double(campaign.end.milliseconds), "its end")
  }

  /// A forecast of the service for ticks, made so many horizons before each.
  private func forecast(_ horizon: Int, for ticks: Range<Int>) -> (low: [Double], median: [Double], high: [Double]) {
    guard let column = history.forecasts[service.name]?[horizon] else { return ([], [], []) }
    let h = history.horizons[horizon]
    func shifted(_ values: [Double]) -> [Double] { ticks.map { $0 >= h ? values[$0 - h] : .nan } }
    return (shifted(column.low), shifted(column.median), shifted(column.high))
  }

  private func add(_ horizon: Int, _ name: String, for ticks: Range<Int>, to plot: inout SVGPlot) {
    let (low, median, high) = forecast(horizon, for: ticks)
    plot.add("its 80 % band", .band(upper: high), x: times(ticks), y: low, colour: 0)
    plot.add(name, .line(), x: times(ticks), y: median, colour: 0)
    plot.add("seen", .line(), x: times(ticks), y: Array(values[ticks]), colour: 6)
  }

  /// Demand before, in and after the campaign against what was forecast a day before.
  func demandInCampaign() -> SVGPlot {
    var plot = plot("\(service.name): \(campaign.name)", "requests/s")
    add(history.horizons.count - 1, "forecast one day before", for: around, to: &plot)
    markCampaign(&plot)
    return plot
  }

  /// Replicas before, in and after the campaign: needed, as advised, and as an autoscaler has them.
  func replicasInCampaign(warmUp: Int) -> SVGPlot {
    var plot = plot("\(service.name): replicas that serve", "replicas")
    let run = FleetComparison(service: service, values: values, shop: shop, warmUp: warmUp)
    let (own, hpa) = (run.play(history.replicas[service.name] ?? []), run.playHPA())
    let x = times(around)
    plot.add("needed", .line(), x: x, y: around.map { Double(run.needed(values[$0])) }, colour: 6)
    plot.add("Synfire", .line(), x: x, y: around.map { Double(own.ready(atTick: $0)) }, colour: 0)
    plot.add("HPA", .line(isDashed: true), x: x, y: around.map { Double(hpa.ready(atTick: $0)) }, colour: 1)
    markCampaign(&plot)
    return plot
  }

  /// The first three days of a service: how the band of an hour ahead finds its width.
  func coldStart() -> SVGPlot {
    var plot = plot("\(service.name): the first three days", "requests/s")
    add(
      min(1, history.horizons.count - 1),
      "forecast one hour before",
      for: 0..<min(values.count, 3 * perDay),
      to: &plot
    )
    return plot
  }

  /// What the recommended number was made of around the campaign, part upon part.
  func explanation() -> SVGPlot {
    var plot = plot("\(service.name): what the number of replicas is made of", "replicas")
    let parts = history.parts[service.name] ?? []
    let ticks = around
    var floor = [Double](repeating: 0, count: ticks.count)
    let groups: [(String, [Explanation.Kind])] = [
      ("base", [.base, .season]), ("event", [.event]), ("headroom", [.headroom, .presentLoad]),
      ("reserve", [.reserve]), ("rest", [.hold, .ramp, .limit, .rounding]),
    ]
    for (colour, (name, kinds)) in groups.enumerated() {
      let upper = zip(floor, ticks).map { base, t in base + kinds.reduce(0) { $0 + (parts[t][$1] ?? 0) } }
      plot.add(name, .band(upper: upper), x: times(ticks), y: floor, colour: colour)
      floor = upper
    }
    let advised = ticks.map { history.replicas[service.name]?[$0].map(Double.init) ?? .nan }
    plot.add("advised", .line(), x: times(ticks), y: advised, colour: 6)
    markCampaign(&plot)
    return plot
  }

  /// Replicas for more or less traffic, as the coordinator answers.
  static func whatIf(_ service: String, _ answers: [(factor: Double, replicas: Double)]) -> SVGPlot {
    var plot = SVGPlot(
      "\(service): what if there were more traffic?",
      x: .init("traffic, as a multiple of what is forecast"),
      y: .init("replicas", covering: 0...1)
    )
    plot.add("needed", .dottedLine, x: answers.map(\.factor), y: answers.map(\.replicas))
    return plot
  }
}
