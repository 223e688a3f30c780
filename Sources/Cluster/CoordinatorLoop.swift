public import Basics
public import Transport
internal import Wire

/// Drives a coordinator's machine: sockets, store and clock on one thread.
///
/// Each turn: messages of the cores, then queries, then the next input, then time. Calls to the store are the only
/// ones that may take long, and they have a time-out.
public final class CoordinatorLoop {
  /// Time after which inputs, and messages, wait for the next turn.
  private static let turnNanoseconds: Int64 = 5_000_000

  /// The machine.
  public private(set) var machine: CoordinatorMachine
  private let gatherer: any GatherProgram
  private let store: any RunStore
  private let inputs: (any InputSource)?
  private let server: ControlServer
  private let queries: ControlServer?
  private let answer: ((_ question: [UInt8], CoordinatorMachine, _ dropped: Int) -> [UInt8])?
  private let log: Log
  private var peers: [Incarnation: PeerIdentity] = [:]
  private var lastTimer: Int64 = 0
  private var lastPing: Int64 = 0
  private var lastRenewal: Int64 = 0
  private var storeRetry: Int64 = 0
  /// Failures of the store in a row that waiting does not heal.
  private var hardFailures = 0
  private var unreadable = 0
  private var nextUnreadableLog: Int64 = 0
  private var exit: (code: Int32, reason: String)?
  private var isDone = false
  /// Called once a turn; returning false ends the loop as a request from outside does.
  public var everyTurn: (() throws -> Bool)?
  /// Why the loop ended, empty when the run was done.
  public private(set) var endReason = ""

  /// Puts a loop together; the lease is held already.
  ///
  /// `answer` gets a question, the machine, and how many messages were dropped because they cannot be read.
  public init(
    machine: CoordinatorMachine,
    gatherer: any GatherProgram,
    store: any RunStore,
    inputs: (any InputSource)?,
    server: ControlServer,
    queries: ControlServer?,
    answer: ((_ question: [UInt8], CoordinatorMachine, _ dropped: Int) -> [UInt8])?,
    log: Log
  ) {
    (self.machine, self.gatherer, self.store, self.inputs) = (machine, gatherer, store, inputs)
    (self.server, self.queries, self.answer, self.log) = (server, queries, answer, log)
  }

  /// Runs until the run is done, the lease is lost, or a signal comes; returns the exit code.
  public func run() throws -> Int32 {
    let signals = try SignalWatch([.interrupt, .terminate])
    var sources = [server.waitSource, WaitSource(signals.descriptor)]
    if let queries { sources.append(queries.waitSource) }
    var poller = MessagePoller(sources)
    perform(machine.start())
    while exit == nil, !isDone {
      let progressed = try feed()
      _ = try poller.wait(timeoutMilliseconds: progressed ? 0 : waitMilliseconds)
      if !signals.take().isEmpty {
        stopCores("the coordinator was asked to end")
        exit = (130, "interrupted")
      }
      try receive()
      try answerQueries()
      keepTime()
      if !isDone, try everyTurn?() == false {
        stopCores("the coordinator was asked to end")
        exit = (0, "asked to end")
      }
    }
    store.releaseLease()
    endReason = exit?.reason ?? ""
    return exit?.code ?? 0
  }

  private var waitMilliseconds: Int { inputs != nil && machine.wantedInput != nil ? 5 : 50 }

  private func receive() throws {
    // Bounded, so that a flood of messages, or ticks to plan and publish, cannot starve queries and the lease.
    let end = MonotonicClock.nowNanoseconds() + Self.turnNanoseconds
    for _ in 0..<1000 where MonotonicClock.nowNanoseconds() < end {
      guard let (peer, bytes) = try server.receive() else { return }
      let message: ControlMessage
      do { message = try ControlMessage(decoding: bytes) } catch {
        drop(error)
        if error.problem.hasPrefix("wire version") {
          _ = try server.send(ControlMessage.refuse(error.description).encoded(), to: peer)
        }
        continue
      }
      if let sender = message.sender { peers[sender] = peer }
      let isNew = message.sender.map { machine.cores[$0] == nil } ?? false
      handle(.message(message))
      if isNew, case .hello(let hello) = message, machine.cores[hello.incarnation] != nil {
        log.info(
          "core came",
          ("place", hello.place),
          ("host", hello.host),
          ("pid", "\(hello.processID)"),
          ("spikes", hello.spikeEndpoint)
        )
      }
    }
  }

  /// Counts a message that cannot be read; the socket takes bytes from anybody, so the log must not grow with them.
  private func drop(_ error: WireError) {
    unreadable += 1
    let now = MonotonicClock.nowNanoseconds()
    guard now >= nextUnreadableLog else { return }
    nextUnreadableLog = now + 10_000_000_000
    log.warning("messages that cannot be read are dropped", ("error", "\(error)"), ("so_far", "\(unreadable)"))
  }

  private func answerQueries() throws {
    guard let queries, let answer else { return }
    for _ in 0..<100 {
      guard let (peer, bytes) = try queries.receive() else { return }
      let dropped = unreadable + server.malformedCount + queries.malformedCount
      _ = try queries.send(answer(bytes, machine, dropped), to: peer)
    }
  }

