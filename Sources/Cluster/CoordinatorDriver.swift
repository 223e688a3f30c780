public import Basics
public import Wire

/// Does what a coordinator's machine tells, but for sockets.
///
/// That is store, inputs, outputs, lease, and what to do when the store fails. The simulated cluster drives the same code
/// on its own clock.
public final class CoordinatorDriver {
  /// Time after which inputs wait for the next turn.
  static let turnNanoseconds: Int64 = 5_000_000
  /// Exit code for a store that lost the run: starting again would begin it anew without a word.
  public static let lossCode: Int32 = 4

  /// The machine.
  public private(set) var machine: CoordinatorMachine
  /// How and why it ended, once it has.
  public private(set) var exit: (code: Int32, reason: String)?
  /// Whether the run is done.
  public private(set) var isDone = false
  private let gatherer: any GatherProgram
  private let store: any RunStore
  private let inputs: (any InputSource)?
  private let log: Log
  private let clock: () -> Int64
  private var lastTimer: Int64 = 0
  private var lastRenewal: Int64 = 0
  private var storeRetry: Int64 = 0
  /// Failures of the store in a row that waiting does not heal.
  private var hardFailures = 0
  private var waiting: [CoordinatorMachine.Action] = []
  private var isPerforming = false
  /// Hands a message to a core; false when it is known not to arrive.
  public var send: (ControlMessage, Incarnation) -> Bool = { _, _ in false }
  /// Tells every core that is known to stop.
  public var stopCores: (_ reason: String) -> Void = { _ in }

  /// Puts a driver together; the lease is held already; `clock` is monotonic, in ns.
  public init(
    machine: CoordinatorMachine,
    gatherer: any GatherProgram,
    store: any RunStore,
    inputs: (any InputSource)?,
    log: Log,
    clock: @escaping () -> Int64 = MonotonicClock.nowNanoseconds
  ) {
    (self.machine, self.gatherer, self.store, self.inputs) = (machine, gatherer, store, inputs)
    (self.log, self.clock) = (log, clock)
  }

  /// Begins.
  public func start() { perform(machine.start()) }

  /// Ends for a reason that is none of the machine's.
  public func end(code: Int32, _ reason: String) { exit = (code, reason) }

  /// Gives the lease back.
  public func releaseLease() { store.releaseLease() }

  /// Hands out inputs that are wanted and there; returns whether there was one.
  public func feed() -> Bool {
    guard let inputs else { return false }
    var progressed = false
    // Bounded in time: reading and sealing a backlog must not keep questions waiting.
    let end = clock() + Self.turnNanoseconds
    for _ in 0..<16 where clock() < end {
      guard let ordinal = machine.wantedInput else { break }
      do {
        guard let bytes = try inputs.input(ordinal) else { break }
        handle(.input(ordinal: ordinal, bytes))
        progressed = true
      } catch {
        loseStore(error)
        break
      }
    }
    return progressed
  }

  /// Keeps the lease, looks for a store that was lost, and tells the machine that time passes.
  public func keepTime() {
    let now = clock()
    do { try renewLease(now) } catch { loseStore(error) }
    if machine.phase == .storeLost, now >= storeRetry { findStore(now) }
    if now - lastTimer >= 20_000_000 {
      lastTimer = now
      handle(.timer)
    }
  }

  /// Keeps the lease, when that is due; a large checkpoint takes longer to write than a lease lasts.
  private func renewLease(_ now: Int64) throws {
    guard now - lastRenewal >= 500_000_000 else { return }
    lastRenewal = now
    if machine.phase != .storeLost, try !store.renewLease() { loseLease() }
  }

  private var state: SlicedState { SlicedState(store: store, run: machine.setup.name, part: machine.setup.parts) }

  private func loseLease() {
    if let loss = loss() { return giveUp(loss) }
    log.error("the lease is lost; another coordinator has taken over")
    exit = (1, "the lease is another coordinator's now")
  }

  private func giveUp(_ error: any Error) {
    log.error("the run is given up", ("reason", "\(error)"))
    stopCores("\(error)")
    exit = ((error as? any StoreFailure)?.isLoss == true ? Self.lossCode : 1, "\(error)")
  }

  /// What says that the record of the run is gone; nil while it is there or cannot be asked for.
  private func loss() -> (any Error)? {
    do {
      _ = try store.readCommitted()
      return nil
    } catch { return (error as? any StoreFailure)?.isLoss == true ? error : nil }
  }

