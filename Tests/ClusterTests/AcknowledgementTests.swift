import Basics
import Cluster
import StateStore
import Testing
import Wire

/// Acknowledgements of checkpoints over a network that loses some.
@Suite struct AcknowledgementTests {
  private static let second: Int64 = 1_000_000_000
  private static let member = CoreMember(core: CoreID(0), incarnation: Incarnation(7), spikeEndpoint: "x")

  private static func assignment(_ generation: UInt32) -> Assignment {
    Assignment(
      run: 1,
      runName: "r",
      generation: Generation(generation),
      mapHash: 5,
      core: CoreID(0),
      members: [member],
      coreOfPart: [CoreID(0)],
      program: [],
      epoch: Epoch(0),
      checkpoint: nil,
      blobs: [],
      blobGeneration: Generation(generation),
      epochsPerInput: 0,
      epochsPerOutput: 1,
      epochsPerCheckpoint: 1,
      lastEpoch: Epoch(1)
    )
  }

  /// A core whose last checkpoint is in the store.
  private func coreAtEnd(_ rules: ProtocolRules = .all) -> CoreMachine {
    var core = CoreMachine(incarnation: Self.member.incarnation, rules: rules)
    let generation = Generation(1)
    _ = core.handle(.control(.assign(Self.assignment(1))), now: 0)
    _ = core.handle(.loaded(generation), now: 0)
    _ = core.handle(.control(.proceed(generation, Epoch(1))), now: 0)
    _ = core.handle(.computed(generation, Epoch(0)), now: 0)
    return core
  }

  private static let blobs = [PartBlob(part: PartID(0), crc: 9)]
  private static let acknowledgement = CoreMachine.Action.send(
    .acknowledge(member.incarnation, Generation(1), mapHash: 5, Epoch(1), stored: Generation(1), blobs)
  )

  @Test func `an acknowledgement is repeated until the commit is known`() {
    var core = coreAtEnd()
    let first = core.handle(.stored(Generation(1), Epoch(1), Self.blobs), now: 0)
    #expect(first == [Self.acknowledgement])
    #expect(core.handle(.timer, now: Self.second / 2) == [])
    #expect(core.handle(.timer, now: Self.second) == [Self.acknowledgement])
    #expect(core.handle(.timer, now: Self.second + 1) == [])
    #expect(core.handle(.timer, now: 2 * Self.second) == [Self.acknowledgement])
    // That of another generation, and an earlier one, say nothing of it.
    _ = core.handle(.control(.committed(Generation(2), Epoch(1))), now: 2 * Self.second)
    _ = core.handle(.control(.committed(Generation(1), Epoch(0))), now: 2 * Self.second)
    #expect(core.handle(.timer, now: 3 * Self.second) == [Self.acknowledgement])
    _ = core.handle(.control(.committed(Generation(1), Epoch(1))), now: 3 * Self.second)
    #expect(core.handle(.timer, now: 9 * Self.second) == [])
  }

  @Test func `a new generation ends the acknowledgements of the one before`() {
    var core = coreAtEnd()
    _ = core.handle(.stored(Generation(1), Epoch(1), Self.blobs), now: 0)
    _ = core.handle(.control(.assign(Self.assignment(2))), now: 0)
    #expect(core.handle(.timer, now: 9 * Self.second) == [])
  }

  @Test func `an acknowledgement of what is committed is answered`() {
    let setup = ClusterSetup(
      run: 1,
      program: [],
      parts: 1,
      cores: 1,
      placement: { _ in [CoreID(0)] },
      epochsPerInput: 0,
      epochsPerOutput: 1,
      epochsPerCheckpoint: 1,
      lastEpoch: Epoch(9),
      window: 1
    )
    var machine = CoordinatorMachine(setup: setup, incarnation: Incarnation(3))
    let who = Self.member.incarnation
    let committed = CommittedState(epoch: Epoch(2), checkpoint: Generation(4), crcs: [1, 2], generation: Generation(4))
    _ = machine.handle(.storeRead(committed), now: 0)
    let hello = CoreHello(incarnation: who, place: "0", spikeEndpoint: "x", host: "h", processID: 1)
    let actions = machine.handle(.message(.hello(hello)), now: 0)
    #expect(actions == [.raise(Generation(5))])
    var map: UInt64 = 0
    for case .send(.assign(let assignment), _) in machine.handle(.raised(Generation(5)), now: 0) {
      map = assignment.mapHash
    }
    let late = ControlMessage.acknowledge(who, Generation(5), mapHash: map, Epoch(2), stored: Generation(5), Self.blobs)
    #expect(machine.handle(.message(late), now: 0) == [.send(.committed(Generation(5), Epoch(2)), to: who)])
  }
}
