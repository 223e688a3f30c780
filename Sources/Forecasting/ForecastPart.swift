public import Basics
public import ChipCore
public import Wire
public import Workloads

/// The forecasters of the services that are placed on one core: their neurons, their readouts, and who listens to whom.
///
/// A tick is: `join` what is new, `beginTick`, `advance` the first half, `receive` the other parts' spikes, `advance` the
/// second half, `finishTick`. Own spikes are delivered without `receive`; the second half sends none. What a part forecasts
/// for a series depends on the sealed ticks and the call graph only: not on which services share the part, on snapshots,
/// or on the order of batches. Between ticks the whole state lies in the series, so a shard of services may go on in
/// any other part.
public final class ForecastPart {
  /// Series in one tile of the simulation; small, so that joining rebuilds little and columns stay in the second-level cache.
  private static let seriesPerTile = 32
  /// Other series of its service that one learns from.
  private static let mostOthers = ReadoutConstants.linearOmitted.count

  private struct Member {
    var number: Int
    var forecaster: SeriesForecaster
    var value: Double?
    /// How far the value lies from the level, in scales; and the members that it is told to or learns from, the series of
    /// the service that appeared first.
    var deviation: Float = 0
    var others: [Int] = []
    /// Whether it takes part in the present tick.
    var isAwake = false
    var tile = 0
    var place = 0
  }

  /// What fixes the network.
  public let configuration: ForecastConfiguration
  /// The tick that was finished last.
  public private(set) var lastTick: Tick?

  let prior: Prior
  private var members: [Member] = []
  private var indices: [SeriesName: Int] = [:]
  /// The members of each service, in the order of their numbers.
  private var kin: [String: [Int]] = [:]
  /// Numbers of all series of the network that are heard, by service.
  private var speakers: [String: Int] = [:]
  private var tiles: [ForecastTile] = []
  /// Tiles before this one are as they should be.
  private var intactTiles = 0
  /// Members in ascending order of their series; empty when it must be found again.
  private var order: [Int] = []
  /// The series of the last tick's values and the members they belong to: the next tick mostly has the same.
  private var places: [(series: SeriesName, member: Int?)] = []
  private var scratch = ReadoutScratch()
  private var counts: [UInt8] = []
  private var present: (tick: Tick, halves: Int)?

  /// Makes a part that holds nothing.
  public init(_ configuration: ForecastConfiguration, prior: Prior = .shipped) {
    (self.configuration, self.prior) = (configuration, prior)
  }

  /// The series placed here, in ascending order.
  public var series: [SeriesName] { indices.keys.sorted() }

  /// Bytes of the state of all series placed here.
  public var byteCount: Int { members.reduce(0) { $0 + $1.forecaster.readout.byteCount } }

  /// Counts of the neurons and synapses that simulate them.
  public var statistics: TileStatistics {
    var sum = TileStatistics()
    for tile in tiles {
      let own = tile.statistics
      sum.neurons += own.neurons
      sum.synapses += own.synapses
      sum.spikes += own.spikes
      sum.synapticEvents += own.synapticEvents
    }
    return sum
  }

  /// Tells the part of a series of the network, between ticks; a series placed here starts from the prior.
  ///
  /// Every part must hear of every series before the tick in which it appears, with the same number. Telling it again
  /// changes nothing.
  public func join(_ series: SeriesName, number: Int, isHere: Bool) {
    precondition(present == nil, "series join between ticks")
    precondition(number >= 0 && number < Int(UInt32.max) / SeriesPopulation.stride, "a number with 32-bit neuron ids")
    hear(series, number)
    guard isHere, indices[series] == nil else { return }
    let shape = configuration.shape(ofService: series.service, prior: prior)
    add(Member(number: number, forecaster: SeriesForecaster(series, shape: shape, prior: prior)))
  }

  private func hear(_ series: SeriesName, _ number: Int) {
    guard series.metric == Listeners.metric, configuration.heard.contains(series.service) else { return }
    let known = speakers.updateValue(number, forKey: series.service)
    precondition(known == nil || known == number, "the number of a series never changes")
    // Whoever listens to it has new synapses.
    if known == nil { intactTiles = 0 }
  }

  private func add(_ member: Member) {
    indices[member.forecaster.series] = members.count
    (order, places) = ([], [])
    members.append(member)
    introduce(members.count - 1)
    counts = Array(repeating: 0, count: max(counts.count, member.forecaster.readout.shape.counts))
    intactTiles = min(intactTiles, (members.count - 1) / Self.seriesPerTile)
  }