  private func loseStore(_ error: any Error) {
    // What a store that went back has lost is looked for again from the start; what is wrong then stays wrong.
    let isTransient = (error as? any StoreFailure)?.isTransient == true
    if !isTransient, let loss = loss() { return giveUp(loss) }
    hardFailures += isTransient ? 0 : 1
    guard hardFailures <= 3 else { return giveUp(error) }
    if machine.phase != .storeLost {
      log.error("the store does not answer; nothing is committed until it does", ("error", "\(error)"))
      handle(.storeLost)
    }
    storeRetry = clock() + 300_000_000
  }

  private func findStore(_ now: Int64) {
    do {
      try store.reconnect()
      guard try store.renewLease() else {
        loseLease()
        return
      }
      try inputs?.startOver()
      log.info("the store answers again")
      handle(.storeBack)
    } catch {
      log.debug("the store does not answer yet", ("error", "\(error)"))
      storeRetry = now + 300_000_000
    }
  }

  /// Hands an event to the machine and does what it tells.
  public func handle(_ event: CoordinatorMachine.Event) {
    let before = (machine.phase, machine.recoveries, machine.isMoving, machine.promotions, machine.divergences)
    let actions = machine.handle(event, now: clock())
    if machine.divergences != before.4 { log.error("divergence", ("reason", machine.lastFailure)) }
    if machine.promotions != before.3 {
      log.warning("going on with the cores that stood by", ("reason", machine.lastFailure))
    }
    if machine.recoveries != before.1 {
      log.warning("taking up the last checkpoint", ("reason", machine.lastFailure))
    }
    if machine.isMoving, !before.2 {
      log.info(
        "moving to other cores",
        ("cores", "\(machine.presentCores)"),
        ("wanted", "\(machine.fullCores)")
      )
    }
    if machine.phase == .running, before.0 != .running {
      log.info(
        "running",
        ("generation", "\(machine.generation.number)"),
        ("cores", "\(machine.presentCores)"),
        ("epoch", "\(machine.committed.epoch.index)")
      )
    }
    perform(actions)
  }

  /// Does actions in the order in which the machine told them: what an answer leads to comes after what was told before
  /// it, so that nothing of a generation that is given up is done after the next one has begun.
  private func perform(_ actions: [CoordinatorMachine.Action]) {
    waiting += actions
    guard !isPerforming else { return }
    isPerforming = true
    defer { isPerforming = false }
    while exit == nil, !waiting.isEmpty {
      let action = waiting.removeFirst()
      do { try perform(action) } catch {
        // What was told on the way to the failure is told again when the position has been read anew.
        waiting = []
        switch (action, error) {
        case (_, let error as DivergenceError):
          log.error("divergence", ("error", error.description))
          stopCores(error.description)
          exit = (5, error.description)
        case (.gather, _) where !(error is any StoreFailure), (.restore, _) where !(error is any StoreFailure):
          giveUp(error)
        default: loseStore(error)
        }
      }
    }
  }

  private func perform(_ action: CoordinatorMachine.Action) throws {
    switch action {
    case .readStore: handle(.storeRead(try store.readCommitted()))
    case .raise(let generation):
      if try store.raise(generation) {
        handle(.raised(generation))
      } else {
        loseLease()
      }
    case .want(let wanted):
      if try store.want(wanted) {
        handle(.wanted(wanted))
      } else {
        loseLease()
      }
    case .restore(let committed):
      try state.read(committed, into: gatherer)
    case .send(let message, let to):
      if case .refuse(let text) = message { log.warning("a core is refused", ("reason", text)) }
      if !send(message, to) { log.debug("a message found no core", ("core", String(to.bits, radix: 16))) }
    case .gather(let epoch, let outputs):
      try gatherer.gather(epoch, outputs)
      hardFailures = 0
      handle(.gathered(epoch))
    case .save(let epoch, let generation):
      let crc = try state.write(gatherer, at: epoch, generation) { try renewLease(clock()) }
      handle(.saved(epoch, crc: crc))
    case .commit(let previous, let epoch, let generation, let crcs):
      switch try store.commit(previous: previous, epoch, generation, crcs: crcs) {
      case .committed: handle(.committed(epoch))
      case .refused(let reason, let isFence): handle(.refused(epoch, reason: reason, isFence: isFence))
      }
    case .finish: isDone = true
    case .exit(let code, let reason):
      log.error("the run is given up", ("reason", reason))
      exit = (code, reason)
    }
  }
}
