public import Basics
import StateStore
import Wire

/// How a running cluster goes to other cores without losing a step.
///
/// A move lets the members simulate what they may already, holds back everything beyond, asks for a checkpoint there,
/// commits it and begins the next generation from it: nothing is simulated twice. A failure on the way is a failure as
/// any other, after which the generation that follows is formed of the cores that are wanted by then.
extension CoordinatorMachine {
  /// A move that is under way.
  struct Move: Sendable {
    /// Where the members stop.
    var epoch: Epoch
    /// The members before it.
    var formerCores: Int
    /// Since when nothing is simulated, in ns; nil while something is.
    var idleSince: Int64?
    /// Whether its checkpoint is committed.
    var isCommitted = false
    /// Whether the store still has that checkpoint as the committed one: then what gathers stands there already.
    var isInPlace = false
  }

  /// The last move that was done.
  public struct MoveReport: Equatable, Sendable {
    /// The generation that it led to.
    public var generation: Generation
    /// Epochs done when it was made.
    public var epoch: Epoch
    /// Cores before it.
    public var coresBefore: Int
    /// Cores after it.
    public var coresAfter: Int
    /// Time in which nothing was simulated, in ns.
    public var pauseNanoseconds: Int64
  }

  /// Cores that may hold parts.
  var stayingCores: Int { cores.values.count { !$0.isLeaving } }

  /// The cores to go on with, when as many are there.
  public var fullCores: Int { min(wantedCores, setup.parts) }

  /// Cores that the parts are spread over now, each of them once or twice.
  public var presentCores: Int { shape.cores }

  /// How often every part is simulated now.
  public var presentCopies: Int { shape.copies }

  /// Core processes that so many cores take.
  public func processes(for count: Int) -> Int { count * setup.redundancy.copies }

  /// Whether a move is under way.
  public var isMoving: Bool { move != nil }

  /// Whether the members are those that should be.
  public var isSettled: Bool {
    phase == .running && move == nil && shape == fullShape && wish == nil
      && !members.contains { cores[$0]?.isLeaving == true }
  }

  /// Why the run cannot go on with so many cores; nil where it can.
  public func refusal(toScaleTo count: Int) -> String? {
    if let why = refusalToMove { return why }
    guard count > setup.parts else { return count < 1 ? "a cluster has at least one core" : nil }
    return "the network has \(setup.parts) parts, and a core without one would have nothing to do; "
      + "at most \(setup.parts) cores can be used"
  }

  /// Why a core cannot be taken out; nil where it can.
  public func refusal(toDrain who: Incarnation) -> String? {
    if cores[who]?.isLeaving == true { return nil }
    if let why = refusalToMove { return why }
    guard cores[who]?.isLeaving == false, stayingCores <= leastCores else { return nil }
    return leastCores > 1
      ? "two cores are the fewest that can verify each other; start another one first"
      : "it is the last core, and nobody could take its parts; start another one first"
  }

  private var refusalToMove: String? {
    setup.epochsPerCheckpoint > 0
      ? nil : "this run writes no checkpoints, which carry its state to other cores; start it with --checkpoint-every"
  }

  /// Notes that another number of cores is wanted: in the store first.
  mutating func scale(to count: Int) -> [Action] {
    guard refusal(toScaleTo: count) == nil, count != (wish?.cores ?? wantedCores) else { return [] }
    return ask(for: count)
  }

  /// Takes a core out: others hold its parts, then it is told to end.
  ///
  /// A spare takes its place where there is one; otherwise the cluster goes on with one core less.
  mutating func drain(_ who: Incarnation, _ now: Int64) -> [Action] {
    guard cores[who]?.isLeaving == false, refusal(toDrain: who) == nil else { return [] }
    cores[who]?.leavingSince = now
    return stayingCores < fullShape.total && fullCores > 1 ? ask(for: fullCores - 1) : balance(now)
  }

  /// Lets cores go that only wait while all are there that are wanted.
  mutating func release(_ places: [String], _ now: Int64) -> [Action] {
    guard isSettled else { return [] }
    for view in cores.values where places.contains(view.hello.place) && view.core == nil && !view.isLeaving {
      cores[view.hello.incarnation]?.leavingSince = now
    }
    return []
  }

