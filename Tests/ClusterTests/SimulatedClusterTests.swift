import Basics
import Cluster
import Simulation
import StateStore
import Testing
import Wire

/// Histories of a whole cluster on a virtual clock; `synfire-sim --seed S --trace` replays one.
@Suite struct SimulatedClusterTests {
  /// Part 0 drives part 1, which drives part 2; parts 3 and 4 drive each other; part 5 is alone.
  private static let sparse = [[1], [2], [], [4], [3], []].map { $0.map { PartID($0) } }

  @Test(arguments: [1, 2, 3, 5]) func `a cluster without faults publishes every tick in one generation`(cores: Int) {
    var plan = SimulatedCluster.Plan(cores: cores)
    plan.hasFaults = false
    let outcome = SimulatedCluster(seed: 7, plan: plan).run()
    #expect(outcome.violation == nil)
    #expect(outcome.generation == 1)
    #expect(outcome.coordinators == 1)
  }

  @Test func `whatever is killed, lost, doubled, paused or forgotten, no promise is broken`() {
    var (faults, kinds, checks) = (0, Set<String>(), [String: Int]())
    for seed in UInt64(1)...300 {
      let outcome = SimulatedCluster(seed: seed, plan: .init(seed: seed)).run()
      faults += outcome.faults.values.reduce(0, +)
      kinds.formUnion(outcome.faults.keys)
      checks.merge(outcome.checks) { $0 + $1 }
      #expect(outcome.violation == nil, "seed \(seed): \(outcome.violation ?? "")")
      #expect(outcome.recoveryMilliseconds < 15_000, "seed \(seed): \(outcome.recoveryMilliseconds) ms")
    }
    #expect(faults > 3000)
    #expect(kinds.count == 24, "\(kinds.sorted())")
    #expect(checks.count == 7)
    #expect(checks.values.allSatisfy { $0 > 100 }, "\(checks)")
  }

  @Test func `scaling and taking cores out while nothing fails moves the state, and loses not an epoch`() {
    for seed in UInt64(1)...20 {
      var plan = SimulatedCluster.Plan(cores: 4)
      plan.hasFaults = false
      let cluster = SimulatedCluster(seed: seed, plan: plan)
      let start = Int64(100 + 37 * seed)
      cluster.schedule(milliseconds: start, .scale(2))
      cluster.schedule(milliseconds: start + 600, .scale(3))
      cluster.schedule(milliseconds: start + 1200, .drain(Int(seed % 4)))
      cluster.schedule(milliseconds: start + 1800, .scale(1))
      let outcome = cluster.run()
      #expect(outcome.violation == nil, "seed \(seed): \(outcome.violation ?? "")")
      #expect(outcome.moves >= 3 && outcome.recoveries == 0, "seed \(seed): \(outcome)")
      #expect(Int(outcome.generation) == 1 + outcome.moves, "seed \(seed): \(outcome)")
    }
  }

  @Test func `a seed plays the same history again`() {
    let played = (0..<2).map { _ in SimulatedCluster(seed: 11, plan: .init(seed: 11)).run() }
    #expect(played[0] == played[1])
    #expect(played[0] != SimulatedCluster(seed: 12, plan: .init(seed: 12)).run())
  }

  /// One seed after the other from the first on, as `synfire-sim --mutants` does: no seed is picked by hand.
  @Test(arguments: ProtocolRules.Rule.allCases)
  func `a rule that is left out is noticed within a thousand seeds`(rule: ProtocolRules.Rule) {
    let first = (UInt64(1)...1000).first { seed in
      var plan = SimulatedCluster.Plan(seed: seed)
      plan.rules = ProtocolRules(without: rule)
      return SimulatedCluster(seed: seed, plan: plan).run().violation != nil
    }
    #expect(first != nil, "nobody misses \(rule.rawValue)")
  }

  @Test func `without the generation in the key a core that missed its end destroys the committed checkpoint`() throws {
    for rules in [ProtocolRules.all, ProtocolRules(without: .generationInKey)] {
      let store = MemoryCheckpointStore(rules: rules)
      guard case .taken(let lease) = store.takeLease(nonce: 1, milliseconds: 1000) else { continue }
      _ = try store.createRun(lease, RunRecord(programDigest: "x", createdMilliseconds: 0, fence: lease.fence))
      _ = try store.raiseGeneration(lease, to: Generation(2))
      let place = BlobPlace(epoch: Epoch(6), generation: Generation(2), part: PartID(0))
      let blob = PartBlob(part: PartID(0), crc: try store.writeBlob([2], at: place))
      let request = CommitRequest(previousEpoch: Epoch(0), epoch: Epoch(6), generation: Generation(2), blobs: [blob])
      #expect(store.commit(lease, request) == .committed)
      // A core of generation 1 had other inputs, of a tail that was lost, and writes when it wakes up.
      _ = try store.writeBlob([1], at: BlobPlace(epoch: Epoch(6), generation: Generation(1), part: PartID(0)))
      let found = try? store.readBlob(at: place, crc: blob.crc)
      #expect(found == (rules == .all ? [2] : nil))
    }
  }

  @Test func `cores that share no projection go on without each other, and no promise is broken`() {
    for seed in UInt64(1)...60 {
      var plan = SimulatedCluster.Plan(cores: 2 + Int(seed % 5))
      plan.targetParts = Self.sparse
      let outcome = SimulatedCluster(seed: seed, plan: plan).run()
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
