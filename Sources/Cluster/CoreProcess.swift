public import Basics
public import Transport
internal import Wire

/// How a core process is started.
public struct CoreOptions: Sendable {
  /// Where the coordinator listens for cores.
  public var coordinator: String
  /// The place a supervisor gave it, empty for none.
  public var place: String
  /// Where to listen for spikes; `{pid}` stands for the process, `*` for a port that the system chooses.
  public var spikes: String
  /// Where other cores reach that endpoint, when they know it by another address; empty for the endpoint itself.
  public var advertised: String
  /// How frames travel.
  public var exchange: ExchangeKind
  /// The only run it may serve, or 0.
  public var run: UInt64
  /// Whether it ends with the process that started it.
  public var endsWithParent: Bool

  /// Describes a core.
  public init(
    coordinator: String,
    place: String,
    spikes: String,
    advertised: String = "",
    exchange: ExchangeKind = .auto,
    run: UInt64 = 0,
    endsWithParent: Bool = false
  ) {
    (self.coordinator, self.place, self.advertised) = (coordinator, place, advertised)
    (self.spikes, self.exchange, self.run, self.endsWithParent) = (spikes, exchange, run, endsWithParent)
  }
}

/// One core: a control thread that talks to the coordinator and the store, and a stepper that simulates.
public final class CoreProcess {
  private let options: CoreOptions
  private let log: Log
  private let incarnation: Incarnation
  private let client: ControlClient
  private let inbox: Mailbox<StepperOrder>
  private let outbox: Mailbox<ControlOrder>
  private let report: Report
  private var hello: CoreHello
  private let stepper: NamedThread
  private let store: (any BlobStore)?
  private var coordinator: Incarnation?
  /// The highest generation this core was assigned to.
  private var assigned = Generation(0)
  private var storeFailures: UInt64 = 0
  private var storeNanoseconds: UInt64 = 0
  private var lastHeard: Int64
  private var lastBeat: Int64 = 0
  private var exit: Int32?

  /// Binds the spike socket, starts the stepper and connects to the coordinator in the background.
  public init(
    options: CoreOptions,
    store: (any BlobStore)?,
    makeProgram: @escaping @Sendable () -> any CoreProgram,
    log: Log
  ) throws {
    if options.endsWithParent { try ProcessSignal.whenParentEnds(.kill) }
    self.options = options
    incarnation = Incarnation(UInt64.random(in: 1 ... .max))
    var log = log
    log.context.append(("place", options.place))
    self.log = log
    let context = try MessageContext()
    let endpoint = options.spikes.replacing("{pid}", with: "\(CurrentProcess.pid)")
    let (exchange, problem) = try options.exchange.open(endpoint: endpoint, in: context)
    if let problem { log.warning("frames go over sockets", ("error", "\(problem)")) }
    var control = SocketOptions.control
    control.largestMessageBytes = ControlLimits.largestMessageBytes
    control.identity = incarnation.routingBytes
    client = try ControlClient(endpoint: options.coordinator, in: context, options: control)
    inbox = Mailbox(wakeup: exchange.wakeup)
    outbox = Mailbox(wakeup: try Wakeup())
    report = Report()
    let known = options.advertised.replacing("{pid}", with: "\(CurrentProcess.pid)")
    hello = CoreHello(
      incarnation: incarnation,
      place: options.place,
      spikeEndpoint: known.isEmpty ? exchange.endpoint : known,
      host: CurrentProcess.host,
      processID: CurrentProcess.pid,
      run: options.run
    )
    lastHeard = MonotonicClock.nowNanoseconds()
    self.store = store
    // The exchange moves to the stepper's thread, which alone uses it from here on.
    nonisolated(unsafe) let moved = exchange
    let (inbox, outbox, report, incarnation, log2) = (inbox, outbox, report, incarnation, log)
    stepper = try NamedThread("stepper") {
      CoreStepper(
        machine: CoreMachine(incarnation: incarnation),
        program: makeProgram(),
        exchange: unsafe moved,
        inbox: inbox,
        outbox: outbox,
        report: report,
        log: log2
      ).run()
    }
  }

  /// Runs until told to stop and returns the exit code.
  public func run() throws -> Int32 {
    let signals = try SignalWatch([.interrupt, .terminate])
    var poller = MessagePoller([
      client.waitSource, WaitSource(outbox.wakeup.descriptor), WaitSource(signals.descriptor),
    ])
    try send(.hello(hello))
    while exit == nil {
      _ = try poller.wait(timeoutMilliseconds: 50)
      if !signals.take().isEmpty { exit = 0 }
      while let bytes = try client.receive() { receive(bytes) }
      for order in outbox.take() { try perform(order) }
      try beat()
    }
    inbox.post(.quit)
    stepper.join()
    return exit ?? 0
  }

  private func receive(_ bytes: [UInt8]) {
    lastHeard = MonotonicClock.nowNanoseconds()
    let message: ControlMessage
    do { message = try ControlMessage(decoding: bytes) } catch {
      if error.problem.hasPrefix("wire version") { return end(1, "the coordinator speaks \(error.problem)") }
      log.warning("a message from the coordinator cannot be read", ("error", "\(error)"))
      return
    }
    switch message {
    case .whoAreYou(let who), .ping(let who):
      // A new coordinator does not know this core yet.
      if coordinator != who || message == .whoAreYou(who) { try? send(.hello(hello)) }
      coordinator = who
    case .assign(let assignment):
      assigned = max(assigned, assignment.generation)
      hello.generation = max(hello.generation, assigned)
      log.info(
        "assigned",
        ("generation", "\(assignment.generation.number)"),
        ("core", "\(assignment.core.index)"),
        ("parts", "\(assignment.ownParts.count)"),
        ("epoch", "\(assignment.epoch.index)")
      )
      inbox.post(.control(message))
    case .promote(let generation, let blobs) where generation == assigned:
      hello.generation = max(hello.generation, blobs)
      inbox.post(.control(message))
    case .input, .proceed, .committed:
      // They come again when they are missed, and a stepper may be loading for minutes.
      if !inbox.offer(.control(message)) { log.debug("the stepper is busy; a message was dropped") }
    default: inbox.post(.control(message))
    }
  }

