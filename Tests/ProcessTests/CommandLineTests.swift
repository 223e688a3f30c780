import Basics
import Documents
import Foundation
import StateStore
import Testing

extension ProcessTests {
  /// Mistakes that end before anything runs: exit code, and words that must stand in the sentence.
  @Suite struct CommandLineTests {
    let folder: TestFolder

    init() throws { folder = try TestFolder() }

    /// Runs a command line that has to fail: with this code, these words in its error, and nothing on its output.
    private func expect(
      _ code: Int32,
      _ words: String...,
      from arguments: [String],
      environment: [String: String] = [:],
      location: SourceLocation = #_sourceLocation
    ) throws {
      let ran = try Started(arguments, in: folder, environment: environment).finish(within: 20)
      let line = arguments.joined(separator: " ")
      #expect(ran.code == code, "synfire \(line): \(ran.error)", sourceLocation: location)
      #expect(ran.output == "", "synfire \(line)", sourceLocation: location)
      for word in words { #expect(ran.error.contains(word), "synfire \(line): \(ran.error)", sourceLocation: location) }
    }

    @Test func `a misspelt command, option or value names the right one`() throws {
      try expect(2, "unknown command 'stauts'", "did you mean 'status'?", from: ["stauts"])
      try expect(2, "unknown command 'demo shpo'", "did you mean 'shop'?", from: ["demo", "shpo"])
      try expect(2, "unknown option '--ouput'", "did you mean '--output'?", from: ["status", "--ouput", "json"])
      try expect(2, "--cores: 0 is out of range; 1 to 256 are allowed", from: ["run", "x.yaml", "--cores", "0"])
      try expect(2, "'mets' is not one of", "did you mean 'metis'?", from: ["run", "x.yaml", "--partition", "mets"])
      try expect(2, "--coordinator ENDPOINT is missing", from: ["core"])
      try expect(2, "--cores: 0 is out of range; 1 to 64 are allowed", from: ["up", "--cores", "0"])
      try expect(2, "SYNFIRE_CORES", "'many'", from: ["up"], environment: ["SYNFIRE_CORES": "many"])
      try expect(2, "'5' has no unit; write for example '1.5 ms'", from: ["run", "x.yaml", "--until", "5"])
      try expect(2, "'mV' is a unit of voltage, not of time", from: ["run", "x.yaml", "--until", "5 mV"])
      try expect(2, "cpu: 'much' is not a decimal number", from: ["emit", "checkout", "cpu=much"])
      try expect(3, "there is no file 'x.yaml'", from: ["run", "x.yaml"])
      try expect(3, "there is no file 'x.yaml'", from: ["check", "x.yaml"])
      try expect(3, "there is no file 'x.yaml'", from: ["up", "--config", "x.yaml"])
    }

    @Test(arguments: [
      ("model: iaf_psc_exp", "model: iaf_psc_ex", "the model 'iaf_psc_ex'; did you mean 'iaf_psc_exp'?"),
      ("tau_m: 10 ms", "tau_n: 10 ms", "unknown name 'tau_n'; did you mean 'tau_m'?"),
      ("tau_m: 10 ms", "tau_m: 10", "tau_m: '10' has no unit"),
      ("tau_m: 10 ms", "tau_m: 10 mV", "'mV' is a unit of voltage, not of time"),
      ("projections:", "projektions:", "unknown key 'projektions'; did you mean 'projections'?"),
      ("to: E, rule", "to: F, rule", "there is no population 'F'; did you mean 'E'?"),
      ("fixed_indegree", "fixed_indegre", "unknown rule 'fixed_indegre'; did you mean 'fixed_indegree'?"),
      ("delay: 1 ms", "delay: 0.01 ms", "0.01 ms is below the step of 0.1 ms"),
      ("size: 20", "size: -3", "at least 1 neuron is wanted, found -3"),
    ])
    func `a mistake in a circuit is told with file, line and what would be right`(
      right: String,
      wrong: String,
      sentence: String
    ) throws {
      let text = Self.circuit.replacingOccurrences(of: right, with: wrong)
      #expect(text != Self.circuit)
      let file = try folder.write(text, to: "circuit.yaml")
      try expect(1, "circuit.yaml:", sentence, from: ["check", file])
      try expect(1, "circuit.yaml:", sentence, from: ["run", file, "--until", "1 ms", "--out", folder.file("out")])
    }

    private static let circuit = """
      circuit: small
      populations:
        E: {size: 20, model: iaf_psc_exp, parameters: {tau_m: 10 ms}}
      projections:
        - {from: E, to: E, rule: {fixed_indegree: 2}, weight: 20 pA, delay: 1 ms}
      """

    @Test func `a circuit that does not fit a chip is told why`() throws {
      let text = Self.circuit.replacingOccurrences(of: "size: 20", with: "size: 2000")
      let file = try folder.write(text, to: "circuit.yaml")
      #expect(try synfire("check", file, in: folder).code == 0)
      try expect(1, "does not fit", "loihi1", "2000", from: ["check", file, "--chip", "loihi1"])
      #expect(try synfire("check", file, "--chip", "loihi1", "--cores", "4", in: folder).code == 0)
      try expect(2, "lohi1", "did you mean 'loihi1'?", from: ["check", file, "--chip", "lohi1"])
    }

    @Test func `questions without a coordinator end at once with the way out`() throws {
      let questions = [
        ["status"], ["cores"], ["services"], ["forecast"], ["explain", "checkout"], ["anomalies"], ["scorecard"],
        ["whatif", "checkout", "--traffic", "+30%"],
      ]
      for question in questions {
        try expect(1, "no coordinator listens at ipc://\(folder.path)/query.sock", "synfire up", from: question)
      }
      try expect(124, "did not answer", from: ["status", "--server", "tcp://127.0.0.1:9"])
      try expect(1, "there is no Redis at unix://\(folder.path)/redis.sock", from: ["emit", "checkout", "cpu=1"])
    }

    @Test func `a store that is not there is told at once`() throws {
      let url = "unix://\(folder.path)/none.sock"
      for command in ["up", "coordinator"] {
        try expect(1, "connect to \(url)", "start the server, or correct the address", from: [command, "--redis", url])
      }
      try expect(1, "TLS is not spoken here", from: ["up", "--redis", "rediss://localhost"])
      try expect(1, "'7x' is not a port", from: ["up", "--redis", "redis://localhost:7x"])
    }

    @Test func `a store that evicts is refused`() throws {
      let store = try TestStore(folder)
      _ = try store.connect().command(["CONFIG", "SET", "maxmemory-policy", "allkeys-lru"])
      for command in ["up", "coordinator"] {
        try expect(
          1,
          "its eviction policy is allkeys-lru, so checkpoints vanish when memory is full",
          "config set maxmemory-policy noeviction",
          from: [command, "--redis", store.url]
        )
      }
    }

    @Test func `a path too long for a socket is told before anything starts`() throws {
      for length in [89, 96, 200] {
        let path = folder.path + "/" + String(repeating: "x", count: length - folder.path.utf8.count - 1)
        try expect(1, "SYNFIRE_STATE", "at most 107", from: ["up"], environment: ["SYNFIRE_STATE": path])
      }
      try expect(
        1,
        "a Unix socket has at most 107 bytes",
        from: ["core", "--coordinator", "ipc:///tmp/\(String(repeating: "x", count: 120))"]
      )
    }

    @Test func `an endpoint that is taken or no endpoint is told`() throws {
      let store = try TestStore(folder)
      let taken = try ControlPort(folder)
      let coordinator = ["coordinator", "--redis", store.url, "--query", "ipc://\(folder.path)/q.sock", "--listen"]
      try expect(1, "the port is taken", "ss -ltnp", from: coordinator + [taken.tcp])
      try expect(1, "another process listens there", from: coordinator + [taken.ipc])
      try expect(1, "an endpoint is ipc:///path/to/socket, tcp://host:port", from: coordinator + ["localhost:7700"])
      try expect(1, "tcp://127.0.0.1:99999", "65535", from: coordinator + ["tcp://127.0.0.1:99999"])
    }
  }
}
