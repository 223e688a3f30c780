public import Basics
public import StateStore
internal import Wire

/// The protocol side of one core: takes events, returns what the loop around it has to do; no clock, no socket.
///
/// Ordering rules of an epoch e, which the machine keeps and the tests check:
/// 1. epoch e is computed only when every peer's frame of epoch e − 1 was delivered and its input is there;
/// 2. a frame of epoch e goes to every peer, also when it is empty: its absence is the failure signal, and its presence
///    lets the peer go on, so that neither is ever more than one epoch ahead (`Assignment.peers` says who is a peer);
/// 3. the frames of epoch e are delivered together, in ascending order of core; own spikes are queued, and what is known of
///    epoch e + 1 is summed, already while frames are on their way, since sums are integers and random numbers have keys:
///    neither a result nor a snapshot can tell;
/// 4. then the outputs and the snapshot of boundary e + 1 are taken, before anything of epoch e + 1 happens;
/// 5. a snapshot begins only after the one before it is in the store;
/// 6. that a snapshot is in the store is said again and again until the coordinator says that it is committed, or a
///    later one is in the store;
/// 7. a frame counts only with this run, map and generation, from the incarnation the map names;
/// 8. of a new generation every part is read but those that the program holds at its epoch with its checksums.
public struct CoreMachine: Sendable {
  /// Inputs that a core keeps at most; the coordinator repeats what it dropped when the core has come so far.
  public static let mostInputs = 2048

  private enum Phase: Equatable { case idle, loading, waiting, computing, exchanging }

  /// This life of the core.
  public let incarnation: Incarnation
  private let patience: Patience
  private let takesAnyGeneration: Bool
  private let repeatsAcknowledgements: Bool
  private var assignment: Assignment?
  private var held: HeldParts
  private var phase = Phase.idle
  /// Epochs done in the present generation.
  public private(set) var epoch = Epoch(0)
  private var inputs: Set<Int64> = []
  /// Inputs that came while the program is being loaded.
  private var heldInputs: [Int64: [UInt8]] = [:]
  private var limit = Epoch(0)
  private var peers = EpochPeers([])
  private var constants = EpochConstants()
  private var pendingSnapshot: Epoch?
  /// The generation in the names of the blobs: of the snapshot that is being written, and of the next ones.
  private var (pendingBlobs, blobGeneration): (Generation?, Generation?) = (nil, nil)
  /// A checkpoint out of turn that is still to come.
  private var requestedSnapshot: Epoch?
  /// The last snapshot that is in the store, under which generation, and, as far as is known here, not committed.
  private var uncommitted: (epoch: Epoch, stored: Generation?, blobs: [PartBlob])?
  private var nextAcknowledgement: Int64 = 0
  private var nextResend: Int64 = 0
  private var resendInterval: Int64 = 0
  private var nextSuspect: Int64 = 0
  /// Frames refused because they were of another run, map, generation, life or epoch.
  public private(set) var refusedFrames = 0

  /// Makes a core that waits for its assignment.
  public init(incarnation: Incarnation, patience: Patience = Patience(), rules: ProtocolRules = .all) {
    (self.incarnation, self.patience) = (incarnation, patience)
    takesAnyGeneration = !rules.keeps(.frameGeneration)
    repeatsAcknowledgements = rules.keeps(.repeatedAcknowledgements)
    held = HeldParts(rules: rules)
  }

  /// The present generation; 0 before the first assignment.
  public var generation: Generation { constants.generation }

  /// The highest generation that this life has been told of, in the names of blobs as well.
  public private(set) var highestGeneration = Generation(0)

  /// Digest of the present map; 0 before the first assignment.
  public var mapHash: UInt64 { constants.mapHash }

  /// Whether a peer's frame is being waited for.
  public var isExchanging: Bool { phase == .exchanging }

  /// Whether the next epoch would end in a checkpoint, and the one before is not in the store yet.
  public var waitsForStore: Bool {
    phase == .waiting && pendingSnapshot != nil && epoch < limit && isCheckpoint(epoch.next)
  }

  /// Takes an event and returns what has to be done, in order; `now` is monotonic, in ns.
  public mutating func handle(_ event: Event, now: Int64) -> [Action] {
    var actions: [Action] = []
    handle(event, now: now, into: &actions)
    return actions
  }

