public import Basics
public import Wire
public import Workloads

/// Opens an incident when metrics clearly leave their forecast bands, and closes it after calm; one per tenant.
///
/// Surprise is 0 at the median, 1 at the 5 % and 95 % quantiles and grows by 1 per half-band, so one value in ten
/// exceeds 1 and nothing follows from that. An incident opens on any of:
/// - two successive values of a series beyond `clear` (4 half-bands) on the same side;
/// - one value beyond `large` (10) while another series of the service is beyond `supporting` (3) in the same tick;
/// - one value beyond `huge` (15) alone.
///
/// Surprise is what demand and scaling leave of it: CPU that its requests explain, memory that its replicas and latency that
/// its load explain are no news (`ServiceWatch`). CPU or memory that these have not explained for six ticks needs no forecast
/// to be surprising: a leak is slower than any band. Two ticks that are the same to the last bit in every metric, replicas that
/// are lost under load while another metric shows it, and those of which no release ever left so much to the rest, open as well.
///
/// With exponential tails (chance 10⁻ˢ beyond s) four series a minute give 4·10⁻⁴ openings a week by the first rule;
/// Student's t with four degrees of freedom gives 0.3 a week over all rules. A series whose bands are habitually too
/// narrow is measured by its own running 99 % quantile instead (see `SurpriseTrack`).
///
/// Series of the same service and of its neighbours in the call graph join an open incident beyond `supporting`;
/// it closes after five ticks in which no member is beyond `notable` (2), or an hour without any value.
public struct AnomalyDetector: Equatable, Sendable {
  /// Thresholds in half-bands: takes part in calm; joins; opens in pairs; opens with support; opens alone.
  public static let notable = 2.0, supporting = 3.0, clear = 4.0, large = 10.0, huge = 15.0
  /// Values a series must have had before its surprise counts.
  public static let leastAge = 120
  /// Ticks of calm, and of silence, after which an incident closes.
  public static let calmTicks = 5, silentTicks = 60

  /// Length of a tick in ms.
  public let tickMilliseconds: Int64
  private var tracks: [SeriesName: SurpriseTrack] = [:]
  private var watches: [String: ServiceWatch] = [:]
  private var incidents: [Incident] = []

  private struct Sample {
    var forecast: SeriesForecast, relative: Double, run: Int, onset: Tick?
    /// What was expected, and what there is to say besides.
    var band: ClosedRange<Double>, note: String
  }

  /// Starts without experience.
  public init(tickMilliseconds: Int64) {
    precondition(tickMilliseconds > 0, "a tick has a length")
    self.tickMilliseconds = tickMilliseconds
  }

  /// Incidents that are open, by id.
  public var openIncidents: [String] { incidents.map(\.id) }

  /// Takes all forecasts of a tick and the replicas at its end, where they are known; returns news of incidents:
  /// openings and updates, then closings.
  ///
  /// - Complexity: O(series·log(series) + incidents·series).
  public mutating func advance(
    to tick: Tick,
    forecasts: [SeriesForecast],
    calls: [Call] = [],
    replicas: [String: Int] = [:]
  ) -> [AnomalyEvent] {
    let samples = take(forecasts, at: tick, replicas: replicas)
    var neighbours: [String: Set<String>] = [:]
    for call in calls {
      neighbours[call.caller, default: []].insert(call.callee)
      neighbours[call.callee, default: []].insert(call.caller)
    }
    func concerns(_ incident: Incident, _ service: String) -> Bool {
      incident.involves(service) || neighbours[service, default: []].contains { incident.involves($0) }
    }
    var opened: Set<String> = []
    // The strongest opens, so that an incident is named after where it is worst.
    let triggers = samples.filter { isTrigger($0, among: samples) }
      .sorted { ($1.relative, $0.forecast.series) < ($0.relative, $1.forecast.series) }
    for trigger in triggers {
      let service = trigger.forecast.series.service
      guard !incidents.contains(where: { concerns($0, service) }) else { continue }
      incidents.append(Incident(service: service, openedAt: tick))
      opened.insert(incidents[incidents.count - 1].id)
    }
    incidents.sort { ($0.openedAt, $0.service) < ($1.openedAt, $1.service) }

    var news: [AnomalyEvent] = [], closings: [AnomalyEvent] = []
    for i in incidents.indices {
      var hasNewMember = false
      // Members may bring their neighbours in; a chain of calls is walked within the tick.
      var pending = samples.filter { $0.relative >= Self.supporting }
      while let next = pending.firstIndex(where: { concerns(incidents[i], $0.forecast.series.service) }) {
        if incidents[i].take(member(pending[next])) { hasNewMember = true }
        pending.remove(at: next)
      }
      let isWorse = incidents[i].weigh()
      calm(&incidents[i], samples)
      func event(_ kind: AnomalyEvent.Kind) -> AnomalyEvent {
        AnomalyEvent(kind, of: incidents[i], at: tick, calls: calls, tickMilliseconds: tickMilliseconds)
      }
      if opened.contains(incidents[i].id) {
        news.append(event(.opened))
      } else if hasNewMember || isWorse {
        news.append(event(.updated))
      }
      if incidents[i].isOver { closings.append(event(.closed)) }
    }
    incidents.removeAll(where: \.isOver)
    return news + closings
  }

