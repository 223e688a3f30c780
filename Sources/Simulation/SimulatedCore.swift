internal import Basics
internal import Cluster
internal import StateStore
internal import Wire

/// A place where cores live, one after the other: the core's machine and what the loops around it do.
final class SimulatedCore {
  unowned let cluster: SimulatedCluster
  let slot: Int
  var machine: CoreMachine
  var program = ToyProgram()
  /// Bits that flipped in the program's memory and that it has said nothing of yet.
  var untoldFlips = 0
  var connection: SimulatedConnection
  var assignment: Assignment?
  var sent: [Epoch: SpikeBatch] = [:]
  var kept: [Epoch: [CoreID: SpikeBatch]] = [:]
  private var coordinator: Incarnation?
  private(set) var isAlive = false
  private var pausedUntil: Int64 = 0
  /// What happens when it wakes up, in order.
  private var asleep: [() -> Void] = []
  /// How many times as long an epoch takes.
  private var slowness = 1.0
  var world: SimulatedWorld { cluster.world }

  init(_ cluster: SimulatedCluster, slot: Int) {
    (self.cluster, self.slot) = (cluster, slot)
    machine = CoreMachine(incarnation: Incarnation(0))
    connection = SimulatedConnection(cluster.server)
  }

  var incarnation: Incarnation { machine.incarnation }

  func start() {
    let life = Incarnation(UInt64(slot + 1) << 32 | UInt64(world.number()))
    machine = CoreMachine(incarnation: life, rules: cluster.plan.rules)
    (program, connection) = (ToyProgram(), SimulatedConnection(cluster.server))
    (assignment, sent, kept, coordinator, slowness) = (nil, [:], [:], nil, 1)
    (pausedUntil, asleep, untoldFlips) = (0, [], 0)
    isAlive = true
    cluster.coreOfLife[life] = slot
    sayHello()
    beat(life)
  }

  func kill(restartAfter delay: Int64) {
    cluster.tell("core \(slot) killed")
    isAlive = false
    let life = machine.incarnation
    world.after(delay) { [weak self] in if let self, machine.incarnation == life { start() } }
  }

  func pause(_ nanoseconds: Int64) {
    pausedUntil = max(pausedUntil, world.now + nanoseconds)
    world.after(pausedUntil - world.now + 1) { [weak self] in self?.wakeUp() }
  }

  /// Ends a pause early.
  func wake() {
    pausedUntil = min(pausedUntil, world.now)
    wakeUp()
  }

  private func wakeUp() {
    guard pausedUntil <= world.now else { return }
    let due = asleep
    asleep = []
    for run in due { world.after(1, run) }
  }

  func slow(_ factor: Double, _ nanoseconds: Int64) {
    slowness = factor
    world.after(nanoseconds) { [weak self] in self?.slowness = 1 }
  }

  /// Lets a bit flip in the memory of a part, if there is any.
  func flipBit() {
    if let part = program.flip(bit: world.below(64), ofPartAt: world.below(64)) {
      cluster.tell("a bit of part \(part.index) flips on core \(slot)")
      cluster.outcome.flips += 1
      untoldFlips += 1
    }
  }

  /// Lets something happen in this life, when it is not paused.
  func after(_ delay: Int64, _ run: @escaping () -> Void) {
    let life = machine.incarnation
    world.after(delay) { [weak self] in self?.whenAwake(life, run) }
  }

  private func whenAwake(_ life: Incarnation, _ run: @escaping () -> Void) {
    guard isAlive, machine.incarnation == life else { return }
    guard pausedUntil <= world.now else {
      return asleep.append { [weak self] in self?.whenAwake(life, run) }
    }
    run()
  }

  // MARK: coordinator

  private func send(_ message: ControlMessage) {
    // Messages find who holds the lease; some still go to the one before.
    for target in cluster.coordinators where target.driver != nil {
      guard target === cluster.holder || world.chance(0.1) else { continue }
      let carried = cluster.carried(message, message.encoded) { try ControlMessage(decoding: $0) }
      guard let carried, !cluster.loses(message) else { continue }
      cluster.transmit(from: .core(slot), to: .coordinator(target.slot)) { [weak target] in target?.receive(carried) }
    }
  }

  private func sayHello() {
    send(
      .hello(
        CoreHello(
          incarnation: machine.incarnation,
          place: "slot \(slot)",
          spikeEndpoint: "core \(slot)",
          host: "virtual",
          processID: Int32(slot),
          generation: machine.highestGeneration
        )
      )
    )
  }

