internal import Basics
internal import Cluster
internal import Wire

/// The processes of the simulated cluster: what the real loops do, on the virtual clock.
extension SimulatedCluster {
  mutating func startCore(_ i: Int) {
    numbered += 1
    let incarnation = Incarnation(UInt64(i) << 32 | UInt64(numbered))
    let core = Core(machine: CoreMachine(incarnation: incarnation), program: ToyProgram())
    if i < cores.count { cores[i] = core } else { cores.append(core) }
    endpointOf[incarnation.bits] = i
    sayHello(i)
    post(.timer, to: .core(i), life: incarnation.bits, in: 5_000_000)
  }

  mutating func sayHello(_ i: Int) {
    let hello = CoreHello(
      incarnation: cores[i].machine.incarnation,
      place: "slot \(i)",
      spikeEndpoint: "core \(i)",
      host: "virtual",
      processID: Int32(i)
    )
    transmit(.control(.hello(hello)), to: .coordinator, life: 0)
  }

  mutating func startCoordinator() {
    numbered += 1
    let life = UInt64(numbered)
    guard let fence = store.takeLease(life, now: now, lasting: 500_000_000) else {
      post(.restart(.coordinator), to: .coordinator, life: 0, in: 50_000_000)
      return
    }
    coordinator = Coordinator(
      machine: CoordinatorMachine(setup: setup, incarnation: Incarnation(life)),
      life: life,
      fence: fence
    )
    post(.timer, to: .coordinator, life: life, in: 5_000_000)
    perform(coordinator?.machine.start() ?? [])
  }

  mutating func schedule(_ faults: Faults) {
    let kinds = [faults.coreKills, faults.coordinatorKills, faults.pauses, faults.lostTails]
    for (kind, count) in kinds.enumerated() {
      for _ in 0..<count {
        post(.fault(kind), to: .coordinator, life: 0, in: Int64(uniform() * 0.8 * Double(faultsEnd)))
      }
    }
  }

  mutating func dispatch(_ letter: Letter) {
    switch letter.payload {
    case .fault(let kind): strike(kind)
    case .restart(.coordinator): startCoordinator()
    case .restart(.core(let i)): startCore(i)
    case .resume: break
    default:
      switch letter.to {
      case .coordinator: deliverToCoordinator(letter)
      case .core(let i): deliverToCore(i, letter)
      }
    }
  }

  private mutating func strike(_ kind: Int) {
    outcome.faults += 1
    switch kind {
    case 0:
      let i = Int(uniform() * Double(cores.count))
      cores[i].isAlive = false
      post(.restart(.core(i)), to: .core(i), life: 0, in: Int64(uniform() * 700_000_000))
    case 1:
      coordinator?.isAlive = false
      post(.restart(.coordinator), to: .coordinator, life: 0, in: Int64(uniform() * 300_000_000))
    case 2:
      let i = Int(uniform() * Double(cores.count))
      cores[i].pausedUntil = now + Int64(uniform() * 1_000_000_000)
    default:
      store.loseTail()
    }
  }

  // MARK: core

  private mutating func deliverToCore(_ i: Int, _ letter: Letter) {
    let core = cores[i]
    guard core.isAlive, letter.life == 0 || letter.life == core.machine.incarnation.bits else { return }
    if core.pausedUntil > now {
      post(letter.payload, to: letter.to, life: core.machine.incarnation.bits, in: core.pausedUntil - now + 1)
      return
    }
    var actions: [CoreMachine.Action] = []
    var arrived = SpikeBatch(steps: 0)
    switch letter.payload {
    case .control(.whoAreYou): sayHello(i)
    case .control(.ping): break
    case .control(let message): actions = cores[i].machine.handle(.control(message), now: now)
    case .frame(let header, let batch, _):
      arrived = batch
      actions = cores[i].machine.handle(.frame(header), now: now)
    case .resend(let by, let generation, let epoch):
      actions = cores[i].machine.handle(.resendRequested(by: by, generation, epoch), now: now)
    case .core(let event):
      if case .loaded(let generation) = event { finishLoad(generation, core: i) }
      actions = cores[i].machine.handle(event, now: now)
    case .timer:
      post(.timer, to: .core(i), life: core.machine.incarnation.bits, in: 10_000_000)
      var statistics = CoreStatistics()
      statistics.epoch = core.machine.epoch
      if core.machine.generation.number == 0 { sayHello(i) }
      transmit(
        .control(
          .heartbeat(core.machine.incarnation, core.machine.generation, mapHash: core.machine.mapHash, statistics)
        ),
        to: .coordinator,
        life: 0
      )
      actions = cores[i].machine.handle(.timer, now: now)
    default: break
    }
    perform(actions, core: i, arrived)
  }

