import Basics
import Cluster
import StateStore
import Wire

/// A coordinator's machine with a store and a gatherer that do what they are told at once.
struct CoordinatorHarness {
  var machine: CoordinatorMachine
  var store = CommittedState(epoch: Epoch(0), checkpoint: nil, crcs: [], generation: Generation(0))
  var now: Int64 = 0
  /// Messages to cores since they were last looked at.
  var sent: [(message: ControlMessage, to: Incarnation)] = []
  /// Boundaries that became public.
  var published: [Epoch] = []
  /// The positions that what gathers was taken to.
  var restored: [Epoch] = []
  /// What the store goes back to with the next commit, right after it is done.
  var forgetsCommits: CommittedState?
  /// Why the run was given up.
  var exit: String?
  private var nextInput: Int64 = 0

  /// A run of six parts: an input and an output every two epochs, a checkpoint every six.
  static func setup(cores: Int, checkpoint: Int = 6, inputs: Int = 2) -> ClusterSetup {
    ClusterSetup(
      run: 1,
      program: [1],
      parts: 6,
      cores: cores,
      placement: { n in (0..<6).map { CoreID(UInt16($0 % n)) } },
      epochsPerInput: inputs,
      epochsPerOutput: 2,
      epochsPerCheckpoint: checkpoint,
      lastEpoch: Epoch(1000),
      window: 3
    )
  }

  init(_ setup: ClusterSetup, store: CommittedState? = nil) {
    machine = CoordinatorMachine(setup: setup, incarnation: Incarnation(99))
    if let store { self.store = store }
    perform(machine.start())
  }

  mutating func handle(_ event: CoordinatorMachine.Event) { perform(machine.handle(event, now: now)) }

  private mutating func perform(_ actions: [CoordinatorMachine.Action]) {
    for action in actions {
      switch action {
      case .readStore: handle(.storeRead(store))
      case .raise(let generation):
        store.generation = generation
        handle(.raised(generation))
      case .want(let wanted):
        store.wantedCores = wanted
        handle(.wanted(wanted))
      case .restore(let committed): restored.append(committed.epoch)
      case .send(let message, let to): sent.append((message, to))
      case .gather(let epoch, _):
        published.append(epoch)
        handle(.gathered(epoch))
      case .save(let epoch, _): handle(.saved(epoch, crc: 7))
      case .commit(_, let epoch, let generation, let crcs):
        let wanted = store.wantedCores
        store = CommittedState(
          epoch: epoch,
          checkpoint: generation,
          crcs: crcs,
          generation: generation,
          wantedCores: wanted
        )
        if let former = forgetsCommits { (store, forgetsCommits) = (former, nil) }
        handle(.committed(epoch))
      case .finish: exit = "finished"
      case .exit(_, let why): exit = why
      }
    }
  }

  // MARK: cores

  mutating func come(_ cores: UInt64...) {
    for core in cores {
      handle(
        .message(
          .hello(
            CoreHello(
              incarnation: Incarnation(core),
              place: "",
              spikeEndpoint: "",
              host: "host",
              processID: Int32(core)
            )
          )
        )
      )
    }
  }

  /// What each member was assigned last.
  private(set) var assignments: [Incarnation: Assignment] = [:]
  /// The generation of the blobs of those that were asked to write them.
  private(set) var promoted: [Incarnation: Generation] = [:]

  /// Takes the messages that were sent to cores.
  mutating func take() -> [(message: ControlMessage, to: Incarnation)] {
    for (message, to) in sent {
      switch message {
      case .assign(let assignment): (assignments[to], promoted[to]) = (assignment, nil)
      case .promote(_, let blobs): promoted[to] = blobs
      default: break
      }
    }
    defer { sent = [] }
    return sent
  }

  /// The assignments of the present generation.
  var present: [Incarnation: Assignment] { assignments.filter { $0.value.generation == machine.generation } }

  /// All members of the present generation load.
  mutating func load() {
    _ = take()
    for (who, a) in present.sorted(by: { $0.value.core < $1.value.core }) {
      handle(.message(.ready(who, a.generation, mapHash: a.mapHash)))
    }
  }

  /// The next input is sealed.
  mutating func seal(_ count: Int = 1) {
    for _ in 0..<count {
      guard let ordinal = machine.wantedInput else { return }
      handle(.input(ordinal: ordinal, [UInt8(truncatingIfNeeded: ordinal)]))
    }
  }

  /// All members, or one, say what their parts say at a boundary.
  mutating func say(_ epoch: Int64, of only: UInt64? = nil, flipped: PartID? = nil) {
    for (who, a) in present where only == nil || who.bits == only {
      let parts = a.ownParts.map { PartOutput(part: $0, bytes: [UInt8($0.index), $0 == flipped ? 1 : 0]) }
      handle(.message(.output(who, a.generation, mapHash: a.mapHash, Epoch(epoch), parts)))
    }
  }

  /// All members, or one, have their parts in the store.
  mutating func store(_ epoch: Int64, of only: UInt64? = nil, flipped: PartID? = nil) {
    for (who, a) in present where only == nil || who.bits == only {
      let blobs = a.ownParts.map { PartBlob(part: $0, crc: UInt32($0.index) + ($0 == flipped ? 1000 : 0)) }
      let name = promoted[who] ?? a.blobGeneration
      handle(.message(.acknowledge(who, a.generation, mapHash: a.mapHash, Epoch(epoch), stored: name, blobs)))
    }
  }

  mutating func beat(_ core: UInt64, at epoch: Int64) {
    let (a, who) = (assignments[Incarnation(core)], Incarnation(core))
    var statistics = CoreStatistics()
    statistics.epoch = Epoch(epoch)
    handle(.message(.heartbeat(who, a?.generation ?? Generation(0), mapHash: a?.mapHash ?? 0, statistics)))
  }

  /// The members by position.
  var members: [UInt64] { machine.memberViews.map(\.hello.incarnation.bits) }
}
