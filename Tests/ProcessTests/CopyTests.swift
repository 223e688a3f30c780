import Basics
import Documents
import Foundation
import Testing

extension ProcessTests {
  /// Every part on two cores.
  @Suite struct CopyTests {
    @Test(.timeLimit(.minutes(2))) func `a core that is killed while another stands by costs no rollback and no byte`()
      throws
    {
      let reference = try Undisturbed.published.get()
      let service = try ShopService(cores: 1, checkpointTicks: 100, also: ["--standby", "1"])
      let feed = try service.feed(speed: 14_400)
      try service.wait(forTicks: 20)
      // The one that writes the checkpoints.
      let cores = try synfire("cores", "-o", "json", in: service.folder).json.elements
      #expect(cores.count == 2)
      let writer = try #require(cores.first { $0["copy"]?.int == 0 }?["pid"]?.int)
      kill(Int32(writer), SIGKILL)
      try service.wait(forTicks: 60)
      // The next one is taken in, without a rollback either; then the other may die.
      try eventually("two copies", in: service.folder) { service.status()?["copies"]?.int == 2 }
      service.processes("core").first { $0.pid != Int32(writer) }?.send(.kill)
      #expect(feed.finish(within: 60).code == 0)
      try service.wait(forTicks: ShopService.ticks)
      let status = try #require(service.status())
      #expect(status["promotions"]?.int == 2 && status["recoveries"]?.int == 0, "\(status.json())")
      try service.published().expectEqual(to: reference, "a core stands by")
      try service.stop()
    }

    @Test(.timeLimit(.minutes(2))) func `what two cores agree on is what one says, also when one of them dies`() throws
    {
      let reference = try Undisturbed.published.get()
      let service = try ShopService(cores: 2, checkpointTicks: 6, also: ["--verify"])
      #expect(service.processes("core").count == 4)
      let feed = try service.feed(speed: 14_400)
      try service.wait(forTicks: 20)
      service.processes("core").first?.send(.kill)
      #expect(feed.finish(within: 60).code == 0)
      try service.wait(forTicks: ShopService.ticks)
      let status = try #require(service.status())
      #expect(status["redundancy"] == "verify" && status["copies"]?.int == 2, "\(status.json())")
      #expect(status["recoveries"]?.int ?? 0 >= 1 && status["divergences"]?.int == 0, "\(status.json())")
      try service.published().expectEqual(to: reference, "verified")
      try service.stop()
      let both = try synfire("up", "--verify", "--standby", "1", in: service.folder)
      #expect(both.code == 2 && both.error.contains("choose one"), "\(both.error)")
    }

    @Test(.timeLimit(.minutes(1))) func `the records of a verified circuit are those of a plain one`() throws {
      let folder = try TestFolder()
      let circuit = try folder.write(RandomCircuit.text(seed: 3), to: "circuit.yaml")
      for (out, more) in [("plain", []), ("verified", ["--verify"])] as [(String, [String])] {
        let words = ["run", circuit, "--cores", "2", "--until", "500 ms", "--out", folder.file(out)]
        let ran = try Started(words + more, in: folder).finish()
        #expect(ran.code == 0, "\(ran.error)")
      }
      #expect(folder.read("plain/spikes.csv").utf8.count > 1000)
      for file in ["spikes.csv", "e.csv", "d.csv"] {
        #expect(folder.read("plain/\(file)") == folder.read("verified/\(file)"), "\(file)")
      }
    }
  }
}