  /// Lets go of series that go on elsewhere; between ticks only.
  public func leave(where isGone: (SeriesName) -> Bool) {
    precondition(present == nil, "series leave between ticks")
    guard let first = members.firstIndex(where: { isGone($0.forecaster.series) }) else { return }
    members.removeAll { isGone($0.forecaster.series) }
    indices = Dictionary(uniqueKeysWithValues: members.enumerated().map { ($1.forecaster.series, $0) })
    (order, places) = ([], [])
    intactTiles = min(intactTiles, first / Self.seriesPerTile)
    kin = [:]
    for index in members.indices { introduce(index) }
  }

  /// Lets a member and the other series of its service learn from each other.
  ///
  /// All series of a service are placed together and keep their numbers, so who learns from whom is the same everywhere.
  private func introduce(_ index: Int) {
    let service = members[index].forecaster.series.service
    let all = (kin[service, default: []] + [index]).sorted { members[$0].number < members[$1].number }
    kin[service] = all
    for own in all { members[own].others = Array(all.lazy.filter { $0 != own }.prefix(Self.mostOthers)) }
  }

  /// Whether a series is placed here.
  func holds(_ series: SeriesName) -> Bool { indices[series] != nil }

  /// The number and state of a series that is placed here; between ticks only.
  func state(of series: SeriesName) -> (number: Int, forecaster: SeriesForecaster) {
    precondition(present == nil, "the state is whole between ticks")
    guard let index = indices[series] else { preconditionFailure("\(series) is not placed here") }
    return (members[index].number, members[index].forecaster)
  }

  /// The numbers and states of all series placed here, in ascending order of the series; between ticks only.
  var sortedMembers: some Sequence<(number: Int, forecaster: SeriesForecaster)> {
    precondition(present == nil, "the state is whole between ticks")
    sortOnce()
    return order.lazy.map { [members] in (members[$0].number, members[$0].forecaster) }
  }

  /// Finds the order of the members again after some came or left.
  private func sortOnce() {
    guard order.isEmpty else { return }
    order = members.indices.sorted { members[$0].forecaster.series < members[$1].forecaster.series }
  }

  /// Adds restored series and goes on after their last tick.
  func goOn(after tick: Tick?, with read: [(number: Int, forecaster: SeriesForecaster)]) throws(WireError) {
    precondition(present == nil, "series are restored between ticks")
    if lastTick == nil, members.isEmpty {
      lastTick = tick
    } else if tick != lastTick {
      throw WireError(
        reading: "snapshot of forecasters",
        problem: "it was taken after tick \(tick?.index ?? -1), this part is at \(lastTick?.index ?? -1)"
      )
    }
    for (number, forecaster) in read {
      hear(forecaster.series, number)
      add(Member(number: number, forecaster: forecaster))
    }
  }

  private func buildTiles() {
    let size = Self.seriesPerTile
    tiles.removeLast(max(0, tiles.count - intactTiles))
    for first in stride(from: intactTiles * size, to: members.count, by: size) {
      let range = first..<min(first + size, members.count)
      let populations = members[range].map { member in
        let series = member.forecaster.series
        let callers = configuration.callers[series.service]
        return SeriesPopulation(
          number: member.number,
          isHeard: series.metric == Listeners.metric && configuration.heard.contains(series.service),
          heardSeries: callers.map { $0.compactMap { speakers[$0] } },
          callers: callers?.count ?? 0
        )
      }
      for index in range { (members[index].tile, members[index].place) = (tiles.count, index - first) }
      tiles.append(ForecastTile(populations, prior: prior))
    }
    intactTiles = tiles.count
  }

  /// Takes a sealed tick: every series learns from its value and drives its neurons.
  ///
  /// A series that was silent for a day sleeps, without forecasts, until it has a value again.
  ///
  /// - Throws: `ForecastPartError` when the tick does not follow the last one or has another length than configured.
  public func beginTick(_ sealed: SealedTick) throws(ForecastPartError) {
    precondition(present == nil, "a tick is begun while another one runs")
    if let lastTick, sealed.tick.index != lastTick.index + 1 {
      throw .tickOutOfOrder(wanted: lastTick + 1, given: sealed.tick)
    }
    guard sealed.lengthMilliseconds == configuration.tickMilliseconds else {
      throw .tickLength(wanted: configuration.tickMilliseconds, given: sealed.lengthMilliseconds)
    }
    present = (sealed.tick, 0)
    if intactTiles < tiles.count || tiles.count * Self.seriesPerTile < members.count { buildTiles() }
    deal(sealed.values)
    let calendar = TickCalendar(tick: sealed.tick, lengthMilliseconds: sealed.lengthMilliseconds)
    let events = Dictionary(sealed.calendar.map { ($0.service, $0) }, uniquingKeysWith: { first, _ in first })
    // All of them before any learns, for each is measured against its level until now.
    for index in members.indices where members[index].value != nil {
      members[index].deviation = members[index].forecaster.deviation(
        of: members[index].value,
        events: events.isEmpty ? nil : events[members[index].forecaster.series.service]
      )
    }
    // Tile by tile, so that its columns stay in the cache: the first half needs the drives only.
    for (number, tile) in tiles.enumerated() {
      tile.restart()
      let first = number * Self.seriesPerTile
      for index in first..<min(first + Self.seriesPerTile, members.count) {
        observe(index, tile, calendar, events)
      }
      tile.advanceHalf()
    }
  }