  private mutating func take(_ forecasts: [SeriesForecast], at tick: Tick, replicas: [String: Int]) -> [Sample] {
    var samples: [Sample] = []
    let current = forecasts.filter { $0.origin == tick }.sorted { $0.series < $1.series }
    var start = 0
    while start < current.count {
      let service = current[start].series.service
      let end = current[start...].firstIndex { $0.series.service != service } ?? current.count
      func value(_ metric: String) -> Double? { current[start..<end].first { $0.series.metric == metric }?.observed }
      let judged = watches[service, default: ServiceWatch()].take(
        requests: value("requests"),
        cpu: value("cpu"),
        memory: value("memory"),
        latency: value("latency"),
        replicas: replicas[service]
      )
      for f in current[start..<end] { if let sample = take(f, at: tick, judged) { samples.append(sample) } }
      start = end
    }
    return samples
  }

  private mutating func take(_ f: SeriesForecast, at tick: Tick, _ judged: ServiceWatch.Judgement) -> Sample? {
    guard let value = f.observed, value.isFinite, f.expected.count == 7, f.age >= Self.leastAge, f.surprise.isFinite
    else { return nil }
    var track = tracks[f.series] ?? SurpriseTrack()
    guard track.lastTick < tick else { return nil }
    let surprise = judged.surprise(of: f.series.metric, min(Surprise.bound, max(0, f.surprise)))
    let relative = track.take(surprise, isAbove: value >= f.expected[3], at: tick)
    tracks[f.series] = track
    let isShown = judged.standsStill || judged.lost > 0 && relative >= Self.supporting
    let run = isShown ? max(2, track.clearRun) : track.clearRun
    let forecast = f.expected[0]...max(f.expected[0], f.expected[6])
    return Sample(
      forecast: f,
      relative: relative,
      run: run,
      onset: track.onset,
      band: judged.lastingBand(of: f.series.metric) ?? forecast,
      note: judged.note
    )
  }

  private func isTrigger(_ s: Sample, among samples: [Sample]) -> Bool {
    if s.run >= 2 || s.relative >= Self.huge { return true }
    let series = s.forecast.series
    return s.relative >= Self.large
      && samples.contains {
        $0.relative >= Self.supporting && $0.forecast.series.service == series.service && $0.forecast.series != series
      }
  }

  private func member(_ s: Sample) -> AnomalyEvent.Member {
    AnomalyEvent.Member(
      series: s.forecast.series,
      onset: s.onset ?? s.forecast.origin,
      surprise: s.relative,
      observed: s.forecast.observed ?? 0,
      low: s.band.lowerBound,
      high: s.band.upperBound,
      note: s.note
    )
  }

  private func calm(_ incident: inout Incident, _ samples: [Sample]) {
    let own = samples.filter { s in incident.members.contains { $0.series == s.forecast.series } }
    if own.isEmpty {
      incident.silentTicks += 1
    } else {
      incident.silentTicks = 0
      incident.calmTicks = own.allSatisfy { $0.relative < Self.notable } ? incident.calmTicks + 1 : 0
    }
  }

  /// Appends the whole state (version 3), sorted.
  public func encode(into w: inout ByteWriter) {
    w.write(3 as UInt8)
    w.write(tickMilliseconds)
    w.writeVarint(UInt64(tracks.count))
    for (series, track) in tracks.sorted(by: { $0.key < $1.key }) {
      series.encode(into: &w)
      track.encode(into: &w)
    }
    w.writeVarint(UInt64(watches.count))
    for (service, watch) in watches.sorted(by: { $0.key < $1.key }) {
      w.writeString(service)
      watch.encode(into: &w)
    }
    w.writeVarint(UInt64(incidents.count))
    for incident in incidents { incident.encode(into: &w) }
  }

  /// Reads a state written by `encode`.
  public init(from r: inout ByteReader) throws(WireError) {
    try r.readVersion(3)
    tickMilliseconds = try r.read()
    guard tickMilliseconds > 0 else { throw r.error("a tick's length is positive, found \(tickMilliseconds) ms") }
    for _ in 0..<(try r.readCount(elementBytes: 28)) {
      let series = try SeriesName(from: &r)
      tracks[series] = try SurpriseTrack(from: &r)
    }
    for _ in 0..<(try r.readCount(elementBytes: 100)) {
      let service = try r.readString()
      watches[service] = try ServiceWatch(from: &r)
    }
    for _ in 0..<(try r.readCount(elementBytes: 27)) { incidents.append(try Incident(from: &r)) }
  }
}

extension Incident {
  var isOver: Bool { calmTicks >= AnomalyDetector.calmTicks || silentTicks >= AnomalyDetector.silentTicks }
}
