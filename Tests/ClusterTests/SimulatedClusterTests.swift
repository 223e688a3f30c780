import TestKit
import Testing

/// Histories of a whole cluster on a virtual clock; a failing seed replays.
@Suite struct SimulatedClusterTests {
  @Test(arguments: [1, 2, 3, 5]) func `a cluster without faults publishes every tick`(cores: Int) throws {
    var cluster = try SimulatedCluster(seed: 7, cores: cores, parts: 6, ticks: 40, faults: .none)
    let outcome = cluster.run()
    #expect(outcome.violation == nil)
    #expect(outcome.generations == 1)
  }

  @Test func `whatever is killed, lost, doubled or paused, the published ticks are those of a run without faults`()
    throws
  {
    var faults = 0
    for seed in UInt64(1)...300 {
      var cluster = try SimulatedCluster(seed: seed, cores: 2 + Int(seed % 3), parts: 6, ticks: 60)
      let outcome = cluster.run()
      faults += outcome.faults
      #expect(outcome.violation == nil, "seed \(seed): \(outcome.violation ?? "")")
    }
    #expect(faults > 1000)
  }
}