  /// Hands out inputs that are wanted and there; returns whether there was one.
  private func feed() throws -> Bool {
    guard let inputs else { return false }
    var progressed = false
    // Bounded in time: reading and sealing a backlog must not keep questions waiting.
    let end = MonotonicClock.nowNanoseconds() + Self.turnNanoseconds
    for _ in 0..<16 where MonotonicClock.nowNanoseconds() < end {
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

  private func keepTime() {
    let now = MonotonicClock.nowNanoseconds()
    if now - lastPing >= 500_000_000 {
      lastPing = now
      let ping = ControlMessage.ping(machine.incarnation).encoded()
      for peer in peers.values { _ = try? server.send(ping, to: peer) }
    }
    if now - lastRenewal >= 500_000_000 {
      lastRenewal = now
      do {
        if machine.phase != .storeLost, try !store.renewLease() {
          loseLease()
        }
      } catch { loseStore(error) }
    }
    if machine.phase == .storeLost, now >= storeRetry { findStore(now) }
    if now - lastTimer >= 20_000_000 {
      lastTimer = now
      handle(.timer)
    }
  }

  private func loseLease() {
    log.error("the lease is lost; another coordinator has taken over")
    exit = (1, "the lease is another coordinator's now")
  }

  private func giveUp(_ error: any Error) {
    log.error("the run is given up", ("reason", "\(error)"))
    stopCores("\(error)")
    exit = (1, "\(error)")
  }

  private func loseStore(_ error: any Error) {
    // What a store that went back has lost is looked for again from the start; what is wrong then stays wrong.
    hardFailures += (error as? any StoreFailure)?.isTransient == true ? 0 : 1
    guard hardFailures <= 3 else { return giveUp(error) }
    if machine.phase != .storeLost {
      log.error("the store does not answer; nothing is committed until it does", ("error", "\(error)"))
      handle(.storeLost)
    }
    storeRetry = MonotonicClock.nowNanoseconds() + 300_000_000
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

  private func handle(_ event: CoordinatorMachine.Event) {
    let before = (machine.phase, machine.recoveries)
    let actions = machine.handle(event, now: MonotonicClock.nowNanoseconds())
    if machine.recoveries != before.1 {
      log.warning("taking up the last checkpoint", ("reason", machine.lastFailure))
    }
    if machine.phase == .running, before.0 != .running {
      log.info(
        "running",
        ("generation", "\(machine.generation.number)"),
        ("cores", "\(machine.memberViews.count)"),
        ("epoch", "\(machine.committed.epoch.index)")
      )
    }
    perform(actions)
  }

  private func perform(_ actions: [CoordinatorMachine.Action]) {
    for action in actions where exit == nil {
      do { try perform(action) } catch let error as DivergenceError {
        log.error("divergence", ("error", error.description))
        stopCores(error.description)
        exit = (5, error.description)
      } catch {
        switch action {
        case .gather, .restore:
          if isStoreError(error) { loseStore(error) } else { giveUp(error) }
        default: loseStore(error)
        }
        return
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
    case .restore(let committed):
      var bytes: [UInt8]?
      if let checkpoint = committed.checkpoint {
        let blob = PartBlob(part: PartID(UInt16(machine.setup.parts)), crc: committed.crcs.last ?? 0)
        bytes = try store.read(
          run: machine.setup.name,
          epoch: committed.epoch,
          generation: checkpoint,
          blob: blob
        )
      }
      try gatherer.restore(committed.epoch, bytes)
    case .send(let message, let to):
      if case .refuse(let text) = message { log.warning("a core is refused", ("reason", text)) }
      guard let peer = peers[to] else { return }
      if try !server.send(message.encoded(), to: peer) {
        log.debug("a message found no core", ("core", String(to.bits, radix: 16)))
      }
    case .gather(let epoch, let outputs):
      try gatherer.gather(epoch, outputs)
      hardFailures = 0
      handle(.gathered(epoch))
    case .save(let epoch, let generation):
      let part = PartOutput(part: PartID(UInt16(machine.setup.parts)), bytes: try gatherer.snapshot(at: epoch))
      let blob = try store.write(run: machine.setup.name, epoch: epoch, generation: generation, part: part)
      handle(.saved(epoch, crc: blob.crc))
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

  private func isStoreError(_ error: any Error) -> Bool { error is any StoreFailure }

  private func stopCores(_ reason: String) {
    let stop = ControlMessage.stop(reason).encoded()
    for peer in peers.values { _ = try? server.send(stop, to: peer) }
  }
}

/// Marks errors of the store: the coordinator waits for it instead of ending.
public protocol StoreFailure: Error {
  /// Whether the same call may succeed later.
  var isTransient: Bool { get }
}

extension ControlMessage {
  /// The core that sent it, where it names one.
  fileprivate var sender: Incarnation? {
    switch self {
    case .hello(let hello): hello.incarnation
    case .heartbeat(let who, _, _, _), .ready(let who, _), .output(let who, _, _, _), .acknowledge(let who, _, _, _),
      .suspect(let who, _, _), .failed(let who, _, _):
      who
    default: nil
    }
  }
}
