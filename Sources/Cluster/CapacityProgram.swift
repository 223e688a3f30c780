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
    network = ForecastPart(configuration)
  }

  func load(_ assignment: Assignment, blobs: [PartID: [UInt8]]) throws {
    self.assignment = assignment
    guard assignment.checkpoint != nil else { return }
    for part in assignment.ownParts {
      var r = ByteReader(blobs[part] ?? [], reading: "checkpoint of part \(part.index)")
      registry = try ServiceRegistry(decoding: try r.readBlob())
      try network.restore(try r.readBlob())
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

  func snapshot(at epoch: Epoch) throws -> [PartOutput] {
    let known = registry.encoded()
    return (assignment?.ownParts ?? []).map { part in
      let services = registry.services.indices.filter { $0 % job.parts == Int(part.index) }
      var w = ByteWriter()
      w.writeBlob(known)
      w.writeBlob(network.snapshot(of: Set(services.map { registry.services[$0] })))
      return PartOutput(part: part, bytes: w.bytes)
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
