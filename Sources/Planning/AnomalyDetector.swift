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
  private var incidents: [Incident] = []

  private struct Sample {
    var forecast: SeriesForecast, relative: Double, run: Int, onset: Tick?
  }

  /// Starts without experience.
  public init(tickMilliseconds: Int64) {
    precondition(tickMilliseconds > 0, "a tick has a length")
    self.tickMilliseconds = tickMilliseconds
  }

  /// Incidents that are open, by id.
  public var openIncidents: [String] { incidents.map(\.id) }

  /// Takes all forecasts of a tick; returns news of incidents: openings and updates, then closings.
  ///
  /// - Complexity: O(series·log(series) + incidents·series).
  public mutating func advance(to tick: Tick, forecasts: [SeriesForecast], calls: [Call] = []) -> [AnomalyEvent] {
    let samples = take(forecasts, at: tick)
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

  private mutating func take(_ forecasts: [SeriesForecast], at tick: Tick) -> [Sample] {
    var samples: [Sample] = []
    for f in forecasts.sorted(by: { $0.series < $1.series }) where f.origin == tick {
      guard let value = f.observed, value.isFinite, f.expected.count == 7, f.age >= Self.leastAge, f.surprise.isFinite
      else { continue }
      var track = tracks[f.series] ?? SurpriseTrack()
      guard track.lastTick < tick else { continue }
      let surprise = min(Surprise.bound, max(0, f.surprise))
      let relative = track.take(surprise, isAbove: value >= f.expected[3], at: tick)
      tracks[f.series] = track
      samples.append(Sample(forecast: f, relative: relative, run: track.clearRun, onset: track.onset))
    }
    return samples
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
      low: s.forecast.expected[0],
      high: s.forecast.expected[6]
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

  /// Appends the whole state (version 1), sorted.
  public func encode(into w: inout ByteWriter) {
    w.write(1 as UInt8)
    w.write(tickMilliseconds)
    w.writeVarint(UInt64(tracks.count))
    for (series, track) in tracks.sorted(by: { $0.key < $1.key }) {
      series.encode(into: &w)
      track.encode(into: &w)
    }
    w.writeVarint(UInt64(incidents.count))
    for incident in incidents { incident.encode(into: &w) }
  }

  /// Reads a state written by `encode`.
  public init(from r: inout ByteReader) throws(WireError) {
    try r.readVersion(1)
    tickMilliseconds = try r.read()
    guard tickMilliseconds > 0 else { throw r.error("a tick's length is positive, found \(tickMilliseconds) ms") }
    for _ in 0..<(try r.readCount(elementBytes: 28)) {
      let series = try SeriesName(from: &r)
      tracks[series] = try SurpriseTrack(from: &r)
    }
    for _ in 0..<(try r.readCount(elementBytes: 27)) { incidents.append(try Incident(from: &r)) }
  }
}

extension Incident {
  var isOver: Bool { calmTicks >= AnomalyDetector.calmTicks || silentTicks >= AnomalyDetector.silentTicks }
}
