import Forecasting
import Foundation
import Testing
import Wire

struct ReadoutTests {
  private func series(_ count: Int, seed: UInt64, ticksPerDay m: Int = 24) -> [Double?] {
    var noise = Noise(seed: seed)
    return (0..<count).map { t in
      let value = 100 * (1 + 0.5 * sin(2 * .pi * Double(t % m) / Double(m))) * exp(0.1 * noise.normal())
      return noise.uniform() < 0.02 ? nil : value
    }
  }

  @Test(arguments: [(24, 64), (288, 64), (1440, 122)])
  func `a series of five-minute ticks takes at most 64 KiB, one of minutes 122`(ticksPerDay: Int, most: Int) throws {
    let shape = try ReadoutShape(ticksPerDay: ticksPerDay)
    let readout = SeriesReadout(shape: shape, prior: .shipped)
    #expect(readout.byteCount <= most * 1024, "\(readout.byteCount)")
    var writer = ByteWriter()
    readout.snapshot(into: &writer)
    #expect(writer.bytes.count <= most * 1024)
  }

  /// What is kept of a week and of profiles is rounded, but about the level.
  @Test func `a small rhythm on a great level is kept`() throws {
    var forecaster = try SlowForecaster(ticksPerDay: 48)
    var noise = Noise(seed: 8)
    var medians: [Double] = []
    var (error, size) = (0.0, 0.0)
    for t in 0..<48 * 7 {
      let value = 1e6 * (1 + 1e-4 * sin(2 * .pi * Double(t % 48) / 48) + 2e-6 * noise.normal())
      medians.append(forecaster.step(value)[2][3])
      guard t >= 48 * 5 else { continue }
      error += abs(medians[t - 48] / value - 1)
      size += abs(value / 1e6 - 1)
    }
    #expect(error < 0.15 * size, "\(error / size) of the rhythm")
  }

