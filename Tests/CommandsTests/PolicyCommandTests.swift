import Basics
import Commands
import Documents
import Synchronization
import Testing

/// Talks to `synfire policy --stdio` through lines.
private struct PolicyTalk {
  static let configuration = """
    {"type": "config", "trace": "x", "t0": 897004800, "dt_s": 30, "delay_s": 120, "warmup_s": 30, "lead_steps": 5, \
    "mu": 10.0, "slo_util": 0.8, "target_util": 0.7, "min_replicas": 2, "max_replicas": 60}
    """

  static func line(step: Int, load: Double?, ready: Int = 20, pending: Int = 0, events: String = "[]") -> String {
    let end = 897_004_800 + 30 * (step + 1)
    let metrics = load.map { "\"load\": \($0), \"util\": 0.5, \"t_metric\": \(end - 30)" }
    return """
      {"step": \(step), "t": \(end), \(metrics ?? "\"load\": null, \"util\": null, \"t_metric\": null"), \
      "ready": \(ready), "pending": \(pending), "events": \(events)}
      """
  }

  /// Returns the replicas answered, the exit code, and what stood on standard error.
  static func answers(to lines: [String]) throws -> (replicas: [Int], code: ExitCode, error: String) {
    let transcript = Transcript()
    var console = transcript.console()
    let rest = Mutex(lines[...])
    console.input = { rest.withLock { $0.popFirst() } }
    let code = CommandLineTool(CommandRegistry.all).run(["policy", "--stdio"], environment: [:], console: console)
    let replicas = try transcript.output.split(separator: "\n").map { line in
      try #require(try JSONValue(parsing: String(line))["replicas"]?.int)
    }
    return (replicas, code, transcript.error)
  }
}

@Suite struct PolicyCommandTests {
  @Test func `every step is answered, and the input's end ends the policy`() throws {
    let lines = [PolicyTalk.configuration] + (0..<200).map { PolicyTalk.line(step: $0, load: $0 == 0 ? nil : 100) }
    let (replicas, code, _) = try PolicyTalk.answers(to: lines)
    #expect(code == .done)
    #expect(replicas.count == 200)
    #expect(replicas.allSatisfy { (2...60).contains($0) })
    #expect(replicas.allSatisfy { $0 >= 13 }, "100 requests/s at 8 per replica")
  }

  @Test func `a line that is not of the protocol is answered by the last good advice`() throws {
    let hostile = [
      "", "hello", "{", "[]", "{\"step\": -1}", "{\"step\": 1e300, \"t\": 1}", "{\"step\": 5, \"t\": null}",
      "{\"step\": 7, \"t\": 1e99, \"ready\": 1, \"pending\": 1}", "\u{0}", String(repeating: "[", count: 10_000),
      "{\"step\": 3, \"t\": 897004920, \"ready\": \"many\", \"pending\": 0}",
    ]
    for line in hostile {
      let before = [PolicyTalk.configuration] + (0..<30).map { PolicyTalk.line(step: $0, load: 100) }
      let (replicas, code, error) = try PolicyTalk.answers(to: before + [line, PolicyTalk.line(step: 30, load: 100)])
      #expect(code == .done)
      #expect(replicas.count == 32)
      #expect(replicas[30] == replicas[29])
      #expect(error.contains("a line was not used"), "\(line)")
    }
  }

  @Test func `hostile numbers in good lines never end it or leave the limits`() throws {
    let loads = ["1e308", "-5", "1e-300", "0", "12345678901234567890", "null", "\"x\"", "true"]
    // More events than are remembered.
    func others(_ k: Int) -> String {
      (0..<5).map { i in
        ", {\"start\": \(897_004_800 + 30 * (k + i)), \"end\": \(897_004_800 + 30 * (k + 900)), \"kind\": \"other \(i)\"}"
      }.joined()
    }
    var lines = [PolicyTalk.configuration]
    for k in 0..<400 {
      let load = k % 7 == 3 ? loads[k / 7 % loads.count] : "150.5"
      lines.append(
        """
        {"step": \(k), "t": \(897_004_800 + 30 * (k + 1)), "load": \(load), "util": 9e99, "t_metric": \
        \(897_004_800 + 30 * k), "ready": \(k % 50), "pending": 0, "events": [{"start": 1e300, "end": 0}, 7, null, \
        {"start": \(897_004_800 + 30 * (k + 60)), "end": \(897_004_800 + 30 * (k + 90)), "kind": "k\(k)"}\(others(k))]}
        """
      )
    }
    let (replicas, code, _) = try PolicyTalk.answers(to: lines)
    #expect(code == .done)
    #expect(replicas.count == 400)
    #expect(replicas.allSatisfy { (2...60).contains($0) })
  }

  @Test func `without a configuration it says what is wanted`() throws {
    for first in ["", "{}", "{\"type\": \"config\"}", "{\"type\": \"config\", \"t0\": 0, \"dt_s\": 7}"] {
      let (replicas, code, error) = try PolicyTalk.answers(to: [first, PolicyTalk.line(step: 0, load: 1)])
      #expect(replicas.isEmpty)
      #expect(code == .failed)
      #expect(error.contains("config") || error.contains("cannot be used"))
    }
    #expect(try PolicyTalk.answers(to: []).code == .done)
    #expect(run(CommandRegistry.all, ["policy"]).code == .usage)
  }
}
