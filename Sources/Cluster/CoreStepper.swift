internal import Basics
internal import Transport
internal import Wire

/// What the control thread asks of the stepper.
enum StepperOrder: Sendable {
  case control(ControlMessage)
  /// The checkpoint's bytes of the parts that were asked for.
  case blobs(Generation, [PartID: [UInt8]])
  case stored(Generation, Epoch, [PartBlob])
  case failed(Generation, String)
  case quit
}

/// What the stepper asks of the control thread.
enum ControlOrder: Sendable {
  case send(ControlMessage)
  /// Send a heartbeat now: what follows is read together with it.
  case beat
  case fetch(Assignment)
  case store(run: String, Generation, Epoch, [PartOutput])
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
  private var events: [CoreMachine.Event] = []
  /// Encoded frames of the last two epochs, for peers that miss one.
  private var frames: [(epoch: Epoch, core: CoreID, bytes: [UInt8])] = []
  private var statistics = CoreStatistics()
  private var waitBegan: Int64?
  private var droppedFrames: UInt64 = 0
  private var isQuitting = false

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
      while !events.isEmpty {
        let event = events.removeFirst()
        perform(machine.handle(event, now: MonotonicClock.nowNanoseconds()))
        if case .computed = event { break }
      }
      receive()
      publishReport()
    }
  }

  private func take(_ order: StepperOrder) {
    switch order {
    case .control(let message): events.append(.control(message))
    case .stored(let generation, let epoch, let blobs): events.append(.stored(generation, epoch, blobs))
    case .failed(let generation, let text): events.append(.failed(generation, text))
    case .blobs(let generation, let blobs):
      if let assignment, assignment.generation == generation { load(assignment, blobs) }
    case .quit: isQuitting = true
    }
  }

  /// Takes what peers sent; sleeps only when there is nothing else to do.
  private func receive() {
    let mayWait = events.isEmpty
    do {
      var timeout = mayWait ? 5 : 0
      while let bytes = try exchange.receive(timeoutMilliseconds: timeout) {
        take(bytes)
        timeout = 0
        if !events.isEmpty { break }
      }
      if mayWait, events.isEmpty { perform(machine.handle(.timer, now: MonotonicClock.nowNanoseconds())) }
    } catch {
      log.error("cannot receive spikes", ("error", "\(error)"))
      outbox.post(.exit(code: 1, "\(error)"))
      isQuitting = true
    }
  }

  private func take(_ bytes: [UInt8]) {
    let message: PeerMessage
    do { message = try PeerMessage(decoding: bytes) } catch {
      // The socket takes bytes from anybody: what is not a frame is counted and dropped.
      droppedFrames += 1
      return
    }
    let h = message.header
    switch message {
    case .spikes(let frame):
      statistics.received += UInt64(frame.batch.neurons.count)
      let origin = CoreMachine.FrameOrigin(
        run: h.run,
        mapHash: h.mapHash,
        generation: h.generation,
        incarnation: h.incarnation,
        core: h.source,
        epoch: h.epoch
      )
      perform(machine.handle(.frame(origin, frame.batch), now: MonotonicClock.nowNanoseconds()))
    case .resend:
      guard h.run == assignment?.run, h.mapHash == assignment?.mapHash else { return }
      perform(
        machine.handle(
          .resendRequested(by: h.source, h.generation, h.epoch),
          now: MonotonicClock.nowNanoseconds()
        )
      )
    }
  }

  private func perform(_ actions: [CoreMachine.Action]) {
    for action in actions {
      do { try perform(action) } catch {
        log.error("program failed", ("error", "\(error)"))
        events.append(.failed(machine.generation, "\(error)"))
        return
      }
    }
  }

  private func perform(_ action: CoreMachine.Action) throws {
    switch action {
    case .load(let next):
      assignment = next
      frames = []
      try exchange.connect(Dictionary(uniqueKeysWithValues: next.peers.map { ($0.core, $0.spikeEndpoint) }))
      if next.checkpoint == nil { load(next, [:]) } else { outbox.post(.fetch(next)) }
    case .accept(let ordinal, let bytes): try program.accept(ordinal: ordinal, bytes)
    case .compute(let epoch):
      let start = MonotonicClock.nowNanoseconds()
      try program.compute(epoch)
      statistics.busyNanoseconds += UInt64(MonotonicClock.nowNanoseconds() - start)
      frames.removeAll { $0.epoch.index < epoch.index - 1 }
      for peer in assignment?.peers ?? [] {
        frames.append((epoch, peer.core, SpikeFrame.encode(header(epoch), program.outgoing(to: peer.core))))
      }
      events.append(.computed(machine.generation, epoch))
    case .sendFrame(let epoch, let core):
      guard let frame = frames.first(where: { $0.epoch == epoch && $0.core == core }) else { return }
      statistics.sentBytes += UInt64(frame.bytes.count)
      try exchange.send(frame.bytes, to: core)
      if waitBegan == nil { waitBegan = MonotonicClock.nowNanoseconds() }
    case .askResend(let epoch, let core):
      try exchange.send(ResendRequest(header: header(epoch)).encoded(), to: core)
    case .deliver(let epoch, let batches):
      let start = MonotonicClock.nowNanoseconds()
      if let began = waitBegan { statistics.waitNanoseconds += UInt64(start - began) }
      waitBegan = nil
      try program.deliver(epoch, batches.keys.sorted().compactMap { core in batches[core].map { (core, $0) } })
      statistics.busyNanoseconds += UInt64(MonotonicClock.nowNanoseconds() - start)
    case .emitOutput(let epoch):
      let outputs = try program.output(at: epoch)
      if epoch == assignment?.lastEpoch {
        setReport()
        outbox.post(.beat)
      }
      outbox.post(.send(.output(machine.incarnation, machine.generation, epoch, outputs)))
    case .snapshot(let epoch):
      let start = MonotonicClock.nowNanoseconds()
      let parts = try program.snapshot(at: epoch)
      statistics.pauseNanoseconds = UInt64(MonotonicClock.nowNanoseconds() - start)
      statistics.checkpointBytes = parts.reduce(0) { $0 + UInt64($1.bytes.count) }
      outbox.post(.store(run: assignment?.runName ?? "", machine.generation, epoch, parts))
    case .send(let message): outbox.post(.send(message))
    case .exit(let code, let reason):
      outbox.post(.exit(code: code, reason))
      isQuitting = true
    }
  }

  private func load(_ assignment: Assignment, _ blobs: [PartID: [UInt8]]) {
    let start = MonotonicClock.nowNanoseconds()
    do {
      statistics = CoreStatistics()
      try program.load(assignment, blobs: blobs)
      statistics.loadNanoseconds = UInt64(MonotonicClock.nowNanoseconds() - start)
      // Before "ready" goes out, so that what was built is known however short the run is.
      setReport()
      events.append(.loaded(assignment.generation))
    } catch {
      events.append(.failed(assignment.generation, "\(error)"))
    }
  }

  private func header(_ epoch: Epoch) -> SpikeFrame.Header {
    SpikeFrame.Header(
      run: assignment?.run ?? 0,
      mapHash: assignment?.mapHash ?? 0,
      generation: machine.generation,
      incarnation: machine.incarnation,
      source: assignment?.core ?? CoreID(0),
      epoch: epoch
    )
  }

  private func publishReport() {
    if report.isDue { setReport() }
  }

  private func setReport() {
    statistics.epoch = machine.epoch
    statistics.droppedFrames = droppedFrames + UInt64(exchange.malformedCount)
    statistics.refusedFrames = UInt64(machine.refusedFrames)
    program.count(into: &statistics)
    report.set(statistics, generation: machine.generation, mapHash: machine.mapHash)
  }
}
