public import Basics
public import Wire

/// The protocol side of one core: takes events, returns what the loop around it has to do; no clock, no socket.
///
/// Ordering rules of an epoch e, which the machine keeps and the tests check:
/// 1. epoch e is computed only when every peer's frame of epoch e − 1 was delivered and its input is there;
/// 2. a frame of epoch e goes to every peer, also when it is empty: its absence is the failure signal;
/// 3. the frames of epoch e are delivered together, own spikes included, in ascending order of core;
/// 4. then the outputs and the snapshot of boundary e + 1 are taken, before anything of epoch e + 1 happens;
/// 5. a snapshot begins only after the one before it is in the store;
/// 6. a frame counts only with this run, map and generation, from the incarnation the map names.
public struct CoreMachine: Sendable {
  /// What happened.
  public enum Event: Sendable {
    case control(ControlMessage)
    /// The program is loaded for a generation.
    case loaded(Generation)
    /// Epoch computed; the loop keeps the spikes until told to send and deliver them.
    case computed(Generation, Epoch)
    case frame(FrameOrigin, SpikeBatch)
    /// A peer misses this core's frame of an epoch.
    case resendRequested(by: CoreID, Generation, Epoch)
    /// The snapshot of an epoch is in the store.
    case stored(Generation, Epoch, [PartBlob])
    /// Time passed.
    case timer
    /// The program refused something.
    case failed(Generation, String)
  }

  /// Where a frame came from.
  public struct FrameOrigin: Equatable, Sendable {
    /// Run of the sender.
    public var run: UInt64
    /// Map of the sender.
    public var mapHash: UInt64
    /// Generation of the sender.
    public var generation: Generation
    /// Life of the sender.
    public var incarnation: Incarnation
    /// Position of the sender.
    public var core: CoreID
    /// Epoch whose spikes it carries.
    public var epoch: Epoch
    /// Describes an origin.
    public init(
      run: UInt64,
      mapHash: UInt64,
      generation: Generation,
      incarnation: Incarnation,
      core: CoreID,
      epoch: Epoch
    ) {
      (self.run, self.mapHash, self.generation) = (run, mapHash, generation)
      (self.incarnation, self.core, self.epoch) = (incarnation, core, epoch)
    }
  }

  /// What the loop has to do, in order.
  public enum Action: Equatable, Sendable {
    /// Drop the program, connect to the peers, load the parts; answer `.loaded` or `.failed`.
    case load(Assignment)
    case accept(ordinal: Int64, [UInt8])
    /// Simulate an epoch; answer `.computed`.
    case compute(Epoch)
    /// Send the spikes of an epoch (this one or the one before) to a peer.
    case sendFrame(Epoch, to: CoreID)
    case askResend(Epoch, of: CoreID)
    /// Queue the spikes of an epoch: own ones and these, in order.
    case deliver(Epoch, [CoreID: SpikeBatch])
    /// Send `.output` of the boundary to the coordinator.
    case emitOutput(Epoch)
    /// Copy the state and write it to the store; answer `.stored`.
    case snapshot(Epoch)
    case send(ControlMessage)
    case exit(code: Int32, String)
  }

  /// Times after which a silent peer is asked again, and reported.
  public struct Patience: Sendable {
    /// Time until the first request to resend.
    public var resendNanoseconds: Int64 = 20_000_000
    /// Time until the coordinator hears of it, and again after as long.
    public var suspectNanoseconds: Int64 = 1_000_000_000
    /// The usual times.
    public init() {}
  }

  private enum Phase: Equatable { case idle, loading, waiting, computing, exchanging }

  /// This life of the core.
  public let incarnation: Incarnation
  private let patience: Patience
  private var assignment: Assignment?
  private var phase = Phase.idle
  /// Epochs done in the present generation.
  public private(set) var epoch = Epoch(0)
  private var inputs: Set<Int64> = []
  /// Inputs that came while the program is being loaded.
  private var heldInputs: [Int64: [UInt8]] = [:]
  private var limit = Epoch(0)
  private var frames: [Epoch: [CoreID: SpikeBatch]] = [:]
  private var pendingSnapshot: Epoch?
  private var exchangeBegan: Int64 = 0
  private var nextResend: Int64 = 0
  private var resendInterval: Int64 = 0
  private var nextSuspect: Int64 = 0
  /// Frames refused because they were of another run, map, generation, life or epoch.
  public private(set) var refusedFrames = 0

  /// Makes a core that waits for its assignment.
  public init(incarnation: Incarnation, patience: Patience = Patience()) {
    (self.incarnation, self.patience) = (incarnation, patience)
  }

  /// The present generation; 0 before the first assignment.
  public var generation: Generation { assignment?.generation ?? Generation(0) }

  /// Digest of the present map; 0 before the first assignment.
  public var mapHash: UInt64 { assignment?.mapHash ?? 0 }

  /// Whether a peer's frame is being waited for.
  public var isExchanging: Bool { phase == .exchanging }

