import Basics
import Cluster
import StateStore
import Testing
import Wire

/// What stays where it is when a cluster goes to other cores.
@Suite struct HeldPartsTests {
  private static let blobs = (0..<3 as Range<UInt16>).map { PartBlob(part: PartID($0), crc: UInt32($0) + 100) }

  private static func assignment(
    _ generation: UInt32,
    _ epoch: Int64,
    _ blobs: [PartBlob],
    program: [UInt8] = [1]
  ) -> Assignment {
    Assignment(
      run: 1,
      runName: "r",
      generation: Generation(generation),
      mapHash: UInt64(generation),
      core: CoreID(0),
      members: [CoreMember(core: CoreID(0), incarnation: Incarnation(7), spikeEndpoint: "")],
      coreOfPart: [CoreID(0), CoreID(0), CoreID(0)],
      program: program,
      epoch: Epoch(epoch),
      checkpoint: epoch > 0 ? Generation(generation - 1) : nil,
      blobs: blobs,
      blobGeneration: Generation(generation),
      epochsPerInput: 2,
      epochsPerOutput: 2,
      epochsPerCheckpoint: 2,
      lastEpoch: Epoch(100)
    )
  }

  /// A core whose checkpoint of epoch 2 is in the store, and which has no further input.
  private func coreAtBoundary(_ rules: ProtocolRules = .all) -> CoreMachine {
    var core = CoreMachine(incarnation: Incarnation(7), rules: rules)
    _ = core.handle(.control(.assign(Self.assignment(1, 0, []))), now: 0)
    _ = core.handle(.loaded(Generation(1)), now: 0)
    _ = core.handle(.control(.input(Generation(1), mapHash: 1, ordinal: 0, [])), now: 0)
    for epoch in 0..<2 as Range<Int64> { _ = core.handle(.computed(Generation(1), Epoch(epoch)), now: 0) }
    _ = core.handle(.stored(Generation(1), Epoch(2), Self.blobs), now: 0)
    return core
  }

  private func kept(_ core: inout CoreMachine, _ next: Assignment) -> Set<PartID>? {
    for case .load(next, let kept) in core.handle(.control(.assign(next)), now: 0) { return kept }
    return nil
  }

  @Test func `a core that stands at a checkpoint reads only the parts that it does not hold`() {
    var core = coreAtBoundary()
    let next = Self.assignment(2, 2, Array(Self.blobs.prefix(2)) + [PartBlob(part: PartID(5), crc: 1)])
    #expect(kept(&core, next) == [PartID(0), PartID(1)])
    // Once loaded it holds those of the assignment, and keeps them over the next generation as well.
    _ = core.handle(.loaded(Generation(2)), now: 0)
    #expect(kept(&core, Self.assignment(3, 2, Array(next.blobs.suffix(2)))) == [PartID(1), PartID(5)])
  }

  @Test func `a part is read where its checksum, the epoch or the network is another`() {
    var core = coreAtBoundary()
    let other = [Self.blobs[0], PartBlob(part: PartID(1), crc: 1)]
    #expect(kept(&core, Self.assignment(2, 2, other)) == [PartID(0)])
    // It is loading, so that nothing is sure to be there.
    #expect(kept(&core, Self.assignment(3, 2, Self.blobs)) == [])
    core = coreAtBoundary()
    #expect(kept(&core, Self.assignment(2, 4, Self.blobs)) == [])
    core = coreAtBoundary()
    #expect(kept(&core, Self.assignment(2, 2, Self.blobs, program: [2])) == [])
    core = coreAtBoundary()
    // Whoever has begun the next epoch is beyond the checkpoint.
    _ = core.handle(.control(.input(Generation(1), mapHash: 1, ordinal: 1, [])), now: 0)
    #expect(kept(&core, Self.assignment(2, 2, Self.blobs)) == [])
    core = coreAtBoundary()
    _ = core.handle(.failed(Generation(1), "it broke"), now: 0)
    #expect(kept(&core, Self.assignment(2, 2, Self.blobs)) == [])
  }

  @Test func `what gathers stays where it stands in a move, and goes back in a recovery`() {
    var run = CoordinatorHarness(CoordinatorHarness.setup(cores: 2))
    run.come(1, 2, 3)
    run.load()
    run.seal(2)
    run.say(2)
    run.say(4)
    #expect(run.restored == [Epoch(0)])
    run.handle(.scale(3))
    run.store(4)
    run.load()
    #expect(run.machine.moves == 1 && run.restored == [Epoch(0)])
    run.seal()
    run.say(6)
    run.handle(.storeLost)
    run.handle(.storeBack)
    run.load()
    #expect(run.machine.recoveries == 1 && run.restored == [Epoch(0), Epoch(4)])
  }

  @Test func `a store that goes back in the middle of a move takes what gathers with it`() {
    var run = CoordinatorHarness(CoordinatorHarness.setup(cores: 2))
    run.come(1, 2, 3)
    run.load()
    run.seal(2)
    run.say(2)
    run.say(4)
    let before = run.store
    run.handle(.scale(3))
    run.forgetsCommits = before
    run.store(4)
    run.load()
    #expect(run.present.values.allSatisfy { $0.epoch == Epoch(0) })
    #expect(run.restored == [Epoch(0), Epoch(0)])
  }

  // MARK: where parts lie

  @Test func `parts that are alike stay where they lie as far as nobody gets more than a share`() {
    var setup = CoordinatorHarness.setup(cores: 2)
    setup.partsAreAlike = true
    var run = CoordinatorHarness(setup)
    run.come(1, 2, 3)
    run.load()
    func parts() -> [[UInt16]] {
      run.machine.memberViews.map { view in
        run.machine.coreOfPart.indices.filter { run.machine.coreOfPart[$0] == view.core }.map { UInt16($0) }
      }
    }
    #expect(run.members == [1, 2] && parts() == [[0, 2, 4], [1, 3, 5]])
    run.handle(.scale(3))
    run.load()
    #expect(run.members == [1, 2, 3] && parts() == [[0, 4], [1, 3], [2, 5]])
    run.handle(.scale(2))
    run.load()
    #expect(run.members == [1, 2] && parts() == [[0, 2, 4], [1, 3, 5]])
    // The spare gets what the other one had.
    run.handle(.drain(Incarnation(1)))
    run.load()
    #expect(run.members == [3, 2] && parts() == [[0, 2, 4], [1, 3, 5]])
  }
}
