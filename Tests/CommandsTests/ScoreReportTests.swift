internal import Basics
internal import Foundation
import Testing

private let repository = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..").standardized

/// What `scripts/score` says of results, without measuring any.
@Suite(.enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/python3"), "there is no python3"))
struct ScoreReportTests {
  private static let row = """
    {"viol_min": VIOL, "severe_min": 0, "viol_min_events": 2, "cost_ratio": 1.1, "J": JJ, "actions": 240, "scored_days": 1,
    "trace": "t", "delay": 120, "sd": 0.03, "q985": 0.08, "above99": 0.01, "above995": 0.005, "microseconds": 20,
    "violations": [{"time": "2026-01-01T00:00:00Z", "minutes": VIOL, "rise": 2.5, "event": null, "since": null}]}
    """
  private static let baselines = """
    policy,trace,delay_s,viol_min,cost_ratio,J,actions,viol_min_events,status
    hpa,t,120,40,1.2,2.9,100,9,ok
    ridge,t,120,5,1.2,1.4,300,4,ok
    """

  private func report(violations: Double, j: Double, _ others: String = "") throws -> String {
    let folder = try TemporaryFolder()
    try FileManager.default.createDirectory(atPath: folder.path("autoscale"), withIntermediateDirectories: true)
    try folder.write("autoscale/baselines.csv", Self.baselines)
    let row = Self.row.replacing("VIOL", with: "\(violations)").replacing("JJ", with: "\(j)")
    try folder.write("results.json", "{\"loop\": [\(row)], \"seconds\": {\"loop\": 61}\(others)}")
    let script = repository.appending(path: "benchmarks/foresight/report.py").path
    let output = folder.path("output")
    let child = try ChildProcess(
      "/usr/bin/python3",
      ["-B", script, folder.url.path, "synfire", "--load", folder.path("results.json")],
      output: .appended(path: output)
    )
    defer { child.stop() }
    guard case .exited(0) = child.wait(timeoutMilliseconds: 30_000) else { return "it failed" }
    return try String(contentsOfFile: output, encoding: .utf8)
  }

  @Test func `a goal is met, or short by so much and explained somewhere`() throws {
    let text = try report(violations: 10, j: 1.35)
    #expect(text.contains("SHORT  120 s: geometric mean of J: 1.35 <= 1.3, by 0.05; why: docs/planning.md, Shortfalls"))
    #expect(text.contains("met    120 s t: violations / HPA's: 0.25 <= 0.25\n"))
    #expect(text.contains("SHORT  120 s t: actions / HPA's: 2.4 <= 1.2, by 1.2"))
    #expect(text.contains("2 of 4 goals met"))
    #expect(text.contains("measured in loop 61 s"))
    #expect(try report(violations: 10.5, j: 1.3).contains("SHORT  120 s t: violations / HPA's: 0.2625 <= 0.25"))
  }

  @Test func `a row has both pairs of figures, the stored policies and the minutes that violate`() throws {
    let text = try report(violations: 10, j: 1.35)
    let row = text.split(separator: "\n").first { $0.hasPrefix("120 s t ") }
    let cells = row?.split(separator: " ").map(String.init) ?? []
    let figures = ["120", "s", "t", "0.030", "0.080", "0.0100", "0.0050", "10.0", "1.100", "1.350"]
    #expect(cells == figures + ["2.90", "ridge", "1.400", "0.250", "2.40", "10.0", "20"])
    #expect(text.contains("2026-01-01T00:00:00Z, 10.0 min, x 2.5"))
  }

  @Test func `bad scale-ins are told by kind`() throws {
    let kinds = ["gap": 0, "zero": 3, "stale_frozen": 0, "stale_silent": 0, "spike_up": 0, "spike_down": 1]
    let bad = kinds.map { "\"bad_\($0)\": \($1)" }.joined(separator: ", ")
    let faults = """
      , "faults": [{"trace": "t", "delay": 120, "bad_scale_ins": 4, "replicas_lost": 9, "extra_viol_min": 1.5,
      "extra_cost_pct": 2, \(bad)}]
      """
    let text = try report(violations: 0, j: 1, faults)
    let row = text.split(separator: "\n").first { $0.hasPrefix("120 s t ") && $0.hasSuffix("2.00") }
    let cells = row?.split(separator: " ").dropFirst(3).map(String.init)
    #expect(cells == ["4", "0", "3", "0", "0", "0", "1", "9", "1.5", "2.00"])
    #expect(text.contains("SHORT  120 s t: bad scale-ins: 4 <= 0, by 4"))
  }
}
