internal import Basics
internal import Glibc
internal import Planning
internal import Workloads

/// The report of a demonstration: forecasts against what came, advice against a reactive autoscaler, incidents found.
struct DemoReport {
  let shop: Shop
  let history: DemoHistory
  /// Ticks before anything is scored: the first three days, in which the forecaster meets the shop.
  private var warmUp: Int { ShopAlarms.warmUp(of: shop) }
  private var perDay: Int { Int(86_400_000 / shop.tickMilliseconds) }

  static func heading(_ text: String) -> String { "\n\(text)\n\(String(repeating: "─", count: text.count))\n" }

  /// The whole report.
  func text(width: Int) -> String {
    var out = Self.heading(
      "Forecasts against what came (requests of \(history.requests.count) services, from day 4 on)"
    )
    out += accuracy().text(.init(width: width))
    if let campaign = lastCampaign {
      out += Self.heading("Advice before and during a campaign: \(title(campaign))")
      out += picture(of: campaign, width: width)
      out += advice(for: campaign).text(.init(width: width))
      out += orderSentence(campaign)
    }
    out += Self.heading(
      "The same days with this advice and with a reactive autoscaler (HPA defaults, one look a minute)"
    )
    out += fleets().text(.init(width: width))
    out += Self.heading("Incidents that nobody announced")
    out += incidents().text(.init(width: width))
    out += otherAlarms()
    return out
  }

  /// The same as pictures, around the last campaign; nil where there is none.
  var pictures: DemoPictures? {
    lastCampaign.flatMap { event in
      subject(of: event).map { DemoPictures(shop: shop, history: history, service: $0, campaign: event) }
    }
  }

  /// Writes the pictures to a folder.
  func writePictures(to folder: String) throws {
    guard let pictures else { return }
    for (name, plot) in [
      ("campaign", pictures.demandInCampaign()), ("replicas", pictures.replicasInCampaign(warmUp: warmUp)),
      ("cold-start", pictures.coldStart()), ("explain", pictures.explanation()),
    ] {
      try FileText.write(plot.svg(), to: "\(folder)/\(name).svg")
    }
  }

  // MARK: accuracy

  private func accuracy() -> Table {
    var table = Table([
      Table.Column("horizon"), Table.Column("error, relative to the last value"),
      Table.Column("relative to the same time yesterday"), Table.Column("inside the 80 % band"),
    ])
    for (j, h) in history.horizons.enumerated() {
      var (last, day, inside, count) = ([Double](), [Double](), 0, 0)
      for (service, values) in history.requests.sorted(by: { $0.key < $1.key }) {
        guard let column = history.forecasts[service]?[j] else { continue }
        var (own, naive, seasonal) = (0.0, 0.0, 0.0)
        for origin in max(warmUp, perDay)..<max(perDay, values.count - h) {
          let (came, now, yesterday) = (values[origin + h], values[origin], values[origin + h - perDay])
          let median = column.median[origin]
          guard came.isFinite, now.isFinite, yesterday.isFinite, median.isFinite else { continue }
          own += abs(came - median)
          naive += abs(came - now)
          seasonal += abs(came - yesterday)
          inside += came >= column.low[origin] && came <= column.high[origin] ? 1 : 0
          count += 1
        }
        if naive > 0 { last.append(own / naive) }
        if seasonal > 0 { day.append(own / seasonal) }
      }
      let time = NumberText.duration(milliseconds: Double(h) * Double(shop.tickMilliseconds))
      table.append([
        .text(time), .number(geometricMean(last), digits: 3), .number(geometricMean(day), digits: 3),
        .share(Double(inside) / Double(max(1, count))),
      ])
    }
    return table
  }

  private func geometricMean(_ values: [Double]) -> Double {
    values.isEmpty ? .nan : exp(values.reduce(0) { $0 + log($1) } / Double(values.count))
  }

  // MARK: campaign

  private var lastCampaign: KnownEvent? {
    shop.events.last {
      $0.kind == .campaign && tick(of: $0.end) + perDay / 12 < shop.ticks.count && tick(of: $0.start) > warmUp
    }
  }

  private func tick(of time: Timestamp) -> Int {
    Int((time.milliseconds - shop.start.milliseconds) / shop.tickMilliseconds)
  }

  private func title(_ event: KnownEvent) -> String {
    let uplift = event.expectedUplift.map { " (announced: ×\(NumberText.significant($0, digits: 3)))" } ?? ""
    return "\(event.name), \(event.start.rfc3339) to \(event.end.rfc3339)\(uplift)"
  }

  /// The service of the campaign with the greatest demand and a stated capacity.
  private func subject(of event: KnownEvent) -> ShopService? {
    Shop.services.filter { $0.statesCapacity && event.services.includes($0.name) && history.requests[$0.name] != nil }
      .max { mean($0) < mean($1) }
  }

  private func mean(_ service: ShopService) -> Double {
    let values = (history.requests[service.name] ?? []).filter(\.isFinite)
    return values.reduce(0, +) / Double(max(1, values.count))
  }