  /// Takes an event and appends what has to be done, in order; an epoch without inputs or a boundary allocates nothing.
  public mutating func handle(_ event: Event, now: Int64, into actions: inout [Action]) {
    switch event {
    case .computed(let generation, let done): handleComputed(generation, done, now: now, into: &actions)
    case .frame(let header): handle(frame: header, into: &actions)
    default: actions += handleRest(event, now: now)
    }
  }

  private mutating func handleComputed(
    _ generation: Generation,
    _ done: Epoch,
    now: Int64,
    into actions: inout [Action]
  ) {
    guard phase == .computing, generation == self.generation, done == epoch else { return }
    phase = .exchanging
    resendInterval = patience.resendNanoseconds
    nextResend = now + resendInterval
    nextSuspect = now + patience.suspectNanoseconds
    if !peers.isEmpty { actions.append(.sendFrames(epoch)) }
    finishExchange(into: &actions)
  }

  private mutating func handleRest(_ event: Event, now: Int64) -> [Action] {
    switch event {
    case .control(let message): return handle(message, now: now)
    case .loaded(let generation):
      guard phase == .loading, generation == self.generation else { return [] }
      phase = .waiting
      if let assignment { held.note(assignment.blobs, at: assignment.epoch) }
      let inputs = heldInputs.sorted { $0.key < $1.key }.map { Action.accept(ordinal: $0.key, $0.value) }
      heldInputs = [:]
      return [.send(.ready(incarnation, generation, mapHash: mapHash))] + inputs + begin()
    case .computed, .frame: return []
    case .resendRequested(let peer, let generation, let wanted):
      // Frames of the epoch before the present one are kept: a peer can be at most one epoch behind.
      guard generation == self.generation, phase != .idle, phase != .loading else { return [] }
      let sent = phase == .exchanging ? epoch.index : epoch.index - 1
      guard wanted.index == sent || wanted.index == sent - 1, wanted.index >= (assignment?.epoch.index ?? 0) else {
        return []
      }
      return [.sendFrame(wanted, to: peer)]
    case .stored(let generation, let epoch, let blobs):
      guard generation == self.generation, pendingSnapshot == epoch else { return [] }
      pendingSnapshot = nil
      uncommitted = (epoch, pendingBlobs, blobs)
      held.note(blobs, at: epoch)
      return acknowledge(now) + takeRequested() + begin()
    case .timer:
      let isDue = repeatsAcknowledgements && uncommitted != nil && now >= nextAcknowledgement
      return (isDue ? acknowledge(now) : []) + handleTimer(now)
    case .failed(let generation, let text):
      guard generation == self.generation else { return [] }
      phase = .idle
      return [.send(.failed(incarnation, generation, text))]
    }
  }

  private mutating func handle(_ message: ControlMessage, now: Int64) -> [Action] {
    switch message {
    case .assign(let next):
      // Generations only grow: an assignment that arrives late or twice changes nothing.
      guard next.generation > generation || assignment == nil else { return [] }
      let kept = keptParts(of: next)
      held.forget()
      assignment = next
      phase = .loading
      epoch = next.epoch
      limit = next.epochsPerInput > 0 ? next.lastEpoch : next.epoch
      (inputs, heldInputs, pendingSnapshot, requestedSnapshot) = ([], [:], nil, nil)
      uncommitted = nil
      peers = EpochPeers(next.peers)
      constants = EpochConstants(next)
      blobGeneration = next.blobGeneration
      highestGeneration = max(highestGeneration, next.generation)
      return [.load(next, keeping: kept)]
    case .input(let generation, let map, let ordinal, let bytes):
      // The coordinator repeats what may have been lost; what was used already is no news.
      guard generation == self.generation, map == mapHash, phase != .idle, let every = assignment?.epochsPerInput,
        every > 0, inputs.count < Self.mostInputs,
        ordinal >= epoch.index / Int64(every), inputs.insert(ordinal).inserted
      else { return [] }
      if phase == .loading {
        heldInputs[ordinal] = bytes
        return []
      }
      return [.accept(ordinal: ordinal, bytes)] + begin()
    case .proceed(let generation, let epoch):
      guard generation == self.generation else { return [] }
      limit = max(limit, epoch)
      return begin()
    case .checkpoint(let generation, let epoch):
      guard generation == self.generation, phase != .idle, epoch >= self.epoch else { return [] }
      requestedSnapshot = epoch
      return takeRequested()
    case .promote(let generation, let blobs):
      guard generation == self.generation else { return [] }
      blobGeneration = blobs
      highestGeneration = max(highestGeneration, blobs)
      // What lies nowhere is not said again.
      if uncommitted?.stored != blobs { uncommitted = nil }
      return []
    case .committed(let generation, let epoch):
      if generation == self.generation, let saved = uncommitted, saved.epoch <= epoch { uncommitted = nil }
      return []
    case .stop(let reason): return [.exit(code: 0, reason)]
    case .refuse(let reason): return [.exit(code: 1, reason)]
    default: return []
    }
  }