  /// Takes an event and returns what has to be done, in order; `now` is monotonic, in ns.
  public mutating func handle(_ event: Event, now: Int64) -> [Action] {
    switch event {
    case .control(let message): return handle(message, now: now)
    case .loaded(let generation):
      guard phase == .loading, generation == self.generation else { return [] }
      phase = .waiting
      let held = heldInputs.sorted { $0.key < $1.key }.map { Action.accept(ordinal: $0.key, $0.value) }
      heldInputs = [:]
      return [.send(.ready(incarnation, generation))] + held + begin(now)
    case .computed(let generation, let done):
      guard phase == .computing, generation == self.generation, done == epoch, let assignment else { return [] }
      phase = .exchanging
      exchangeBegan = now
      resendInterval = patience.resendNanoseconds
      nextResend = now + resendInterval
      nextSuspect = now + patience.suspectNanoseconds
      return assignment.peers.map { .sendFrame(epoch, to: $0.core) } + finishExchange(now)
    case .frame(let origin, let batch): return handle(frame: origin, batch, now: now)
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
      return [.send(.acknowledge(incarnation, generation, epoch, blobs))] + begin(now)
    case .timer: return handleTimer(now)
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
      assignment = next
      phase = .loading
      epoch = next.epoch
      limit = next.epochsPerInput > 0 ? next.lastEpoch : next.epoch
      (inputs, heldInputs, frames, pendingSnapshot) = ([], [:], [:], nil)
      return [.load(next)]
    case .input(let generation, let ordinal, let bytes):
      // The coordinator repeats what may have been lost; what was used already is no news.
      guard generation == self.generation, phase != .idle, let every = assignment?.epochsPerInput, every > 0,
        ordinal >= epoch.index / Int64(every), inputs.insert(ordinal).inserted
      else { return [] }
      if phase == .loading {
        heldInputs[ordinal] = bytes
        return []
      }
      return [.accept(ordinal: ordinal, bytes)] + begin(now)
    case .proceed(let generation, let epoch):
      guard generation == self.generation else { return [] }
      limit = max(limit, epoch)
      return begin(now)
    case .stop(let reason): return [.exit(code: 0, reason)]
    case .refuse(let reason): return [.exit(code: 1, reason)]
    default: return []
    }
  }

  private mutating func handle(frame origin: FrameOrigin, _ batch: SpikeBatch, now: Int64) -> [Action] {
    guard let assignment, phase != .idle, origin.run == assignment.run, origin.mapHash == assignment.mapHash,
      origin.generation == assignment.generation, origin.core != assignment.core,
      assignment.members.contains(where: { $0.core == origin.core && $0.incarnation == origin.incarnation }),
      origin.epoch == epoch || origin.epoch == epoch.next
    else {
      refusedFrames += 1
      return []
    }
    // A frame that comes twice carries the same spikes: the first one stays.
    if frames[origin.epoch]?[origin.core] == nil { frames[origin.epoch, default: [:]][origin.core] = batch }
    return phase == .exchanging ? finishExchange(now) : []
  }

  /// Starts the next epoch if nothing is missing.
  private mutating func begin(_ now: Int64) -> [Action] {
    guard phase == .waiting, let assignment, epoch < assignment.lastEpoch, epoch < limit else { return [] }
    if assignment.epochsPerInput > 0 {
      guard inputs.contains(epoch.index / Int64(assignment.epochsPerInput)) else { return [] }
    }
    if pendingSnapshot != nil, isBoundary(epoch.next, every: assignment.epochsPerCheckpoint) { return [] }
    phase = .computing
    return [.compute(epoch)]
  }

  /// Delivers the epoch if every peer's frame is there, and goes on.
  private mutating func finishExchange(_ now: Int64) -> [Action] {
    guard let assignment, frames[epoch, default: [:]].count == assignment.members.count - 1 else { return [] }
    var actions = [Action.deliver(epoch, frames.removeValue(forKey: epoch) ?? [:])]
    epoch = epoch.next
    if assignment.epochsPerInput > 0, isBoundary(epoch, every: assignment.epochsPerInput) {
      inputs.remove(epoch.index / Int64(assignment.epochsPerInput) - 1)
    }
    if isBoundary(epoch, every: assignment.epochsPerOutput) || epoch == assignment.lastEpoch {
      actions.append(.emitOutput(epoch))
    }
    if isBoundary(epoch, every: assignment.epochsPerCheckpoint) {
      pendingSnapshot = epoch
      actions.append(.snapshot(epoch))
    }
    phase = .waiting
    return actions + begin(now)
  }

  private mutating func handleTimer(_ now: Int64) -> [Action] {
    guard phase == .exchanging, let assignment else { return [] }
    let missing = assignment.peers.filter { frames[epoch]?[$0.core] == nil }
    var actions: [Action] = []
    if now >= nextResend {
      actions += missing.map { .askResend(epoch, of: $0.core) }
      resendInterval = min(resendInterval * 2, 500_000_000)
      nextResend = now + resendInterval
    }
    if now >= nextSuspect {
      actions += missing.map { .send(.suspect(incarnation, generation, $0.core)) }
      nextSuspect = now + patience.suspectNanoseconds
    }
    return actions
  }

  private func isBoundary(_ epoch: Epoch, every count: Int) -> Bool { count > 0 && epoch.index % Int64(count) == 0 }
}
