import Basics
import Documents
import Foundation
import Testing

extension ProcessTests {
  @Suite struct CircuitTests {
    let folder: TestFolder
    let circuit: String
    let seed = Chance.seed()
    var chance: Chance

    init() throws {
      print("SYNFIRE_SEED=\(seed)")
      folder = try TestFolder()
      circuit = try folder.write(RandomCircuit.text(seed: seed), to: "circuit.yaml")
      chance = Chance(seed: seed)
    }

    /// The records of a run, by file.
    private func records(_ out: String) throws -> [String: Data] {
      let names = try FileManager.default.contentsOfDirectory(atPath: folder.file(out)).filter { $0.hasSuffix(".csv") }
      return Dictionary(
        uniqueKeysWithValues: names.map {
          ($0, FileManager.default.contents(atPath: folder.file("\(out)/\($0)")) ?? Data())
        }
      )
    }

    private func words(_ out: String, cores: Int, until: String, _ more: [String]) -> [String] {
      ["run", circuit, "--cores", "\(cores)", "--until", until, "--out", folder.file(out), "-o", "json"] + more
    }

    /// Runs to the end without disturbance and returns the records.
    @discardableResult private func run(
      _ out: String,
      cores: Int,
      until: String = "500 ms",
      _ more: String...
    ) throws -> [String: Data] {
      let ran = try Started(words(out, cores: cores, until: until, more), in: folder).finish()
      #expect(ran.code == 0, "seed \(seed): \(ran.error)")
      return try records(out)
    }

    @Test(.timeLimit(.minutes(1)), arguments: ["single", "double"])
    func `records are the same bytes for any cores and partition`(precision: String) throws {
      let reference = try run("reference", cores: 1, "--precision", precision)
      #expect(reference.keys.sorted() == ["d.csv", "e.csv", "spikes.csv"])
      #expect(reference.values.allSatisfy { $0.split(separator: 10).count > 50 }, "seed \(seed): too little happens")
      for partition in ["metis", "round-robin"] {
        for cores in 1...3 {
          let found = try run("\(partition)-\(cores)", cores: cores, "--precision", precision, "--partition", partition)
          #expect(found == reference, "seed \(seed): \(cores) cores, \(partition)")
        }
      }
      let other = try run("other", cores: 1, "--precision", precision == "single" ? "double" : "single")
      #expect(other != reference, "the precision shows")
    }

    @Test(.timeLimit(.minutes(1)))
    func `records are the same bytes over memory and sockets, also with more cores than processors`() throws {
      let reference = try run("reference", cores: 1)
      for exchange in ["shared-memory", "ipc", "tcp"] {
        for cores in 2...3 {
          let found = try run("\(exchange)-\(cores)", cores: cores, "--exchange", exchange)
          #expect(found == reference, "seed \(seed): \(cores) cores, \(exchange)")
        }
      }
      #expect(try run("many", cores: 8) == reference, "seed \(seed): 8 cores")
    }

    @Test(.timeLimit(.minutes(2)), arguments: [[], ["--checkpoint-every", "400 ms"]])
    mutating func `a killed core changes no byte`(checkpoints: [String]) throws {
      let reference = try run("reference", cores: 1, until: "100 s")
      let started = try Started(words("killed", cores: 2, until: "100 s", checkpoints), in: folder)
      try killCore(of: started)
      let ran = started.finish(within: 60)
      #expect(ran.code == 0, "seed \(seed): \(ran.error)")
      #expect(ran.json["recoveries"]?.int ?? 0 >= 1, "seed \(seed): the kill came too late or too early to matter")
      #expect(try records("killed") == reference, "seed \(seed)")
      expectNothingLeft(of: started)
    }

