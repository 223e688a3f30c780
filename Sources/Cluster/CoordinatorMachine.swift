public import Basics
public import StateStore
internal import Wire

/// The protocol side of the coordinator: takes events, returns what the loop has to do; no clock, no socket.
///
/// Rules it keeps (each is a way to lose or change a result when broken):
/// 1. a generation begins from the position that was just read from the store, never from a remembered one;
/// 2. the store knows a generation before any core does;
/// 3. outputs are gathered in ascending order of epoch, each once a generation, and only of this generation;
/// 4. an epoch is committed only when every part of this generation is in the store, its outputs are public, and
///    the coordinator's own state is in the store too;
/// 5. inputs since the committed epoch are kept, to be given again.
public struct CoordinatorMachine: Sendable {
  /// What is known of the run.
  public let setup: ClusterSetup
  /// This life of the coordinator.
  public let incarnation: Incarnation
  /// What it is doing.
  public internal(set) var phase = Phase.reading
  /// The present generation.
  public internal(set) var generation = Generation(0)
  /// The committed position.
  public internal(set) var committed = CommittedState(
    epoch: Epoch(0),
    checkpoint: nil,
    crcs: [],
    generation: Generation(0)
  )
  /// Boundaries gathered and public.
  public internal(set) var gatheredEpoch = Epoch(0)
  /// Every core that is alive, by incarnation.
  public internal(set) var cores: [Incarnation: CoreView] = [:]
  /// The core of every part.
  public internal(set) var coreOfPart: [CoreID] = []
  /// The number of cores to go on with.
  public internal(set) var wantedCores: Int
  /// Recoveries since this coordinator started.
  public internal(set) var recoveries = 0
  /// Why the last recovery was needed.
  public internal(set) var lastFailure = ""
  /// Moves to other cores since this coordinator started.
  public internal(set) var moves = 0
  /// The last of them.
  public internal(set) var lastMove: MoveReport?
  /// Copies that were lost while others stood by, since this coordinator started.
  public internal(set) var promotions = 0
  /// How often two copies disagreed since this coordinator started.
  public internal(set) var divergences = 0

  let rules: ProtocolRules
  var copies: [Copy] = []
  var phaseBegan: Int64 = 0
  var inputs = InputLog()
  var ledger: CheckpointLedger
  var committing: Epoch?
  var lastProgress: Int64 = 0
  var failuresInARow = 0
  var divergencesInARow = 0
  var suspicions: [Incarnation: Int] = [:]
  var move: Move?
  /// What people asked for and the store does not know yet.
  var wish: WantedCores?
  /// What people asked for last, as the store should know it.
  var noted: WantedCores?
  /// The members of the last generation that was formed.
  var formerCores = 0
  /// When a core came last, in ns.
  var lastArrival: Int64 = 0

  /// Makes a coordinator that holds the lease and has not read the store yet.
  public init(setup: ClusterSetup, incarnation: Incarnation, rules: ProtocolRules = .all) {
    (self.setup, self.incarnation, self.rules) = (setup, incarnation, rules)
    wantedCores = setup.cores
    ledger = CheckpointLedger(parts: setup.parts, copies: 1)
  }

  /// What has to be done first.
  public func start() -> [Action] { [.readStore] }

  /// The ordinal of the next input the cores can use, or nil while they have enough.
  public var wantedInput: Int64? {
    guard setup.epochsPerInput > 0, phase != .reading, phase != .storeLost else { return nil }
    if let heldEpoch, inputs.next >= firstInput(of: heldEpoch) { return nil }
    guard inputs.count < setup.mostInputs else { return nil }
    let room = Int64(setup.window * setup.epochsPerOutput / setup.epochsPerInput)
    return inputs.next < firstInput(of: gatheredEpoch) + room ? inputs.next : nil
  }

  /// Inputs that are kept to be given again.
  public var keptInputs: Int { inputs.count }

  /// Boundaries of which outputs wait to be gathered.
  public var waitingBoundaries: Int { ledger.waitingBoundaries }

  /// Checkpoints of which some parts are in the store.
  public var waitingCheckpoints: Int { ledger.waitingCheckpoints }

  /// The epoch that no core can be beyond: what needs more than it was given was made up.
  var furthestEpoch: Epoch {
    setup.epochsPerInput > 0 ? Epoch(inputs.next * Int64(setup.epochsPerInput)) : proceedLimit
  }

  /// The input that the first epoch after `epoch` needs; only of runs that have inputs.
  func firstInput(of epoch: Epoch) -> Int64 { epoch.index / Int64(setup.epochsPerInput) }

  /// Whether members load or simulate.
  var isUnderWay: Bool { phase == .loading || phase == .running }

  /// The members in ascending order of position.
  public var memberViews: [CoreView] { members.compactMap { cores[$0] } }

  /// Takes an event and returns what has to be done, in order; `now` is monotonic, in ns.
  public mutating func handle(_ event: Event, now: Int64) -> [Action] {
    switch phase {
    case .finished, .failed: return []
    default: break
    }
    switch event {
    case .message(let message): return handle(message, now)
    case .storeRead(let state):
      guard phase == .reading else { return [] }
      let isFirst = generation.number == 0
      let isInPlace = move?.isCommitted == true && committed.isPosition(of: state)
      move?.isInPlace = isInPlace
      if isFirst || rules.keeps(.rereadOnRecovery) { committed = state }
      generation = max(generation, state.generation)
      if setup.epochsPerInput > 0 { inputs.resume(at: firstInput(of: state.epoch)) }
      if state.epoch >= setup.lastEpoch { return finish() }
      let wishes = readWish(state)
      enter(.gathering, now)
      return wishes + formGeneration(now)
    case .raised(let raised):
      if isUnderWay, raised == copies.first?.blobGeneration { return promote(members) }
      guard phase == .raising, raised == generation else { return [] }
      return assignAll(now)
    case .input(let ordinal, let bytes):
      guard inputs.append(ordinal, bytes), isUnderWay else { return [] }
      return members.map {
        .send(.input(generation, mapHash: mapHash(of: $0), ordinal: ordinal, bytes), to: $0)
      }
    case .gathered(let epoch): return handleGathered(epoch, now)
    case .saved(let epoch, let crc):
      guard isUnderWay else { return [] }
      ledger.note(saved: crc, at: epoch)
      return tryCommit(now)
    case .committed(let epoch): return handleCommitted(epoch, now)
    case .refused(let epoch, let reason, let isFence):
      guard isUnderWay, committing == epoch else { return [] }
      committing = nil
      if isFence { return fail("commit of epoch \(epoch.index) was refused: \(reason)") }
      return recover("commit of epoch \(epoch.index) was refused: \(reason)", now)
    case .storeLost:
      move = nil
      enter(.storeLost, now)
      return []
    case .storeBack:
      guard phase == .storeLost else { return [] }
      // The store may have lost its last seconds: only what it still has counts as an input.
      inputs.clear()
      return recover("the store came back", now)
    case .scale(let count): return scale(to: count)
    case .drain(let who): return drain(who, now)
    case .release(let places): return release(places, now)
    case .wanted(let wanted): return handleWanted(wanted, now)
    case .timer: return handleTimer(now)
    }
  }
}