  private func beat(_ life: Incarnation) {
    after(10_000_000) { [weak self] in
      guard let self else { return }
      if machine.generation.number == 0 { sayHello() }
      var statistics = CoreStatistics()
      statistics.epoch = machine.epoch
      send(.heartbeat(machine.incarnation, machine.generation, mapHash: machine.mapHash, statistics))
      handle(.timer)
      beat(life)
    }
  }

  /// Takes a message of a coordinator.
  func receive(_ message: ControlMessage, for life: Incarnation) {
    whenAwake(life) { [weak self] in
      guard let self else { return }
      switch message {
      case .whoAreYou(let who), .ping(let who):
        if coordinator != who || message == .whoAreYou(who) { sayHello() }
        coordinator = who
      default: handle(.control(message))
      }
    }
  }

  // MARK: peers

  private func receive(frame: SpikeFrame) {
    whenAwake(machine.incarnation) { [weak self] in self?.handle(.frame(frame.header), frame.batch) }
  }

  private func resend(by core: CoreID, _ generation: Generation, _ epoch: Epoch) {
    whenAwake(machine.incarnation) { [weak self] in
      self?.handle(.resendRequested(by: core, generation, epoch))
    }
  }

  private func place(of core: CoreID) -> Int? {
    assignment?.members.first { $0.core == core }.flatMap { cluster.coreOfLife[$0.incarnation] }
  }

  private func sendFrame(_ epoch: Epoch, to core: CoreID) {
    guard let batch = sent[epoch], let a = assignment, let j = place(of: core) else { return }
    let header = SpikeFrame.Header(
      run: a.run,
      mapHash: a.mapHash,
      generation: a.generation,
      incarnation: machine.incarnation,
      source: a.core,
      epoch: epoch
    )
    let frame = SpikeFrame(header: header, batch: batch)
    guard let carried = cluster.carried(frame, frame.encoded, { try SpikeFrame(decoding: $0) }) else { return }
    cluster.transmit(from: .core(slot), to: .core(j), isFrame: true) { [weak cluster] in
      cluster?.cores[j].receive(frame: carried)
    }
  }

  // MARK: machine

  func handle(_ event: CoreMachine.Event, _ arrived: SpikeBatch = SpikeBatch(steps: 0)) {
    guard isAlive else { return }
    for action in machine.handle(event, now: world.now) where isAlive { perform(action, arrived) }
  }

  private func perform(_ action: CoreMachine.Action, _ arrived: SpikeBatch) {
    let generation = machine.generation
    switch action {
    case .load(let next, let keeping): load(next, keeping)
    case .accept(let ordinal, let bytes): program.accept(ordinal: ordinal, bytes)
    case .compute(let epoch):
      try? program.compute(epoch)
      sent[epoch] = program.outgoing(to: CoreID(0))
      sent = sent.filter { $0.key.index >= epoch.index - 1 }
      after(Int64(world.uniform() * 1_000_000 * slowness)) { [weak self] in self?.handle(.computed(generation, epoch)) }
    case .sendFrames(let epoch): for peer in assignment?.peers ?? [] { sendFrame(epoch, to: peer.core) }
    case .sendFrame(let epoch, let to): sendFrame(epoch, to: to)
    case .keep(let epoch, let from): kept[epoch, default: [:]][from] = arrived
    case .askResend(let epoch, let of):
      guard let core = assignment?.core, let j = place(of: of) else { return }
      cluster.transmit(from: .core(slot), to: .core(j)) { [weak cluster] in
        cluster?.cores[j].resend(by: core, generation, epoch)
      }
    case .deliver(let epoch):
      let batches = kept.removeValue(forKey: epoch) ?? [:]
      try? program.deliver(epoch, batches.keys.sorted().compactMap { batches[$0] })
    case .emitOutput(let epoch):
      cluster.outcome.toldFlips += untoldFlips
      untoldFlips = 0
      send(.output(machine.incarnation, generation, mapHash: machine.mapHash, epoch, program.output(at: epoch)))
    case .snapshot(let epoch, nil):
      let parts = program.snapshot(at: epoch).map(\.output)
      let blobs = parts.map { PartBlob(part: $0.part, crc: CRC32C.checksum($0.bytes)) }
      after(1_000_000) { [weak self] in self?.handle(.stored(generation, epoch, blobs)) }
    case .snapshot(let epoch, let name?):
      write(generation, epoch, name, program.snapshot(at: epoch).map(\.output)[...], [])
    case .send(let message): send(message)
    case .exit: kill(restartAfter: 100_000_000)
    }
  }
}
