import Basics
import Cluster
import Simulation
import StateStore
import Testing
import Wire

/// Networks that are simulated twice.
@Suite struct CopyTests {
  /// Cores 1 and 2 are the first copy, 3 and 4 the second.
  private func running(_ redundancy: Redundancy) -> CoordinatorHarness {
    var setup = CoordinatorHarness.setup(cores: 2)
    setup.redundancy = redundancy
    var run = CoordinatorHarness(setup)
    run.come(1, 2, 3, 4)
    run.load()
    run.seal(3)
    _ = run.take()
    return run
  }

  /// Everybody but some falls silent.
  private func lose(_ lost: UInt64..., in run: inout CoordinatorHarness, at epoch: Int64) {
    let all = run.machine.cores.keys.map(\.bits)
    run.now += run.machine.setup.patience.silence + 1
    for core in all where !lost.contains(core) { run.beat(core, at: epoch) }
    run.handle(.timer)
  }

  @Test func `two copies exchange spikes among themselves only, and one of them writes the checkpoints`() {
    let run = running(.verify)
    let assigned = run.present.mapValues { a in a.members.map(\.incarnation.bits) }
    #expect(assigned == [1, 2, 3, 4].reduce(into: [:]) { $0[Incarnation($1)] = $1 < 3 ? [1, 2] : [3, 4] })
    #expect(Set(run.present.values.map(\.mapHash)).count == 2)
    let writers = run.present.filter { $0.value.blobGeneration != nil }.keys.map(\.bits)
    #expect(writers.sorted() == [1, 2])
    #expect(run.machine.membership.wanted == 4 && run.machine.isSettled)
  }

  @Test func `nothing becomes public or is committed before both copies have said it`() {
    var run = running(.verify)
    for core in [1, 2, 3] as [UInt64] { run.say(2, of: core) }
    #expect(run.published.isEmpty)
    run.say(2, of: 4)
    run.say(4)
    run.say(6)
    #expect(run.published.map(\.index) == [2, 4, 6])
    for core in [1, 2, 4] as [UInt64] { run.store(6, of: core) }
    #expect(run.store.epoch == Epoch(0))
    run.store(6, of: 3)
    #expect(run.store.epoch == Epoch(6) && run.store.checkpoint == Generation(1))
  }

  @Test func `outputs that differ are named, not published, and both copies take up what they agreed on`() {
    var run = running(.verify)
    run.say(2)
    for core in [1, 2, 3] as [UInt64] { run.say(4, of: core) }
    run.say(4, of: 4, flipped: PartID(3))
    #expect(run.published.map(\.index) == [2])
    #expect(run.machine.divergences == 1 && run.machine.recoveries == 1)
    let why = run.machine.lastFailure
    #expect(why.contains("core 1 of copy 0 (host, process 2) and core 1 of copy 1 (host, process 4)"), "\(why)")
    #expect(why.contains("the outputs of part 3 at epoch 4"), "\(why)")
    run.load()
    #expect(run.present.values.allSatisfy { $0.epoch == Epoch(0) })
    run.say(2)
    run.say(4)
    #expect(run.published.map(\.index) == [2, 2, 4])
  }

  @Test func `state that differs is named at the checkpoint, which is not committed`() {
    var run = running(.verify)
    for epoch in [2, 4, 6] as [Int64] { run.say(epoch) }
    for core in [1, 2, 4] as [UInt64] { run.store(6, of: core) }
    run.store(6, of: 3, flipped: PartID(0))
    #expect(run.store.epoch == Epoch(0))
    let why = run.machine.lastFailure
    #expect(why.contains("core 0 of copy 0 (host, process 1) and core 0 of copy 1 (host, process 3)"), "\(why)")
    #expect(why.contains("the state of part 0 at epoch 6"), "\(why)")
    // Once more and once more: a machine is broken.
    for round in 2...3 {
      run.load()
      for epoch in [2, 4, 6] as [Int64] { run.say(epoch) }
      for core in [1, 2, 4] as [UInt64] { run.store(6, of: core) }
      run.store(6, of: 3, flipped: PartID(0))
      #expect(run.machine.divergences == round)
    }
    #expect(run.exit?.contains("one of the machines is broken") == true)
    #expect(run.store.epoch == Epoch(0))
  }

  @Test func `who verifies goes on with a core less in each copy, and waits where only one is left`() {
    var run = running(.verify)
    run.say(2)
    lose(4, in: &run, at: 2)
    #expect(run.machine.recoveries == 1 && run.machine.phase == .gathering)
    run.now += run.machine.setup.patience.replacement
    for core in [1, 2, 3] as [UInt64] { run.beat(core, at: 2) }
    run.handle(.timer)
    run.load()
    #expect(run.members == [1, 2], "one core a copy, and one waits")
    #expect(run.present.values.filter { $0.blobGeneration == nil }.count == 1)
    lose(2, 3, in: &run, at: 2)
    run.now += 2 * run.machine.setup.patience.replacement
    run.beat(1, at: 2)
    run.handle(.timer)
    #expect(run.machine.phase == .gathering)
    #expect(run.machine.refusal(toDrain: Incarnation(1))?.contains("two cores are the fewest") == true)
  }