  /// The parts that need not be read: only between two epochs does the program hold what a checkpoint told of it.
  private func keptParts(of next: Assignment) -> Set<PartID> {
    guard phase == .waiting, assignment?.run == next.run, assignment?.program == next.program else { return [] }
    return held.parts(of: next, after: epoch)
  }

  private mutating func acknowledge(_ now: Int64) -> [Action] {
    guard let uncommitted else { return [] }
    nextAcknowledgement = now + patience.acknowledgeNanoseconds
    let (epoch, stored, blobs) = uncommitted
    return [.send(.acknowledge(incarnation, generation, mapHash: mapHash, epoch, stored: stored, blobs))]
  }

  private mutating func handle(frame header: SpikeFrame.Header, into actions: inout [Action]) {
    guard phase != .idle, header.run == constants.run,
      header.mapHash == constants.mapHash && header.generation == constants.generation || takesAnyGeneration,
      header.epoch == epoch || header.epoch == epoch.next,
      let position = peers.position(of: header.source, header.incarnation)
    else {
      refusedFrames += 1
      return
    }
    // A frame that comes twice carries the same spikes: the first one stays.
    if peers.note(position, header.epoch) { actions.append(.keep(header.epoch, from: header.source)) }
    if phase == .exchanging { finishExchange(into: &actions) }
  }

  /// Takes the requested snapshot where its epoch is done and the next one is not begun; again where it is asked again.
  private mutating func takeRequested() -> [Action] {
    guard requestedSnapshot == epoch, phase == .waiting, pendingSnapshot == nil else { return [] }
    (requestedSnapshot, pendingSnapshot, pendingBlobs) = (nil, epoch, blobGeneration)
    return [.snapshot(epoch, blobs: blobGeneration)]
  }

  private mutating func begin() -> [Action] {
    var actions: [Action] = []
    begin(into: &actions)
    return actions
  }

  /// Starts the next epoch if nothing is missing.
  private mutating func begin(into actions: inout [Action]) {
    guard phase == .waiting, epoch < constants.lastEpoch, epoch < limit else { return }
    if constants.input > 0, !inputs.contains(epoch.index / constants.input) { return }
    if pendingSnapshot != nil, isCheckpoint(epoch.next) { return }
    phase = .computing
    actions.append(.compute(epoch))
  }

  /// Delivers the epoch if every peer's frame is there, and goes on.
  private mutating func finishExchange(into actions: inout [Action]) {
    guard peers.allSent(epoch) else { return }
    actions.append(.deliver(epoch))
    peers.forget(epoch)
    epoch = epoch.next
    if constants.input > 0, isBoundary(epoch, every: constants.input) {
      inputs.remove(epoch.index / constants.input - 1)
    }
    if isBoundary(epoch, every: constants.output) || epoch == constants.lastEpoch { actions.append(.emitOutput(epoch)) }
    if isCheckpoint(epoch) {
      if requestedSnapshot == epoch { requestedSnapshot = nil }
      (pendingSnapshot, pendingBlobs) = (epoch, blobGeneration)
      actions.append(.snapshot(epoch, blobs: blobGeneration))
    }
    phase = .waiting
    begin(into: &actions)
  }

  private mutating func handleTimer(_ now: Int64) -> [Action] {
    guard phase == .exchanging, now >= min(nextResend, nextSuspect) else { return [] }
    let missing = peers.missing(epoch)
    var actions: [Action] = []
    if now >= nextResend {
      actions += missing.map { .askResend(epoch, of: $0) }
      resendInterval = min(resendInterval * 2, 500_000_000)
      nextResend = now + resendInterval
    }
    if now >= nextSuspect {
      actions += missing.map { .send(.suspect(incarnation, generation, $0)) }
      nextSuspect = now + patience.suspectNanoseconds
    }
    return actions
  }

  private func isBoundary(_ epoch: Epoch, every count: Int64) -> Bool { count > 0 && epoch.index % count == 0 }

  private func isCheckpoint(_ epoch: Epoch) -> Bool {
    isBoundary(epoch, every: constants.checkpoint) || epoch == requestedSnapshot
  }
}
