import Basics
import Cluster
import StateStore
import Testing
import Wire

/// How a running cluster goes to other cores.
@Suite struct MoveTests {
  /// Two cores that simulated four epochs.
  private func running(_ setup: ClusterSetup = CoordinatorHarness.setup(cores: 2)) -> CoordinatorHarness {
    var run = CoordinatorHarness(setup)
    run.come(1, 2)
    run.load()
    run.seal(2)
    run.say(2)
    run.say(4)
    _ = run.take()
    return run
  }

  @Test func `a further core is taken at the end of what was granted, and nothing is simulated twice`() {
    var run = running()
    run.handle(.scale(3))
    #expect(run.take().isEmpty, "there is no third core yet")
    #expect(run.machine.phase == .running && !run.machine.isSettled)
    run.seal()
    run.come(3)
    #expect(run.take().map(\.message).filter { $0 == .checkpoint(Generation(1), Epoch(6)) }.count == 2)
    #expect(run.machine.wantedInput == nil, "nothing beyond the checkpoint may be begun")
    run.now = 5
    run.say(6)
    run.now = 8
    run.store(6)
    #expect(run.machine.phase == .loading)
    run.load()
    #expect(run.members == [1, 2, 3])
    #expect(run.present.values.allSatisfy { $0.epoch == Epoch(6) && $0.checkpoint == Generation(1) })
    #expect(run.machine.recoveries == 0 && run.machine.moves == 1 && run.machine.isSettled)
    #expect(run.machine.lastMove?.pauseNanoseconds == 3)
    run.seal()
    run.say(8)
    #expect(run.published.map(\.index) == [2, 4, 6, 8])
  }

  @Test func `fewer cores are gone to at once, also where nothing more was granted or all is committed`() {
    var run = running()
    run.handle(.scale(1))
    #expect(run.take().map(\.message) == [.checkpoint(Generation(1), Epoch(4)), .checkpoint(Generation(1), Epoch(4))])
    run.store(4)
    run.load()
    #expect(run.members == [1])
    #expect(run.machine.membership.members.count == 1 && run.machine.isSettled)
    // Nothing was simulated since: the committed position will do.
    run.handle(.scale(2))
    #expect(run.take().contains { if case .checkpoint = $0.message { true } else { false } } == false)
    run.load()
    #expect(run.members == [1, 2])
    #expect(run.machine.moves == 2 && run.machine.recoveries == 0)
  }

  @Test func `a spare takes the place of a core that is taken out, which is told to end`() {
    var run = running()
    run.come(3)
    run.handle(.drain(Incarnation(1)))
    run.store(4)
    run.load()
    #expect(run.members == [3, 2], "in its place, so that the other one keeps its parts")
    #expect(run.machine.wantedCores == 2 && run.store.wantedCores == nil)
    run.handle(.timer)
    #expect(run.take().isEmpty, "who supervises it may end it first")
    run.now += run.machine.setup.patience.farewell + 1
    run.handle(.timer)
    #expect(run.take().map(\.message) == [.stop("it was taken out")])
    run.come(4)
    #expect(run.members == [3, 2])
  }

  @Test func `a spare that was let go is no spare any more, and nobody is let go who may be needed`() {
    var run = running()
    run.come(3)
    run.handle(.release([""]))
    #expect(run.machine.membership.leaving == [""])
    // Then a member is taken out: who was let go does not take its place.
    run.handle(.drain(Incarnation(1)))
    run.store(4)
    run.load()
    #expect(run.members == [2])
    run.come(5)
    run.handle(.scale(2))
    run.handle(.release([""]))
    run.load()
    #expect(run.members == [2, 5])
  }