  private mutating func perform(_ actions: [CoreMachine.Action], core i: Int, _ arrived: SpikeBatch) {
    let life = cores[i].machine.incarnation.bits
    let generation = cores[i].machine.generation
    for action in actions {
      switch action {
      case .load(let assignment): load(assignment, core: i, life)
      case .accept(let ordinal, let bytes): cores[i].program.accept(ordinal: ordinal, bytes)
      case .compute(let epoch):
        try? cores[i].program.compute(epoch)
        cores[i].sent[epoch] = cores[i].program.outgoing(to: CoreID(0))
        cores[i].sent = cores[i].sent.filter { $0.key.index >= epoch.index - 1 }
        post(.core(.computed(generation, epoch)), to: .core(i), life: life, in: Int64(uniform() * 1_000_000))
      case .sendFrames(let epoch):
        for peer in assignments[i]?.peers ?? [] { sendFrame(epoch, to: peer.core, core: i) }
      case .sendFrame(let epoch, let to): sendFrame(epoch, to: to, core: i)
      case .keep(let epoch, let from): cores[i].kept[epoch, default: [:]][from] = arrived
      case .askResend(let epoch, let of):
        guard let a = assignments[i], let j = place(of: of, in: a) else { continue }
        transmit(.resend(by: a.core, a.generation, epoch), to: .core(j), life: 0)
      case .deliver(let epoch):
        let batches = cores[i].kept.removeValue(forKey: epoch) ?? [:]
        try? cores[i].program.deliver(epoch, batches.keys.sorted().compactMap { batches[$0] })
      case .emitOutput(let epoch):
        let output = cores[i].program.output(at: epoch)
        transmit(.control(.output(cores[i].machine.incarnation, generation, epoch, output)), to: .coordinator, life: 0)
      case .snapshot(let epoch):
        let blobs = cores[i].program.snapshot(at: epoch)
        for blob in blobs {
          store.state.blobs[.init(epoch: epoch, generation: generation, part: blob.part)] = blob.bytes
        }
        let crcs = blobs.map { PartBlob(part: $0.part, crc: CRC32C.checksum($0.bytes)) }
        post(.core(.stored(generation, epoch, crcs)), to: .core(i), life: life, in: Int64(uniform() * 5_000_000))
      case .send(let message): transmit(.control(message), to: .coordinator, life: 0)
      case .exit:
        cores[i].isAlive = false
        post(.restart(.core(i)), to: .core(i), life: 0, in: 100_000_000)
      }
    }
  }

  private mutating func sendFrame(_ epoch: Epoch, to core: CoreID, core i: Int) {
    guard let batch = cores[i].sent[epoch], let a = assignments[i], let j = place(of: core, in: a) else { return }
    let header = SpikeFrame.Header(
      run: a.run,
      mapHash: a.mapHash,
      generation: a.generation,
      incarnation: cores[i].machine.incarnation,
      source: a.core,
      epoch: epoch
    )
    transmit(.frame(header, batch, replyTo: a.core), to: .core(j), life: 0)
  }

  private mutating func load(_ assignment: Assignment, core i: Int, _ life: UInt64) {
    assignments[i] = assignment
    (cores[i].sent, cores[i].kept) = ([:], [:])
    var blobs: [PartID: [UInt8]] = [:]
    for blob in assignment.blobs {
      guard let checkpoint = assignment.checkpoint else { continue }
      blobs[blob.part] = store.state.blobs[.init(epoch: assignment.epoch, generation: checkpoint, part: blob.part)]
      guard CRC32C.checksum(blobs[blob.part] ?? []) == blob.crc else {
        let event = CoreMachine.Event.failed(
          assignment.generation,
          "checkpoint of part \(blob.part.index) is not in the store"
        )
        post(.core(event), to: .core(i), life: life, in: 1_000_000)
        return
      }
    }
    // A program that is still loading has nothing: what reaches it too early is lost, as in a real process.
    cores[i].program = ToyProgram()
    cores[i].loading = (assignment, blobs)
    post(.core(.loaded(assignment.generation)), to: .core(i), life: life, in: Int64(uniform() * 20_000_000))
  }

  /// Ends the load of a generation, unless another one began meanwhile.
  private mutating func finishLoad(_ generation: Generation, core i: Int) {
    guard let (assignment, blobs) = cores[i].loading, assignment.generation == generation else { return }
    cores[i].loading = nil
    do { try cores[i].program.load(assignment, blobs: blobs) } catch {
      violate("a checkpoint cannot be read: \(error)")
    }
  }

