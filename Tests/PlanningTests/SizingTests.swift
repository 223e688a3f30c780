import Basics
import Planning
import Testing
import Wire
import Workloads

/// Vertical advice as the planner gives it.
@Suite struct SizingTests {
  private func forecasts(_ t: Int, memory: Double, oom: Double? = nil, replicas: Int = 10) -> [SeriesForecast] {
    var list = [
      Oracle(median: { _ in 200 }).forecast(at: t, observed: 200 + Double(t % 7)),
      Oracle(metric: "memory", median: { _ in memory }, sigma: 0.02).forecast(at: t, observed: memory + Double(t)),
    ]
    if let oom { list.append(Oracle(metric: "oom_kills", median: { _ in 0 }).forecast(at: t, observed: oom)) }
    return list
  }

  @Test func `an out-of-memory event raises the memory request by a fifth, and the reason says so`() throws {
    var p = checkout()
    var request = 0.0
    for t in 0..<20 {
      let plan = p.advance(
        to: Tick(Int64(t)),
        forecasts: forecasts(t, memory: 2e9, oom: 0),
        runningReplicas: 10,
        objective: given()
      )
      let bytes = plan.recommendation.memoryRequestBytes
      request = try #require(bytes)
    }
    let plan = p.advance(
      to: Tick(20),
      forecasts: forecasts(20, memory: 2e9, oom: 1),
      runningReplicas: 10,
      objective: given()
    )
    let r = plan.recommendation
    #expect(try #require(r.memoryRequestBytes) >= 1.19 * request, "rounded to MiB")
    #expect(r.memorySentence == "20 % above what ran out within the last 30 days")
    let bytes = [UInt8].written { plan.encode(into: &$0) }
    var reader = ByteReader(bytes, reading: "plan")
    #expect(try Plan(from: &reader) == plan)
  }

  @Test func `replicas that leave within a tick do not make those that stay look large`() throws {
    var p = checkout()
    var request = 0.0
    for t in 0..<30 {
      // Ten replicas of 0.2 GB; in tick 25 five of them leave after half of it.
      let (count, memory) = t < 25 ? (10, 2e9) : t == 25 ? (5, 1.5e9) : (5, 1e9)
      let plan = p.advance(
        to: Tick(Int64(t)),
        forecasts: forecasts(t, memory: memory),
        runningReplicas: count,
        objective: given()
      )
      let bytes = plan.recommendation.memoryRequestBytes
      request = try #require(bytes)
    }
    #expect(request < 0.2e9 * 1.25, "0.2 GB each, \(request) were asked for")
  }
}
