import Basics
import Cluster
import TestKit
import Testing
import Wire

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

  /// Part 0 drives part 1, which drives part 2; parts 3 and 4 drive each other; part 5 is alone.
  private static let sparse = [[1], [2], [], [4], [3], []].map { $0.map { PartID($0) } }

  @Test func `cores that share no projection go on without each other, and the published ticks stay the same`() throws {
    for seed in UInt64(1)...100 {
      var cluster = try SimulatedCluster(
        seed: seed,
        cores: 2 + Int(seed % 5),
        parts: 6,
        ticks: 60,
        targetParts: Self.sparse
      )
      let outcome = cluster.run()
      #expect(outcome.violation == nil, "seed \(seed): \(outcome.violation ?? "")")
    }
  }

  @Test func `cores exchange frames with those that spikes go to or come from, and both ends say so`() {
    let members = (0..<6 as Range<UInt16>).map {
      CoreMember(core: CoreID($0), incarnation: Incarnation(UInt64($0) + 1), spikeEndpoint: "")
    }
    func peers(_ core: UInt16, _ targets: [[PartID]]) -> [UInt16] {
      Assignment(
        run: 1,
        runName: "",
        generation: Generation(1),
        mapHash: 1,
        core: CoreID(core),
        members: members,
        coreOfPart: members.map(\.core),
        targetParts: targets,
        program: [],
        epoch: Epoch(0),
        checkpoint: nil,
        blobs: [],
        epochsPerInput: 0,
        epochsPerOutput: 1,
        epochsPerCheckpoint: 0,
        lastEpoch: Epoch(1)
      ).peers.map(\.core.index)
    }
    #expect((0..<6).map { peers($0, Self.sparse) } == [[1], [0, 2], [1], [4], [3], []])
    #expect(peers(2, []) == [0, 1, 3, 4, 5])
  }
}
