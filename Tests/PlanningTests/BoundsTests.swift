import Basics
import Planning
import Testing
import Wire
import Workloads

/// What planning remembers of a service; docs/operating/limits.md lists the bounds.
@Suite struct PlanningBoundsTests {
  @Test func `what advice remembers of a service does not grow with its age`() {
    let hour: Int64 = 3_600_000
    var planner = Planner(service: "checkout", tickMilliseconds: hour)
    var card = Scorecard(service: "checkout", tickMilliseconds: hour)
    var detector = AnomalyDetector(tickMilliseconds: hour)
    var dice = Dice(seed: 91)
    let oracle = Oracle(median: { 100 + 50 * Double($0 % 24) / 24 }, horizons: [1, 2, 24])
    func bytes() -> [Int] {
      [
        [UInt8].written { planner.encode(into: &$0) }.count, [UInt8].written { card.encode(into: &$0) }.count,
        [UInt8].written { detector.encode(into: &$0) }.count,
      ]
    }
    var sizes: [[Int]] = []
    for t in 0..<24 * 60 {
      let forecast = oracle.forecast(at: t, observed: oracle.median(t) * (1 + 0.3 * dice.normal()))
      let hints = (0..<3).map { i in
        EventHint(
          name: "event \(t + i)",
          kind: .campaign,
          label: "kind \(t)",
          start: Tick(Int64(t + i)),
          end: Tick(Int64(t + i + 2)),
          uplift: 0.5
        )
      }
      let plan = planner.advance(to: Tick(Int64(t)), forecasts: [forecast], events: hints, objective: given())
      card.record(plan, forecast: forecast, objective: given())
      _ = detector.advance(to: Tick(Int64(t)), forecasts: [forecast])
      if t % (24 * 15) == 24 * 15 - 1 { sizes.append(bytes()) }
    }
    // After a month everything that has a length has reached it.
    for (kind, (month, two)) in zip(sizes[1], sizes[3]).enumerated() {
      #expect(Double(two) <= 1.02 * Double(month), "kind \(kind): \(month) bytes, then \(two)")
    }
  }
}
