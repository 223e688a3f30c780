internal import Basics
internal import Transport
internal import Wire

/// What the control thread asks of the stepper.
enum StepperOrder: Sendable {
  case control(ControlMessage)
  /// The checkpoint's bytes of the parts that were asked for.
  case blobs(Generation, [PartID: [UInt8]])
  /// A snapshot is in the store: its checksums, and its size.
  case stored(Generation, Epoch, [PartBlob], bytes: UInt64)
  case failed(Generation, String)
  case quit
}

/// What the stepper asks of the control thread.
enum ControlOrder: Sendable {
  case send(ControlMessage)
  /// Send a heartbeat now: what follows is read together with it.
  case beat
  case fetch(FetchJob)
  case store(SnapshotJob)
  case exit(code: Int32, String)
}

/// The thread that simulates: it owns the program and the spike sockets, and does what the core's machine says.
///
/// It never waits for the store or the coordinator: those are the control thread's.
final class CoreStepper {
  private var machine: CoreMachine
  private let program: any CoreProgram
  private let exchange: any SpikeExchange
  private let inbox: Mailbox<StepperOrder>
  private let outbox: Mailbox<ControlOrder>
  private let report: Report
  private let log: Log
  private var assignment: Assignment?
  /// The parts of the assignment that the program holds already.
  private var kept: Set<PartID> = []
  private var events: [CoreMachine.Event] = []
  /// The epoch that was computed and that the machine does not know of yet.
  private var computed: Epoch?
  private var peers = PeerFrames()
  private var statistics = CoreStatistics()
  private var laps = LapClock()
  private var droppedFrames: UInt64 = 0
  private var isQuitting = false
  // Memory that is reused from epoch to epoch, in which nothing else is allocated.
  private var actions: [CoreMachine.Action] = []
  private var incoming: [UInt8] = []
  private var decoded = SpikeBatch(steps: 0)

  init(
    machine: CoreMachine,
    program: any CoreProgram,
    exchange: any SpikeExchange,
    inbox: Mailbox<StepperOrder>,
    outbox: Mailbox<ControlOrder>,
    report: Report,
    log: Log
  ) {
    (self.machine, self.program, self.exchange) = (machine, program, exchange)
    (self.inbox, self.outbox, self.report, self.log) = (inbox, outbox, report, log)
  }

  /// Runs until told to quit.
  func run() {
    while !isQuitting {
      for order in inbox.take() { take(order) }
      // Events of this thread first: they carry the epoch on without a look at the sockets in between.
      while !events.isEmpty { handle(events.removeFirst()) }
      if let epoch = computed {
        computed = nil
        handle(.computed(machine.generation, epoch))
      }
      receive()
      if report.isDue { setReport() }
    }
  }

  private func take(_ order: StepperOrder) {
    switch order {
    case .control(let message): events.append(.control(message))
    case .stored(let generation, let epoch, let blobs, let bytes):
      statistics.checkpointBytes = bytes
      events.append(.stored(generation, epoch, blobs))
    case .failed(let generation, let text): events.append(.failed(generation, text))
    case .blobs(let generation, let blobs):
      if let assignment, assignment.generation == generation { load(assignment, blobs) }
    case .quit: isQuitting = true
    }
  }

  /// Takes what peers sent; sleeps only when there is nothing else to do.
  private func receive() {
    let mayWait = events.isEmpty && computed == nil
    do {
      var timeout = mayWait ? 5 : 0
      if mayWait { statistics.exchangeNanoseconds += laps.lap() }
      while try exchange.receive(into: &incoming, timeoutMilliseconds: timeout) {
        if timeout > 0 { countWait() }
        timeout = 0
        takeFrame()
        if !events.isEmpty || computed != nil { return }
      }
      if timeout > 0 { countWait() }
      if mayWait { handle(.timer) }
    } catch {
      log.error("cannot receive spikes", ("error", "\(error)"))
      outbox.post(.exit(code: 1, "\(error)"))
      isQuitting = true
    }
  }

  /// Time without a frame counts as waiting only where one is due; not in the first epoch, when others still load.
  private func countWait() {
    let lap = laps.lap()
    if machine.isExchanging, machine.epoch != assignment?.epoch { statistics.waitNanoseconds += lap }
    if machine.waitsForStore { statistics.checkpointNanoseconds += lap }
  }

  private func takeFrame() {
    guard let (kind, header) = try? PeerMessage.decode(incoming, into: &decoded) else {
      // The socket takes bytes from anybody: what is not a frame is counted and dropped.
      droppedFrames += 1
      return
    }
    switch kind {
    case .spikes:
      statistics.received += UInt64(decoded.neurons.count)
      handle(.frame(header))
    case .resend:
      guard header.run == assignment?.run, header.mapHash == assignment?.mapHash else { return }
      handle(.resendRequested(by: header.source, header.generation, header.epoch))
    }
  }