  @Test func `without a spare the cluster goes on with one core less, and the last one stays`() {
    var run = running()
    run.handle(.drain(Incarnation(2)))
    run.store(4)
    run.load()
    #expect(run.members == [1])
    #expect(run.store.wantedCores == WantedCores(cores: 1, startedWith: 2))
    run.handle(.drain(Incarnation(1)))
    run.load()
    #expect(run.members == [1] && run.machine.moves == 1)
    #expect(run.machine.refusal(toDrain: Incarnation(1))?.contains("the last core") == true)
  }

  @Test func `a cluster that lacks a core already does not wait for it to let another one go`() {
    var run = running(CoordinatorHarness.setup(cores: 3))
    #expect(run.machine.phase == .gathering)
    run.now += run.machine.setup.patience.replacement
    run.beat(1, at: 0)
    run.beat(2, at: 0)
    run.handle(.timer)
    run.load()
    #expect(run.members == [1, 2])
    run.handle(.drain(Incarnation(1)))
    run.say(2)
    run.say(4)
    run.store(4)
    run.load()
    #expect(run.members == [2] && run.store.wantedCores?.cores == 2)
  }

  @Test func `what people want outlives the coordinator, but not another start`() {
    var run = running()
    run.handle(.scale(1))
    let store = run.store
    #expect(store.wantedCores == WantedCores(cores: 1, startedWith: 2))
    let next = CoordinatorHarness(CoordinatorHarness.setup(cores: 2), store: store)
    #expect(next.machine.wantedCores == 1)
    let other = CoordinatorHarness(CoordinatorHarness.setup(cores: 4), store: store)
    #expect(other.machine.wantedCores == 4)
  }

  @Test func `a store that lost the wish is told again`() {
    var run = running()
    run.handle(.scale(1))
    run.store.wantedCores = nil
    run.handle(.storeLost)
    run.handle(.storeBack)
    #expect(run.store.wantedCores == WantedCores(cores: 1, startedWith: 2))
    #expect(run.machine.wantedCores == 1)
    run.load()
    #expect(run.members == [1])
  }

  @Test func `a core that dies during a move costs a rollback and no more`() {
    var run = running()
    run.come(3)
    run.handle(.scale(3))
    run.say(4)
    run.now += run.machine.setup.patience.silence + 1
    run.beat(1, at: 4)
    run.beat(2, at: 4)
    run.handle(.timer)
    #expect(run.machine.recoveries == 0, "the third held nothing")
    run.store(4, of: 1)
    run.come(4)
    run.now += run.machine.setup.patience.silence + 1
    run.beat(1, at: 4)
    run.beat(4, at: 0)
    run.handle(.timer)
    #expect(run.machine.recoveries == 1 && run.machine.lastFailure.contains("silent"))
    run.load()
    #expect(run.members == [1, 4] && run.machine.phase == .running)
    #expect(run.present.values.allSatisfy { $0.epoch == Epoch(0) })
    // The third is still wanted.
    run.come(5)
    run.say(2)
    run.say(4)
    run.store(4)
    run.load()
    #expect(run.members == [1, 4, 5] && run.machine.isSettled)
  }

  @Test func `a member that missed the request hears it again, one that did its part does not`() {
    var run = running()
    run.come(3)
    run.handle(.scale(3))
    run.store(4, of: 1)
    _ = run.take()
    run.now = 2_000_000_000
    run.beat(1, at: 4)
    run.beat(2, at: 4)
    run.now = 4_000_000_000
    run.beat(1, at: 4)
    run.beat(2, at: 4)
    let again = run.take().filter { $0.message == .checkpoint(Generation(1), Epoch(4)) }
    #expect(again.map(\.to) == [Incarnation(2)])
  }

  @Test func `after a core was lost for good, the next one that comes is taken in`() {
    var run = running()
    run.now += run.machine.setup.patience.silence + 1
    run.beat(1, at: 4)
    run.handle(.timer)
    run.now += run.machine.setup.patience.replacement
    run.beat(1, at: 4)
    run.handle(.timer)
    run.load()
    #expect(run.members == [1] && !run.machine.isSettled)
    run.come(6)
    run.say(2)
    run.say(4)
    run.store(4)
    run.load()
    #expect(run.members == [1, 6] && run.machine.moves == 1)
  }

