public import Basics
internal import Forecasting
internal import Wire
public import Workloads

/// The capacity service in one process, without store, cores and sockets: ticks, forecasts, plans and incidents are those
/// that a cluster would publish for the same samples.
///
///     let replay = try CapacityReplay(configuration, events: shop.events)
///     for tick in shop.ticks { for view in try replay.play(shop.samples(in: tick), until: end(of: tick)) { … } }
///
/// The configuration takes its time from the stream.
public final class CapacityReplay {
  /// What plans and tells incidents.
  public let service: CapacityService
  private let configuration: ServiceConfiguration
  private var folder: TickFolder
  private var registry = ServiceRegistry()
  private let network: ForecastPart
  private let ticks = LastTick()
  private var entries: UInt64 = 0
  private var ordinal: Int64 = 0

  /// Makes a service that has seen nothing.
  ///
  /// - Throws: `ShapeError` when ticks and horizons do not make a network.
  public init(_ configuration: ServiceConfiguration, events: [KnownEvent] = []) throws {
    precondition(configuration.clock == .stream, "a replay takes its time from the stream")
    self.configuration = configuration
    folder = TickFolder(configuration: configuration, calendar: EventCalendar(events))
    network = ForecastPart(
      try ForecastConfiguration(
        tickMilliseconds: configuration.tickMilliseconds,
        horizons: configuration.forecasterHorizons,
        calls: configuration.calls
      ),
      prior: configuration.prior.isEmpty ? .shipped : try Prior(json: configuration.prior)
    )
    service = CapacityService(configuration: configuration, ticks: ticks, publisher: ticks)
  }

  /// Takes samples and a watermark; returns the views of the ticks that are over then.
  public func play(_ samples: [Sample], until time: Timestamp) throws -> [CapacityService.View] {
    for sample in samples { fold(.sample(sample)) }
    fold(.watermark(time))
    var views: [CapacityService.View] = []
    for due in folder.advance(clock: time) {
      let first = registry.series.count
      registry.add(due.sealed)
      for n in first..<registry.series.count { network.join(registry.series[n], number: n, isHere: true) }
      try network.beginTick(due.sealed)
      _ = network.advance(half: 0)
      _ = network.advance(half: 1)
      let forecasts = network.finishTick()
      var w = ByteWriter(reserving: forecasts.count * 700 + 8)
      w.writeVarint(UInt64(forecasts.count))
      for forecast in forecasts { forecast.encode(into: &w) }
      ticks.tick = due.sealed
      ordinal += 1
      let epoch = Epoch(ordinal * Int64(CapacityService.epochsPerTick))
      try service.gather(epoch, [PartOutput(part: PartID(0), bytes: w.bytes)])
      if let view = service.view { views.append(view) }
    }
    return views
  }

  private func fold(_ message: StreamMessage) {
    entries += 1
    _ = folder.fold(StreamEntryID(milliseconds: 0, sequence: entries), message.fields)
  }

  /// Remembers the tick that is planned; publishes nothing.
  private final class LastTick: TickReader, TickPublisher {
    var tick: SealedTick?

    func sealedTick(_ ordinal: Int64) throws -> SealedTick {
      guard let tick else { preconditionFailure("a tick is planned after it was folded") }
      return tick
    }

    func publish(ordinal: Int64, epoch: Epoch, digest: UInt64, view: CapacityService.View, bytes: [UInt8]) {}
  }
}