    @Test(.timeLimit(.minutes(2)), arguments: [[], ["--checkpoint-every", "300 ms"]])
    mutating func `a killed core changes no weight of plastic synapses`(checkpoints: [String]) throws {
      _ = try folder.write(RandomCircuit.text(seed: seed, isPlastic: true), to: "circuit.yaml")
      let reference = try run("reference", cores: 1, until: "40 s")
      #expect(reference.keys.contains("weights.csv") && reference.keys.contains("transmitted.csv"))
      #expect(reference.values.allSatisfy { $0.split(separator: 10).count > 50 }, "seed \(seed): too little happens")
      let started = try Started(words("killed", cores: 2, until: "40 s", checkpoints), in: folder)
      try killCore(of: started)
      let ran = started.finish(within: 60)
      #expect(ran.code == 0, "seed \(seed): \(ran.error)")
      #expect(ran.json["recoveries"]?.int ?? 0 >= 1, "seed \(seed): the kill came too late or too early to matter")
      let found = try records("killed")
      for (file, bytes) in reference { #expect(found[file] == bytes, "seed \(seed): \(file)") }
      expectNothingLeft(of: started)
    }

    /// Kills a core of a run while it simulates.
    private mutating func killCore(of started: Started) throws {
      var cores: [RunningProcess] = []
      try eventually("two cores", in: folder) {
        cores = RunningProcess.naming("/tmp/synfire-run-\(started.pid)/").filter {
          $0.words.dropFirst().first == "core"
        }
        return cores.count == 2
      }
      pauseMilliseconds(Int.random(in: 100...500, using: &chance))
      cores.randomElement(using: &chance)?.send(.kill)
    }

    @Test(.timeLimit(.minutes(2)))
    mutating func `a run that was killed goes on with --resume`() throws {
      let reference = try run("reference", cores: 1, until: "100 s")
      let started = try Started(
        words("killed", cores: 2, until: "100 s", ["--checkpoint-every", "200 ms"]),
        in: folder
      )
      try eventually("a record", in: folder) { folder.read("killed/spikes.csv").utf8.count > 1000 }
      pauseMilliseconds(Int.random(in: 0...800, using: &chance))
      #expect(started.isRunning, "seed \(seed): the kill came too late")
      // The whole process group, as a job system does it.
      kill(-started.pid, SIGKILL)
      started.process.wait()
      // Shared memory of a group that was killed is removed by the next run.
      expectNothingLeft(of: started, alsoInMemory: false)
      #expect(try records("killed") != reference)
      let resumed = try Started(
        words("killed", cores: 2, until: "100 s", ["--checkpoint-every", "200 ms", "--resume", "--verbose"]),
        in: folder
      )
      let ran = resumed.finish(within: 60)
      #expect(ran.code == 0, "seed \(seed): \(ran.error)")
      #expect(ran.error.contains(" running ") && !ran.error.contains("epoch=0"), "seed \(seed): \(ran.error)")
      #expect(try records("killed") == reference, "seed \(seed)")
      expectNothingLeft(of: resumed)
      expectNothingLeft(of: started)
    }

    /// Expects that all processes of a run are gone, soon.
    private func expectNothingLeft(of started: Started, alsoInMemory: Bool = true) {
      let names = ["/tmp/synfire-run-\(started.pid)/", folder.path]
      func left() -> [RunningProcess] { names.flatMap { RunningProcess.naming($0) } }
      try? eventually("the end of all processes", within: 10, in: folder) { left().isEmpty }
      if alsoInMemory {
        try? eventually("the end of shared memory", within: 10, in: folder) { SharedMemory.leftovers.isEmpty }
      }
      for process in left() { process.send(.kill) }
    }

    @Test(.timeLimit(.minutes(1)))
    func `checkpoints are the same whatever the cores were, and compare tells where two part`() throws {
      _ = try folder.write(RandomCircuit.text(seed: seed, isPlastic: true), to: "circuit.yaml")
      let every = ["--checkpoint-every", "200 ms"]
      try run("one", cores: 1, every[0], every[1])
      try run("three", cores: 3, every[0], every[1])
      try run("other", cores: 1, every[0], every[1], "--seed", "77")
      let same = try synfire("compare", folder.file("one"), folder.file("three"), "-o", "json", in: folder)
      #expect(same.code == 0, "seed \(seed): \(same.output)\(same.error)")
      // Three populations, recent spikes and two plastic projections.
      #expect(same.json["tables_of_checkpoints"]?.int == 6)
      // With equal records only the states tell the two apart.
      for name in try records("one").keys {
        try FileManager.default.removeItem(atPath: folder.file("other/\(name)"))
        try FileManager.default.copyItem(atPath: folder.file("one/\(name)"), toPath: folder.file("other/\(name)"))
      }
      let differs = try synfire("compare", folder.file("one"), folder.file("other"), "-o", "json", in: folder)
      #expect(differs.code == 5, "seed \(seed): \(differs.error)")
      #expect(differs.json["file"]?.text?.hasPrefix("checkpoint/") == true, "seed \(seed): \(differs.output)")
    }

    @Test(.timeLimit(.minutes(1))) func `resume wants the run that was checkpointed`() throws {
      let lost = try synfire("run", circuit, "--resume", "--out", folder.file("none"), in: folder)
      #expect(lost.code == 2)
      #expect(lost.error.contains("--checkpoint-every"))
      try run("once", cores: 1, "--checkpoint-every", "100 ms")
      let other = try synfire(
        "run",
        circuit,
        "--until",
        "500 ms",
        "--seed",
        "5",
        "--checkpoint-every",
        "100 ms",
        "--resume",
        "--out",
        folder.file("once"),
        in: folder
      )
      #expect(other.code == 1)
      #expect(other.error.contains("the store holds checkpoints of another network"))
      #expect(other.error.contains("start anew without --resume"))
      // A run that is done already is done at once.
      let before = try records("once")
      #expect(try run("once", cores: 1, "--checkpoint-every", "100 ms", "--resume") == before)
    }

    @Test(.timeLimit(.minutes(1))) mutating func `compare finds a planted difference`() throws {
      try run("a", cores: 1)
      try run("b", cores: 2)
      let equal = try synfire("compare", folder.file("a"), folder.file("b"), "-o", "json", in: folder)
      #expect(equal.code == 0)
      #expect(equal.json["equal"] == .bool(true))
      #expect(equal.json["files"]?.int == 3)

      var lines = folder.read("b/spikes.csv").split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
      let line = Int.random(in: 1..<lines.count - 1, using: &chance)
      let parts = lines[line].split(separator: ",")
      lines[line] = "\(parts[0]),999"
      _ = try folder.write(lines.joined(separator: "\n"), to: "b/spikes.csv")
      let differs = try synfire("compare", folder.file("a"), folder.file("b"), "-o", "json", in: folder)
      #expect(differs.code == 5)
      #expect(differs.json["equal"] == .bool(false))
      #expect(differs.json["file"]?.text == "spikes.csv")
      #expect(differs.json["line_a"]?.int == line + 1, "seed \(seed)")
      #expect(differs.json["time_ms"]?.double == Double(parts[0]), "seed \(seed)")
      #expect(try synfire("compare", folder.file("a"), folder.file("none"), in: folder).code == 3)
    }
  }
}
