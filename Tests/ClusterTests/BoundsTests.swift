import Basics
import Cluster
import Planning
import Testing
import Transport
import Wire
import Workloads

/// What coordinator and cores keep, at its bounds; docs/operating/limits.md lists them.
@Suite struct BoundsTests {
  private static let generation = Generation(5)

  private static func setup(checkpoint: Int = 4) -> ClusterSetup {
    var setup = ClusterSetup(
      run: 1,
      program: [],
      parts: 2,
      cores: 1,
      placement: { _ in [CoreID(0), CoreID(0)] },
      epochsPerInput: 2,
      epochsPerOutput: 2,
      epochsPerCheckpoint: checkpoint,
      lastEpoch: Epoch(1000),
      window: 3
    )
    setup.mostCores = 2
    return setup
  }

  private static func hello(_ bits: UInt64, place: String = "") -> CoordinatorMachine.Event {
    .message(
      .hello(CoreHello(incarnation: Incarnation(bits), place: place, spikeEndpoint: "x", host: "h", processID: 1))
    )
  }

  /// A coordinator whose one core simulates from the start on, and its map.
  private func running(_ setup: ClusterSetup = setup()) -> (machine: CoordinatorMachine, map: UInt64) {
    var machine = CoordinatorMachine(setup: setup, incarnation: Incarnation(3))
    let start = CommittedState(epoch: Epoch(0), checkpoint: nil, crcs: [], generation: Generation(4))
    _ = machine.handle(.storeRead(start), now: 0)
    _ = machine.handle(Self.hello(7), now: 0)
    var map: UInt64 = 0
    for case .send(.assign(let assignment), _) in machine.handle(.raised(Self.generation), now: 0) {
      map = assignment.mapHash
    }
    _ = machine.handle(.message(.ready(Incarnation(7), Self.generation, mapHash: map)), now: 0)
    #expect(machine.phase == .running)
    return (machine, map)
  }

  private func feed(_ machine: inout CoordinatorMachine) -> Int {
    var count = 0
    while let ordinal = machine.wantedInput {
      _ = machine.handle(.input(ordinal: ordinal, [1]), now: 0)
      count += 1
    }
    return count
  }

  private func output(_ map: UInt64, at epoch: Int64, of parts: [UInt16]) -> CoordinatorMachine.Event {
    .message(
      .output(
        Incarnation(7),
        Self.generation,
        mapHash: map,
        Epoch(epoch),
        parts.map { PartOutput(part: PartID($0), bytes: [UInt8(truncatingIfNeeded: epoch)]) }
      )
    )
  }

  @Test func `a core too many is refused, one in the place of another is not`() {
    var (machine, _) = running()
    _ = machine.handle(Self.hello(8, place: "a"), now: 0)
    let actions = machine.handle(Self.hello(9, place: "b"), now: 0)
    guard case .send(.refuse(let text), to: Incarnation(9)) = actions.first, actions.count == 1 else {
      Issue.record("\(actions)")
      return
    }
    #expect(text.hasPrefix("2 cores are there already"))
    #expect(machine.cores.count == 2)
    _ = machine.handle(Self.hello(10, place: "a"), now: 0)
    #expect(machine.cores.keys.sorted { $0.bits < $1.bits } == [Incarnation(7), Incarnation(10)])
  }

  @Test func `inputs wait when those of two checkpoints are kept`() {
    var (machine, map) = running()
    #expect(feed(&machine) == 3)
    // Boundary after boundary becomes public, and no checkpoint is committed.
    var kept = 3
    for epoch in stride(from: Int64(2), through: 100, by: 2) {
      _ = machine.handle(output(map, at: epoch, of: [0, 1]), now: 0)
      _ = machine.handle(.gathered(Epoch(epoch)), now: 0)
      kept += feed(&machine)
    }
    #expect(kept == 7)
    #expect(machine.keptInputs == 7)
    #expect(machine.setup.mostInputs == 7)
  }

