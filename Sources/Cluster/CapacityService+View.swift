public import Basics
public import Planning
public import Wire
public import Workloads

extension CapacityService {
  /// Everything that is known after a tick: what is published, and what queries read.
  public struct View: Equatable, Sendable {
    /// The tick.
    public var tick: Tick
    /// Forecasts in ascending order of series.
    public var forecasts: [SeriesForecast]
    /// Plans in ascending order of service.
    public var plans: [Plan]
    /// What began, went on or ended in this tick.
    public var anomalies: [AnomalyEvent]

    /// Returns the view as bytes (version 2): what a rerun must reproduce.
    public func encoded() -> [UInt8] {
      var w = ByteWriter(reserving: forecasts.count * 700 + 256)
      w.write(2 as UInt8)
      w.write(tick.index)
      w.writeVarint(UInt64(forecasts.count))
      for forecast in forecasts { forecast.encode(into: &w) }
      w.writeVarint(UInt64(plans.count))
      for plan in plans { plan.encode(into: &w) }
      w.writeVarint(UInt64(anomalies.count))
      for anomaly in anomalies { anomaly.encode(into: &w) }
      return w.bytes
    }

    /// Reads a view.
    public init(decoding bytes: [UInt8]) throws(WireError) {
      var r = ByteReader(bytes, reading: "published tick")
      try r.readVersion(2)
      tick = Tick(try r.read())
      forecasts = []
      for _ in 0..<(try r.readCount(elementBytes: 20)) { forecasts.append(try SeriesForecast(from: &r)) }
      plans = []
      for _ in 0..<(try r.readCount(elementBytes: 20)) { plans.append(try Plan(from: &r)) }
      anomalies = []
      for _ in 0..<(try r.readCount(elementBytes: 10)) { anomalies.append(try AnomalyEvent(from: &r)) }
      try r.finish()
    }

    init(tick: Tick, forecasts: [SeriesForecast], plans: [Plan], anomalies: [AnomalyEvent]) {
      (self.tick, self.forecasts, self.plans, self.anomalies) = (tick, forecasts, plans, anomalies)
    }
  }
}