  @Test func `a generation that a core still belongs to is not given out again by a store that went back`() {
    var run = CoordinatorHarness(CoordinatorHarness.setup(cores: 1))
    run.handle(
      .message(
        .hello(
          CoreHello(
            incarnation: Incarnation(1),
            place: "",
            spikeEndpoint: "",
            host: "host",
            processID: 1,
            generation: Generation(7)
          )
        )
      )
    )
    #expect(run.store.generation == Generation(8))
    // It was in generation 6 and told to name its blobs by 9: what it says of the former does not hide the latter.
    run.handle(
      .message(
        .hello(
          CoreHello(
            incarnation: Incarnation(1),
            place: "",
            spikeEndpoint: "",
            host: "host",
            processID: 1,
            generation: Generation(9)
          )
        )
      )
    )
    run.handle(.message(.heartbeat(Incarnation(1), Generation(6), mapHash: 0, CoreStatistics())))
    run.handle(.storeLost)
    run.handle(.storeBack)
    #expect(run.store.generation == Generation(10))
  }

  @Test func `a core that is told to name its blobs by a generation knows of it`() {
    var core = CoreMachine(incarnation: Incarnation(1))
    let assignment = Assignment(
      run: 1,
      runName: "",
      generation: Generation(3),
      mapHash: 5,
      core: CoreID(0),
      members: [CoreMember(core: CoreID(0), incarnation: Incarnation(1), spikeEndpoint: "")],
      coreOfPart: [CoreID(0)],
      program: [],
      epoch: Epoch(0),
      checkpoint: nil,
      blobs: [],
      epochsPerInput: 2,
      epochsPerOutput: 2,
      epochsPerCheckpoint: 6,
      lastEpoch: Epoch(100)
    )
    _ = core.handle(.control(.assign(assignment)), now: 0)
    #expect(core.highestGeneration == Generation(3))
    _ = core.handle(.control(.promote(Generation(2), blobs: Generation(8))), now: 0)
    #expect(core.highestGeneration == Generation(3), "that was another generation's")
    _ = core.handle(.control(.promote(Generation(3), blobs: Generation(4))), now: 0)
    #expect(core.highestGeneration == Generation(4) && core.generation == Generation(3))
  }

  @Test func `spares take over at once`() {
    var run = running()
    run.come(3)
    run.now += run.machine.setup.patience.silence + 1
    run.beat(1, at: 4)
    run.handle(
      .message(
        .hello(
          CoreHello(
            incarnation: Incarnation(3),
            place: "",
            spikeEndpoint: "",
            host: "host",
            processID: 3
          )
        )
      )
    )
    run.handle(.timer)
    run.load()
    #expect(run.members == [1, 3] && run.machine.phase == .running)
  }

  @Test func `a run without inputs is held back at the limit that was given out`() {
    var run = CoordinatorHarness(CoordinatorHarness.setup(cores: 2, inputs: 0))
    run.come(1, 2)
    run.load()
    run.say(2)
    #expect(run.take().last?.message == .proceed(Generation(1), Epoch(8)))
    run.handle(.scale(1))
    #expect(run.take().map(\.message).contains(.checkpoint(Generation(1), Epoch(8))))
    for epoch in [4, 6, 8] as [Int64] { run.say(epoch) }
    #expect(run.take().allSatisfy { $0.message == .proceed(Generation(1), Epoch(8)) })
    run.store(8)
    run.load()
    #expect(run.members == [1] && run.machine.recoveries == 0)
    #expect(run.present.values.allSatisfy { $0.epoch == Epoch(8) })
  }

