public import Wire

internal import Basics
internal import Workloads

/// The state of some series of a part as it was between two ticks.
///
/// It shares the memory of the series until they go on: each is copied then, at most once for each state that is held.
public struct ForecastPartState: Sendable {
  private let lastTick: Tick?
  private let prior: UInt64
  private var series: [(number: Int, forecaster: SeriesForecaster)] = []

  /// `prior` is the digest of the one that the series forecast from.
  init(lastTick: Tick?, prior: UInt64) { (self.lastTick, self.prior) = (lastTick, prior) }

  /// Adds a series; they come in ascending order.
  mutating func add(_ number: Int, _ forecaster: SeriesForecaster) { series.append((number, forecaster)) }

  /// Bytes that it hardly exceeds.
  public var mostBytes: Int { series.reduce(64) { $0 + $1.forecaster.readout.byteCount + 1024 } }

  /// Appends it as bytes (version 4), which `ForecastPart.restore` reads.
  ///
  /// Equal bytes mean equal state. The bytes do not depend on what else is placed in the part.
  public func encode(into w: inout ByteWriter) {
    w.write(4 as UInt8)
    w.write(prior)
    w.write(lastTick != nil)
    w.write(lastTick?.index ?? 0)
    w.writeVarint(UInt64(series.count))
    for (number, forecaster) in series {
      w.writeVarint(UInt64(number))
      forecaster.series.encode(into: &w)
      forecaster.snapshot(into: &w)
    }
  }
}
