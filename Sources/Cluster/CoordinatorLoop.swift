public import Basics
public import Transport
internal import Wire

/// Drives a coordinator's machine: sockets, store and clock on one thread.
///
/// Each turn: messages of the cores, then queries, then the next input, then time. Calls to the store are the only
/// ones that may take long, and they have a time-out.
public final class CoordinatorLoop {
  /// Answers a question, with the machine and how many messages were dropped because they cannot be read.
  public typealias Answer = (_ question: [UInt8], CoordinatorMachine, _ dropped: Int) -> QueryReply

  /// What it drives.
  private let driver: CoordinatorDriver
  private let server: ControlServer
  private let queries: ControlServer?
  private let answer: Answer?
  private let log: Log
  private let hasInputs: Bool
  private var peers = PeerBook()
  private var lastPing: Int64 = 0
  private var unreadable = 0
  private var nextUnreadableLog: Int64 = 0
  /// Called once a turn; returning false ends the loop as a request from outside does.
  public var everyTurn: (() throws -> Bool)?
  /// The machine.
  public var machine: CoordinatorMachine { driver.machine }
  /// Why the loop ended, empty when the run was done.
  public var endReason: String { driver.exit?.reason ?? "" }

  /// Puts a loop together; the lease is held already.
  public init(
    machine: CoordinatorMachine,
    gatherer: any GatherProgram,
    store: any RunStore,
    inputs: (any InputSource)?,
    server: ControlServer,
    queries: ControlServer?,
    answer: Answer?,
    log: Log
  ) {
    driver = CoordinatorDriver(machine: machine, gatherer: gatherer, store: store, inputs: inputs, log: log)
    (self.server, self.queries, self.answer, self.log) = (server, queries, answer, log)
    hasInputs = inputs != nil
    driver.send = { [unowned self] message, to in
      guard let peer = peers[to] else { return false }
      do { return try server.send(message.encoded(), to: peer) } catch {
        log.warning("a message to a core was not sent", ("error", "\(error)"))
        return false
      }
    }
    driver.stopCores = { [unowned self] in stopCores($0) }
  }

  /// Runs until the run is done, the lease is lost, or a signal comes; returns the exit code.
  public func run() throws -> Int32 {
    let signals = try SignalWatch([.interrupt, .terminate])
    var sources = [server.waitSource, WaitSource(signals.descriptor)]
    if let queries { sources.append(queries.waitSource) }
    var poller = MessagePoller(sources)
    driver.start()
    while driver.exit == nil, !driver.isDone {
      let progressed = driver.feed()
      _ = try poller.wait(timeoutMilliseconds: progressed ? 0 : waitMilliseconds)
      if !signals.take().isEmpty {
        stopCores("the coordinator was asked to end")
        driver.end(code: 130, "interrupted")
      }
      try receive()
      try answerQueries()
      ping()
      driver.keepTime()
      if !driver.isDone, try everyTurn?() == false {
        stopCores("the coordinator was asked to end")
        driver.end(code: 0, "asked to end")
      }
    }
    driver.releaseLease()
    return driver.exit?.code ?? 0
  }

  /// Hands over an event of the process around the loop.
  public func handle(_ event: CoordinatorMachine.Event) { driver.handle(event) }

  private var waitMilliseconds: Int { hasInputs && machine.wantedInput != nil ? 5 : 50 }

  private func receive() throws {
    // Bounded, so that a flood of messages, or ticks to plan and publish, cannot starve queries and the lease.
    let end = MonotonicClock.nowNanoseconds() + CoordinatorDriver.turnNanoseconds
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
      if let sender = message.sender { peers.note(sender, at: peer) { machine.cores[$0] != nil } }
      let isNew = message.sender.map { machine.cores[$0] == nil } ?? false
      driver.handle(.message(message))
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
      let reply = answer(bytes, machine, dropped)
      _ = try queries.send(reply.bytes, to: peer)
      if let event = reply.event { driver.handle(event) }
    }
  }

  private func ping() {
    let now = MonotonicClock.nowNanoseconds()
    guard now - lastPing >= 500_000_000 else { return }
    lastPing = now
    let ping = ControlMessage.ping(driver.machine.incarnation).encoded()
    for peer in peers.all { _ = try? server.send(ping, to: peer) }
  }

  private func stopCores(_ reason: String) {
    let stop = ControlMessage.stop(reason).encoded()
    for peer in peers.all { _ = try? server.send(stop, to: peer) }
  }
}

/// What a question leads to.
public struct QueryReply: Sendable {
  /// The answer.
  public var bytes: [UInt8]
  /// What the coordinator is to do, where the question asks for something.
  public var event: CoordinatorMachine.Event?
  /// Pairs an answer with what is to be done.
  public init(bytes: [UInt8], event: CoordinatorMachine.Event? = nil) { (self.bytes, self.event) = (bytes, event) }
}

extension ControlMessage {
  /// The core that sent it, where it names one.
  fileprivate var sender: Incarnation? {
    switch self {
    case .hello(let hello): hello.incarnation
    case .heartbeat(let who, _, _, _), .ready(let who, _, _), .output(let who, _, _, _, _),
      .acknowledge(let who, _, _, _, _, _),
      .suspect(let who, _, _), .failed(let who, _, _):
      who
    default: nil
    }
  }
}