  @Test func `a dead core costs no rollback where others stand by, who write the checkpoints from then on`() {
    var run = running(.standby)
    run.say(2)
    run.say(4, of: 3)
    lose(1, in: &run, at: 4)
    #expect(run.machine.promotions == 1 && run.machine.recoveries == 0 && run.machine.phase == .running)
    #expect(run.members == [3, 4] && run.machine.generation == Generation(1))
    #expect(run.store.generation == Generation(2), "the blobs get a name that nobody else uses")
    // They have not heard of it yet: what they have is in no store.
    run.say(4)
    run.say(6)
    #expect(run.published.map(\.index) == [2, 4, 6])
    run.store(6, of: 3)
    let told = run.take().filter { $0.message == .promote(Generation(1), blobs: Generation(2)) }
    #expect(told.map(\.to.bits).sorted() == [3, 3, 4], "once each, and again to who missed it")
    #expect(run.store.epoch == Epoch(0))
    run.store(6)
    #expect(run.store.epoch == Epoch(6) && run.store.checkpoint == Generation(2))
    // With a new core both copies are there again, from the boundary that is reached.
    run.come(5)
    #expect(run.machine.phase == .loading)
    run.load()
    #expect(run.members == [3, 4, 2, 5] && run.machine.moves == 1 && run.machine.recoveries == 0)
    #expect(run.machine.generation == Generation(3) && run.machine.isSettled)
  }

  @Test func `when the copy that stood by is lost, the first one goes on as it was`() {
    var run = running(.standby)
    run.say(2)
    lose(3, in: &run, at: 2)
    #expect(run.members == [1, 2] && run.machine.promotions == 1 && run.machine.recoveries == 0)
    #expect(run.store.generation == Generation(1))
    run.say(4)
    run.say(6)
    run.store(6)
    #expect(run.store.epoch == Epoch(6) && run.store.checkpoint == Generation(1))
    lose(1, in: &run, at: 6)
    #expect(run.machine.recoveries == 1, "nobody stands by any more")
    run.load()
    #expect(run.members.count == 2 && run.present.values.allSatisfy { $0.epoch == Epoch(6) })
  }

  @Test func `cores that die one after the other in both copies cost a rollback, and no byte`() {
    var run = running(.standby)
    run.say(2)
    lose(1, 4, in: &run, at: 2)
    #expect(run.machine.promotions == 1 && run.machine.recoveries == 1)
    run.load()
    #expect(run.members == [3, 2] && run.present.values.allSatisfy { $0.epoch == Epoch(0) })
  }

  // MARK: whole clusters

  @Test func `flipped bits, failures and moves: what is published is what both copies made of the sealed ticks`() {
    var (told, divergences) = (0, 0)
    for seed in UInt64(1)...60 {
      var plan = SimulatedCluster.Plan(cores: 1 + Int(seed % 2))
      plan.redundancy = .verify
      let cluster = SimulatedCluster(seed: seed, plan: plan)
      for k in 0..<3 as Range<Int64> {
        cluster.schedule(milliseconds: 300 + 1100 * k + Int64(seed), .flip(Int(seed) % (2 * plan.cores)))
      }
      let outcome = cluster.run()
      #expect(outcome.violation == nil, "seed \(seed): \(outcome.violation ?? "")")
      (told, divergences) = (told + outcome.toldFlips, divergences + outcome.divergences)
    }
    // Others were gone before anybody could notice: the core died, or took up a checkpoint.
    #expect(told > 50 && divergences > told / 2, "\(divergences) of \(told) flips were noticed")
  }

  @Test func `a flipped bit is always reported, and costs one rollback`() {
    for seed in UInt64(1)...20 {
      var plan = SimulatedCluster.Plan(cores: 2)
      (plan.redundancy, plan.hasFaults) = (.verify, false)
      let cluster = SimulatedCluster(seed: seed, plan: plan)
      cluster.schedule(milliseconds: 400 + 61 * Int64(seed), .flip(Int(seed % 4)))
      let outcome = cluster.run()
      #expect(outcome.violation == nil, "seed \(seed): \(outcome.violation ?? "")")
      #expect(outcome.flips == 1 && outcome.divergences == 1 && outcome.recoveries == 1, "seed \(seed): \(outcome)")
    }
  }

  @Test func `one copy alone publishes what a flipped bit made of it`() {
    var plan = SimulatedCluster.Plan(cores: 2)
    plan.hasFaults = false
    let cluster = SimulatedCluster(seed: 1, plan: plan)
    cluster.schedule(milliseconds: 600, .flip(0))
    #expect(cluster.run().violation?.contains("other bytes than its sealed inputs give") == true)
  }

  @Test func `a core that dies while others stand by costs no rollback, and both copies are there again soon`() {
    for seed in UInt64(1)...20 {
      var plan = SimulatedCluster.Plan(cores: 2)
      (plan.redundancy, plan.hasFaults) = (.standby, false)
      let cluster = SimulatedCluster(seed: seed, plan: plan)
      cluster.schedule(milliseconds: 300 + 37 * Int64(seed), .kill(Int(seed % 4)))
      cluster.schedule(milliseconds: 2300 + 37 * Int64(seed), .kill(Int((seed + 1) % 4)))
      let outcome = cluster.run()
      #expect(outcome.violation == nil, "seed \(seed): \(outcome.violation ?? "")")
      #expect(outcome.promotions == 2 && outcome.recoveries == 0 && outcome.moves == 2, "seed \(seed): \(outcome)")
    }
  }

  @Test func `whatever happens to cores that stand by, no promise is broken`() {
    for seed in UInt64(1)...100 {
      let outcome = SimulatedCluster(seed: seed, plan: .init(seed: seed, redundancy: .standby)).run()
      #expect(outcome.violation == nil, "seed \(seed): \(outcome.violation ?? "")")
    }
  }
}