  private func place(of core: CoreID, in assignment: Assignment) -> Int? {
    assignment.members.first { $0.core == core }.flatMap { endpointOf[$0.incarnation.bits] }
  }

  // MARK: coordinator

  private mutating func deliverToCoordinator(_ letter: Letter) {
    guard let present = coordinator, present.isAlive, letter.life == 0 || letter.life == present.life else { return }
    switch letter.payload {
    case .control(let message): perform(coordinator?.machine.handle(.message(message), now: now) ?? [])
    case .timer:
      if uniform() < 0.1 { store.sync() }
      guard store.renewLease(present.life, now: now, lasting: 500_000_000) else {
        coordinator?.isAlive = false
        post(.restart(.coordinator), to: .coordinator, life: 0, in: 10_000_000)
        return
      }
      post(.timer, to: .coordinator, life: present.life, in: 10_000_000)
      for i in cores.indices { transmit(.control(.ping(Incarnation(present.life))), to: .core(i), life: 0) }
      perform(coordinator?.machine.handle(.timer, now: now) ?? [])
    default: break
    }
    feed()
  }

  private mutating func feed() {
    while let ordinal = coordinator?.machine.wantedInput, Int(ordinal) < inputs.count {
      perform(coordinator?.machine.handle(.input(ordinal: ordinal, inputs[Int(ordinal)]), now: now) ?? [])
    }
  }

  private mutating func perform(_ actions: [CoordinatorMachine.Action]) {
    guard let fence = coordinator?.fence else { return }
    for action in actions {
      guard coordinator?.isAlive == true else { return }
      switch action {
      case .readStore: perform(coordinator?.machine.handle(.storeRead(store.state.committed), now: now) ?? [])
      case .raise(let generation):
        outcome.generations = max(outcome.generations, generation.number)
        if store.raise(generation, fence: fence) {
          perform(coordinator?.machine.handle(.raised(generation), now: now) ?? [])
        } else {
          coordinator?.isAlive = false
          post(.restart(.coordinator), to: .coordinator, life: 0, in: 10_000_000)
        }
      case .restore: break
      case .send(let message, let to):
        if let i = endpointOf[to.bits] { transmit(.control(message), to: .core(i), life: to.bits) }
      case .gather(let epoch, let outputs):
        publish(epoch, outputs)
        perform(coordinator?.machine.handle(.gathered(epoch), now: now) ?? [])
      case .save(let epoch, let generation):
        let part = PartID(UInt16(setup.parts))
        store.state.blobs[.init(epoch: epoch, generation: generation, part: part)] = [7]
        perform(coordinator?.machine.handle(.saved(epoch, crc: CRC32C.checksum([7])), now: now) ?? [])
      case .commit(let previous, let epoch, let generation, let crcs):
        let before = store.state.committed.epoch
        if let refusal = store.commit(previous: previous, epoch, generation, crcs: crcs, fence: fence) {
          perform(
            coordinator?.machine.handle(.refused(epoch, reason: refusal.reason, isFence: refusal.isFence), now: now)
              ?? []
          )
        } else {
          if store.state.committed.epoch < before { violate("the committed epoch went back") }
          perform(coordinator?.machine.handle(.committed(epoch), now: now) ?? [])
        }
        checkCommitted()
      case .finish: isFinished = true
      case .exit:
        coordinator?.isAlive = false
        post(.restart(.coordinator), to: .coordinator, life: 0, in: 50_000_000)
      }
    }
  }

  private mutating func publish(_ epoch: Epoch, _ outputs: [PartOutput]) {
    if expected[epoch] != outputs {
      violate("epoch \(epoch.index) was published with other bytes than a run without faults gives")
    }
    let gap = (1..<epoch.index).first { $0 % Int64(setup.epochsPerOutput) == 0 && published[Epoch($0)] == nil }
    if let gap { violate("epoch \(epoch.index) was published before epoch \(gap)") }
    published[epoch] = outputs
  }

  private mutating func checkCommitted() {
    let c = store.state.committed
    guard let generation = c.checkpoint else { return }
    for (i, crc) in c.crcs.enumerated() {
      let blob = store.state.blobs[.init(epoch: c.epoch, generation: generation, part: PartID(UInt16(i)))]
      if CRC32C.checksum(blob ?? []) != crc {
        violate("the committed checkpoint of epoch \(c.epoch.index) lacks part \(i)")
      }
    }
  }
}
