internal import Basics
internal import ChipCore
internal import Forecasting
internal import Wire
internal import Workloads

/// Forecasts the series of the services that are dealt to one core.
///
/// Which services there are, and their numbers, follows from the sealed ticks alone: service n belongs to part n mod
/// parts, so coordinator and cores agree without a message, and a new service joins with the tick that names it.
final class CapacityProgram: CoreProgram {
  private let job: CapacityJob
  private let configuration: ForecastConfiguration
  private var assignment: Assignment?
  private var registry = ServiceRegistry()
  private var network: ForecastPart
  private var ticks: [Int64: SealedTick] = [:]
  private var spoken = SpikeBatch(steps: 0)
  private var forecasts: [SeriesForecast] = []

  init(job: CapacityJob) throws {
    self.job = job
    configuration = try ForecastConfiguration(
      tickMilliseconds: job.tickMilliseconds,
      horizons: job.horizons,
      calls: job.hasProjections ? job.calls : []
    )
    network = ForecastPart(configuration, prior: job.prior.isEmpty ? .shipped : try Prior(json: job.prior))
  }

  func load(_ assignment: Assignment, blobs: [PartID: [UInt8]], keeping kept: Set<PartID>) throws {
    self.assignment = assignment
    (ticks, forecasts) = ([:], [])
    guard assignment.checkpoint != nil else { return }
    if !kept.isEmpty { network.leave { registry.number(of: $0).map { kept.contains(part(ofSeries: $0)) } != true } }
    var known: [UInt8] = []
    for id in assignment.ownParts where !kept.contains(id) {
      var r = ByteReader(blobs[id] ?? [], reading: "checkpoint of part \(id.index)")
      let names = try r.readBlob()
      // The same in every part of a checkpoint.
      if names != known { (registry, known) = (try ServiceRegistry(decoding: names), names) }
      let end = try r.readCount(elementBytes: 1) + r.offset
      try network.restore(from: &r)
      guard r.offset == end else { throw r.error("its series end at byte \(r.offset), not at \(end)") }
      try r.finish()
    }
    join(registry.series.indices)
  }

  /// Tells the network of series: all of them, since any may be heard here.
  private func join(_ numbers: Range<Int>) {
    for number in numbers { network.join(registry.series[number], number: number, isHere: isHere(number)) }
  }

  private func part(ofSeries number: Int) -> PartID { PartID(UInt16(registry.serviceOfSeries[number] % job.parts)) }

  private func isHere(_ number: Int) -> Bool {
    assignment.map { $0.coreOfPart[Int(part(ofSeries: number).index)] == $0.core } ?? false
  }

  func accept(ordinal: Int64, _ bytes: [UInt8]) throws { ticks[ordinal] = try SealedTick(decoding: bytes) }

  func compute(_ epoch: Epoch) throws {
    let half = Int(epoch.index % 2)
    if half == 0 {
      guard let tick = ticks.removeValue(forKey: epoch.index / 2) else {
        preconditionFailure("epoch \(epoch.index) was begun without its tick")
      }
      join(registry.add(tick).series)
      try network.beginTick(tick)
    }
    spoken = network.advance(half: half)
    if half == 1 { forecasts = network.finishTick() }
  }

  func outgoing(to core: CoreID) -> SpikeBatch { spoken }

  func deliver(_ epoch: Epoch, _ foreign: [SpikeBatch]) throws {
    // Spikes of the second half would come after the counts were read; nobody sends any.
    guard epoch.index % 2 == 0 else { return }
    for batch in foreign { network.receive(batch, half: 0) }
  }

  func output(at epoch: Epoch) throws -> [PartOutput] {
    let own = assignment?.ownParts ?? []
    var lists: [PartID: [SeriesForecast]] = [:]
    for forecast in forecasts {
      guard let number = registry.number(of: forecast.series) else { continue }
      lists[part(ofSeries: number), default: []].append(forecast)
    }
    return own.map { part in
      let list = lists[part] ?? []
      var w = ByteWriter(reserving: list.count * 700 + 8)
      w.writeVarint(UInt64(list.count))
      for forecast in list { forecast.encode(into: &w) }
      return PartOutput(part: part, bytes: w.bytes)
    }
  }

  func snapshot(at epoch: Epoch) throws -> [PartSnapshot] {
    let known = registry.encoded()
    let states = network.states { registry.number(of: $0).map { Int(part(ofSeries: $0).index) } }
    return (assignment?.ownParts ?? []).map { part in
      let state = states[Int(part.index)] ?? network.emptyState
      return PartSnapshot {
        var w = ByteWriter(reserving: known.count + state.mostBytes + 16)
        w.writeBlob(known)
        w.writeBlob { state.encode(into: &$0) }
        return PartOutput(part: part, bytes: w.bytes)
      }
    }
  }

  func count(into statistics: inout CoreStatistics) {
    let counts = network.statistics
    statistics.series = UInt64(network.series.count)
    statistics.neurons = UInt64(counts.neurons)
    statistics.synapses = UInt64(counts.synapses)
    statistics.spikes = UInt64(counts.spikes)
    statistics.events = UInt64(counts.synapticEvents)
  }
}