  private func perform(_ order: ControlOrder) throws {
    switch order {
    case .send(let message):
      if case .ready = message { try beat(isDue: true) }
      try send(message)
    case .beat: try beat(isDue: true)
    case .fetch(let job): fetch(job)
    case .store(let job): write(job)
    case .exit(let code, let reason): end(code, reason)
    }
  }

  private func end(_ code: Int32, _ reason: String) {
    log.info("stopped", ("reason", reason))
    if code != 0 { StandardStream.error.write("synfire core: \(reason)\n") }
    exit = code
  }

  /// Reads the next part of a checkpoint; a store that does not answer is tried again until another order comes.
  ///
  /// One part a turn: all of a core with thousands of series take longer than it may be silent.
  private func fetch(_ job: FetchJob) {
    let (assignment, generation) = (job.assignment, job.assignment.generation)
    guard assigned == generation else { return }
    guard let store, let checkpoint = assignment.checkpoint else {
      inbox.post(.failed(generation, "the run has checkpoints, but this core was started without --redis"))
      return
    }
    var job = job
    do {
      try job.next {
        try store.read(run: assignment.runName, epoch: assignment.epoch, generation: checkpoint, blob: $0)
      }
      findStore()
      if job.isDone { inbox.post(.blobs(generation, job.blobs)) } else { outbox.post(.fetch(job)) }
    } catch {
      if waitForStore(error, generation) {
        outbox.post(.fetch(job))
      } else if assigned == generation {
        inbox.post(.failed(generation, "cannot read the checkpoint of epoch \(assignment.epoch.index): \(error)"))
      }
    }
  }

  /// Writes the next part of a snapshot, or takes its checksum; other orders and messages have their turn between two.
  private func write(_ job: SnapshotJob) {
    guard assigned == job.generation else { return }
    guard store != nil || job.name == nil else {
      inbox.post(.failed(job.generation, "the run has checkpoints, but this core was started without --redis"))
      return
    }
    let (run, epoch, name) = (job.run, job.epoch, job.name)
    var job = job
    let start = MonotonicClock.nowNanoseconds()
    defer { storeNanoseconds += UInt64(MonotonicClock.nowNanoseconds() - start) }
    do {
      try job.next { output in
        guard let store, let name else { return PartBlob(part: output.part, crc: CRC32C.checksum(output.bytes)) }
        return try store.write(run: run, epoch: epoch, generation: name, part: output)
      }
      if name != nil { findStore() }
      if job.rest.isEmpty {
        inbox.post(.stored(job.generation, job.epoch, job.done, bytes: job.bytes))
      } else {
        outbox.post(.store(job))
      }
    } catch {
      // Nothing is acknowledged that the store has not; the same part is tried again, simulation goes on meanwhile.
      if waitForStore(error, job.generation) {
        outbox.post(.store(job))
      } else if assigned == job.generation {
        inbox.post(.failed(job.generation, "cannot write the checkpoint of epoch \(job.epoch.index): \(error)"))
      }
    }
  }

  /// Whether to try again what the store did not do, after a short wait; not when it would fail again, and not when a
  /// later generation began meanwhile.
  private func waitForStore(_ error: any Error, _ generation: Generation) -> Bool {
    guard let failure = error as? any StoreFailure, failure.isTransient else { return false }
    if storeFailures == 0 { log.error("the store does not answer; trying again until it does", ("error", "\(error)")) }
    storeFailures += 1
    // Heartbeats go on, so that the coordinator does not take this core for dead.
    var poller = MessagePoller([client.waitSource])
    _ = try? poller.wait(timeoutMilliseconds: 200)
    while let bytes = try? client.receive() { receive(bytes) }
    try? beat()
    return assigned == generation
  }

  private func findStore() {
    if storeFailures > 0 { log.info("the store answers again") }
    storeFailures = 0
  }

  private func beat(isDue: Bool = false) throws {
    let now = MonotonicClock.nowNanoseconds()
    guard isDue || now - lastBeat >= 200_000_000 else { return }
    lastBeat = now
    var (statistics, generation, mapHash) = report.take()
    let usage = CurrentProcess.usage
    statistics.residentBytes = usage.residentBytes
    statistics.storeFailures = storeFailures
    statistics.storeNanoseconds = storeNanoseconds
    statistics.processorNanoseconds = UInt64(ProcessClock.nowNanoseconds())
    try send(.heartbeat(incarnation, generation, mapHash: mapHash, statistics))
    if now - lastHeard > 10_000_000_000 {
      log.warning("no word from the coordinator", ("endpoint", options.coordinator))
      lastHeard = now
    }
  }

  private func send(_ message: ControlMessage) throws {
    guard try client.send(message.encoded()) else {
      log.warning("the queue to the coordinator is full; a message was dropped")
      return
    }
  }
}

/// Limits of control messages.
public enum ControlLimits {
  /// Largest control message: a program description with all its files, or the records of a boundary.
  public static let largestMessageBytes = 512 << 20
}

extension Incarnation {
  /// The name of the core's control connection.
  var routingBytes: [UInt8] {
    // The first byte of a routing id must not be 0; a prefix keeps it so for any bits.
    [0x43] + (0..<8).map { UInt8(truncatingIfNeeded: bits >> (8 * $0)) }
  }
}
