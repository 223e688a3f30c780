import Basics
import Forecasting
import Foundation
import Workloads

/// The folder of shared reference material, where it is there.
enum Shared {
  static let folder: URL? = {
    let beside = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent().appending(path: "shared")
    let given = ProcessInfo.processInfo.environment["SYNFIRE_SHARED"].map { URL(filePath: $0) }
    let chosen = given ?? beside
    return FileManager.default.fileExists(atPath: chosen.path) ? chosen : nil
  }()
}

/// Seeded random numbers for test data.
struct Noise {
  private let random: CounterRandom
  private var next: UInt32 = 0

  init(seed: UInt64) { random = CounterRandom(seed: seed, stream: 77) }

  /// A number in (0, 1).
  mutating func uniform() -> Double {
    next += 1
    return random.uniform(next)
  }

  /// A standard normal number.
  mutating func normal() -> Double { (-2 * log(uniform())).squareRoot() * cos(2 * .pi * uniform()) }
}

/// One series with encoder neurons stepped by the plainest loop: the reference for everything that is faster.
struct SlowForecaster {
  let prior = Prior.shipped
  var readout: SeriesReadout
  var scratch = ReadoutScratch()
  var counts: [UInt8]
  var tick = 0

  init(ticksPerDay: Int, horizons: [Int]? = nil) throws {
    let shape = try ReadoutShape(ticksPerDay: ticksPerDay, horizons: horizons)
    readout = SeriesReadout(shape: shape, prior: prior)
    counts = Array(repeating: 0, count: shape.counts)
  }

  mutating func step(_ value: Double?, event: Bool = false) -> [[Double]] {
    forecast(value, event: event).quantiles
  }

  mutating func forecast(_ value: Double?, event: Bool = false) -> ReadoutForecast {
    let m = readout.shape.ticksPerDay
    let calendar = TickCalendar(phase: tick % m, weekday: tick / m % 7, ticksPerDay: m)
    tick += 1
    var drives = [Float](repeating: 0, count: prior.neurons)
    var span = drives.mutableSpan
    readout.observe(value, at: calendar, eventNow: event, prior: prior, scratch: &scratch, drives: &span)
    for neuron in drives.indices {
      var v = prior.startPotentials[neuron]
      counts[neuron] = 0
      for _ in 0..<50 {
        v = max(v * prior.decays[neuron] + drives[neuron], -1)
        if v >= 1 {
          v -= 1
          counts[neuron] += 1
        }
      }
    }
    let counted = counts
    return readout.finish(counts: counted.span, prior: prior, scratch: &scratch)
  }

  /// The bit patterns of a tick's quantiles.
  static func bits(_ quantiles: [[Double]]) -> [[UInt64]] { quantiles.map { $0.map(\.bitPattern) } }
}

/// Parts of a network in one process that exchange spikes in memory, as cores do over the wire.
struct SmallCluster {
  let configuration: ForecastConfiguration
  var parts: [ForecastPart]
  var registry = ServiceRegistry()
  /// The part of each service.
  var place: (String) -> Int

  init(_ configuration: ForecastConfiguration, parts: Int, place: @escaping (String) -> Int) {
    self.configuration = configuration
    self.parts = (0..<parts).map { _ in ForecastPart(configuration) }
    self.place = place
  }

  mutating func step(_ sealed: SealedTick) throws -> [SeriesForecast] {
    let new = registry.add(sealed).series
    for number in new { tell(number) }
    for part in parts { try part.beginTick(sealed) }
    for half in 0..<2 {
      let batches = parts.map { $0.advance(half: half) }
      for (receiver, part) in parts.enumerated() {
        for (sender, batch) in batches.enumerated() where sender != receiver { part.receive(batch, half: half) }
      }
    }
    return parts.flatMap { $0.finishTick() }.sorted { $0.series < $1.series }
  }

  private func tell(_ number: Int) {
    let series = registry.series[number]
    for (index, part) in parts.enumerated() {
      part.join(series, number: number, isHere: place(series.service) == index)
    }
  }

  /// Moves everything through snapshots, one per service, to other parts.
  mutating func move(toParts count: Int, place: @escaping (String) -> Int) throws {
    let old = parts
    parts = (0..<count).map { _ in ForecastPart(configuration) }
    for service in registry.services {
      try parts[place(service)].restore(old[self.place(service)].snapshot(of: [service]))
    }
    self.place = place
    for part in parts where part.lastTick == nil { try part.restore(old[0].snapshot(of: [])) }
    for number in registry.series.indices { tell(number) }
  }

  var digest: UInt64 { parts.reduce(0) { $0 &+ $1.digest } }
}