  private func observe(
    _ index: Int,
    _ tile: ForecastTile,
    _ calendar: TickCalendar,
    _ events: [String: ServiceCalendar]
  ) {
    let isAwake = members[index].value != nil || members[index].forecaster.readout.gap < configuration.ticksPerDay
    members[index].isAwake = isAwake
    var others = SIMD4<Float>.zero
    for (k, other) in members[index].others.enumerated() { others[k] = members[other].deviation }
    let next = index + 1 < members.count ? members[index + 1].forecaster.readout.fetch(calendar) : nil
    tile.withDrives(of: members[index].place) { drives in
      guard isAwake else {
        for i in drives.indices { drives[i] = 0 }
        return
      }
      members[index].forecaster.observe(
        members[index].value,
        at: calendar,
        events: events.isEmpty ? nil : events[members[index].forecaster.series.service],
        others: others,
        prior: prior,
        scratch: &scratch,
        next: next,
        drives: &drives
      )
    }
  }

  /// Gives each member its value.
  private func deal(_ values: [SeriesValue]) {
    for index in members.indices { (members[index].value, members[index].deviation) = (nil, 0) }
    for (k, value) in values.enumerated() {
      if k < places.count, places[k].series == value.series {
        if let member = places[k].member { members[member].value = value.value }
        continue
      }
      let member = indices[value.series]
      if let member { members[member].value = value.value }
      if k < places.count { places[k] = (value.series, member) } else { places.append((value.series, member)) }
    }
  }

  /// Runs half a tick (0, then 1) and returns the spikes that other parts must receive, ascending within each step.
  public func advance(half: Int) -> SpikeBatch {
    precondition(present?.halves == half && half < 2, "a tick has two halves, one after the other")
    present?.halves = half + 1
    // The first half ran with the drives.
    if half == 1 { for tile in tiles { tile.advanceHalf() } }
    guard half == 0, !configuration.heard.isEmpty else { return SpikeBatch(steps: Listeners.delaySteps) }
    var steps = [[UInt32]](repeating: [], count: Listeners.delaySteps)
    for tile in tiles { tile.addSpokenSpikes(to: &steps) }
    var batch = SpikeBatch(steps: 0)
    for step in steps {
      batch.neurons += step.sorted()
      batch.stepEnds.append(batch.neurons.count)
    }
    deliver(batch)
    return batch
  }

  /// Takes what another part returned from `advance(half:)`, before the next half is run.
  public func receive(_ batch: SpikeBatch, half: Int) {
    precondition(present?.halves == half + 1, "spikes of half \(half) come after it and before the next half")
    precondition(batch.stepEnds.count <= Listeners.delaySteps, "a batch covers half a tick")
    if half == 0 { deliver(batch) }
  }

  private func deliver(_ batch: SpikeBatch) {
    guard !batch.neurons.isEmpty else { return }
    for tile in tiles { tile.receive(batch) }
  }

  /// Ends the tick and returns the forecasts of the series placed here, in ascending order.
  public func finishTick() -> [SeriesForecast] {
    guard let present, present.halves == 2 else { preconditionFailure("a tick ends after its two halves") }
    var forecasts: [SeriesForecast] = []
    forecasts.reserveCapacity(members.count)
    sortOnce()
    for (k, index) in order.enumerated() where members[index].isAwake {
      let next = k + 1 < order.count ? members[order[k + 1]].forecaster.readout.fetchForFinish() : nil
      let size = members[index].forecaster.readout.shape.counts
      tiles[members[index].tile].loadCounts(of: members[index].place, into: &counts)
      forecasts.append(
        members[index].forecaster.finish(
          counts: counts.span.extracting(0..<size),
          origin: present.tick,
          prior: prior,
          scratch: &scratch,
          next: next
        )
      )
    }
    lastTick = present.tick
    self.present = nil
    return forecasts
  }
}
