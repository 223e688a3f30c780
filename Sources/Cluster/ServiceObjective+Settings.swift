internal import Basics
internal import Planning
internal import Workloads

extension ServiceObjective {
  /// The objective of a service's settings after a tick, with what its owner allows in the next one.
  init(_ settings: ServiceSettings, at tick: SealedTick) {
    self.init(settings)
    (mostAdded, mostReleased) = (settings.mostAdded, settings.mostReleased)
    eventPriceFactor = settings.eventPriceFactor ?? 1
    actionPriceMinutes = settings.actionPriceMilliseconds.map { Double($0) / 60_000 }
    let now = Timestamp(milliseconds: (tick.tick.index + 1) * tick.lengthMilliseconds)
    for window in settings.freezes {
      guard let end = window.end(at: now) else { continue }
      let ticks = Int((end.milliseconds - now.milliseconds + tick.lengthMilliseconds - 1) / tick.lengthMilliseconds)
      switch (window.allowance, freeze) {
      case (.nothing, .all(let others)): freeze = .all(ticks: max(ticks, others))
      case (.nothing, _): freeze = .all(ticks: ticks)
      case (.more, .none): freeze = .release(ticks: ticks)
      case (.more, .release(let others)): freeze = .release(ticks: max(ticks, others))
      case (.more, .all): break
      }
    }
  }

  /// The objective of a service's settings.
  init(_ settings: ServiceSettings) {
    self.init(
      minimumReplicas: settings.minReplicas,
      maximumReplicas: settings.maxReplicas,
      capacityPerReplica: settings.capacityPerReplica,
      targetUtilisation: settings.targetUtilization,
      provisioningMilliseconds: settings.provisioningMilliseconds,
      latencySeconds: settings.objective.map { $0.latencyMilliseconds / 1000 },
      latencyQuantile: settings.objective?.quantile ?? 0.95,
      pricePerReplicaHour: settings.pricePerReplicaHour ?? 0
    )
  }
}

extension SealedTick {
  /// The announced events that concern a service.
  func hints(for service: String) -> [EventHint] {
    announced.filter { $0.concerns(service) }.map {
      EventHint(name: $0.name, kind: $0.kind, start: $0.start, end: $0.end, uplift: $0.uplift)
    }
  }
}