  private func picture(of event: KnownEvent, width: Int) -> String {
    guard let service = subject(of: event), let values = history.requests[service.name],
      let day = history.forecasts[service.name]?.last, let h = history.horizons.last
    else { return "" }
    let (from, to) = (tick(of: event.start) - perDay / 8, min(values.count, tick(of: event.end) + perDay / 8))
    let step = max(1, (to - from) / max(20, width - 14))
    let points = stride(from: from, to: to, by: step).map { t in
      TextPlot.Point(
        observed: values[t].isFinite ? values[t] : nil,
        median: day.median[t - h],
        band: day.low[t - h]...max(day.low[t - h], day.high[t - h])
      )
    }
    let ends = (text(ofTick: from), text(ofTick: to))
    return "\(service.name), requests/s: • seen, ─ forecast one day before, ░ its 80 % band\n"
      + TextPlot(points, height: 12, ends: ends).text() + "\n"
  }

  private func text(ofTick t: Int) -> String {
    String(Timestamp(milliseconds: shop.start.milliseconds + Int64(t) * shop.tickMilliseconds).rfc3339.dropLast(4))
  }

  private func advice(for event: KnownEvent) -> Table {
    var table = Table([
      Table.Column("time"), Table.Column("seen", unit: "1/s"), Table.Column("forecast 1 h before", unit: "1/s"),
      Table.Column("needed"), Table.Column("Synfire"), Table.Column("HPA"),
    ])
    guard let service = subject(of: event), let values = history.requests[service.name] else { return table }
    let run = FleetComparison(service: service, values: values, shop: shop, warmUp: warmUp)
    let (own, hpa) = (run.play(history.replicas[service.name] ?? []), run.playHPA())
    let begin = tick(of: event.start)
    let offsets = [-12, -6, -3, -2, -1, 0, 1, 2, 3, 6, 12, 18] + [tick(of: event.end) - begin + 6]
    for t in offsets.map({ begin + $0 }) where t < values.count {
      let band = history.forecasts[service.name]?[1]
      let h = history.horizons[1]
      let text =
        band.map {
          "\(NumberText.significant($0.median[t - h], digits: 3)) … \(NumberText.significant($0.top[t - h], digits: 3))"
        } ?? ""
      table.append([
        .text(self.text(ofTick: t)), .number(values[t], digits: 3), .text(text), .count(run.needed(values[t])),
        .count(own.ready(atTick: t)), .count(hpa.ready(atTick: t)),
      ])
    }
    return table
  }

  private func orderSentence(_ event: KnownEvent) -> String {
    guard let service = subject(of: event), let sentences = history.sentences[service.name] else { return "" }
    let begin = tick(of: event.start)
    let told = (max(0, begin - perDay / 8)..<begin).first { sentences[$0].contains(event.name) }
    let replicas = history.replicas[service.name] ?? []
    let ordered = (max(1, begin - 12)..<begin + 6).first {
      $0 < replicas.count && (replicas[$0] ?? 0) > (replicas[$0 - 1] ?? 0) && sentences[$0].contains(event.name)
    }
    let lines = [told, ordered].compactMap { $0 }.map { "\(text(ofTick: $0 + 1))  \(service.name): \(sentences[$0])\n" }
    return "\n" + lines.joined()
  }

  // MARK: fleets

  private func fleets() -> Table {
    var table = Table([
      Table.Column("policy"), Table.Column("minutes over the limit"), Table.Column("requests in them"),
      Table.Column("replica hours"), Table.Column("against the cheapest without a violation"), Table.Column("actions"),
    ])
    var (own, hpa) = (FleetScore(), FleetScore())
    for service in Shop.services where service.statesCapacity {
      guard let values = history.requests[service.name] else { continue }
      let run = FleetComparison(service: service, values: values, shop: shop, warmUp: warmUp)
      own.add(run.play(history.replicas[service.name] ?? []).score)
      hpa.add(run.playHPA().score)
    }
    for (name, score) in [("Synfire", own), ("HPA", hpa)] {
      table.append([
        .text(name), .number(score.violationMinutes, digits: 5),
        .share(score.violatedRequests / max(1, score.requests)),
        .number(score.replicaHours, digits: 5), .number(score.costRatio, digits: 3), .count(score.actions),
      ])
    }
    return table
  }

  // MARK: incidents

  private var alarms: ShopAlarms { ShopAlarms(shop: shop, news: history.anomalies, warmUp: warmUp) }

  private func incidents() -> Table {
    var table = Table([
      Table.Column("began"), Table.Column("what"), Table.Column("service"), Table.Column("noticed after"),
      Table.Column("what was said"),
    ])
    let alarms = alarms
    for incident in shop.incidents.sorted(by: { ($0.start, $0.service) < ($1.start, $1.service) }) {
      let found = alarms.noticing(incident)
      table.append([
        .text(String(incident.start.rfc3339.dropLast(4))), .text(incident.kind.rawValue), .text(incident.service),
        found.map { .duration(milliseconds: Double($0.ticks) * Double(shop.tickMilliseconds)) } ?? .text("not"),
        .text(found?.event.sentence ?? ""),
      ])
    }
    return table
  }

  private func otherAlarms() -> String {
    let others = alarms.unexplained.count
    let perWeek = NumberText.significant(Double(others) / max(0.01, alarms.serviceWeeks), digits: 2)
    return "\n\(others) further alarms from day 4 on: \(perWeek) per service and week\n"
  }
}
