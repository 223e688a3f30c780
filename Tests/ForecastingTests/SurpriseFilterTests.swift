import Basics
import Forecasting
import Foundation
import Testing
import Wire
import Workloads

struct SurpriseFilterTests {
  private static let m = 96

  /// Surprise of each tick of two weeks of 15-minute ticks, through a part.
  private func surprises(seed: UInt64, _ change: (Int, Double) -> Double?) throws -> [Double] {
    var noise = Noise(seed: seed)
    let part = ForecastPart(try ForecastConfiguration(tickMilliseconds: 900_000))
    let series = SeriesName(service: "a", metric: "latency")
    part.join(series, number: 0, isHere: true)
    return try (0..<14 * Self.m).map { t in
      let season = exp(0.6 * sin(2 * .pi * Double(t % Self.m) / Double(Self.m)))
      let value = change(t, 300 * season * exp(0.08 * noise.normal()))
      try part.beginTick(
        SealedTick(
          tick: Tick(Int64(t)),
          lengthMilliseconds: 900_000,
          values: value.map { [SeriesValue(series: series, value: $0)] } ?? [],
          calendar: []
        )
      )
      _ = part.advance(half: 0)
      _ = part.advance(half: 1)
      return part.finishTick()[0].surprise
    }
  }

  @Test(arguments: [UInt64(1), 2, 3])
  func `a quiet series alarms hardly ever`(seed: UInt64) throws {
    let all = try surprises(seed: seed) { $1 }
    #expect(all.count { $0 >= 2 } <= 5, "seed \(seed)")
    #expect(all.count { $0 >= 3 } == 0, "seed \(seed)")
    // One value in ten lies outside the band by design.
    #expect((60...160).contains(all.count { $0 > 1 }), "seed \(seed)")
  }

  @Test(arguments: [UInt64(1), 2, 3])
  func `a spike alarms once, a level shift for some ticks, a stuck value after a while`(seed: UInt64) throws {
    var stuck = 0.0
    let all = try surprises(seed: seed) { t, value in
      if t == 960 { return 3 * value }
      if t == 1199 { stuck = value }
      if (1200..<1240).contains(t) { return stuck }
      return t >= 1050 && t < 1150 ? 1.8 * value : value
    }
    #expect(all[960] > 8, "seed \(seed)")
    #expect(all[961..<970].allSatisfy { $0 < 2 }, "seed \(seed): \(all[961..<970])")
    #expect(all[1050..<1055].allSatisfy { $0 > 2 }, "seed \(seed): \(all[1050..<1055])")
    #expect(all[1060..<1080].allSatisfy { $0 < 2 }, "seed \(seed): \(all[1060..<1080])")
    #expect(all[1202] < 2, "seed \(seed)")
    #expect(all[1225..<1240].allSatisfy { $0 > 2 }, "seed \(seed): \(all[1225..<1240])")
  }

  private static let band: [Double] = [80, 85, 92, 100, 110, 120, 130]

  @Test(arguments: [(100, 0), (130, 1), (80, 1), (115, 0.5), (90, 0.5), (160, 2), (60, 2), (1e9, 20), (-1e9, 20)])
  func `surprise is the distance in half bands`(value: Double, wanted: Double) {
    var filter = SurpriseFilter()
    #expect(filter.observe(value, expected: Self.band, age: 1000, ticksPerDay: 288) == wanted)
  }

  @Test func `a missing value, the first one and a young series' are no surprise`() {
    var filter = SurpriseFilter()
    #expect(filter.observe(nil, expected: Self.band, age: 1000, ticksPerDay: 288) == 0)
    #expect(filter.observe(500, expected: [], age: 0, ticksPerDay: 288) == 0)
    #expect(filter.observe(190, expected: Self.band, age: 1, ticksPerDay: 288) < 0.1)
  }

  @Test func `a band without width is as surprised as can be by any other value`() {
    var filter = SurpriseFilter()
    let flat = [Double](repeating: 0, count: 7)
    #expect(filter.observe(0, expected: flat, age: 1000, ticksPerDay: 288) == 0)
    #expect(filter.observe(1e-9, expected: flat, age: 1000, ticksPerDay: 288) == SurpriseFilter.bound)
  }

  @Test func `a restored filter goes on with its episode`() throws {
    var filter = SurpriseFilter()
    _ = filter.observe(200, expected: Self.band, age: 1000, ticksPerDay: 288)
    var writer = ByteWriter()
    filter.snapshot(into: &writer)
    var reader = ByteReader(writer.bytes, reading: "surprise")
    var restored = try SurpriseFilter(from: &reader)
    try reader.finish()
    let wide: [Double] = [100, 120, 150, 200, 250, 280, 300]
    let next = restored.observe(200, expected: wide, age: 1001, ticksPerDay: 288)
    #expect(next == filter.observe(200, expected: wide, age: 1001, ticksPerDay: 288))
    #expect(next > 2, "the held band, not the new one")
  }
}