  @Test func `outputs and acknowledgements that no core can have are not kept`() {
    var (machine, map) = running()
    #expect(feed(&machine) == 3)
    for epoch in Int64(1)...500 {
      // Part 1 never says anything, so nothing is gathered.
      _ = machine.handle(output(map, at: epoch, of: [0]), now: 0)
      let blobs = [PartBlob(part: PartID(0), crc: 1)]
      let stored = Self.generation
      let said = ControlMessage.acknowledge(
        Incarnation(7),
        Self.generation,
        mapHash: map,
        Epoch(epoch),
        stored: stored,
        blobs
      )
      _ = machine.handle(.message(said), now: 0)
    }
    // Three inputs of two epochs each: boundaries 2, 4 and 6.
    #expect(machine.waitingBoundaries == 3)
    #expect(machine.waitingCheckpoints == 3)
  }

  @Test func `of what a core says when it fails a part is kept`() {
    var (machine, _) = running()
    let text = String(repeating: "x", count: 1_000_000)
    _ = machine.handle(.message(.failed(Incarnation(7), Self.generation, text)), now: 0)
    #expect(machine.lastFailure.count < 2100)
  }

  @Test func `addresses of strangers are forgotten, those of cores are not`() {
    var book = PeerBook(most: 10)
    let known = Set((1...4).map { Incarnation($0) })
    for core in known { book.note(core, at: PeerIdentity([1]), isKnown: known.contains) }
    for stranger in UInt64(100)...1000 {
      book.note(Incarnation(stranger), at: PeerIdentity([2]), isKnown: known.contains)
      #expect(book.count <= 10)
      #expect(book[Incarnation(stranger)] == PeerIdentity([2]))
    }
    for core in known { #expect(book[core] == PeerIdentity([1])) }
  }

  @Test func `a full mailbox declines what comes again, and takes what does not`() throws {
    let box = Mailbox<Int>(wakeup: try Wakeup(), most: 3)
    #expect((1...5).map { box.offer($0) } == [true, true, true, false, false])
    box.post(6)
    #expect(box.take() == [1, 2, 3, 6])
    #expect(box.offer(7))
    #expect(box.take() == [7])
  }

  /// A core that simulates two cores' worth of peers, with inputs and checkpoints as a test wants.
  private func core(peers: Int, epochsPerInput: Int, epochsPerCheckpoint: Int) -> CoreMachine {
    var core = CoreMachine(incarnation: Incarnation(1))
    let members = (0..<UInt16(peers + 1)).map {
      CoreMember(core: CoreID($0), incarnation: Incarnation(UInt64($0) + 1), spikeEndpoint: "x")
    }
    let assignment = Assignment(
      run: 1,
      runName: "",
      generation: Self.generation,
      mapHash: 5,
      core: CoreID(0),
      members: members,
      coreOfPart: members.map(\.core),
      program: [],
      epoch: Epoch(0),
      checkpoint: nil,
      blobs: [],
      epochsPerInput: epochsPerInput,
      epochsPerOutput: 1,
      epochsPerCheckpoint: epochsPerCheckpoint,
      lastEpoch: Epoch(10_000)
    )
    _ = core.handle(.control(.assign(assignment)), now: 0)
    return core
  }

  @Test func `a core keeps so many inputs and drops the rest`() {
    var core = core(peers: 0, epochsPerInput: 1, epochsPerCheckpoint: 0)
    for ordinal in 0..<Int64(2 * CoreMachine.mostInputs) {
      _ = core.handle(.control(.input(Self.generation, mapHash: 5, ordinal: ordinal, [])), now: 0)
    }
    let actions = core.handle(.loaded(Self.generation), now: 0)
    let accepted = actions.count { if case .accept = $0 { true } else { false } }
    #expect(accepted == CoreMachine.mostInputs)
  }

  @Test func `frames of epochs that are not due are refused`() {
    var core = core(peers: 1, epochsPerInput: 0, epochsPerCheckpoint: 0)
    _ = core.handle(.loaded(Self.generation), now: 0)
    _ = core.handle(.control(.proceed(Self.generation, Epoch(100))), now: 0)
    var kept = 0
    for epoch in Int64(0)..<50 {
      let header = SpikeFrame.Header(
        run: 1,
        mapHash: 5,
        generation: Self.generation,
        incarnation: Incarnation(2),
        source: CoreID(1),
        epoch: Epoch(epoch)
      )
      kept += core.handle(.frame(header), now: 0).count { if case .keep = $0 { true } else { false } }
    }
    #expect(kept == 2)
    #expect(core.refusedFrames == 48)
  }

  @Test func `a core waits at a checkpoint until the one before it is stored`() {
    var core = core(peers: 0, epochsPerInput: 0, epochsPerCheckpoint: 2)
    _ = core.handle(.loaded(Self.generation), now: 0)
    var actions = core.handle(.control(.proceed(Self.generation, Epoch(100))), now: 0)
    var snapshots = 0
    func run() {
      while case .compute(let epoch) = actions.last {
        actions = core.handle(.computed(Self.generation, epoch), now: 0)
        snapshots += actions.count { if case .snapshot = $0 { true } else { false } }
      }
    }
    run()
    #expect(snapshots == 1)
    #expect(core.epoch == Epoch(3))
    actions = core.handle(.stored(Self.generation, Epoch(2), []), now: 0)
    run()
    #expect(snapshots == 2)
    #expect(core.epoch == Epoch(5))
  }

  @Test func `digests of the last boundaries are compared, older ones are forgotten`() {
    var log = DigestLog(most: 100)
    for epoch in Int64(1)...1000 {
      #expect(log.note(UInt64(epoch), at: Epoch(epoch)) == true)
      #expect(log.count <= 100)
    }
    #expect(log.note(1000, at: Epoch(1000)) == true)
    #expect(log.note(1, at: Epoch(960)) == false)
    #expect(log.note(1, at: Epoch(2)) == true)
  }

  @Test func `the oldest incident goes when there are too many, and news of one is no further one`() throws {
    func event(_ id: String, _ kind: AnomalyEvent.Kind) throws -> AnomalyEvent {
      var w = ByteWriter()
      w.write(2 as UInt8)
      w.write(kind.rawValue)
      w.writeString(id)
      w.write(Int64(1))
      w.write(Int64(1))
      w.writeString("a")
      w.write(AnomalyEvent.Severity.minor.rawValue)
      w.writeString("a")
      w.writeString("cpu")
      w.writeVarint(0)
      w.writeString("")
      var r = ByteReader(w.bytes, reading: "event")
      return try AnomalyEvent(from: &r)
    }
    var log = IncidentLog(most: 3)
    for id in ["a", "b", "c", "d"] { log.note(try event(id, .opened)) }
    #expect(log.incidents.map(\.id) == ["b", "c", "d"])
    log.note(try event("c", .closed))
    #expect(log.incidents.map(\.id) == ["b", "c", "d"])
    #expect(log.incidents[1].kind == .closed)
  }

  @Test func `history is kept by its bytes, but never less than a rerun may ask for`() {
    let usual = HistoryBound()
    #expect(usual.entries(ofBytes: 1) == HistoryBound.most)
    #expect(usual.entries(ofBytes: 16 << 10) == 16_384)
    #expect(usual.entries(ofBytes: 1 << 30) == HistoryBound.least)
    #expect(HistoryBound(mebibytes: 64).entries(ofBytes: 16 << 10) == 4096)
    #expect(HistoryBound(mebibytes: 1).entries(ofBytes: 16 << 10) == HistoryBound.least)
    var setup = Self.setup(checkpoint: 2 * CoordinatorOptions.mostTicksPerCheckpoint)
    setup.window = 8
    #expect(setup.mostInputs <= HistoryBound.least)
    #expect(setup.mostInputs <= CoreMachine.mostInputs)
  }
}