  @Test func `more cores than parts, none, or a run without checkpoints: refused with a sentence`() {
    let run = running()
    #expect(run.machine.refusal(toScaleTo: 7)?.contains("6 parts") == true)
    #expect(run.machine.refusal(toScaleTo: 0) != nil)
    #expect(run.machine.refusal(toScaleTo: 6) == nil)
    let bare = CoordinatorHarness(CoordinatorHarness.setup(cores: 2, checkpoint: 0))
    #expect(bare.machine.refusal(toScaleTo: 1)?.contains("--checkpoint-every") == true)
  }

  // MARK: cores

  @Test func `a core takes a snapshot out of turn where it stands, or when it comes there`() {
    var core = CoreMachine(incarnation: Incarnation(1))
    let assignment = Assignment(
      run: 1,
      runName: "",
      generation: Generation(1),
      mapHash: 5,
      core: CoreID(0),
      members: [CoreMember(core: CoreID(0), incarnation: Incarnation(1), spikeEndpoint: "")],
      coreOfPart: [CoreID(0)],
      program: [],
      epoch: Epoch(0),
      checkpoint: nil,
      blobs: [],
      epochsPerInput: 2,
      epochsPerOutput: 2,
      epochsPerCheckpoint: 6,
      lastEpoch: Epoch(100)
    )
    func simulate(_ epochs: Range<Int64>) -> [CoreMachine.Action] {
      epochs.flatMap { core.handle(.computed(Generation(1), Epoch($0)), now: 0) }
    }
    func input(_ ordinal: Int64) {
      _ = core.handle(.control(.input(Generation(1), mapHash: 5, ordinal: ordinal, [])), now: 0)
    }
    func ask(_ epoch: Int64) -> [CoreMachine.Action] {
      core.handle(.control(.checkpoint(Generation(1), Epoch(epoch))), now: 0)
    }
    _ = core.handle(.control(.assign(assignment)), now: 0)
    _ = core.handle(.loaded(Generation(1)), now: 0)
    input(0)
    #expect(ask(2) == [])
    #expect(simulate(0..<2).contains(.snapshot(Epoch(2), blobs: nil)))
    // Asked again: at once, but after the one that is being written.
    #expect(ask(2) == [])
    let stored = core.handle(.stored(Generation(1), Epoch(2), []), now: 0)
    #expect(stored.contains(.snapshot(Epoch(2), blobs: nil)))
    _ = core.handle(.stored(Generation(1), Epoch(2), []), now: 0)
    #expect(ask(2) == [.snapshot(Epoch(2), blobs: nil)])
    _ = core.handle(.stored(Generation(1), Epoch(2), []), now: 0)
    input(1)
    #expect(!simulate(2..<4).contains(.snapshot(Epoch(4), blobs: nil)))
    #expect(ask(2) == [], "that is over")
    #expect(ask(4) == [.snapshot(Epoch(4), blobs: nil)])
  }

  // MARK: processes

  @Test func `a supervisor starts what lacks, and ends nobody who holds parts`() {
    func crew(
      _ places: [String],
      _ wanted: Int,
      members: Set<String>,
      leaving: Set<String> = [],
      settled: Bool = true
    )
      -> Crew
    {
      Crew(
        places: places,
        spares: 1,
        .init(wanted: wanted, isSettled: settled, members: members, leaving: leaving)
      )
    }
    let three = ["0", "1", "2"]
    #expect(crew(three, 2, members: ["0", "1"]) == crew(three, 2, members: ["1", "2"]))
    #expect(crew(three, 4, members: ["0", "1"]).start == ["3", "4"])
    #expect(crew(three, 1, members: ["2"]).surplus == ["1"] && crew(three, 1, members: ["2"]).stop == [])
    #expect(crew(three, 1, members: ["0", "1", "2"], settled: false).surplus == [])
    #expect(crew(three, 1, members: ["0"], leaving: ["1"], settled: false).stop == ["1"])
    // A place that is being left is not taken again before its process has ended.
    #expect(crew(three, 2, members: ["0", "2"], leaving: ["1"]).start == ["3"])
  }
}