  @Test func `what comes later changes no earlier forecast`() throws {
    let values = series(300, seed: 1)
    var (whole, cut) = (try SlowForecaster(ticksPerDay: 24), try SlowForecaster(ticksPerDay: 24))
    var early: [[[UInt64]]] = []
    for value in values.prefix(200) { early.append(SlowForecaster.bits(cut.step(value))) }
    for (t, value) in values.enumerated() {
      let quantiles = whole.step(t < 200 ? value : 1e6)
      if t < 200 { #expect(SlowForecaster.bits(quantiles) == early[t]) }
    }
  }

  @Test(arguments: [0, 1, 13, 100, 250])
  func `a restored series goes on bit for bit`(ticks: Int) throws {
    let values = series(300, seed: 2)
    var first = try SlowForecaster(ticksPerDay: 24)
    for value in values.prefix(ticks) { _ = first.step(value) }
    var writer = ByteWriter()
    first.readout.snapshot(into: &writer)
    var second = try SlowForecaster(ticksPerDay: 24)
    var reader = ByteReader(writer.bytes, reading: "state")
    second.readout = try SeriesReadout(from: &reader, prior: .shipped)
    try reader.finish()
    second.tick = ticks
    for value in values[ticks...] {
      #expect(SlowForecaster.bits(first.step(value)) == SlowForecaster.bits(second.step(value)))
    }
  }

  @Test func `what a forecaster remembers of a series does not grow with its age`() throws {
    var forecaster = try SlowForecaster(ticksPerDay: 24)
    var sizes: [Int] = []
    for t in 0..<24 * 40 {
      _ = forecaster.step(100 + Double(t % 24), event: t % 50 == 0)
      if t % (24 * 10) == 24 * 10 - 1 {
        var writer = ByteWriter()
        forecaster.readout.snapshot(into: &writer)
        sizes.append(writer.bytes.count)
      }
    }
    #expect(Set(sizes).count == 1, "\(sizes)")
  }

  @Test func `damaged snapshots are refused or harmless, never a crash`() throws {
    var forecaster = try SlowForecaster(ticksPerDay: 24)
    for value in series(60, seed: 3) { _ = forecaster.step(value) }
    var writer = ByteWriter()
    forecaster.readout.snapshot(into: &writer)
    let bytes = writer.bytes
    for length in [0, 3, 20, 100, 5000, bytes.count - 1] {
      var reader = ByteReader(Array(bytes.prefix(length)), reading: "state")
      #expect(throws: WireError.self) { try SeriesReadout(from: &reader, prior: .shipped) }
    }
    var noise = Noise(seed: 4)
    for _ in 0..<300 {
      var damaged = bytes
      let at = noise.uniform() < 0.5 ? Int(noise.uniform() * 80) : Int(noise.uniform() * Double(bytes.count))
      damaged[at] = UInt8(noise.uniform() * 256)
      var reader = ByteReader(damaged, reading: "state")
      guard let readout = try? SeriesReadout(from: &reader, prior: .shipped) else { continue }
      var other = try SlowForecaster(ticksPerDay: 24)
      guard readout.shape == other.readout.shape else { continue }
      other.readout = readout
      _ = other.step(100)
    }
  }

  /// Values that a broken exporter may send.
  static let hostile: [[Double?]] = [
    [nil, .nan, .infinity, -.infinity],
    [0],
    [1e300, -1e300],
    [.greatestFiniteMagnitude, .leastNonzeroMagnitude, -.leastNonzeroMagnitude],
    [1e-300],
    [0, 1e300],
    [100, 100, 100, 100, 100, 100, 1e300, nil, .nan],
    [1e12, 1e12 + 1],
    [-5, -7],
  ]

  @Test(arguments: hostile.indices)
  func `hostile values give finite ascending quantiles`(index: Int) throws {
    let values = Self.hostile[index]
    var forecaster = try SlowForecaster(ticksPerDay: 24)
    var noise = Noise(seed: UInt64(index))
    for t in 0..<400 {
      let value = t > 200 && t < 230 ? 50 + noise.uniform() : values[t % values.count]
      for quantiles in forecaster.step(value) {
        #expect(quantiles.allSatisfy { $0.isFinite }, "tick \(t)")
        #expect(zip(quantiles, quantiles.dropFirst()).allSatisfy { $0 <= $1 }, "tick \(t)")
      }
    }
  }

  @Test(arguments: [0, 7.25, 1e9, -3])
  func `a constant is forecast exactly`(constant: Double) throws {
    var forecaster = try SlowForecaster(ticksPerDay: 24)
    for t in 0..<300 {
      let all = forecaster.step(constant).flatMap { $0 }
      guard t > 24 else { continue }
      #expect(all.allSatisfy { abs($0 - constant) <= 1e-5 * abs(constant) }, "\(all)")
    }
  }

  @Test func `nothing but missing values gives zeros`() throws {
    var forecaster = try SlowForecaster(ticksPerDay: 24)
    for _ in 0..<50 { #expect(forecaster.step(nil).allSatisfy { $0.allSatisfy { $0 == 0 } }) }
  }

  @Test func `forecasts stay near the range seen after an outlier`() throws {
    var forecaster = try SlowForecaster(ticksPerDay: 24)
    for (t, value) in series(400, seed: 5).enumerated() {
      let quantiles = forecaster.step(t == 300 ? 1e6 : value)
      if t > 325 { #expect(quantiles[0][3] < 400) }
    }
  }

  /// Noise with light and heavy tails, and with bursts.
  private static let tails: [@Sendable (inout Noise) -> Double] = [
    { exp(0.1 * $0.normal()) },
    { 1 - 0.3 * log($0.uniform()) },
    { exp(0.2 * $0.normal()) * ($0.uniform() < 0.03 ? 2.5 : 1) },
  ]

  @Test(arguments: tails.indices) func `the upper tail is exceeded as often as it says`(kind: Int) throws {
    var forecaster = try SlowForecaster(ticksPerDay: 24)
    var noise = Noise(seed: UInt64(40 + kind))
    var upper: [[[Double]]] = []
    var (below, count) = ([[Double]](repeating: [0, 0], count: 3), 0.0)
    for t in 0..<24 * 150 {
      let value = 100 * (1 + 0.5 * sin(2 * .pi * Double(t % 24) / 24)) * Self.tails[kind](&noise)
      let forecast = forecaster.forecast(value)
      for j in 0..<3 {
        #expect(forecast.quantiles[j][6] <= forecast.upper[j][0] && forecast.upper[j][0] <= forecast.upper[j][1])
      }
      upper.append(forecast.upper)
      guard t >= 24 * 14 else { continue }
      count += 1
      for (j, h) in [1, 12, 24].enumerated() {
        for k in 0..<2 where value <= upper[t - h][j][k] { below[j][k] += 1 }
      }
    }
    for j in 0..<3 {
      #expect((0.97...0.9985).contains(below[j][0] / count), "kind \(kind), horizon \(j): \(below[j][0] / count)")
      #expect((0.975...0.9999).contains(below[j][1] / count), "kind \(kind), horizon \(j): \(below[j][1] / count)")
    }
  }

  /// The width of the band one tick ahead, by tick, of a series that loses some ticks.
  private func widths(_ count: Int, losing lost: Range<Int>) throws -> (widths: [Double], forecaster: SlowForecaster) {
    var forecaster = try SlowForecaster(ticksPerDay: 24)
    let widths = series(count, seed: 6).enumerated().map { t, value in
      let quantiles = forecaster.step(lost.contains(t) ? nil : value ?? 100)
      return quantiles[0][6] - quantiles[0][0]
    }
    return (widths, forecaster)
  }

  @Test(arguments: [276, 282, 288, 294])
  func `a gap widens the band against the same ticks without one`(start: Int) throws {
    let (whole, _) = try widths(300, losing: 0..<0)
    let (gapped, forecaster) = try widths(start + 4, losing: start..<start + 4)
    #expect(gapped[..<start] == whole[..<start])
    // Errors one tick ahead are taken to grow with the root of 1 + the gap; the range seen bounds the band.
    #expect(gapped[start + 3] > 1.3 * whole[start + 3], "\(gapped[start...]) instead of \(whole[start..<start + 4])")
    #expect(forecaster.readout.gap == 4)
    #expect(forecaster.readout.seen == start)
  }

  @Test(arguments: [[1, 12], [2, 12, 24], [1, 12, 25], [1, 12, 12]])
  func `impossible horizons are refused`(horizons: [Int]) {
    #expect(throws: ShapeError.self) { try ReadoutShape(ticksPerDay: 24, horizons: horizons) }
  }

  @Test func `other horizons than the usual are forecast too`() throws {
    var forecaster = try SlowForecaster(ticksPerDay: 48, horizons: [1, 5, 30])
    var error = 0.0
    var medians: [Double] = []
    let values = series(48 * 12, seed: 7, ticksPerDay: 48).map { $0 ?? 100 }
    for (t, value) in values.enumerated() {
      medians.append(forecaster.step(value)[2][3])
      if t > 48 * 8 { error += abs(medians[t - 30] / value - 1) / Double(48 * 4) }
    }
    #expect(error < 0.15, "\(error)")
  }
}
