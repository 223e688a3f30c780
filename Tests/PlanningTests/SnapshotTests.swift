import Basics
import Planning
import Testing
import Wire
import Workloads

@Suite struct SnapshotTests {
  private func forecasts(_ t: Int, _ dice: inout Dice) -> [SeriesForecast] {
    let levels: [(String, Double)] = [
      ("requests", 350), ("cpu", 12), ("memory", 8e9), ("latency", 0.05), ("instances", 20),
    ]
    var result: [SeriesForecast] = []
    for (metric, level) in levels where dice.below(15) > 0 {
      func median(_ tick: Int) -> Double { level * (1 + 0.3 * Double((tick / 50) % 3)) }
      let oracle = Oracle(metric: metric, median: median, sigma: 0.05)
      let value: Double = median(t) * (1 + 0.05 * dice.normal())
      result.append(oracle.forecast(at: t, observed: dice.below(15) == 0 ? nil : value))
    }
    return result
  }

  @Test func `a restored planner goes on bit for bit`() throws {
    var dice = Dice(seed: 21)
    var p = checkout()
    let sale = EventHint(name: "sale", start: Tick(350), end: Tick(380), uplift: 1)
    for t in 0..<400 {
      if t % 37 == 0 {
        let bytes = [UInt8].written { p.encode(into: &$0) }
        var r = ByteReader(bytes, reading: "planner")
        let restored = try Planner(from: &r)
        try r.finish()
        #expect(restored == p)
        #expect([UInt8].written { restored.encode(into: &$0) } == bytes)
        p = restored
      }
      let plan = p.advance(to: Tick(Int64(t)), forecasts: forecasts(t, &dice), events: [sale], objective: given(nil))
      let written = [UInt8].written { plan.encode(into: &$0) }
      var r = ByteReader(written, reading: "plan")
      #expect(try Plan(from: &r) == plan)
      try r.finish()
    }
  }

  @Test func `two planners with the same input say the same`() {
    var a = checkout(), b = checkout()
    var left = Dice(seed: 22), right = Dice(seed: 22)
    for t in 0..<300 {
      let one = a.advance(to: Tick(Int64(t)), forecasts: forecasts(t, &left), objective: given())
      let other = b.advance(to: Tick(Int64(t)), forecasts: forecasts(t, &right).reversed(), objective: given())
      #expect(one == other, "the order of forecasts does not matter")
    }
  }

  @Test func `cut-off and foreign bytes are errors`() {
    var p = checkout()
    p.settle(Oracle(median: { _ in 350 }), ticks: 0..<50)
    let bytes = [UInt8].written { p.encode(into: &$0) }
    for cut in stride(from: 0, to: bytes.count, by: 3) {
      #expect(throws: WireError.self) {
        var r = ByteReader(Array(bytes.prefix(cut)), reading: "planner")
        _ = try Planner(from: &r)
      }
    }
    #expect(throws: WireError.self) {
      var r = ByteReader([9] + bytes.dropFirst(), reading: "planner")
      _ = try Planner(from: &r)
    }
  }
}