  private mutating func ask(for count: Int) -> [Action] {
    let wanted = WantedCores(cores: count, startedWith: setup.cores)
    wish = wanted
    return [.want(wanted)]
  }

  /// The store knows a wish.
  mutating func handleWanted(_ wanted: WantedCores, _ now: Int64) -> [Action] {
    guard wanted == wish else { return [] }
    wish = nil
    noted = wanted
    wantedCores = wanted.cores
    return phase == .gathering ? formGeneration(now) : balance(now)
  }

  /// Takes up what people asked for before this coordinator started, or asks for it again where the store lost it.
  mutating func readWish(_ state: CommittedState) -> [Action] {
    if let wanted = wish ?? noted {
      guard wanted != state.wantedCores else { return [] }
      wish = wanted
      return [.want(wanted)]
    }
    // Who starts the cluster with another number of cores wants that number.
    if let wanted = state.wantedCores, wanted.startedWith == setup.cores {
      (wantedCores, noted) = (wanted.cores, wanted)
    }
    return []
  }

  // MARK: moving

  /// Begins a move where other cores should be members than are.
  mutating func balance(_ now: Int64) -> [Action] {
    guard phase == .running, move == nil, refusalToMove == nil, needsMove(now) else { return [] }
    let end = endOfGranted
    guard end < setup.lastEpoch else { return [] }
    move = Move(epoch: end, formerCores: shape.cores, idleSince: gatheredEpoch >= end ? now : nil)
    if committed.epoch == end { return goOver(now) }
    let save = gatheredEpoch == end ? [Action.save(end, blobGeneration)] : []
    return save + members.flatMap { requests(to: $0) }
  }

  private func needsMove(_ now: Int64) -> Bool {
    guard let target = targetShape else { return false }
    if stayingCores >= leastCores, members.contains(where: { cores[$0]?.isLeaving == true }) { return true }
    guard target.total > shape.total else { return target != shape }
    // Cores come one after the other: one move for all of them.
    return target == fullShape || now - lastArrival >= setup.patience.arrival
  }

  /// The first boundary beyond which no member may have begun anything.
  private var endOfGranted: Epoch {
    guard setup.epochsPerInput > 0 else { return proceedLimit }
    let (granted, every) = (inputs.next * Int64(setup.epochsPerInput), Int64(setup.epochsPerOutput))
    return Epoch((granted + every - 1) / every * every)
  }

  /// Where members are held back; nil where nothing holds them.
  var heldEpoch: Epoch? { move.flatMap { $0.isCommitted ? nil : $0.epoch } }

  /// What a member must know of a move whose checkpoint it has not acknowledged.
  func requests(to member: Incarnation) -> [Action] {
    guard let end = heldEpoch, let core = cores[member]?.core, let copy = copy(of: member),
      coreOfPart.indices.contains(where: {
        coreOfPart[$0] == core && !ledger.hasAcknowledged(PartID(UInt16($0)), at: end, copy: copy)
      })
    else { return [] }
    let proceed = setup.epochsPerInput == 0 ? [Action.send(.proceed(generation, end), to: member)] : []
    return [.send(.checkpoint(generation, end), to: member)] + proceed
  }

  /// The checkpoint of a move is committed: the next generation begins from it.
  mutating func goOver(_ now: Int64) -> [Action] {
    move?.isCommitted = true
    if move?.idleSince == nil { move?.idleSince = now }
    enter(.reading, now)
    return [.readStore]
  }

  /// All members run: a move is done, and the next one may be due.
  mutating func begin(_ now: Int64) -> [Action] {
    enter(.running, now)
    if let move, let idle = move.idleSince {
      lastMove = MoveReport(
        generation: generation,
        epoch: committed.epoch,
        coresBefore: move.formerCores,
        coresAfter: shape.cores,
        pauseNanoseconds: now - idle
      )
      moves += 1
    }
    move = nil
    return balance(now)
  }

  /// Tells cores to end that were taken out and hold nothing any more.
  func farewells(_ now: Int64) -> [Action] {
    guard phase == .running else { return [] }
    return cores.values.filter { view in
      guard let since = view.leavingSince, !members.contains(view.hello.incarnation) else { return false }
      return now - max(since, phaseBegan) > setup.patience.farewell
    }
    .map(\.hello.incarnation).sorted { $0.bits < $1.bits }.map { .send(.stop("it was taken out"), to: $0) }
  }
}