  private func handle(_ event: CoreMachine.Event) {
    actions.removeAll(keepingCapacity: true)
    machine.handle(event, now: laps.last, into: &actions)
    for i in actions.indices {
      do { try perform(actions[i]) } catch {
        log.error("program failed", ("error", "\(error)"))
        events.append(.failed(machine.generation, "\(error)"))
        return
      }
    }
  }

  private func perform(_ action: CoreMachine.Action) throws {
    switch action {
    case .load(let next, let keeping):
      (assignment, kept) = (next, keeping)
      computed = nil
      peers = PeerFrames(next, incarnation: machine.incarnation)
      try exchange.connect(Dictionary(uniqueKeysWithValues: next.peers.map { ($0.core, $0.spikeEndpoint) }))
      var wanted = next
      wanted.blobs.removeAll { keeping.contains($0.part) }
      if next.checkpoint == nil { load(next, [:]) } else { outbox.post(.fetch(FetchJob(wanted))) }
    case .accept(let ordinal, let bytes): try program.accept(ordinal: ordinal, bytes)
    case .compute(let epoch):
      statistics.exchangeNanoseconds += laps.lap()
      try program.compute(epoch)
      statistics.computeNanoseconds += laps.lap()
      peers.encode(epoch, of: program)
      computed = epoch
    case .sendFrames(let epoch):
      for i in peers.cores.indices { try send(peers.frame(epoch, toPosition: i), to: peers.cores[i]) }
      statistics.exchangeNanoseconds += laps.lap()
      try program.prepareNext(after: epoch)
      statistics.computeNanoseconds += laps.lap()
    case .sendFrame(let epoch, let core):
      if let frame = peers.frame(epoch, to: core) { try send(frame, to: core) }
    case .keep(let epoch, let core): peers.keep(&decoded, epoch, from: core)
    case .askResend(let epoch, let core):
      if let header = peers.header(epoch) { try exchange.send(ResendRequest(header: header).encoded(), to: core) }
    case .deliver(let epoch):
      statistics.exchangeNanoseconds += laps.lap()
      try program.deliver(epoch, peers.spikes(of: epoch))
      statistics.deliverNanoseconds += laps.lap()
    case .emitOutput(let epoch):
      let outputs = try program.output(at: epoch)
      if epoch == assignment?.lastEpoch {
        setReport()
        outbox.post(.beat)
      }
      outbox.post(.send(.output(machine.incarnation, machine.generation, mapHash: machine.mapHash, epoch, outputs)))
    case .snapshot(let epoch, let blobs):
      let start = MonotonicClock.nowNanoseconds()
      let parts = try program.snapshot(at: epoch)
      statistics.pauseNanoseconds = UInt64(MonotonicClock.nowNanoseconds() - start)
      statistics.checkpointNanoseconds += statistics.pauseNanoseconds
      outbox.post(.store(SnapshotJob(run: assignment?.runName ?? "", machine.generation, epoch, name: blobs, parts)))
    case .send(let message): outbox.post(.send(message))
    case .exit(let code, let reason):
      outbox.post(.exit(code: code, reason))
      isQuitting = true
    }
  }

  private func send(_ frame: [UInt8], to core: CoreID) throws {
    statistics.sentBytes += UInt64(frame.count)
    try exchange.send(frame, to: core)
  }

  private func load(_ assignment: Assignment, _ blobs: [PartID: [UInt8]]) {
    let start = MonotonicClock.nowNanoseconds()
    do {
      statistics = CoreStatistics()
      try program.load(assignment, blobs: blobs, keeping: kept)
      peers.group(by: program)
      statistics.loadNanoseconds = UInt64(MonotonicClock.nowNanoseconds() - start)
      _ = laps.lap()
      // Before "ready" goes out, so that what was built is known however short the run is.
      setReport()
      events.append(.loaded(assignment.generation))
    } catch {
      events.append(.failed(assignment.generation, "\(error)"))
    }
  }

  private func setReport() {
    statistics.epoch = machine.epoch
    statistics.droppedFrames = droppedFrames + UInt64(exchange.malformedCount)
    statistics.refusedFrames = UInt64(machine.refusedFrames)
    program.count(into: &statistics)
    report.set(statistics, generation: machine.generation, mapHash: machine.mapHash)
  }
}

/// A clock that says how long ago it was asked last, so that all time belongs to something.
struct LapClock {
  /// When it was asked last, in ns.
  private(set) var last = MonotonicClock.nowNanoseconds()

  /// Returns the time since the last call in ns.
  mutating func lap() -> UInt64 {
    let now = MonotonicClock.nowNanoseconds()
    defer { last = now }
    return UInt64(now - last)
  }
}
