import Basics
import Documents
import Foundation
import StateStore
import Testing

extension ProcessTests {
  /// A cluster that changes while ticks run.
  @Suite struct RescaleTests {
    @Test(.timeLimit(.minutes(3))) func `scaling and taking a core out while ticks run changes no published byte`()
      throws
    {
      let reference = try Undisturbed.published.get()
      let service = try ShopService(cores: 2, checkpointTicks: 100)
      let feed = try service.feed(speed: 14_400)
      try service.wait(forTicks: 10)
      let grown = try service.change("scale", "--cores", "3")
      #expect(grown["cores"]?.int == 3)
      #expect(service.processes("core").count == 3)
      try service.wait(forTicks: 40)
      let drained = try service.change("drain", "1")
      #expect(drained["cores"]?.int == 2)
      #expect(drained["drained"]?.text?.hasPrefix("\(CurrentProcess.host):") == true)
      try eventually("the end of the core", in: service.folder) { service.processes("core").count == 2 }
      try service.wait(forTicks: 70)
      let shrunk = try service.change("scale", "--cores", "1")
      #expect(shrunk["cores"]?.int == 1 && shrunk["generation"]?.int == 4)
      try eventually("the end of another core", in: service.folder) { service.processes("core").count == 1 }
      #expect(feed.isRunning, "the feed was to run on until after the last change")

      // The wish outlives the coordinator, and the process that is ended is not the one that holds the parts.
      service.processes("coordinator").first?.send(.kill)
      #expect(feed.finish(within: 60).code == 0)
      try service.wait(forTicks: ShopService.ticks)
      let status = try #require(service.status())
      #expect(status["cores_wanted"]?.int == 1 && status["cores_ready"]?.int == 1)
      try service.published().expectEqual(to: reference, "2, 3, 2, 1 cores")

      #expect(try service.refused("scale", "--cores", "65").code == 2)
      let last = try service.refused("drain", "0")
      #expect(last.code == 1 && last.error.contains("it is the last core"))
      let unknown = try service.refused("drain", "7")
      #expect(unknown.code == 3 && unknown.error.contains("there is no core '7'"))
      try service.stop()
    }

    @Test(.timeLimit(.minutes(2)))
    func `a circuit goes on with other cores while it runs, and its records stay the same bytes`()
      throws
    {
      let seed = Chance.seed()
      let folder = try TestFolder()
      let circuit = try folder.write(RandomCircuit.text(seed: seed, isPlastic: true), to: "circuit.yaml")
      func words(_ out: String, _ cores: Int) -> [String] {
        ["run", circuit, "--cores", "\(cores)", "--until", "40 s", "--out", folder.file(out), "-o", "json"]
      }
      let reference = try Started(words("reference", 1), in: folder).finish(within: 60)
      #expect(reference.code == 0, "\(reference.error)")
      let query = "ipc://\(folder.path)/q.sock"
      let more = ["--up-to", "3", "--checkpoint-every", "30 s", "--query", query]
      let started = try Started(words("moved", 2) + more, in: folder)
      try eventually("a record", in: folder) { folder.read("moved/spikes.csv").utf8.count > 1000 }
      for change in [["scale", "--cores", "3"], ["drain", "0"], ["scale", "--cores", "1"]] {
        let ran = try Started(change + ["--server", query, "-o", "json"], in: folder).finish()
        #expect(ran.code == 0, "\(change): \(ran.error)")
      }
      let many = try Started(["scale", "--cores", "4", "--server", query], in: folder).finish()
      #expect(many.code == 1 && many.error.contains("the network has 3 parts"), "\(many.error)")
      let ran = started.finish(within: 60)
      #expect(ran.code == 0, "seed \(seed): \(ran.error)")
      #expect(ran.json["moves"]?.int == 3 && ran.json["recoveries"] == nil, "\(ran.output)")
      for file in ["spikes.csv", "e.csv", "d.csv", "weights.csv", "transmitted.csv"] {
        #expect(folder.read("moved/\(file)") == folder.read("reference/\(file)"), "seed \(seed): \(file)")
      }
    }

    @Test(.timeLimit(.minutes(1))) func `where nobody starts cores it is said how many to start`() throws {
      let folder = try TestFolder()
      let store = try TestStore(folder)
      let coordinator = try Started(["coordinator", "--redis", store.url, "--cores", "1"], in: folder)
      func core() throws -> Started {
        try Started(
          [
            "core", "--coordinator", "ipc://\(folder.path)/control.sock", "--redis", store.url, "--spikes",
            "ipc://\(folder.path)/core-{pid}.sock",
          ],
          in: folder
        )
      }
      let first = try core()
      func status(_ key: String) throws -> JSONValue? { try synfire("status", "-o", "json", in: folder).json[key] }
      try eventually("a running core", in: folder) { try status("phase") == .string("running") }

      let early = try synfire("scale", "--cores", "2", "--wait", "300 ms", in: folder)
      #expect(early.code == 124)
      #expect(
        early.error.contains("2 cores are wanted and 1 are here: start one more 'synfire core'"),
        "\(early.error)"
      )
      let second = try core()
      let done = try synfire("scale", "--cores", "2", "-o", "json", in: folder)
      #expect(done.code == 0 && done.json["cores"]?.int == 2, "\(done.error)")

      let spare = try core()
      try eventually("a spare", in: folder) { try status("spares")?.int == 1 }
      let drained = try synfire("drain", "\(CurrentProcess.host):\(first.pid)", "-o", "json", in: folder)
      #expect(drained.code == 0 && drained.json["cores"]?.int == 2, "\(drained.error)")
      #expect(first.finish(within: 15).code == 0, "it was taken out and has ended")
      #expect(second.isRunning && spare.isRunning)
      #expect(try status("recoveries")?.int == 0)
      coordinator.process.stop()
    }
  }
}

extension ShopService {
  /// Changes the cluster and returns what is said of it.
  func change(_ words: String...) throws -> JSONValue {
    let ran = try Started(words + ["-o", "json"], in: folder).finish()
    #expect(ran.code == 0, "\(words): \(ran.error)")
    return ran.json
  }

  /// Asks for a change that is not made.
  func refused(_ words: String...) throws -> Ran { try Started(words, in: folder).finish() }
}
